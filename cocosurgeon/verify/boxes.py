"""Boxes as absolute corners, whatever they are given as, and how near two have to be."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cocosurgeon.loaders import Sample
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample
from cocosurgeon.verify.loader_output import boxes_same

Box = tuple[float, ...]
"""x1, y1, x2, y2 in pixels; another count of numbers where a loader hands on a broken one."""

_LARGE = 1e30
"""Beyond this, boxes are the same numbers or they are not."""

_ROUNDING = 2.0**-21
"""Of a number's size: what a few operations in float32 round away."""


@dataclass(frozen=True)
class Nearness:
    """The rule by which boxes are alike: exactly, but for the tolerance and what float32 rounds.

    Attributes:
        tolerance: pixels by which numbers may differ.
        rounds: whether either side was computed in float32.
    """

    tolerance: float
    rounds: bool

    def alike(self, a: Box, b: Box) -> bool:
        """Return whether two boxes are alike; NaN is like NaN."""
        if is_large(a) or is_large(b):
            return boxes_same(a, b)
        return boxes_same(a, b, self.reach((a, b)))

    def reach(self, boxes: Iterable[Box]) -> float:
        """Return by how much numbers of any two of these may differ at most, in pixels."""
        return max(self.tolerance, largest_of(boxes) * _ROUNDING if self.rounds else 0.0)


def is_large(box: Box) -> bool:
    """Return whether a box is so large that nothing but the same numbers is like it."""
    return largest_of((box,)) > _LARGE


def largest_of(boxes: Iterable[Box]) -> float:
    """The largest number in boxes, by its size; NaN has none."""
    return max((abs(x) for box in boxes for x in box if x == x), default=0.0)


def corners_in_file(box: object) -> Box | None:
    """Corners of a record's ``bbox`` (xywh); None where it is none."""
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(isinstance(number, (int, float)) for number in box):
        return None
    return absolute(tuple(box), "xywh")


def corners_in_dump(
    other: DumpInstance, sample: DumpSample, header: DumpHeader, here: Sample
) -> Box:
    """Corners of a box in a dump; ``here`` is the image where the dump does not tell its size."""
    box = other.box
    if header.normalised and len(box) == 4:
        size = sample.width or here.width, sample.height or here.height
        width, height = (v if isinstance(v, (int, float)) else math.nan for v in size)
        scale = _floats((width, height, width, height))
        box = tuple(x * by for x, by in zip(_floats(box), scale, strict=True))
    return absolute(box, header.box_format)


def absolute(box: Box, how: str) -> Box:
    """A box in pixels as corners; an integer that is to be added to what it does not fit is
    infinite, as it would be in floating point."""
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
        what: its label and the like, the most telling first: of boxes that are alike those are
            paired first that have all of this in common, then those that have the first parts.
    """

    box: Box
    what: tuple[Hashable, ...] = ()


def pair_boxes(
    left: Sequence[Placed], right: Sequence[Placed], nearness: Nearness
) -> dict[int, int]:
    """Return indices in ``left``, each with the index in ``right`` of its partner, if it has one.

    Boxes that are the same numbers come before those that are only alike; then the order decides.
    """
    found: dict[int, int] = {}
    depth = max((len(each.what) for each in left), default=0)
    for level in range(depth, -1, -1):
        for is_exact in (True, False):
            open_left = [i for i in range(len(left)) if i not in found]
            taken = set(found.values())
            open_right = [i for i in range(len(right)) if i not in taken]
            if open_left and open_right:
                pairs = _exact_pairs if is_exact else _near_pairs
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
    """Pair boxes of the same numbers that have ``level`` parts of ``what`` in common."""

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
    """Pair boxes that are alike and have ``level`` parts of ``what`` in common.

    numpy finds the few that could be alike, in one comparison a box; ``Nearness.alike`` decides.
    """
    open_left = [i for i in open_left if _is_plain(left[i].box)]
    open_right = [i for i in open_right if _is_plain(right[i].box)]
    reach = nearness.reach([*(left[i].box for i in open_left), *(right[i].box for i in open_right)])
    if not reach or not open_left or not open_right:
        return {}
    boxes = np.array([right[i].box for i in open_right], dtype=np.float64)
    no_number = np.isnan(boxes)
    free = np.ones(len(open_right), dtype=np.bool_)
    found: dict[int, int] = {}
    for i in open_left:
        box = np.array(left[i].box, dtype=np.float64)
        # a little more than the reach, for what float64 rounds of integers
        is_near = np.abs(boxes - box) <= reach + np.abs(boxes) * 2.0**-50
        could_be = (is_near | (no_number & np.isnan(box))).all(axis=1) & free
        for k in np.flatnonzero(could_be):
            other = right[open_right[k]]
            if other.what[:level] == left[i].what[:level] and nearness.alike(
                left[i].box, other.box
            ):
                found[i] = open_right[k]
                free[k] = False
                break
    return found


def _is_plain(box: Box) -> bool:
    """Return whether a box has four numbers, none so large that only the same is like it."""
    return len(box) == 4 and not is_large(box)
