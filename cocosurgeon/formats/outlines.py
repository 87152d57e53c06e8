"""Outlines: a mask as one polygon, along the edges of its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from cocosurgeon.formats.objects import Box, Polygon, Segmentation
from cocosurgeon.masks import mask_fault, rle_runs

Pixels: TypeAlias = npt.NDArray[np.bool_]
Ring: TypeAlias = npt.NDArray[np.float64]
"""Points x, y of a closed line, shape (points, 2); the last is joined to the first."""

_SAME = 0.999
"""Overlap from which two ways to draw a mask count as equal."""


@dataclass(frozen=True)
class Outline:
    """A mask as one polygon.

    Attributes:
        polygon: x1, y1, x2, y2, ... in pixels.
        iou: overlap of the polygon, as pycocotools draws it, with the mask.
        parts: number of the mask's parts, which bridges without width join.
        holes: number of its holes, which bridges join to the edge.
    """

    polygon: Polygon
    iou: float = 1.0
    parts: int = 1
    holes: int = 0


def outline(mask: Segmentation, width: int, height: int) -> Outline | None:
    """Return a mask as one polygon; None where the mask cannot be used, or has no pixel.

    A polygon stays as it is. Several are joined. Run lengths are traced along pixel edges, so that
    a part without holes is drawn as the very same pixels.

    Args:
        width, height: of the image in pixels.
    """
    if mask_fault(mask, height, width) is not None:
        return None
    if isinstance(mask, list) and len(mask) == 1:
        return Outline([float(v) for v in mask[0]])
    # Most masks are a small part of their image: only that part is drawn.
    if isinstance(mask, list):
        rings = [np.array(polygon, np.float64).reshape(-1, 2) for polygon in mask]
        points = np.concatenate(rings)
        low = np.clip(np.floor(points.min(axis=0)), 0, None)
        size = np.minimum(np.ceil(points.max(axis=0)) + 1, (width, height)) - low
        shifted = [ring - low for ring in rings]
        pixels = pixels_of([ring.ravel().tolist() for ring in shifted], int(size[0]), int(size[1]))
        if not pixels.any():
            return None
        joined = _joined(shifted)
        iou = _iou(joined, pixels)
        if iou >= _SAME:
            return Outline((joined + low).ravel().tolist(), iou, parts=len(rings))
    else:
        pixels = pixels_of(mask, width, height)
        if not pixels.any():
            return None
        columns, rows = (np.flatnonzero(pixels.any(axis=axis)) for axis in (0, 1))
        low = np.array((columns[0], rows[0]), np.float64)
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    outer, inner = traced(pixels)
    ring = _joined([*outer, *inner])
    polygon = (ring + low).ravel().tolist()
    return Outline(polygon, _iou(ring, pixels), parts=len(outer), holes=len(inner))


def has_pixels(mask: Segmentation, width: int, height: int) -> bool:
    """Return whether a mask can be used, and pycocotools draws a pixel of it."""
    if mask_fault(mask, height, width) is not None:
        return False
    if isinstance(mask, list):
        from pycocotools import mask as masks

        return bool(masks.area(masks.frPyObjects(mask, height, width)).any())
    counts = mask["counts"]
    return any((counts if isinstance(counts, list) else rle_runs(counts))[1::2])


def pixels_of(mask: Segmentation, width: int, height: int) -> Pixels:
    """Draw a usable mask as pycocotools does; shape (height, width)."""
    if isinstance(mask, list):
        from pycocotools import mask as masks

        mask = masks.merge(masks.frPyObjects(mask, height, width))
    counts = cast(dict[str, Any], mask)["counts"]
    runs = counts if isinstance(counts, list) else rle_runs(counts)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    pixels: Pixels = flat.reshape(width, height).T
    return pixels


def _iou(ring: Ring, pixels: Pixels) -> float:
    drawn = pixels_of([ring.ravel().tolist()], pixels.shape[1], pixels.shape[0])
    both, either = np.count_nonzero(drawn & pixels), np.count_nonzero(drawn | pixels)
    return both / either


def traced(pixels: Pixels) -> tuple[list[Ring], list[Ring]]:
    """Return the outer edges of the parts of a mask, and the edges of its holes.

    Pixels that touch at a corner only are of different parts. Outer edges go round clockwise as
    seen on the screen, those of holes the other way.
    """
    padded = np.pad(pixels, 1).astype(np.int8)
    above, below = padded[:-1], padded[1:]
    up_left, up_right, low_left, low_right = (
        above[:, :-1],
        above[:, 1:],
        below[:, :-1],
        below[:, 1:],
    )
    total = up_left + up_right + low_left + low_right
    crossed = (total == 2) & (up_left == low_right)  # two pixels that touch at this corner
    is_corner = (total % 2 == 1) | crossed
    ys, xs = np.nonzero(is_corner)
    if not len(xs):
        return [], []
    # Each corner has one edge to the left or right, and one up or down. A crossing is two corners.
    right = (up_right != low_right)[ys, xs]
    down = (low_left != low_right)[ys, xs]
    twice = crossed[ys, xs]
    falls = (up_left == 1)[ys, xs] & twice  # its pixels are the upper left and the lower right
    right, down = np.where(twice, ~falls, right), down & ~twice
    order = np.argsort(np.concatenate([np.arange(len(xs)), np.flatnonzero(twice)]), kind="stable")
    xs, ys = (np.concatenate([each, each[twice]])[order] for each in (xs, ys))
    right = np.concatenate([right, falls[twice]])[order]
    down = np.concatenate([down, np.full(int(twice.sum()), True)])[order]
    across = _partners(np.lexsort((right, xs, ys)))
    along = _partners(np.lexsort((down, ys, xs)))
    points = np.stack([xs, ys], axis=1).astype(np.float64)
    is_inside = low_right[ys, xs].tolist()
    outer: list[Ring] = []
    inner: list[Ring] = []
    # A loop begins at its first corner in reading order and goes right: clockwise. The pixel to the
    # lower right of that corner is inside, or in a hole.
    for loop in _loops(across, along):
        ring = points[loop]
        if is_inside[loop[0]]:
            outer.append(ring)
        else:
            inner.append(ring[::-1])
    return outer, inner


def _partners(order: npt.NDArray[np.int64]) -> list[int]:
    """Return the corner that each is joined to: two that follow each other in a line are."""
    partners = np.empty(len(order), np.int64)
    partners[order[::2]], partners[order[1::2]] = order[1::2], order[::2]
    found: list[int] = partners.tolist()
    return found


def _loops(across: list[int], along: list[int]) -> Iterator[list[int]]:
    is_seen = [False] * len(across)
    for start in range(len(across)):
        loop: list[int] = []
        at = start
        while not is_seen[at]:
            next_one = across[at]
            is_seen[at] = is_seen[next_one] = True
            loop += (at, next_one)
            at = along[next_one]
        if loop:
            yield loop


def _joined(rings: Sequence[Ring]) -> Ring:
    """Join rings to one: each by a bridge without width, to and fro, to a point that is near."""
    points = np.concatenate(rings)
    xs, ys = points.T.astype(np.float32)  # half the time, and a near point is near enough
    bounds = np.cumsum([0, *map(len, rings)]).tolist()
    # Steps of one tour over all points: the point of each, and the step after it. A bridge adds the
    # points at both of its ends a second time.
    point_of, after = [*range(len(points))], [*range(1, len(points) + 1)]
    end = after[bounds[1] - 1] = -1

    def nearest(start: int, stop: int, point: int) -> int:
        across, down = xs[start:stop] - xs[point], ys[start:stop] - ys[point]
        return start + int((across * across + down * down).argmin())

    for start, stop in pairwise(bounds[1:]):
        at = nearest(0, start, start)
        there = nearest(start, stop, at)
        after[stop - 1] = start
        after[there - 1 if there > start else stop - 1] = len(after)
        after += (len(after) + 1, after[at])
        after[at] = there
        point_of += (there, at)
    tour, step = [], 0
    while step != end:
        tour.append(point_of[step])
        step = after[step]
    whole: Ring = points[tour]
    return whole


def signed_area(ring: Ring) -> float:
    """Return the area of a closed line in pixels: above 0 where it goes round clockwise."""
    xs, ys = ring[:, 0], ring[:, 1]
    return float(np.dot(xs, np.roll(ys, -1)) - np.dot(np.roll(xs, -1), ys)) / 2


def clipped(polygon: Polygon, width: float, height: float) -> Polygon:
    """Cut a polygon off at the image's edges (Sutherland and Hodgman 1974); [] if nothing stays."""
    points = [(polygon[i], polygon[i + 1]) for i in range(0, len(polygon), 2)]
    for axis, limit, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        kept: list[tuple[float, float]] = []
        for before, point in zip([points[-1], *points[:-1]] if points else [], points, strict=True):
            is_in, was_in = (sign * p[axis] >= sign * limit for p in (point, before))
            if is_in != was_in:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                between = [b + share * (p - b) for p, b in zip(point, before, strict=True)]
                between[axis] = limit
                kept.append((between[0], between[1]))
            if is_in:
                kept.append(point)
        points = kept
    return [value for point in points for value in point]


def box_of(polygon: Polygon) -> Box:
    """Return the box around a polygon: x, y, width, height."""
    xs, ys = polygon[::2], polygon[1::2]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def area_of(polygon: Polygon) -> float:
    """Return the area of a polygon in pixels; a hole that a bridge joins is no part of it."""
    return abs(signed_area(np.array(polygon, np.float64).reshape(-1, 2)))
