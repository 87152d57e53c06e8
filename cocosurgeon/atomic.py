"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import os
import secrets
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
def appearing(paths: Sequence[Path], *, force: bool = False) -> Iterator[list[BinaryIO]]:
    """Files to write that take their places together, when the block ends well.

    Each is written under another name beside its final place, with the permissions that the umask
    gives, and renamed when all of them are whole; compressed when its name ends in ``.gz``.
    Whatever ends the block early (an error, a full disk, Ctrl-C) leaves none of them. (Only when
    the placing itself fails, files that ``force`` has replaced by then stay replaced.) Without
    ``force`` a file that appears in such a place meanwhile is left alone. Devices and pipes are
    written straight.

    Raises:
        OutputError: a file exists, or the system refuses.
    """
    drafts = [_Draft.of(path) for path in paths]
    for path in paths:
        refuse_existing(path, force=force)
    placed: list[Path] = []
    try:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(_written(draft)) for draft in drafts]
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
            draft.discard()


@dataclass(frozen=True)
class _Draft:
    """An output before it takes its place.

    Attributes:
        path: the output, as it was named.
        final: where that is.
        draft: where it is written; None for a device or pipe, which is written straight.
    """

    path: Path
    final: Path
    draft: Path | None

    @classmethod
    def of(cls, path: Path) -> _Draft:
        final = final_path(path)
        name = f".cocosurgeon-{secrets.token_hex(8)}.part"
        return cls(path, final, None if is_special(path) else final.with_name(name))

    def open(self) -> BinaryIO:
        if self.draft is None:
            return self.path.open("wb")
        descriptor = os.open(self.draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        return os.fdopen(descriptor, "wb")

    def place(self, *, force: bool) -> bool:
        """Take the place; whether there was nothing before."""
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

    def discard(self) -> None:
        if self.draft is not None:
            with contextlib.suppress(OSError):  # it may never have been there
                self.draft.unlink()


@contextlib.contextmanager
def _one_at_a_time(drafts: Sequence[_Draft]) -> Iterator[None]:
    """Keep another run from placing its files between ours, where there are several.

    By a lock on the folder of the first, where the system has such locks and nobody holds it for
    long: it is a courtesy, and no run waits for it more than a moment.
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
def _written(draft: _Draft) -> Iterator[BinaryIO]:
    with _explained(str(draft.path)), draft.open() as plain:
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
    """Standard output as a binary file, flushed at the end.

    A reader that goes away early has what it wanted: the block ends there, and all is well.

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
            # What is still buffered has nowhere to go: let it go there quietly at exit.
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
    """Raise OutputError when the output is the source, under whatever name."""
    # os.path says no where Path raises.
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
    """Where a path leads, links followed.

    Raises:
        OutputError: the system cannot tell.
    """
    with _explained(str(path)):
        return Path(os.path.realpath(path))


def is_special(path: Path) -> bool:
    """Whether a path leads to a device or pipe."""
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
