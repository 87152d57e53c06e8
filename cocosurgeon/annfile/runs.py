"""Values of a column as they are gathered: packed tightly, every value exact. No numpy here: the
second process of a scan starts faster without it.

A column is named by the JSON key. Two families look inside a value: ``bbox_x``, ``bbox_y``,
``bbox_w``, ``bbox_h`` (pixels, xywh as in the file) and ``segments_category_ids`` (the category
ids of a panoptic annotation's ``segments_info``).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import msgspec

ABSENT = msgspec.UNSET
"""Stands for a key that a record does not have; ``None`` is JSON's null."""

EXACT_IN_FLOAT = 2**53
"""Integers below this, and no further, all have a double of their own."""


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


Run: TypeAlias = "array[Any] | list[object]"
"""Consecutive values of a column: machine integers, doubles, or objects."""


def pack(values: list[object]) -> Run:
    """The tightest run that keeps every number exactly (true and false are 1 and 0 among them)."""
    numbers = cast("list[int]", values)  # whether they are is what array() tells
    try:
        return array("q", numbers)
    except (TypeError, OverflowError):
        pass
    try:
        floats = array("d", numbers)
    except (TypeError, OverflowError):
        return values
    if any(type(v) is int and abs(v) >= EXACT_IN_FLOAT for v in values):
        return values
    return floats


def extend(runs: list[Run], more: Run) -> None:
    """Put a run behind others, as one with the last of them where they are of a kind."""
    if runs and kind(runs[-1]) == kind(more):
        runs[-1].extend(more)
    else:
        runs.append(more)


def kind(run: Run) -> str:
    """``q`` (machine integers), ``d`` (doubles) or ``O`` (objects)."""
    return run.typecode if isinstance(run, array) else "O"
