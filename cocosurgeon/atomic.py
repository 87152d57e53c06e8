"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cocosurgeon.errors import OutputError

_TRIES = 40
_BETWEEN_TRIES = 0.05

_HINTS = {
    errno.ENOSPC: "free some space, or name another output (-o)",
    errno.ENOENT: "make the folder first, or name another output (-o)",
    errno.ENAMETOOLONG: "name an output with a shorter name (-o)",
}


@contextlib.contextmanager
def appearing(
    paths: Sequence[Path],
    *,
    force: bool = False,
    replace_links: bool = False,
    draft_prefix: str = ".cocosurgeon-",
) -> Iterator[list[BinaryIO]]:
    """Open files to write that appear at their paths together when the block ends well.

    Each is written next to its path, with the permissions that the umask gives, and renamed when
    all of them are whole; compressed when its name ends in ``.gz``. An early end of the block (an
    error, a full disk, Ctrl-C) leaves none of them. Only when a rename itself fails, files that
    ``force`` has replaced by then stay replaced. Devices and pipes are written directly.

    Args:
        force: replace existing files. Otherwise they stay, also those that appear meanwhile.
        replace_links: replace a link itself; otherwise links are followed.
        draft_prefix: begin of the names under which the files are written.

    Raises:
        OutputError: a file exists, or the system refuses.
    """
    drafts = [_Draft.of(path, draft_prefix, replace_links) for path in paths]
    for path in [] if replace_links else paths:
        refuse_existing(path, force=force)
    placed: list[Path] = []
    try:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(_opened(draft)) for draft in drafts]
        with _one_at_a_time(drafts):
            for draft in drafts:
                if draft.place(force=force):
                    placed.append(draft.final)
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        raise
    finally:
        for draft in drafts:
            if draft.draft is not None:
                with contextlib.suppress(OSError):  # it may never have been there
                    draft.draft.unlink()


@dataclass(frozen=True)
class _Draft:
    """An output file before it is whole.

    Attributes:
        path: the output, as the user gave it.
        final: its path, links followed.
        draft: path under which it is written; None for a device or pipe.
    """

    path: Path
    final: Path
    draft: Path | None

    @classmethod
    def of(cls, path: Path, prefix: str, replace_links: bool) -> _Draft:
        final = path if replace_links else final_path(path)
        if not replace_links and is_special(path):
            return cls(path, final, None)
        return cls(path, final, final.with_name(f"{prefix}{os.urandom(4).hex()}.part"))

    def place(self, *, force: bool) -> bool:
        """Rename the draft to its final path; return whether there was no file before."""
        if self.draft is None:
            return False
        with _explained(str(self.path)):
            is_new = not os.path.lexists(self.final)
            if force:
                self.draft.replace(self.final)
                return is_new
            try:
                os.link(self.draft, self.final)
            except FileExistsError as error:
                raise _exists(self.path) from error
            except OSError:  # a file system without hard links
                refuse_existing(self.final, force=False)
                self.draft.replace(self.final)
            return True


@contextlib.contextmanager
def _one_at_a_time(drafts: Sequence[_Draft]) -> Iterator[None]:
    """Keep another run from placing its files between these, where there are several.

    A lock on the folder of the first does this, where the system has such locks. No run waits for
    it longer than two seconds: two runs with the same outputs are rare.
    """
    with contextlib.ExitStack() as stack:
        if len(drafts) > 1:
            with contextlib.suppress(OSError):
                folder = os.open(drafts[0].final.parent, os.O_RDONLY)
                stack.callback(os.close, folder)
                for _ in range(_TRIES):
                    try:
                        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        time.sleep(_BETWEEN_TRIES)
        yield


@contextlib.contextmanager
def _opened(draft: _Draft) -> Iterator[BinaryIO]:
    target = draft.draft or draft.path
    with _explained(str(draft.path)), target.open("xb" if draft.draft else "wb") as plain:
        if draft.path.suffix == ".gz":
            with gzip.GzipFile(
                filename="", mode="wb", compresslevel=6, fileobj=plain, mtime=0
            ) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield plain
        plain.flush()
        if draft.draft is not None:
            os.fsync(plain.fileno())


@contextlib.contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Open standard output as a binary file; flush it at the end.

    A reader that closes the pipe early ends the block, without an error.

    Raises:
        OutputError: the system refuses, or the stream is closed.
    """
    with _explained("standard output"):
        if sys.stdout is None or sys.stdout.name == os.devnull:
            raise OutputError("standard output is closed", hint="name a file with -o")
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except OSError as error:
            # Python flushes the buffer at exit: let that fail no more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                raise


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise OutputError when the path is a folder, or a file and ``force`` is not given."""
    with _explained(str(path)):
        is_folder = path.is_dir()
    if is_folder:
        raise OutputError("the output is a folder", where=str(path), hint="name a file in it")
    if not force and os.path.lexists(path) and not is_special(path):
        raise _exists(path)


def refuse_same_file(path: Path, source: Path | None) -> None:
    """Raise OutputError when the output is the source, even under another name."""
    # os.path.exists returns False where Path.exists raises.
    if source and os.path.exists(path) and os.path.exists(source) and path.samefile(source):  # noqa: PTH110
        raise OutputError(
            "the output is the source itself, which is never overwritten",
            where=str(path),
            hint="name another output",
        )


def _exists(path: Path) -> OutputError:
    return OutputError(
        "the output exists", where=str(path), hint="name another one, or replace it with --force"
    )


def final_path(path: Path) -> Path:
    """Return a path with links followed.

    Raises:
        OutputError: the system cannot follow them.
    """
    with _explained(str(path)):
        return Path(os.path.realpath(path))


def is_special(path: Path) -> bool:
    """Return whether a path leads to a device or pipe."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write the output: {error.strerror or error}",
            where=where,
            hint=_HINTS.get(error.errno or 0, "name another output (-o)"),
        ) from error
