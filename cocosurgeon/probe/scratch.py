"""Temporary files: what another interpreter is handed, and what it writes."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cocosurgeon.errors import FormatError, OutputError, SourceUnavailableError

_PIECE = 1 << 20
_ROOM = 1 << 16


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files, which is gone at the end.

    Raises:
        OutputError: it cannot be made.
    """
    with ExitStack() as stack:
        with in_scratch():
            name = stack.enter_context(TemporaryDirectory(prefix="cocosurgeon-"))
        yield Path(name)


@contextmanager
def in_scratch(folder: Path | None = None) -> Iterator[None]:
    """What the system refuses inside, it refuses of temporary files.

    Args:
        folder: where they are; None: where the system has them.

    Raises:
        OutputError: it refuses.
    """
    try:
        yield
    except OSError as error:
        where = str(folder) if folder else os.environ.get("TMPDIR")
        raise OutputError(
            f"cannot write temporary files: {error.strerror or error}",
            where=where or "the folder of temporary files",
            hint="free some space, or name another folder: TMPDIR=FOLDER",
        ) from error


def require_room(folder: Path) -> None:
    """Refuse to blame anything else where the disk is full.

    Raises:
        OutputError: some more cannot be written.
    """
    with in_scratch(folder), (folder / "room").open("wb") as stream:
        stream.write(bytes(_ROOM))
        stream.flush()
        os.fsync(stream.fileno())


def unpacked(path: Path, folder: Path) -> Path:
    """A file itself, or a plain copy of a gzipped one, which frameworks cannot read.

    Raises:
        SourceUnavailableError, FormatError: it cannot be read, or unpacked.
        OutputError: the copy cannot be written.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(2) != b"\x1f\x8b":
                return path
    except OSError as error:
        raise _unreadable(path, error) from error
    copy = folder / "plain" / path.name.removesuffix(".gz")
    with in_scratch(folder):
        copy.parent.mkdir()
        with copy.open("wb") as plain:
            plain.writelines(_pieces(path))
    return copy


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(
            f"the compressed file is cut, or broken: {error}",
            where=str(path),
            hint="have it compressed again",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> SourceUnavailableError:
    return SourceUnavailableError(f"cannot read the file: {error.strerror}", where=str(path))
