"""Bytes of one annotation file, read by offset and guarded against change."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from cocosurgeon.annfile import sniff
from cocosurgeon.errors import (
    EncodingError,
    FormatError,
    OutputError,
    SourceChangedError,
)
from cocosurgeon.files import GZIP, reading, unpacked
from cocosurgeon.progress import Progress
from cocosurgeon.urls import is_url, reading_url

UTF8_MARK = b"\xef\xbb\xbf"
_PIECE = 1 << 20
_CONTINUATIONS = bytes(range(0x80, 0xC0))
"""Continuation bytes of UTF-8."""


class Source:
    """JSON text in a regular file, or in a nameless copy of a stream.

    It is read with ``pread`` and never mapped: truncating a mapped file would kill the process,
    while a short read is an error that can be reported. Reading from several threads, or after a
    fork, is safe.

    Attributes:
        name: its name in messages (the path as given, or ``<stdin>``).
        path: the file, or None for a stream.
        size: number of bytes of the uncompressed JSON text, with a byte-order mark.
        text_start: 3 after a byte-order mark, else 0.
        is_packed: True for gzip data.
        identity: device, inode, size and time of the last change of the file (for gzip data, of
            the compressed file), as first seen.
    """

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        path: Path | None,
        origin: os.stat_result | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self._descriptor: int | None = os.dup(file.fileno())
        self._close = weakref.finalize(self, os.close, self._descriptor)
        self.is_packed = origin is not None
        self._observed = self._observe()
        self.identity = _identity(origin) if origin else self._observed
        self.size = self._observed[-2]
        head = self.read(0, min(self.size, 512))
        self.text_start = len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
        _refuse_what_is_no_json_text(head[self.text_start :], self)

    def __repr__(self) -> str:
        return f"<Source {self.name}, {self.size:,} bytes>"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the path: a copy, or another process, opens the file again, unchanged."""
        if self.path is None:
            raise TypeError(
                f"{self!r} is a nameless copy of a stream; another process cannot open it"
            )
        return _reopen, (self.path, self.identity)

    def read(self, start: int, stop: int) -> bytes:
        """Read bytes ``start`` to ``stop``.

        Raises:
            SourceChangedError: the file has become shorter.
            SourceUnavailableError: the system cannot read it.
        """
        with reading(self.name, "the annotation file"), self.opened() as descriptor:
            data = os.pread(descriptor, stop - start, start)
            while len(data) < stop - start:
                more = os.pread(descriptor, stop - start - len(data), start + len(data))
                if not more:
                    raise self.changed()
                data += more
        return data

    def release(self) -> None:
        """Close the file, and open it for each read from now on; a nameless copy stays open.

        So there can be more sources than files that a process may have open.
        """
        if self.path is not None and not self.is_packed:
            self._descriptor = None
            self._close()

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Give the number of the open file.

        Raises:
            SourceChangedError: it is another file by now.
            SourceUnavailableError: the system cannot open it.
        """
        with ExitStack() as stack:
            descriptor = self._descriptor
            if descriptor is None:
                assert self.path is not None
                with reading(self.name, "the annotation file"):
                    descriptor = stack.enter_context(self.path.open("rb")).fileno()
                if _identity(os.fstat(descriptor)) != self.identity:
                    raise self.changed()
            yield descriptor

    def require_unchanged(self) -> None:
        """Raise SourceChangedError if size or modification time have changed since opening."""
        if self._observe() != self._observed:
            raise self.changed()

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of a byte, both from 1; columns count characters."""
        line, begin = 1, self.text_start
        for start in range(0, offset, _PIECE):
            piece = self.read(start, min(start + _PIECE, offset))
            line += piece.count(b"\n")
            if (last := piece.rfind(b"\n")) >= 0:
                begin = start + last + 1
        pieces = (self.read(at, min(at + _PIECE, offset)) for at in range(begin, offset, _PIECE))
        return line, 1 + sum(len(piece.translate(None, _CONTINUATIONS)) for piece in pieces)

    def sha256(self) -> str:
        """Return the SHA-256 of the JSON text (for an uncompressed file, that of ``sha256sum``)."""
        digest = hashlib.sha256()
        for start in range(0, self.size, _PIECE):
            digest.update(self.read(start, min(start + _PIECE, self.size)))
        self.require_unchanged()
        return digest.hexdigest()

    def _observe(self) -> tuple[int, ...]:
        with self.opened() as descriptor:
            return _identity(os.fstat(descriptor))

    def changed(self) -> SourceChangedError:
        """Return the error for a source that changed while it was read."""
        return SourceChangedError(
            "the source changed while it was read",
            where=self.name,
            hint="run again when nothing writes to it",
        )


def open_source(where: str | os.PathLike[str], progress: Progress | None = None) -> Source:
    """Open an annotation file.

    Args:
        where: a path, a URL, or ``-`` for standard input. Streams, URLs, and gzip data
            uncompressed, are copied to a nameless temporary file.
        progress: called during a long decompression.

    Raises:
        SourceUnavailableError: there is no such file, it is a folder, or it cannot be read.
        FormatError: the bytes are no JSON text: empty, an archive, an image, UTF-16, ...
    """
    if where == "-":
        return _copied(sys.stdin.buffer, "<stdin>", None)
    if is_url(where):
        with reading_url(str(where)) as (stream, identity):
            source = _copied(stream, str(where), None)
            source.identity = identity
        return source
    path = Path(where)
    with reading(where, "the annotation file"), path.open("rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return _copied(file, str(path), None)
        if os.pread(file.fileno(), len(GZIP), 0) != GZIP:
            return Source(file, str(path), path)
        source = _unpacked(file, str(path), path, progress)
        if _identity(os.fstat(file.fileno())) != source.identity:
            raise source.changed()
        return source


def source_of(pieces: Iterable[bytes], name: str) -> Source:
    """Return a source of text that is in no file, as a nameless copy.

    Raises:
        OutputError: there is no room for the copy.
    """
    whole = filter(None, pieces)
    with _copy_of(lambda: next(whole, b"")) as copy:
        return Source(copy, name, None)


def source_of_places(pieces: Iterable[tuple[int, bytes]], size: int, name: str) -> Source:
    """Return a source of text whose pieces come with their offsets; see ``source_of``.

    Args:
        size: number of bytes of the text; places without a piece have zeros.

    Raises:
        OutputError: there is no room for the copy.
    """
    with _writing_copy():
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with copy:
        for place, piece in pieces:
            with _writing_copy():
                written = 0
                while written < len(piece):
                    written += os.pwrite(copy.fileno(), piece[written:], place + written)
        with _writing_copy():
            copy.truncate(size)
        return Source(copy, name, None)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _reopen(path: Path, identity: tuple[int, ...]) -> Source:
    source = open_source(path)
    if source.identity != identity:
        raise source.changed()
    return source


def _copied(stream: IO[bytes], name: str, path: Path | None) -> Source:
    """Return a source that is a nameless copy of a stream; gzip data is uncompressed."""
    with _copy_of(lambda: stream.read(_PIECE)) as copy:
        if os.pread(copy.fileno(), len(GZIP), 0) != GZIP:
            return Source(copy, name, path)
        copy.seek(0)
        return _unpacked(copy, name, path, None)


def _unpacked(file: IO[bytes], name: str, path: Path | None, progress: Progress | None) -> Source:
    """Return a source that is a nameless, uncompressed copy of gzip data."""
    origin = os.fstat(file.fileno())
    with unpacked(file, name) as text:

        def read() -> bytes:
            piece = text.read(_PIECE)
            if progress:
                progress(file.tell(), origin.st_size)
            return piece

        with _copy_of(read) as copy:
            return Source(copy, name, path, origin)


@contextmanager
def _copy_of(read: Callable[[], bytes]) -> Iterator[IO[bytes]]:
    """Copy all pieces that are read to a nameless temporary file."""
    with _writing_copy():
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with copy:
        while piece := read():
            with _writing_copy():
                copy.write(piece)
                copy.flush()
        yield copy


@contextmanager
def _writing_copy() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"no room for a temporary copy of the text: {error.strerror}",
            hint="point TMPDIR at a larger disk",
        ) from error


def _refuse_what_is_no_json_text(head: bytes, source: Source) -> None:
    if not head.strip(b" \t\r\n") and source.size <= len(head):
        hint = "name another file, or export this one again"
        raise FormatError("the file is empty", where=source.name, hint=hint, offset=0)
    if kind := sniff.container(head):
        raise FormatError(
            f"this is {kind}, not JSON text",
            where=source.name,
            hint="name the folder of the tables"
            if kind == sniff.PARQUET
            else "name the annotation file itself",
            offset=0,
        )
    if wide := sniff.wide_encoding(head):
        raise EncodingError(
            f"the text is {wide}, not UTF-8; the first byte that shows it is at offset 0",
            where=f"{source.name}, byte 0",
            hint=f"convert it: iconv -f {wide} -t UTF-8 OLD > NEW",
            offset=0,
        )
