"""A tree of files that appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from cocosurgeon.errors import OutputError, SourceChangedError, SourceUnavailableError
from cocosurgeon.layout.gathering import Carried, Gathering

How = Literal["copy", "link"]
Advance = Callable[[int], object]
"""Told how many more bytes are copied."""

_HINTS = {
    errno.ENOSPC: "free some space, name another folder, or link the images (--link)",
    errno.ENOENT: "make the folder above it first",
    errno.EEXIST: "names that differ only by case or accents are one file there: "
    "name a folder elsewhere",
}


def require_free(out: Path) -> None:
    """Refuse a place where something is already.

    An empty folder is fine, but for the one that the process is in: it would be replaced.

    Raises:
        OutputError: there is something, or the system cannot tell.
    """
    with _explained(out):
        if not os.path.lexists(out):
            return
        if not out.is_dir() or any(out.iterdir()):
            raise OutputError(
                "there is something in that place; nothing is ever deleted",
                where=str(out),
                hint="name a folder that is not there",
            )
        if out.samefile(Path()):
            raise OutputError(
                "the folder would be replaced, and you are in it",
                where=str(out),
                hint="name a new folder in it",
            )


def place(gathering: Gathering, out: Path, how: How, advance: Advance = lambda _: None) -> None:
    """Make the tree.

    It is made under another name beside its place, and renamed when it is whole. Annotation files
    are copied always; images are copied with their times, or linked by absolute symbolic links.

    Raises:
        OutputError: the place is taken, the disk is full, the system refuses.
        SourceUnavailableError: a source cannot be read.
        SourceChangedError: a source changed meanwhile.
    """
    require_free(out)
    with _explained(out):
        final = Path(os.path.realpath(out))
        _require_space(gathering, final.parent, how)
        draft = final.with_name(f".cocosurgeon-{secrets.token_hex(8)}.part")
        with _thrown_away_unless_placed(draft):
            draft.mkdir()
            for each in gathering.ann_files:
                _copy(each, draft, advance)
            for each in gathering.files:
                (_copy if how == "copy" else _link)(each, draft, advance)
            draft.rename(
                final
            )  # which the system does only if nothing, or an empty folder, is there


def _require_space(gathering: Gathering, folder: Path, how: How) -> None:
    copied = (*gathering.ann_files, *(gathering.files if how == "copy" else ()))
    needed, free = sum(c.size for c in copied), shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{needed:,} bytes are needed, and {free:,} are free",
            where=str(folder),
            hint=_HINTS[errno.ENOSPC],
        )


@contextlib.contextmanager
def _thrown_away_unless_placed(draft: Path) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if draft.exists():
            raise OutputError(
                "not all of what was half made could be taken away",
                where=str(draft),
                hint="delete that folder",
            ) from error
        raise


def _copy(each: Carried, draft: Path, advance: Advance) -> None:
    target = draft / each.target
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source = each.source.open("rb")
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read it: {error.strerror}", where=str(each.source)
        ) from error
    with source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        written, after = copy.tell(), os.fstat(source.fileno())
    if (written, each.size, each.mtime_ns) != (each.size, after.st_size, after.st_mtime_ns):
        raise SourceChangedError(
            "a file changed while it was copied",
            where=str(each.source),
            hint="run again when nothing writes to it",
        )
    os.utime(target, ns=(after.st_atime_ns, after.st_mtime_ns))
    advance(written)


def _link(each: Carried, draft: Path, advance: Advance) -> None:
    target = draft / each.target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(each.source)
    advance(each.size)


@contextlib.contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot make the tree: {error.strerror or error}",
            where=str(out),
            hint=_HINTS.get(error.errno or 0, "name another folder"),
        ) from error
