"""TFRecord files: records with the checksum of their length and of their bytes.

``tensorflow/core/lib/io/record_writer.cc``; the index is that of the ``tfrecord`` package
(``tfrecord/tools/tfrecord2idx.py``): first byte and length of each record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from cocosurgeon.errors import FormatError
from cocosurgeon.files import open_unpacked
from cocosurgeon.formats.crc32c import crc32c

INDEX = ".tfindex"
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_HEAD = _LENGTH.size + _CHECKSUM.size
_MOST = 1 << 31


def write_records(path: Path, records: Iterable[bytes]) -> None:
    """Write records, and their index next to them."""
    with path.open("wb") as file, path.with_suffix(INDEX).open("w") as index:
        for record in records:
            first = file.tell()
            length = _LENGTH.pack(len(record))
            file.writelines((length, _checksum(length), record, _checksum(record)))
            index.write(f"{first} {file.tell() - first}\n")


def read_records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each record, and where it is: file and byte.

    Raises:
        SourceUnavailableError: the system refuses.
        FormatError: a record is broken.
    """
    at = 0
    with open_unpacked(path, "the TFRecord file") as file:
        while head := file.read(_HEAD):
            where = f"{path}, byte {at}"
            length = head[: _LENGTH.size]
            if len(head) < _HEAD or _checksum(length) != head[_LENGTH.size :]:
                what = "is not a TFRecord file" if at == 0 else "has a record with a broken length"
                raise _broken(f"the file {what}", where, at)
            (size,) = _LENGTH.unpack(length)
            if size > _MOST:
                raise _broken(f"a record has {size:,} bytes", where, at)
            record, checksum = file.read(size), file.read(_CHECKSUM.size)
            if len(checksum) < _CHECKSUM.size:
                raise _broken("the file ends within a record", where, at)
            if _checksum(record) != checksum:
                raise _broken("a record is not what its checksum says", where, at)
            yield where, record
            at += _HEAD + size + _CHECKSUM.size


def _checksum(data: bytes) -> bytes:
    """Return the masked checksum of bytes: that of a text with checksums in it would be weak."""
    crc = crc32c(data)
    return _CHECKSUM.pack(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _broken(what: str, where: str, at: int) -> FormatError:
    return FormatError(what, where=where, hint="copy or write it again", offset=at)
