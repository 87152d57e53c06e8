"""Values of JSON that a browser can show; None for all others."""

from __future__ import annotations

import sys

from cocosurgeon.masks import mask_fault

_EXACT = 1 << 53
"""First integer that is not exact in a browser."""
_MOST_PIXELS = 1 << 26
"""Pixels of the largest run-length encoded mask that a browser draws."""


def finite(value: object) -> float | None:
    """Return a number that a browser has, too; None for any other value."""
    if not isinstance(value, (int, float)) or not abs(value) < _EXACT:  # False for NaN, too
        return None
    return int(value) if isinstance(value, bool) else value


def box_of(value: object) -> list[float] | None:
    """Return a box of four numbers; None for any other value."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    sides = [finite(side) for side in value]
    return None if None in sides else sides  # type: ignore[return-value]


def size_of(value: object) -> float | None:
    """Return a recorded width or height; None unless it is a positive number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if 0 < value <= sys.float_info.max else None


def mask_of(value: object, height: object, width: object) -> object:
    """Return a mask to draw: polygons in tenths of a pixel, or RLE unchanged; None without one.

    Args:
        height, width: recorded size of its image.
    """
    if mask_fault(value, height, width) is not None:
        return None
    if isinstance(value, dict):
        rows, columns = value["size"]
        is_drawn = rows * columns <= _MOST_PIXELS
        return {"size": value["size"], "counts": value["counts"]} if is_drawn else None
    polygons = value if isinstance(value, list) else []
    if not all(finite(n) is not None for polygon in polygons for n in polygon):
        return None
    return [[round(10 * n) for n in polygon] for polygon in polygons]


def points_of(value: object) -> list[float] | None:
    """Return keypoints: x, y and visibility of each; None for any other value."""
    if not isinstance(value, list) or not value or len(value) % 3:
        return None
    numbers = [finite(number) for number in value]
    return None if None in numbers else numbers  # type: ignore[return-value]
