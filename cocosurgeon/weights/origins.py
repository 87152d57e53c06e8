"""Origins of tensors under new names: a key, a slice, several joined, or a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from cocosurgeon.errors import RequestError
from cocosurgeon.weights.dtypes import DTYPES, Array, encode
from cocosurgeon.weights.name_table import Constant
from cocosurgeon.weights.tensor import Tensor


@dataclass(frozen=True)
class Slice:
    """One of equal slices of a tensor, along its first axis."""

    key: str
    place: int
    count: int


Origin = str | Slice | tuple[str, ...] | Constant
"""A tensor's origin: a key before, a slice of one, several that are joined, or a value."""


def followed(origin: Origin, origins: Mapping[str, Origin]) -> Origin | None:
    """Return what an origin after is before; None where that is no single key or value."""
    if isinstance(origin, str):
        return origins[origin]
    if isinstance(origin, Slice):
        whole = origins[origin.key]
        is_joined = isinstance(whole, tuple) and len(whole) == origin.count
        return whole[origin.place] if is_joined and isinstance(whole, tuple) else None
    if isinstance(origin, tuple):
        parts = [origins[key] for key in origin]
        first = parts[0]
        if isinstance(first, Slice):
            whole_of = [Slice(first.key, place, len(parts)) for place in range(len(parts))]
            return first.key if parts == whole_of else None
        return None
    return origin


def made(name: str, origin: Origin, before: Mapping[str, Tensor]) -> Tensor:
    """Return the tensor of an origin; its bytes are read when they are needed.

    Raises:
        RequestError: it cannot be split into equal slices, or joined.
    """
    if isinstance(origin, str):
        return before[origin].renamed(name)
    if isinstance(origin, Constant):
        return Tensor.made(name, origin.dtype, origin.shape, lambda: _filled(origin))
    if isinstance(origin, Slice):
        return _sliced(name, before[origin.key], origin)
    return _joined(name, [before[key] for key in origin])


def storages_of(origin: Origin, before: Mapping[str, Tensor]) -> object:
    """Return what is equal for origins of the same bytes; None for a value."""
    if isinstance(origin, str):
        return before[origin].storage
    if isinstance(origin, Slice):
        whole = before[origin.key]
        return whole.storage, whole.shape, origin.place, origin.count
    if isinstance(origin, tuple):
        return tuple(before[key].storage for key in origin)
    return None


def _sliced(name: str, whole: Tensor, part: Slice) -> Tensor:
    if not whole.shape or whole.shape[0] % part.count:
        raise RequestError(
            f"{whole.name} cannot be split into {part.count} equal slices: "
            f"its shape is {list(whole.shape)}"
        )
    rows = whole.shape[0] // part.count
    at = part.place * rows
    shape = (rows, *whole.shape[1:])
    return Tensor.made(name, whole.dtype, shape, lambda: whole.array()[at : at + rows])


def _joined(name: str, parts: Sequence[Tensor]) -> Tensor:
    first = parts[0]
    for part in parts:
        if (part.shape, part.dtype) != (first.shape, first.dtype) or not part.shape:
            raise RequestError(
                f"{name} can only be joined from tensors of one shape and type: {first.name} is "
                f"{list(first.shape)} {first.dtype}, {part.name} is {list(part.shape)} {part.dtype}"
            )
    shape = (len(parts) * first.shape[0], *first.shape[1:])

    def join() -> Array:
        array = np.empty(shape, DTYPES[first.dtype].numpy)
        for place, part in enumerate(parts):
            array[place * first.shape[0] : (place + 1) * first.shape[0]] = part.array()
        return array

    return Tensor.made(name, first.dtype, shape, join)


def _filled(value: Constant) -> Array:
    return encode(np.full(value.shape, value.number), value.dtype)


def same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have one type, shape and content."""
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    return all(a == b for a, b in zip_longest(one.chunks(), other.chunks()))


def holds(tensor: Tensor, value: Constant) -> bool:
    """Return whether a tensor has a value, and nothing else."""
    if (tensor.dtype, tensor.shape) != (value.dtype, value.shape):
        return False
    return tensor.array().tobytes() == _filled(value).tobytes()
