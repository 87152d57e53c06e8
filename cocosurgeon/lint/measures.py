"""Area and box of an annotation, measured on its mask."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import mul
from typing import Any

from cocosurgeon.lint.annotation_file import AnnotationFile, Record, box_of
from cocosurgeon.masks import rle_runs


def area_of_mask(mask: Any) -> float:
    """Return the area of a usable mask in square pixels: of polygons the sum of theirs."""
    if isinstance(mask, dict):
        counts = mask["counts"]
        return sum((counts if isinstance(counts, list) else rle_runs(counts))[1::2])
    return float(sum(map(_shoelace, mask or ())))


def _shoelace(polygon: Sequence[Any]) -> float:
    """Return the area of a polygon, in square pixels."""
    xs, ys = polygon[::2], polygon[1::2]
    ahead = sum(map(mul, xs, [*ys[1:], ys[0]]))
    return abs(float(ahead - sum(map(mul, [*xs[1:], xs[0]], ys)))) / 2


def area_of(record: Record, file: AnnotationFile) -> float | None:
    """Return the area of an annotation, of its mask or else of its box; None for none above 0."""
    if file.mask_fault(record) is None and (area := area_of_mask(record["segmentation"])) > 0:
        return area
    box = box_of(record)
    return box[2] * box[3] if box is not None and min(box[2:]) > 0 else None


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
    return box if min(box[2:]) > 0 else None
