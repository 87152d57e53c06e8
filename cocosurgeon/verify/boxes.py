"""Boxes of any format as absolute corners, and the rule by which two are alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocosurgeon.loaders import Sample
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample
from cocosurgeon.verify.loader_output import boxes_same

Box = tuple[float, ...]
"""x1, y1, x2, y2 in pixels; a broken box that a loader returns may have more or fewer numbers."""

_LARGE = 1e30
"""Size from which boxes are not compared by distance: they are equal, or differ."""

_ROUNDING = 2.0**-21
"""Rounding of a few operations in float32, as a share of a number's size."""


@dataclass(frozen=True)
class Nearness:
    """The rule by which boxes are alike: equal up to a tolerance and the rounding of float32.

    Attributes:
        tolerance: pixels by which numbers may differ.
        rounds: True if either side was computed in float32.
    """

    tolerance: float
    rounds: bool

    def alike(self, a: Box, b: Box) -> bool:
        """Return True if two boxes are alike; NaN equals NaN."""
        if is_large(a) or is_large(b):
            return boxes_same(a, b)
        return boxes_same(a, b, self.reach((a, b)))

    def reach(self, boxes: Iterable[Box]) -> float:
        """Return the largest difference between numbers of two of these boxes, in pixels."""
        return max(self.tolerance, largest_of(boxes) * _ROUNDING if self.rounds else 0.0)


def is_large(box: Box) -> bool:
    """Return True if a box is so large that only equal numbers are alike."""
    return largest_of((box,)) > _LARGE


def largest_of(boxes: Iterable[Box]) -> float:
    """Return the largest absolute value of numbers in boxes, ignoring NaN."""
    return max((abs(x) for box in boxes for x in box if x == x), default=0.0)


def corners_in_file(box: object) -> Box | None:
    """Return the corners of a record's ``bbox`` (xywh); None if it is no box."""
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(isinstance(number, (int, float)) for number in box):
        return None
    return absolute(tuple(box), "xywh")


def corners_in_dump(
    other: DumpInstance, sample: DumpSample, header: DumpHeader, here: Sample
) -> Box:
    """Return the corners of a box in a dump, in pixels.

    Args:
        here: the same image of the other loader, for its size if the dump has none.
    """
    box = other.box
    if header.normalised and len(box) == 4:
        size = sample.width or here.width, sample.height or here.height
        width, height = (v if isinstance(v, (int, float)) else math.nan for v in size)
        scale = _floats((width, height, width, height))
        box = tuple(x * by for x, by in zip(_floats(box), scale, strict=True))
    return absolute(box, header.box_format)


def absolute(box: Box, how: str) -> Box:
    """Return a box in pixels as corners; an integer beyond float64 becomes infinite if added."""
    if len(box) != 4:
        return box
    try:
        return _corners(box, how)
    except OverflowError:
        return _corners(_floats(box), how)


def _corners(box: Box, how: str) -> Box:
    a, b, c, d = box
    if how == "xywh":
        return a, b, a + c, b + d
    if how == "cxcywh":
        return a - c / 2, b - d / 2, a + c / 2, b + d / 2
    return a, b, c, d


def _floats(numbers: Sequence[float]) -> Box:
    return tuple(_float(x) for x in numbers)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, 1 if number > 0 else -1)


@dataclass(frozen=True)
class Placed:
    """An object to pair.

    Attributes:
        box: absolute corners.
        what: label and other facts, the most important first. Boxes that are alike are paired first
            if they agree in all of these, then if they agree in the first ones.
    """

    box: Box
    what: tuple[Hashable, ...] = ()


def pair_boxes(
    left: Sequence[Placed], right: Sequence[Placed], nearness: Nearness
) -> dict[int, int]:
    """Return the index in ``right`` of the partner of each box in ``left`` that has one.

    Equal boxes are paired before boxes that are only alike; then the order decides.
    """
    found: dict[int, int] = {}
    depth = max((len(each.what) for each in left), default=0)
    for level in range(depth, -1, -1):
        for pairs in (_exact_pairs, _near_pairs):
            open_left = [i for i in range(len(left)) if i not in found]
            taken = set(found.values())
            open_right = [i for i in range(len(right)) if i not in taken]
            if open_left and open_right:
                found |= pairs(left, right, open_left, open_right, level, nearness)
    return found


def _exact_pairs(
    left: Sequence[Placed],
    right: Sequence[Placed],
    open_left: list[int],
    open_right: list[int],
    level: int,
    nearness: Nearness,
) -> dict[int, int]:
    """Pair equal boxes that agree in the first ``level`` parts of ``what``."""

    def key(each: Placed) -> tuple[Hashable, ...]:
        return (*each.what[:level], *(None if x != x else x for x in each.box))

    same: defaultdict[tuple[Hashable, ...], list[int]] = defaultdict(list)
    for i in reversed(open_right):
        same[key(right[i])].append(i)
    return {i: found.pop() for i in open_left if (found := same.get(key(left[i])))}


def _near_pairs(
    left: Sequence[Placed],
    right: Sequence[Placed],
    open_left: list[int],
    open_right: list[int],
    level: int,
    nearness: Nearness,
) -> dict[int, int]:
    """Pair boxes that are alike and agree in the first ``level`` parts of ``what``.

    numpy finds the few candidates; ``Nearness.alike`` decides.
    """
    # a large box has to be the same
    open_left = [i for i in open_left if not is_large(left[i].box)]
    open_right = [i for i in open_right if not is_large(right[i].box)]
    reach = nearness.reach([*(left[i].box for i in open_left), *(right[i].box for i in open_right)])
    found: dict[int, int] = {}
    for size in {len(left[i].box) for i in open_left} if reach else ():
        rows = [i for i in open_right if len(right[i].box) == size]
        near = _Neighbors([right[i].box for i in rows], size, reach)
        free = np.ones(len(rows), dtype=np.bool_)
        for i in (i for i in open_left if len(left[i].box) == size):
            one = left[i]
            for k in near.of(one.box, free):
                other = right[rows[k]]
                if other.what[:level] == one.what[:level] and nearness.alike(one.box, other.box):
                    found[i] = rows[k]
                    free[k] = False
                    break
    return found


class _Neighbors:
    """Boxes with the same number of values, sorted by the most distinctive one."""

    def __init__(self, boxes: Sequence[Box], size: int, reach: float) -> None:
        self._boxes = np.array(boxes, dtype=np.float64).reshape(len(boxes), size)
        # a little more than the reach: float64 rounds large integers
        self._reach = reach + np.abs(np.nan_to_num(self._boxes)).max(initial=0.0) * 2.0**-50
        numbers = np.nan_to_num(self._boxes)
        spread = np.ptp(numbers, axis=0) if numbers.size else np.zeros(numbers.shape[1])
        self._axis = int(np.argmax(spread)) if spread.size else None
        self._order = np.arange(len(boxes))
        if self._axis is not None:
            self._order = np.argsort(self._boxes[:, self._axis], kind="stable")  # NaN comes last
            self._sorted = self._boxes[self._order, self._axis]

    def of(self, box: Box, free: npt.NDArray[np.bool_]) -> list[int]:
        """Return the indices of free boxes that could be alike, in order."""
        rows = self._order
        if self._axis is not None and box[self._axis] == box[self._axis]:
            value = float(box[self._axis])
            low = np.searchsorted(self._sorted, value - self._reach, side="left")
            high = np.searchsorted(self._sorted, value + self._reach, side="right")
            rows = rows[low:high]
        rows = rows[free[rows]]
        boxes, one = self._boxes[rows], np.array(box, dtype=np.float64)
        is_near = (np.abs(boxes - one) <= self._reach) | (np.isnan(boxes) & np.isnan(one))
        found: list[int] = np.sort(rows[is_near.all(axis=1)]).tolist()
        return found
