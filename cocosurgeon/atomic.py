"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import io
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from cocosurgeon.errors import OutputError
from cocosurgeon.text import first_few

Notice = Callable[[str], object]
"""Prints a line."""

_TRIES = 40
_BETWEEN_TRIES = 0.05
_PIECE = 1 << 20
_DRAFT = re.compile(r"\.cocosurgeon-[0-9a-f]{16}\.part")
_HAS_NAMELESS = hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd")  # noqa: PTH112

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
    notice: Notice = lambda _: None,
) -> Iterator[list[BinaryIO]]:
    """Open files for writing that get their names together when the block ends without an error.

    Each file is written in the folder of its path, with the permissions of the umask, and
    compressed if its name ends in ``.gz``. If the block fails (an error, a full disk, Ctrl-C), no
    file appears; where the system has files without a name (O_TMPFILE), ``kill -9`` leaves none
    either. If a rename itself fails, files that ``force`` has replaced before stay replaced.
    Devices and pipes are written directly. A file that has the same bytes already is left
    unchanged.

    Args:
        force: replace existing files. Otherwise they stay, even those that appear meanwhile.
        replace_links: replace a link itself; otherwise links are followed.
        notice: prints a line: a file is unchanged, drafts of killed processes were removed.

    Raises:
        OutputError: another file exists, or the system refuses.
    """
    with contextlib.ExitStack() as stack:
        outputs = [stack.enter_context(_output(p, force, replace_links, notice)) for p in paths]
        with contextlib.ExitStack() as streams:
            yield [streams.enter_context(output.opened()) for output in outputs]
        placed: list[Path] = []
        try:
            with _one_at_a_time([output.final for output in outputs]):
                for output in outputs:
                    if output.place(force=force):
                        placed.append(output.final)
        except BaseException:
            for path in placed:
                path.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def appearing_folder(path: Path, notice: Notice = lambda _: None) -> Iterator[Path]:
    """Make a folder to be filled, which gets its name when the block ends without an error.

    Args:
        path: nothing is there, or an empty folder.
        notice: prints a line: drafts of killed processes were removed.

    Raises:
        OSError: the system refuses.
        OutputError: the unfinished folder cannot be removed.
    """
    final = Path(os.path.realpath(path))
    with draft_folder(final.parent, notice) as draft:
        yield draft
        draft.rename(final)  # fails unless nothing, or an empty folder, is there


@contextlib.contextmanager
def folder_for_files(path: Path) -> Iterator[None]:
    """Make a folder unless it is there; remove it if the block fails and it is empty.

    Raises:
        OutputError: the system refuses, or a file is there.
    """
    is_new = not path.is_dir()
    with _explained(str(path)):
        path.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # another process has put a file into it
                path.rmdir()
        raise


@contextlib.contextmanager
def draft_folder(parent: Path, notice: Notice = lambda _: None) -> Iterator[Path]:
    """Make a folder in another one, which is removed when the block ends.

    Raises:
        OSError: the system refuses.
        OutputError: it cannot be removed.
    """
    remove_abandoned(parent, notice)
    while True:
        draft = parent / _draft_name()
        draft.mkdir()
        with contextlib.suppress(FileNotFoundError):  # another process took it as abandoned
            held = os.open(draft, os.O_RDONLY)
            if _lock(held):
                break
    try:
        yield draft
    finally:
        os.close(held)
        for _ in range(_TRIES):  # another process may still write into it
            shutil.rmtree(draft, ignore_errors=True)
            if not draft.exists():
                break
            time.sleep(_BETWEEN_TRIES)
        else:
            raise OutputError(
                "the unfinished folder could not be removed completely",
                where=str(draft),
                hint="delete it",
            )


def remove_abandoned(folder: Path, notice: Notice = lambda _: None) -> int:
    """Remove drafts whose process is gone from a folder, and return their bytes.

    A running process has a lock on its drafts. Where there are no locks, drafts stay.
    """
    removed, size = list[str](), 0
    with contextlib.suppress(OSError):
        for name in sorted(n for n in os.listdir(folder) if _DRAFT.fullmatch(n)):  # noqa: PTH208
            draft = folder / name
            with contextlib.suppress(OSError):
                held = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    size += os.fstat(held).st_size
                    shutil.rmtree(draft) if draft.is_dir() else draft.unlink()
                    removed.append(name)
                finally:
                    os.close(held)
    if removed:
        notice(f"removed temporary files of killed processes in {folder}: {first_few(removed, 3)}")
    return size


class _Draft:
    """An output without a name, or with a temporary one, until it is complete."""

    def __init__(self, path: Path, final: Path, notice: Notice) -> None:
        self.path, self.final, self._notice = path, final, notice
        self._name: Path | None = None
        self._descriptor = self._make()

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open it to write."""
        with _explained(str(self.path)), open(self._descriptor, "wb", closefd=False) as plain:
            with packed(plain, self.path) as stream:
                yield stream
            plain.flush()
            os.fsync(self._descriptor)

    def place(self, *, force: bool) -> bool:
        """Give it its final name; return True if no file had that name before."""
        with _explained(str(self.path)):
            with contextlib.suppress(FileExistsError):
                self._link(self.final)
                return True
            if not self.final.is_symlink() and _has_bytes_of(self.final, self._descriptor):
                self._notice(f"{self.path}: unchanged")
                return False
            if not force:
                raise _exists(self.path)
            self._link(self.final.with_name(_draft_name())).replace(self.final)
            self._name = None
            return False

    def close(self) -> None:
        """Close it, and remove it if it still has a temporary name."""
        os.close(self._descriptor)
        if self._name is not None:
            with contextlib.suppress(OSError):
                self._name.unlink()

    def _make(self) -> int:
        folder = self.final.parent
        if _HAS_NAMELESS:
            with contextlib.suppress(OSError):  # not every file system has them
                return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
        while True:
            self._name = folder / _draft_name()
            descriptor = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            if _lock(descriptor):
                return descriptor

    def _link(self, target: Path) -> Path:
        """Give it a name that no file has; return the name."""
        if self._name is None:
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            folder = os.open("/proc/self/fd", os.O_RDONLY)
            try:
                os.link(str(self._descriptor), target, src_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
            self._name = None if target == self.final else target
            return target
        if target != self.final:
            return self._name  # it has a name already
        try:
            os.link(self._name, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(target):
                raise FileExistsError from None
            self._name.replace(target)
            self._name = None
        return target


class _Twin(io.RawIOBase):
    """An existing file, compared with the bytes that are written.

    A file with the same bytes is no error; any other is refused at the first difference.
    """

    def __init__(self, path: Path, final: Path, notice: Notice) -> None:
        super().__init__()
        self.path, self.final, self._notice = path, final, notice
        self._file = final.open("rb")

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open it to write."""
        with packed(cast(BinaryIO, self), self.path) as stream:
            yield stream
        if self._file.read(1):
            raise _exists(self.path)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Compare bytes with those of the file."""
        piece = bytes(data)
        if self._file.read(len(piece)) != piece:
            raise _exists(self.path)
        return len(piece)

    def place(self, *, force: bool) -> bool:
        """Report the file as unchanged."""
        self._notice(f"{self.path}: unchanged")
        return False

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@dataclass(frozen=True)
class _Device:
    """A device or pipe, which is written directly."""

    path: Path
    final: Path

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open it to write."""
        with (
            _explained(str(self.path)),
            self.path.open("wb") as plain,
            packed(plain, self.path) as stream,
        ):
            yield stream

    def place(self, *, force: bool) -> bool:
        """Return False: a device keeps its name."""
        return False

    def close(self) -> None:
        """Do nothing: ``opened`` has closed it."""


@contextlib.contextmanager
def _output(
    path: Path, force: bool, replace_links: bool, notice: Notice
) -> Iterator[_Draft | _Twin | _Device]:
    output: _Draft | _Twin | _Device
    with _explained(str(path)):
        final = path if replace_links else final_path(path)
        if not replace_links and is_special(path):
            output = _Device(path, final)
        elif not force and final.is_file():
            output = _Twin(path, final, notice)
        else:
            if not replace_links:
                refuse_existing(path, force=force)
            remove_abandoned(final.parent, notice)
            output = _Draft(path, final, notice)
    with contextlib.closing(output):
        yield output


@contextlib.contextmanager
def packed(plain: IO[bytes], path: Path) -> Iterator[BinaryIO]:
    """Compress what is written, if the name of the output ends in ``.gz``."""
    if path.suffix != ".gz":
        yield cast(BinaryIO, plain)
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=plain, mtime=0) as archive:
        yield cast(BinaryIO, archive)


def _has_bytes_of(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        size = os.fstat(descriptor).st_size
        if os.fstat(file.fileno()).st_size != size:
            return False
        pieces = (os.pread(descriptor, _PIECE, at) for at in range(0, size, _PIECE))
        return all(file.read(len(piece)) == piece for piece in pieces)
    return False


def _draft_name() -> str:
    return f".cocosurgeon-{os.urandom(8).hex()}.part"


def _lock(descriptor: int) -> bool:
    """Lock a draft; close it and return False if another process has removed it as abandoned."""
    with contextlib.suppress(OSError):  # not every file system has locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.fstat(descriptor).st_nlink:
        return True
    os.close(descriptor)
    return False


@contextlib.contextmanager
def _one_at_a_time(finals: Sequence[Path]) -> Iterator[None]:
    """Keep other runs from naming their files between these, if there are several.

    The folder of the first file is locked, where the system has such locks. A run waits for the
    lock for two seconds at most: two runs with the same outputs are rare.
    """
    with contextlib.ExitStack() as stack:
        if len(finals) > 1:
            with contextlib.suppress(OSError):
                folder = os.open(finals[0].parent, os.O_RDONLY)
                stack.callback(os.close, folder)
                for _ in range(_TRIES):
                    try:
                        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        time.sleep(_BETWEEN_TRIES)
        yield


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
            # Python flushes the buffer again at exit, which would fail a second time
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                raise


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise OutputError if the path is a folder, or is a file and ``force`` is False."""
    with _explained(str(path)):
        is_folder = path.is_dir()
    if is_folder:
        raise OutputError("the output is a folder", where=str(path), hint="name a file in it")
    if not force and os.path.lexists(path) and not is_special(path):
        raise _exists(path)


def require_parent(path: Path) -> None:
    """Raise OutputError if the folder of an output does not exist."""
    with _explained(str(path)):
        os.stat(final_path(path).parent)  # noqa: PTH116 - the error is wanted


def refuse_same_file(path: Path, source: Path | None) -> None:
    """Raise OutputError if the output is the source, even under another name."""
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
    """Return True if a path leads to a device or pipe."""
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
