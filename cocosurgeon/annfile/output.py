"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cocosurgeon.errors import OutputError


@contextlib.contextmanager
def appearing(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write that takes its place only when the block ends well.

    It is written under another name beside its final place, with the permissions that the umask
    gives, and renamed; compressed when its name ends in ``.gz``. Whatever ends the block early
    (an error, a full disk, Ctrl-C) leaves nothing. Without ``force`` a file that appears there
    meanwhile is left alone. Devices and pipes are written straight.

    Raises:
        OutputError: the file exists, or the system refuses.
    """
    refuse_existing(path, force=force)
    with _explained(str(path)):
        if _is_special(path):
            with path.open("wb") as special, _compressed_by_name(special, path) as file:
                yield file
            return
        final = Path(os.path.realpath(path))
        draft = final.with_name(f".cocosurgeon-{secrets.token_hex(8)}.part")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with os.fdopen(descriptor, "wb") as plain:
                with _compressed_by_name(plain, path) as file:
                    yield file
                plain.flush()
                os.fsync(plain.fileno())
            _place(draft, final, force=force)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Standard output as a binary file, flushed at the end.

    Raises:
        OutputError: the system refuses (not for a reader that has gone: BrokenPipeError).
    """
    with _explained("standard output"):
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except OSError:
            # What is still buffered has nowhere to go: let it go there quietly at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise OutputError when the path is a folder, or a file and ``force`` is not given."""
    if path.is_dir():
        raise OutputError("the output is a folder", where=str(path), hint="name a file in it")
    if not force and os.path.lexists(path) and not _is_special(path):
        raise _exists(path)


def refuse_same_file(path: Path, source: Path | None) -> None:
    """Raise OutputError when the output is the source, under whatever name."""
    if source and path.exists() and source.exists() and path.samefile(source):
        raise OutputError(
            "the output is the source itself, which is never overwritten",
            where=str(path),
            hint="give another path with -o",
        )


def write_pieces(pieces: Iterable[bytes], path: Path, *, force: bool = False) -> None:
    """Write pieces of text to a file; see ``appearing``."""
    with appearing(path, force=force) as file:
        for piece in pieces:
            file.write(piece)


def _place(draft: Path, final: Path, *, force: bool) -> None:
    if force:
        draft.replace(final)
        return
    try:
        os.link(draft, final)
    except FileExistsError as error:
        raise _exists(final) from error
    except OSError:  # a file system without hard links
        refuse_existing(final, force=False)
        draft.replace(final)


def _exists(path: Path) -> OutputError:
    return OutputError(
        "the output exists", where=str(path), hint="give another path with -o, or --force"
    )


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextlib.contextmanager
def _compressed_by_name(file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        yield packed  # type: ignore[misc]


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
            hint="free some space or give another path with -o",
        ) from error
