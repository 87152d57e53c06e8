"""Examples of TensorFlow as bytes: named lists of bytes, whole numbers and floats.

A message of ``tensorflow/core/example/example.proto``. Its map has no order; here names are
sorted, so that equal examples are equal bytes, which the general writers of protobuf do not give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Values: TypeAlias = list[bytes] | npt.NDArray[np.int64] | npt.NDArray[np.float32]

_BYTES, _FLOATS, _INTS = 1, 2, 3
_VARINT, _EIGHT_BYTES, _DELIMITED, _FOUR_BYTES = 0, 1, 2, 5


def encode(features: Mapping[str, Values]) -> bytes:
    """Return an example as bytes."""
    entries = (
        _field(1, _field(1, name.encode()) + _field(2, _feature(features[name])))
        for name in sorted(features)
    )
    return _field(1, b"".join(entries))


def decode(data: bytes) -> dict[str, Values]:
    """Return the features of an example.

    Raises:
        ValueError: the bytes are no example.
    """
    found: dict[str, Values] = {}
    for features in _inner(memoryview(data), 1):
        for entry in _inner(features, 1):
            (name,) = _inner(entry, 1)
            for feature in _inner(entry, 2):
                found[str(name, "utf-8")] = _values(feature)
    return found


def _feature(values: Values) -> bytes:
    if isinstance(values, list):
        return _field(_BYTES, b"".join(_field(1, value) for value in values))
    if values.dtype == np.float32:
        kind, packed = _FLOATS, values.astype("<f4").tobytes()
    else:
        kind, packed = _INTS, b"".join(map(_varint, values.tolist()))
    return _field(kind, _field(1, packed) if packed else b"")


def _field(number: int, data: bytes) -> bytes:
    return b"".join((_varint(number << 3 | _DELIMITED), _varint(len(data)), data))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _values(feature: memoryview) -> Values:
    found: Values = []
    for kind, _, inner in _fields(feature):
        if kind == _BYTES:
            found = [bytes(value) for value in _inner(inner, 1)]
        elif kind == _FLOATS:
            pieces = [bytes(value) for _, _, value in _fields(inner)]
            found = np.frombuffer(b"".join(pieces), "<f4").astype(np.float32)
        elif kind == _INTS:
            ints: list[int] = []
            for _, wire, value in _fields(inner):
                ints += [value] if wire == _VARINT else _packed(value)
            found = np.array(ints, np.uint64).astype(np.int64)
    return found


def _packed(data: memoryview) -> list[int]:
    values, at = [], 0
    while at < len(data):
        value, at = _read_varint(data, at)
        values.append(value)
    return values


def _inner(data: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the messages of a field of a message."""
    for found, wire, value in _fields(data):
        if found == number:
            if wire != _DELIMITED:
                raise ValueError("a field is of another kind")
            yield value


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Yield number, kind and value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        wire = key & 7
        value: Any
        if wire == _VARINT:
            value, at = _read_varint(data, at)
        else:
            length = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(wire)
            if wire == _DELIMITED:
                length, at = _read_varint(data, at)
            if length is None or at + length > len(data):
                raise ValueError("a field is of no known kind, or longer than its message")
            value, at = data[at : at + length], at + length
        yield key >> 3, wire, value


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), at
    raise ValueError("a number has no end")
