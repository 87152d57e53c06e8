"""Files opened to read: gzip data by its bytes, every error with its file and what to do."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from cocosurgeon.errors import FormatError, SourceUnavailableError
from cocosurgeon.text import did_you_mean

GZIP = b"\x1f\x8b"
"""The first bytes of gzip data."""

_NEXT = {
    errno.EISDIR: "name a file in it",
    errno.EACCES: "make it readable for yourself, or copy it",
    errno.EPERM: "make it readable for yourself, or copy it",
    errno.ENAMETOOLONG: "name a file; this is no path",
    errno.ENOTDIR: "a part of the path is a file: check the path",
    errno.ELOOP: "its links lead in a circle: name the file itself",
}


@contextmanager
def reading(path: str | os.PathLike[str], what: str = "the file") -> Iterator[None]:
    """Raise SourceUnavailableError where the system refuses to read a path in this block."""
    try:
        if not os.fspath(path):
            raise SourceUnavailableError(f"the name of {what} is empty", hint="name a file")
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and "null" not in str(error):
            raise  # only a path with a null byte is one that cannot be read
        reason = getattr(error, "strerror", None) or error
        raise SourceUnavailableError(
            f"cannot read {what}: {reason}", where=str(path), hint=_hint(Path(path), error)
        ) from error


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Raise FormatError where gzip data is damaged."""
    import zlib

    try:
        yield
    except (EOFError, zlib.error) as error:
        raise _damaged(name, error) from error
    except OSError as error:  # gzip.BadGzipFile is one, and has no number
        if error.errno is not None:
            raise
        raise _damaged(name, error) from error


@contextmanager
def open_unpacked(path: Path, what: str = "the file") -> Iterator[IO[bytes]]:
    """Open a file; gzip data is decompressed, whatever the file's name is.

    Raises:
        SourceUnavailableError: the system refuses.
        FormatError: the gzip data is damaged.
    """
    with reading(path, what), path.open("rb") as raw, unpacking(str(path)):
        is_packed = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        if not is_packed:
            yield raw
            return
        import gzip

        with gzip.GzipFile(fileobj=raw, mode="rb") as text:
            yield cast("IO[bytes]", text)


def require_file(path: Path) -> None:
    """Raise SourceUnavailableError where a path is no file that can be read twice."""
    with reading(path):
        mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "not a file, but a folder, device or pipe"
        raise SourceUnavailableError(what, where=str(path), hint="name a file")


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzip data, by its first bytes.

    Raises:
        SourceUnavailableError: the system refuses.
    """
    with reading(path), path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def _damaged(name: str, error: Exception) -> FormatError:
    return FormatError(
        f"the gzip data is damaged: {error}", where=name, hint="copy or download the file again"
    )


def _hint(path: Path, error: OSError | ValueError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        with suppress(OSError):
            near = did_you_mean(path.name, (p.name for p in path.parent.iterdir()))
            return near or "check the path"
        return f"check the path: there is no folder {path.parent}"
    return _NEXT.get(number or 0, "check the path")
