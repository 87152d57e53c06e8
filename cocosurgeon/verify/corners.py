"""Boxes as absolute corners, whatever they are given as, and how near two have to be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cocosurgeon.loaders import Sample
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample
from cocosurgeon.verify.emitted import boxes_same

Box = tuple[float, ...]
"""x1, y1, x2, y2 in pixels; another count of numbers where a loader hands on a broken one."""

_LARGE = 1e30
"""Beyond this, boxes are the same numbers or they are not."""

_ROUNDING = 2.0**-21
"""Of a number's size: what a few operations in float32 round away."""


@dataclass(frozen=True)
class Nearness:
    """When boxes are alike: exactly, but for the tolerance and what float32 rounds.

    Attributes:
        tolerance: pixels by which numbers may differ.
        rounds: whether either side was computed in float32.
    """

    tolerance: float
    rounds: bool

    def alike(self, a: Box, b: Box) -> bool:
        """Whether two boxes are alike; NaN is like NaN."""
        if is_large(a) or is_large(b):
            return boxes_same(a, b)
        return boxes_same(a, b, self.reach((a, b)))

    def reach(self, boxes: Iterable[Box]) -> float:
        """By how much numbers of any two of these may differ at most, in pixels."""
        return max(self.tolerance, largest_of(boxes) * _ROUNDING if self.rounds else 0.0)


def is_large(box: Box) -> bool:
    """Whether a box is so large that nothing but the same numbers is like it."""
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
