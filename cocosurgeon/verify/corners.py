"""Boxes as absolute corners, whatever they are given as."""

from __future__ import annotations

import math

from cocosurgeon.loaders import Sample
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample
from cocosurgeon.verify.emitted import boxes_same

Box = tuple[float, ...]
"""x1, y1, x2, y2 in pixels; another count of numbers where a loader hands on a broken one."""

_LARGE = 1e30
"""Beyond this, boxes are the same numbers or they are not."""

_ROUNDING = 2.0**-21
"""Of a number's size: what a few operations in float32 round away."""


def alike(a: Box, b: Box, tolerance: float, *, rounds: bool) -> bool:
    """Whether boxes are alike: exactly, but for the tolerance and what float32 rounds.

    Args:
        tolerance: pixels by which numbers may differ.
        rounds: whether either was computed in float32.
    """
    largest = max((abs(x) for x in (*a, *b)), default=0.0)
    if largest > _LARGE:
        return a == b
    return boxes_same(a, b, max(tolerance, largest * _ROUNDING if rounds else 0.0))


def corners_in_file(box: object) -> Box | None:
    """Corners of a record's ``bbox`` (xywh); None where it is none."""
    if not isinstance(box, list) or len(box) != 4:
        return None
    return absolute(tuple(box), "xywh")


def corners_in_dump(
    other: DumpInstance, sample: DumpSample, header: DumpHeader, here: Sample
) -> Box:
    """Corners of a box in a dump; ``here`` is the image where the dump does not tell its size."""
    if not header.normalised:
        return absolute(other.box, header.box_format)
    size = sample.width or here.width, sample.height or here.height
    width, height = (v if isinstance(v, (int, float)) else math.nan for v in size)
    scale = (width, height, width, height)
    box = other.box
    if len(box) == 4:
        box = tuple(x * by for x, by in zip(box, scale, strict=True))
    return absolute(box, header.box_format)


def absolute(box: Box, how: str) -> Box:
    """A box in pixels as corners."""
    if len(box) != 4:
        return box
    a, b, c, d = box
    if how == "xywh":
        return a, b, a + c, b + d
    if how == "cxcywh":
        return a - c / 2, b - d / 2, a + c / 2, b + d / 2
    return a, b, c, d
