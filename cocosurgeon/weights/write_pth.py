"""A zip as ``torch.save`` writes it: a pickle of names, shapes and types, and one member a storage.

Torch itself is not needed, and would need all tensors in memory.
"""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, BinaryIO, cast

from cocosurgeon.errors import RequestError
from cocosurgeon.weights.dtypes import DTYPES
from cocosurgeon.weights.tensor import Tensor

_FOLDER = "archive"
_ALIGNMENT = 64
_LOCAL_HEADER = 30
_ZIP64_EXTRA = 20
_UNTYPED = "torch.storage\nUntypedStorage"
_ORDERED = b"ccollections\nOrderedDict\n)R"
_DATE = (1980, 1, 1, 0, 0, 0)


def write_zip(
    file: BinaryIO, tensors: Sequence[Tensor], metadata: Mapping[str, object], where: str
) -> None:
    """Write tensors and plain values. Tied tensors share a storage, as they did.

    Args:
        where: the key of the state dict; empty: tensors are at the top level, next to the metadata.

    Raises:
        RequestError: a value is not plain.
    """
    storages: dict[object, Tensor] = {}
    for tensor in tensors:
        storages.setdefault(tensor.storage, tensor)
    numbers = {storage: number for number, storage in enumerate(storages)}
    named = (_text(each.name) + _tensor(each, numbers[each.storage]) for each in tensors)
    state = _ORDERED + b"(" + b"".join(named)
    entries = b"".join(_text(key) + _value(value, key) for key, value in metadata.items())
    if where:
        keys = where.split(".")
        nested = b"".join(b"}(" + _text(key) for key in keys[1:]) + state + b"u" * len(keys)
        content = b"}(" + entries + _text(keys[0]) + nested + b"u"
    else:
        content = state + entries + b"u"
    stream = _Stream(file)
    with zipfile.ZipFile(
        cast(IO[bytes], stream), "w", zipfile.ZIP_STORED, allowZip64=True
    ) as archive:
        pickle = b"\x80\x02" + content + b"."
        _member(archive, stream, "data.pkl", [pickle], len(pickle))
        _member(archive, stream, "byteorder", [b"little"], 6)
        for number, tensor in enumerate(storages.values()):
            _member(archive, stream, f"data/{number}", tensor.chunks(), tensor.nbytes)
        _member(archive, stream, "version", [b"3\n"], 2)


class _Stream:
    """A file that is only written forward, so that its bytes are the same wherever it goes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.at = file, 0

    def write(self, data: bytes | memoryview) -> int:
        self.at += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _member(
    archive: zipfile.ZipFile,
    stream: _Stream,
    name: str,
    pieces: Iterable[bytes | memoryview],
    size: int,
) -> None:
    """Write a member whose bytes begin at a multiple of 64, as those of ``torch.save`` do."""
    info = zipfile.ZipInfo(f"{_FOLDER}/{name}", _DATE)
    info.file_size = size
    is_large = size * 1.05 > zipfile.ZIP64_LIMIT
    start = stream.at + _LOCAL_HEADER + len(info.filename) + 4 + _ZIP64_EXTRA * is_large
    padding = -start % _ALIGNMENT
    info.extra = b"FB" + padding.to_bytes(2, "little") + bytes(padding)
    with archive.open(info, "w", force_zip64=is_large) as member:
        for piece in pieces:
            member.write(piece)


def _tensor(tensor: Tensor, number: int) -> bytes:
    kind = DTYPES[tensor.dtype]
    if kind.storage:
        rebuild, storage, count = b"_rebuild_tensor_v2", f"torch\n{kind.storage}", tensor.count
    else:
        rebuild, storage, count = b"_rebuild_tensor_v3", _UNTYPED, tensor.nbytes
    identity = (
        b"(" + _text("storage") + f"c{storage}\n".encode() + _text(str(number)) + _text("cpu")
        + _number(count) + b"tQ"
    )  # fmt: skip
    strides = tuple(math.prod(tensor.shape[axis + 1 :]) for axis in range(len(tensor.shape)))
    view = _number(0) + _numbers(tensor.shape) + _numbers(strides)
    dtype = b"" if kind.storage else f"ctorch\n{tensor.dtype}\n".encode()
    return b"ctorch._utils\n%s\n(%s%s\x89%s%stR" % (rebuild, identity, view, _ORDERED, dtype)


def _value(value: object, where: str) -> bytes:
    """Return the pickle of a plain value."""
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return b"c_codecs\nencode\n(%s%stR" % (_text(value.decode("latin-1")), _text("latin1"))
    if isinstance(value, Mapping):
        items = (_value(k, where) + _value(v, where) for k, v in value.items())
        return b"}(" + b"".join(items) + b"u"
    if isinstance(value, (list, tuple)):
        items = (_value(v, where) for v in value)
        content = b"".join(items)
        return b"](%se" % content if isinstance(value, list) else b"(%st" % content
    raise RequestError(f"{where}: a value of type {type(value).__name__} cannot be written")


def _text(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _number(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > 255:
        raise RequestError("a number of more than 255 bytes cannot be written")
    return b"\x8a" + bytes([len(raw)]) + raw


def _numbers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(_number, values)) + b"t"
