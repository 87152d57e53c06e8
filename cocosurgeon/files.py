"""Files opened for reading: gzip data is found by its bytes, errors name the file and a fix."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from cocosurgeon.errors import EncodingError, FormatError, RequestError, SourceUnavailableError
from cocosurgeon.text import did_you_mean, first_names

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP = b"\x1f\x8b"
"""The first bytes of gzip data."""

_PIECE = 1 << 20
_SMALL = 1 << 26
_MOST_TIMES = 200

_NEXT = {
    errno.EISDIR: "name a file in it",
    errno.EACCES: "make it readable for yourself, or copy it",
    errno.EPERM: "make it readable for yourself, or copy it",
    errno.ENAMETOOLONG: "name a file; this is not a path",
    errno.ENOTDIR: "a part of the path is a file: check the path",
    errno.ELOOP: "its links form a circle: name the file itself",
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
            raise  # an error of reading is about a null byte in the path
        reason = getattr(error, "strerror", None) or error
        raise SourceUnavailableError(
            f"cannot read {what}: {reason}", where=str(path), hint=_hint(Path(path), error)
        ) from error


@contextmanager
def unpacked(raw: IO[bytes], name: str) -> Iterator[BinaryIO]:
    """Open gzip data.

    Reading it raises FormatError if it is damaged, or unpacks to more than ``_MOST_TIMES`` times
    its size, which no annotation file does: it would only fill the disk.
    """
    import zlib

    try:
        with io.BufferedReader(_Unpacked(raw, name), _PIECE) as text:
            yield text
    except (EOFError, zlib.error) as error:
        raise _damaged(name, error) from error
    except OSError as error:  # gzip.BadGzipFile is an OSError without errno
        if error.errno is not None:
            raise
        raise _damaged(name, error) from error


class _Unpacked(io.RawIOBase):
    def __init__(self, raw: IO[bytes], name: str) -> None:
        import gzip

        self._text = gzip.GzipFile(fileobj=raw, mode="rb")
        self._name = name
        self._packed = os.fstat(raw.fileno()).st_size
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._text.readinto(buffer)
        self._size += count
        if self._size > max(_SMALL, _MOST_TIMES * self._packed):
            raise FormatError(
                f"the gzip data unpacks to more than {_MOST_TIMES} times its size; annotation "
                f"files unpack to about 5 times",
                where=self._name,
                hint="if the file is right, unpack it yourself: gzip -dk FILE",
            )
        return count


@contextmanager
def open_unpacked(path: Path, what: str = "the file") -> Iterator[IO[bytes]]:
    """Open a file; gzip data is decompressed, even without the suffix ``.gz``.

    Raises:
        SourceUnavailableError: the system refuses.
        FormatError: the gzip data is damaged, or unpacks to far too much.
    """
    with reading(path, what), path.open("rb") as raw:
        is_packed = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        if not is_packed:
            yield raw
            return
        with unpacked(raw, str(path)) as text:
            yield text


def read_lines(path: str, what: str, hint: str) -> list[str]:
    """Return the lines of a text file that are not blank, without blanks around them.

    Args:
        path: of the file; ``-`` is standard input.
        what: name of the content, for errors.
        hint: what to do, for errors.

    Raises:
        SourceUnavailableError, EncodingError: it cannot be read.
    """
    with reading(path, what):
        text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    try:
        lines = re.split(r"\r\n|\n|\r", text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{what} is not UTF-8: byte 0x{text[error.start]:02x} at offset {error.start}",
            where=path,
            hint=hint,
        ) from error
    return [line.strip() for line in lines if line.strip()]


def require_file(path: Path) -> None:
    """Raise SourceUnavailableError unless a path is a regular file, which can be read twice."""
    with reading(path):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        what = "not a file, but a device or pipe"
        raise SourceUnavailableError(what, where=str(path), hint="name a file")


def require_one_stdin(paths: Sequence[str]) -> None:
    """Raise RequestError if standard input (``-``) is among the paths more than once."""
    if paths.count("-") > 1:
        raise RequestError("standard input can be read only once", hint="save it to a file")


def is_gzip(path: Path) -> bool:
    """Return True if a file is gzip data, by its first bytes.

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
            there = sorted(p.name for p in path.parent.iterdir())
            if near := did_you_mean(path.name, there):
                return near
            alike = [n for n in there if path.suffix and n.endswith(path.suffix)]
            return f"check the path{f'; the folder has {first_names(alike)}' if alike else ''}"
        return f"check the path: there is no folder {path.parent}"
    return _NEXT.get(number or 0, "check the path")
