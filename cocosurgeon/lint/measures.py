"""Area and box of an annotation, measured on its mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from operator import mul
from typing import Any

from cocosurgeon.lint.annotation_file import AnnotationFile, Record, box_of, is_number
from cocosurgeon.masks import rle_runs

LONGEST = 1e6
"""Pixels of outline from which a mask is not drawn."""
_MOST_PIXELS = 1 << 32
"""Pixels of an image from which pycocotools draws something else."""


def outline_of(mask: Any) -> float:
    """Return the length of a mask's outline in pixels, roughly."""
    if isinstance(mask, dict):
        return 2.0 * len(_runs(mask))
    return float(sum(map(_length, mask)))


def area_of_parts(mask: Any) -> float:
    """Return the area of a usable mask in square pixels, of polygons the sum of theirs."""
    if isinstance(mask, dict):
        return sum(_runs(mask)[1::2])
    return float(sum(map(_shoelace, mask)))


def area_of_mask(record: Record, file: AnnotationFile) -> float:
    """Return the area of an annotation's usable mask, in square pixels.

    That of polygons is the sum of theirs, as in COCO, unless the mask that they draw is another:
    some overlap, or one crosses itself. Then it is the number of pixels drawn.
    """
    return file.measured(record, lambda: _area_of_mask(record, file))


def _area_of_mask(record: Record, file: AnnotationFile) -> float:
    mask = record["segmentation"]
    total = area_of_parts(mask)
    if isinstance(mask, dict):
        return total
    height, width = _canvas(record, file)
    if len(mask) == 1 and _is_simple(mask[0], height, width):
        return total
    outline = outline_of(mask)
    if not outline < LONGEST or height * width >= _MOST_PIXELS:
        return total
    from pycocotools import mask as masks

    drawn = masks.frPyObjects(mask, height, width)
    pixels = int(masks.area(masks.merge(drawn)))
    return total if abs(total - pixels) <= outline / 2 else pixels


def _is_simple(polygon: Sequence[Any], height: int, width: int) -> bool:
    """Return True for a polygon inside the image whose corners go once round their mean, one way.

    Such a polygon does not cross itself. To find that takes a tenth of the time of drawing.
    """
    xs, ys = polygon[::2], polygon[1::2]
    if min(xs) < 0 or min(ys) < 0 or max(xs) > width or max(ys) > height:
        return False
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    xs, ys = [a - x for a in xs], [b - y for b in ys]
    ahead = list(map(mul, xs, [*ys[1:], ys[0]]))
    back = list(map(mul, [*xs[1:], xs[0]], ys))
    turns = {a > b for a, b in zip(ahead, back, strict=True)}
    are_below = [b < 0 for b in ys]
    sides = sum(a != b for a, b in zip(are_below, [*are_below[1:], are_below[0]], strict=True))
    return len(turns) == 1 and sides == 2


def _canvas(record: Record, file: AnnotationFile) -> tuple[int, int]:
    """Return height and width of the image, or else of what holds the polygons."""
    width, height = file.size_of(record.get("image_id"))
    sides = [side for side in (width, height) if is_number(side) and 0 < side < LONGEST]
    if len(sides) == 2:
        return math.ceil(sides[1]), math.ceil(sides[0])
    points = list(chain(*record["segmentation"]))
    return max(1, math.ceil(max(points[1::2])) + 1), max(1, math.ceil(max(points[::2])) + 1)


def _runs(rle: Record) -> list[int]:
    counts = rle["counts"]
    return counts if isinstance(counts, list) else rle_runs(counts)


def _shoelace(polygon: Sequence[Any]) -> float:
    """Return the area of a polygon, in square pixels."""
    xs, ys = polygon[::2], polygon[1::2]
    ahead = sum(map(mul, xs, [*ys[1:], ys[0]]))
    return abs(float(ahead - sum(map(mul, [*xs[1:], xs[0]], ys)))) / 2


def _length(polygon: Sequence[Any]) -> float:
    """Return the length of a polygon's outline, by the larger step of each side, in pixels."""
    xs, ys = polygon[::2], polygon[1::2]
    steps = zip(xs, ys, [*xs[1:], xs[0]], [*ys[1:], ys[0]], strict=True)
    return float(sum(max(abs(x - x1), abs(y - y1)) for x, y, x1, y1 in steps))


def area_of(record: Record, file: AnnotationFile) -> float | None:
    """Return the area of an annotation, of its mask or else of its box; None for none above 0."""
    if file.mask_fault(record) is None and (area := area_of_mask(record, file)) > 0:
        return area
    box = box_of(record)
    area = box[2] * box[3] if box is not None and min(box[2:]) > 0 else 0
    return area if 0 < area < math.inf else None


def box_of_mask(record: Record, file: AnnotationFile) -> list[float] | None:
    """Return the box of an annotation's mask, xywh in pixels; None for none with an area."""
    if file.mask_fault(record) is not None:
        return None
    mask = record["segmentation"]
    if isinstance(mask, dict):
        from pycocotools import mask as masks

        packed = isinstance(mask["counts"], str)
        rle = mask if packed else masks.frPyObjects(mask, *mask["size"])
        box: list[float] = [int(side) for side in masks.toBbox(rle).tolist()]
    else:
        points = list(chain(*mask))
        x, y = min(points[::2]), min(points[1::2])
        box = [x, y, max(points[::2]) - x, max(points[1::2]) - y]
    return box if min(box[2:]) > 0 and max(map(abs, box)) < math.inf else None
