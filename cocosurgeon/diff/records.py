"""Records decoded, and the differences between two records, value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.text import cut

NONE = object()
"""Value of a missing key."""
IDS = frozenset(("id", "image_id", "category_id"))
_SHOWN = 60
_LARGEST = 1e15
"""Largest number of a box that is taken for pixels."""


def decoded(records: Records, rows: Numbers) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield row, offset and values of each record."""
    for row, byte, text in records.texts(rows):
        yield row, byte, json.loads(text)


@dataclass(frozen=True)
class FieldChange:
    """A value that differs.

    Attributes:
        key: the key; keys of inner objects follow after dots.
        before, after: the values; ``NONE`` for a missing key.
        names: category names of the values; None if they are no categories.
        farthest: most pixels that a coordinate of a polygon moved, if the points correspond.
        in_words: True if ``before`` and ``after`` describe a segmentation without its numbers,
            which are most of a file.
    """

    key: str
    before: object
    after: object
    names: tuple[str, str] | None = None
    farthest: float | None = None
    in_words: bool = False

    @classmethod
    def of(cls, key: str, before: object, after: object) -> FieldChange:
        """Return the change of a value."""
        if key != "segmentation":
            return cls(key, before, after)
        return cls(key, before, after, farthest=_farthest(before, after))

    def shortened(self) -> FieldChange:
        """Return the change of a segmentation in words."""
        return replace(
            self, before=self._shown(self.before), after=self._shown(self.after), in_words=True
        )

    def _shown(self, value: object) -> object:
        """Return a value as text."""
        if value is NONE or self.in_words:
            return value
        return _mask(value) if self.key == "segmentation" else _short(value)

    def words(self) -> str:
        """Return the change as text; for boxes with the pixels that they moved."""
        if self.before is NONE:
            return f"{self.key} is new: {self._shown(self.after)}"
        if self.after is NONE:
            return f"{self.key} is gone, was {self._shown(self.before)}"
        if (moved := box_moves(self.key, self.before, self.after)) is not None:
            axes = zip(("x", "y", "width", "height"), moved, strict=True)
            by = ", ".join(f"{side} {move:+.2f}" for side, move in axes if move)
            return f"{self.key} {by} px, {_box(self.before)} -> {_box(self.after)}"
        if self.farthest is not None:
            return f"segmentation points moved, by {self.farthest:.2f} px at most"
        if self.key != "segmentation" and (text := _numbers_apart(self.before, self.after)):
            return f"{self.key} {text}"
        sides = [str(self._shown(value)) for value in (self.before, self.after)]
        if self.names is not None:
            sides = [f"{side} ({name})" for side, name in zip(sides, self.names, strict=True)]
        return f"{self.key} {' -> '.join(sides)}"

    def fields(self) -> dict[str, object]:
        """Return the change as JSON values; a missing key has no value."""
        values = {"before": self.before, "after": self.after}
        found = {"key": self.key, **{k: v for k, v in values.items() if v is not NONE}}
        if (moved := box_moves(self.key, self.before, self.after)) is not None:
            found["moved"] = list(moved)
        if self.in_words:
            found["in_words"] = True
        return found if self.farthest is None else {**found, "farthest": self.farthest}


def field_changes(
    before: Mapping[str, object], after: Mapping[str, object], tolerance: float
) -> tuple[list[FieldChange], bool]:
    """Return the values that differ between two records.

    Numbers are compared by value (2.5 and 2.50, 1 and 1.0 are equal), ids also by type.

    Args:
        tolerance: amount by which numbers other than ids may differ.

    Returns:
        The differences; and True if there are others within the tolerance.
    """
    found: list[FieldChange] = []
    is_passed_over = False
    for key in {**before, **after}:
        a, b = before.get(key, NONE), after.get(key, NONE)
        if _same(a, b, 0.0, as_id=key in IDS):
            continue
        if tolerance and key not in IDS and _same(a, b, tolerance, as_id=False):
            is_passed_over = True
        elif isinstance(a, dict) and isinstance(b, dict) and key != "segmentation":
            inner, passed = field_changes(a, b, tolerance)
            is_passed_over |= passed
            found += [FieldChange(f"{key}.{c.key}", c.before, c.after) for c in inner]
        else:
            found.append(FieldChange.of(key, a, b))
    return found, is_passed_over


def _same(a: object, b: object, tolerance: float, *, as_id: bool) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or a is NONE or b is NONE:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if a != a or b != b:
            return a != a and b != b
        is_near = a == b or (tolerance > 0 and abs(a - b) <= tolerance)
        return is_near and not (as_id and type(a) is not type(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(
            _same(x, y, tolerance, as_id=as_id) for x, y in zip(a, b, strict=True)
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k], tolerance, as_id=k in IDS) for k in a)
    return type(a) is type(b) and a == b


def box_moves(key: str, before: Any, after: Any) -> tuple[float, ...] | None:
    """Return the change of x, y, width and height of a box in pixels; None without two boxes."""
    if key != "bbox" or not (_is_box(before) and _is_box(after)):
        return None
    return tuple(float(b - a) for a, b in zip(before, after, strict=True))


def _is_box(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(type(v) in (int, float) and abs(v) < _LARGEST for v in value)
    )


def _box(box: Any) -> str:
    return "[" + ", ".join(f"{float(v):.2f}" for v in box) + "]"


def _mask(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        size = value.get("size")
        return f"RLE of {size}" if size else "RLE"
    if isinstance(value, list) and all(isinstance(part, list) for part in value):
        points = sum(len(part) // 2 for part in value)
        return f"{len(value)} polygon{'' if len(value) == 1 else 's'} of {points} points"
    return _short(value)


def _farthest(before: object, after: object) -> float | None:
    """Return the most pixels that a coordinate moved; None if points do not correspond."""
    here, there = map(_polygons, (before, after))
    if here is None or there is None or list(map(len, here)) != list(map(len, there)):
        return None
    moves = np.abs(np.subtract(np.concatenate(here), np.concatenate(there)))
    return float(moves.max()) if len(moves) else None


def _polygons(value: Any) -> list[list[float]] | None:
    """Return polygons; None for any other value."""
    if not isinstance(value, list) or not value:
        return None
    for part in value:
        if not isinstance(part, list) or not all(
            type(v) in (int, float) and abs(v) < _LARGEST for v in part
        ):
            return None
    return value


def _numbers_apart(before: Any, after: Any) -> str | None:
    """Return text on the difference of two long lists of numbers; None for other values."""
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return None
    is_long = len(json.dumps(before)) > _SHOWN
    if not is_long or not all(type(v) in (int, float) for v in (*before, *after)):
        return None
    apart = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    first = f"{apart[0][0]} -> {apart[0][1]}" if apart else ""
    return f"{len(apart):,} of {len(before):,} numbers differ: {first}"


def _short(value: object) -> str:
    return cut(json.dumps(value, ensure_ascii=False), _SHOWN)


def moved_places(places: Numbers) -> int:
    """Return the least number of places that must move so that all ascend."""
    from bisect import bisect_left

    if len(places) < 2 or (np.diff(places) > 0).all():
        return 0
    ends: list[int] = []
    for place in places.tolist():
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(places) - len(ends)
