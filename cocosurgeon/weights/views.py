"""Storages of a checkpoint, and tensors that are views of them, checked before they are read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cocosurgeon.weights.dtypes import DTYPES
from cocosurgeon.weights.tensor import AGAIN, MOST_AXES, Elements, Stored, Strided, Tensor, fits

MOST_REPEATED = 256 << 20
"""Bytes up to which tensors may repeat those of a small file, as ``expand`` makes them."""
CONTIGUOUS = "save it again where it was made, each tensor as tensor.contiguous()"


class Refused(Exception):  # noqa: N818 - what is wrong with the pickle
    """The pickle is broken, too large, or of a kind that is not read; ``hint``: what to do."""

    def __init__(self, what: str, hint: str = AGAIN) -> None:
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True)
class Storage:
    """The bytes that tensors are views of.

    Attributes:
        dtype: the name of its elements' type; None: untyped.
        place: where it is.
    """

    dtype: str | None
    place: Stored


def view_of(place: Stored, dtype: str, offset: object, shape: object, strides: object) -> Tensor:
    """Return a tensor that is a view of a storage.

    Raises:
        Refused: it reaches outside of the storage, or repeats its elements too often.
    """
    sizes, steps = whole_numbers(shape), whole_numbers(strides)
    (first,) = whole_numbers((offset,))
    if len(sizes) != len(steps):
        raise Refused(f"a tensor with {len(sizes)} axes and {len(steps)} strides")
    if not fits(sizes, dtype):
        raise Refused(f"a tensor of the shape {list(sizes)[:8]}")
    # those of axes with one element mean nothing, and may be anything
    steps = tuple(0 if size == 1 else step for size, step in zip(sizes, steps, strict=True))
    itemsize = DTYPES[dtype].itemsize
    count, room = math.prod(sizes), place.size // itemsize
    reach = sum((size - 1) * step for size, step in zip(sizes, steps, strict=True)) + 1
    if count > room and first + reach <= room and count * itemsize > MOST_REPEATED:
        raise Refused(
            f"a tensor of shape {list(sizes)[:8]} repeats the {room:,} elements of its storage, as "
            f"expand makes it, and has {count * itemsize:,} bytes",
            CONTIGUOUS,
        )
    if count and first + reach > room:
        raise Refused(
            f"a tensor of shape {list(sizes)[:8]} needs more than the {room:,} elements of its "
            "storage"
        )
    start = place.offset + first * itemsize
    if not count:
        return Tensor("", dtype, sizes, Stored(place.file, place.offset, 0))
    elements: Elements = Stored(place.file, start, count * itemsize)
    if not _is_contiguous(sizes, steps):
        span = Stored(place.file, start, reach * itemsize)
        elements = Strided(span, sizes, steps, DTYPES[dtype].numpy)
    return Tensor("", dtype, sizes, elements)


def whole_numbers(values: object) -> tuple[int, ...]:
    """Return the numbers of a shape or of strides.

    Raises:
        Refused: it is no tuple of whole numbers from 0 on, or too long.
    """
    if not isinstance(values, tuple) or len(values) > MOST_AXES:
        raise Refused(f"a tensor with more than {MOST_AXES} axes, or without a shape")
    if not all(type(value) is int and 0 <= value < 1 << 62 for value in values):
        raise Refused("a tensor whose shape, strides or offset are not numbers from 0 on")
    return values


def _is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != step:
            return False
        step *= size
    return True
