"""Columns: one value of every record of a list, as an array.

A column is named by the JSON key. Two families look inside a value: ``bbox_x``, ``bbox_y``,
``bbox_w``, ``bbox_h`` (pixels, xywh as in the file) and ``segments_category_ids`` (the category
ids of a panoptic annotation's ``segments_info``).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import msgspec
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ABSENT = msgspec.UNSET
"""Stands for a key that a record does not have; ``None`` is JSON's null."""

_EXACT_IN_FLOAT = 2**53


@dataclass(frozen=True)
class Column:
    """How a column is read: the record's key, and what is taken from its value (None: all)."""

    name: str
    key: str
    take: Callable[[object], object] | None = None


def column(name: str) -> Column:
    """The column of that name."""
    if name in _BBOX:
        return Column(name, "bbox", _BBOX[name])
    if name == "segments_category_ids":
        return Column(name, "segments_info", _segment_categories)
    return Column(name, name)


def _coordinate(position: int) -> Callable[[object], object]:
    def take(bbox: object) -> object:
        if isinstance(bbox, list) and len(bbox) == 4:
            return bbox[position]
        return ABSENT

    return take


_BBOX = {f"bbox_{axis}": _coordinate(i) for i, axis in enumerate("xywh")}


def _segment_categories(segments: object) -> object:
    if not isinstance(segments, list):
        return ABSENT
    found = (s.get("category_id") for s in segments if isinstance(s, dict))
    return tuple(value for value in found if isinstance(value, (int, float, str)))


@dataclass(frozen=True, eq=False)
class Values:
    """One column's values.

    Attributes:
        array: int64 or float64 where every value is such a number (floats only where that loses
            no integer), else objects, with None for null and for an absent key.
        present: how many records have the key.
    """

    array: Array
    present: int


def as_floats(values: Array) -> npt.NDArray[np.float64]:
    """A column as float64: NaN for what is no number, infinity for what is too large."""
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


Chunk: TypeAlias = "array[Any] | list[object]"
"""Values of some records, as packed as they go: machine integers, doubles, or objects."""


def pack(values: list[object]) -> Chunk:
    """The tightest chunk that keeps every value exactly."""
    numbers = cast("list[int]", values)  # whether they are is what array() tells
    try:
        return array("q", numbers)
    except (TypeError, OverflowError):
        pass
    try:
        floats = array("d", numbers)
    except (TypeError, OverflowError):
        return values
    if any(type(v) is int and abs(v) >= _EXACT_IN_FLOAT for v in values):
        return values
    return floats


def join(chunks: Sequence[Chunk]) -> Values:
    """One array from the chunks of a column, in order."""
    kinds = {c.typecode if isinstance(c, array) else "O" for c in chunks}
    if not kinds or kinds == {"q"}:
        return _numbers(chunks, np.int64)
    if kinds == {"d"} or (kinds == {"d", "q"} and _all_exact(chunks)):
        return _numbers(chunks, np.float64)
    values = [v for chunk in chunks for v in chunk]
    present = sum(v is not ABSENT for v in values)
    nulled = (None if v is ABSENT else v for v in values)
    return Values(np.fromiter(nulled, dtype=object, count=len(values)), present)


def _numbers(chunks: Sequence[Chunk], dtype: type[np.int64 | np.float64]) -> Values:
    parts = [np.asarray(c, dtype=dtype) for c in chunks]
    joined = np.concatenate(parts) if parts else np.empty(0, dtype)
    return Values(joined, len(joined))


def _all_exact(chunks: Sequence[Chunk]) -> bool:
    whole = [np.asarray(c) for c in chunks if isinstance(c, array) and c.typecode == "q"]
    return all(c.min() > -_EXACT_IN_FLOAT and c.max() < _EXACT_IN_FLOAT for c in whole if len(c))
