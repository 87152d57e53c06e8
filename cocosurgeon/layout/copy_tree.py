"""A new tree of files, which appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from cocosurgeon.atomic import Notice, appearing_folder
from cocosurgeon.errors import OutputError, SourceChangedError
from cocosurgeon.files import reading
from cocosurgeon.layout.gather import FileCopy, FilesToCopy
from cocosurgeon.text import byte_count

How = Literal["copy", "link"]
Advance = Callable[[int], object]
"""Called with the number of bytes that were copied since the last call."""

_HINTS = {
    errno.ENOSPC: "free some space, name another folder, or link the images (--link)",
    errno.ENOENT: "make its parent folder first",
    errno.EEXIST: "names that differ only by case or accents are one file there: name another "
    "folder",
}


def require_free(out: Path) -> None:
    """Refuse an existing path.

    An empty folder is accepted, except the current one, because it would be replaced.

    Raises:
        OutputError: the path exists, or the system refuses.
    """
    with explained(out):
        if not os.path.lexists(out):
            return
        what = hint = ""
        if not out.is_dir() or any(out.iterdir()):
            what = "the output exists; nothing is ever deleted"
            hint = "name a folder that does not exist yet"
        elif out.samefile(Path()):
            what = "the folder is the current folder, which is never replaced"
            hint = "name a new folder in it"
    if what:
        raise OutputError(what, where=str(out), hint=hint)


def copy_tree(
    files: FilesToCopy,
    out: Path,
    how: How,
    advance: Advance = lambda _: None,
    notice: Notice = lambda _: None,
) -> None:
    """Make the tree under a temporary name, and rename it when it is complete.

    Annotation files are always copied. Images are copied with their times, or linked by absolute
    symbolic links.

    Args:
        files: the files.
        out: the new folder.
        how: copy or link images and PNGs.
        advance: called after each file.
        notice: prints a line.

    Raises:
        OutputError: the path exists, the disk is full, or the system refuses.
        SourceUnavailableError: a source cannot be read.
        SourceChangedError: a source changed during the copy.
    """
    copied = (*files.ann_files, *(files.files if how == "copy" else ()))
    linked = files.files if how == "link" else ()
    with explained(out):
        if out.is_dir() and _is_made(out, copied, linked):
            notice(f"{out}: unchanged")
            return
    require_free(out)
    with explained(out):
        final = Path(os.path.realpath(out))
        needed, free = sum(c.size for c in copied), shutil.disk_usage(final.parent).free
        if needed > free:
            raise OutputError(
                f"{byte_count(needed)} are needed, and {byte_count(free)} are free",
                where=str(final.parent),
                hint=_HINTS[errno.ENOSPC],
            )
        try:
            with appearing_folder(out, notice) as part:
                for file in copied:
                    _copy(file, part, advance)
                for file in linked:
                    target = _with_parent(part / file.target)
                    target.symlink_to(file.source)
                    advance(file.size)
        except OSError:
            if not (out.is_dir() and _is_made(out, copied, linked)):  # by another run
                raise
            notice(f"{out}: unchanged")


def _is_made(out: Path, copied: Sequence[FileCopy], linked: Sequence[FileCopy]) -> bool:
    """Return True if a folder has exactly these files, byte for byte, and links."""
    wanted = {file.target: file for file in (*copied, *linked)}
    found = [Path(folder, name) for folder, _, names in os.walk(out) for name in names]
    if {path.relative_to(out).as_posix() for path in found} != set(wanted):
        return False
    is_same = {True: _leads_to, False: _has_bytes_of}
    links = {file.target for file in linked}
    return all(is_same[name in links](out / name, file.source) for name, file in wanted.items())


def _leads_to(path: Path, source: Path) -> bool:
    return path.is_symlink() and path.readlink() == source


def _has_bytes_of(path: Path, source: Path) -> bool:
    return not path.is_symlink() and filecmp.cmp(path, source, shallow=False)


def _copy(file: FileCopy, part: Path, advance: Advance) -> None:
    target = _with_parent(part / file.target)
    with reading(file.source):
        source = file.source.open("rb")
    with source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        written, after = copy.tell(), os.fstat(source.fileno())
    if (written, file.size, file.mtime_ns) != (file.size, after.st_size, after.st_mtime_ns):
        raise SourceChangedError(
            "a file changed while it was copied",
            where=str(file.source),
            hint="run again when nothing writes to it",
        )
    os.utime(target, ns=(after.st_atime_ns, after.st_mtime_ns))
    advance(written)


def _with_parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def explained(out: Path, draft: Path | None = None) -> Iterator[None]:
    """Name the new folder, and what to do, in errors of the system.

    Args:
        draft: the folder as long as it is incomplete; errors about files outside stay as they are.
    """
    try:
        yield
    except OSError as error:
        names = [str(name) for name in (error.filename, error.filename2) if name]
        if draft and names and not any(str(draft) in name for name in names):
            raise
        raise OutputError(
            f"cannot make the folder: {error.strerror or error}",
            where=str(out),
            hint=_HINTS.get(error.errno or 0, "name another folder"),
        ) from error
