"""Columns: one value of every record of a list, as an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.chunks import ABSENT, EXACT_IN_FLOAT, Chunk, kind

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Values:
    """One column's values.

    Attributes:
        array: int64 or float64 if all values are such numbers (float64 only if it is exact for all
            integers), else objects, with None for null and for an absent key.
        present: number of records that have the key.
    """

    array: Array
    present: int

    def __post_init__(self) -> None:
        self.array.flags.writeable = False

    def __reduce__(self) -> tuple[Callable[..., Values], tuple[object, ...]]:
        """Pickle the values; of a key that no record has, their number."""
        if not self.present and self.array.dtype == object:
            return absent, (len(self.array),)
        return Values, (self.array, self.present)


def absent(count: int) -> Values:
    """Return the column of a key that none of so many records has."""
    return Values(np.broadcast_to(np.array(None, dtype=object), count), 0)  # of one value's size


def as_floats(values: Array) -> npt.NDArray[np.float64]:
    """Return a column as float64: NaN for other values, infinity for too large numbers."""
    if values.dtype != object:
        return values.astype(np.float64)
    return np.fromiter(map(_as_float, values), dtype=np.float64, count=len(values))


def _as_float(value: object) -> float:
    if not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def join(chunks: Sequence[Chunk]) -> Values:
    """Join the chunks of a column, in order, into one array."""
    kinds = {kind(chunk) for chunk in chunks}
    if not kinds or kinds == {"q"}:
        return _numbers(chunks, np.int64)
    if kinds == {"d"} or (kinds == {"d", "q"} and _all_exact(chunks)):
        return _numbers(chunks, np.float64)
    if kinds == {"-"}:
        return absent(sum(map(len, chunks)))
    values = [v for chunk in chunks for v in chunk]
    present = len(values) - values.count(ABSENT)
    nulled = values if present == len(values) else [None if v is ABSENT else v for v in values]
    return Values(np.fromiter(nulled, dtype=object, count=len(values)), present)


def joined_values(parts: Sequence[Values]) -> Values:
    """Join columns of consecutive lists; the result is that of one list."""
    present = sum(part.present for part in parts)
    filled = [part.array for part in parts if len(part.array)]
    if filled and not present:
        return absent(sum(map(len, filled)))
    kinds = {array.dtype for array in filled}
    whole = [array for array in filled if array.dtype == np.int64]
    if np.dtype(object) in kinds or (len(kinds) > 1 and not are_exact(whole)):
        return Values(np.concatenate([array.astype(object) for array in filled]), present)
    return Values(np.concatenate([*filled, np.empty(0, np.int64)]), present)


def _numbers(chunks: Sequence[Chunk], dtype: type[np.int64 | np.float64]) -> Values:
    parts = [np.asarray(chunk, dtype=dtype) for chunk in chunks]
    joined = parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0, dtype)])
    return Values(joined, len(joined))


def _all_exact(chunks: Sequence[Chunk]) -> bool:
    return are_exact([np.asarray(chunk) for chunk in chunks if kind(chunk) == "q"])


def are_exact(whole: Sequence[Array]) -> bool:
    """Return True if float64 is exact for all of these integers."""
    return all(c.min() > -EXACT_IN_FLOAT and c.max() < EXACT_IN_FLOAT for c in whole if len(c))
