"""Faults of segmentations, judged by value; imports nothing of the package.

What frameworks make of a broken mask: ``docs/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MaskKind = Literal["absent", "polygon", "rle"]


@dataclass(frozen=True)
class MaskFault:
    """A reason why a segmentation cannot be used.

    Attributes:
        kind: ``polygon`` or ``rle``, as it seems to be meant; ``absent`` without one.
        what: the reason, in a few words.
    """

    kind: MaskKind
    what: str


NO_MASK = MaskFault("absent", "no segmentation")


def mask_fault(mask: object, height: object = None, width: object = None) -> MaskFault | None:
    """Return why a segmentation cannot be used; None if it can.

    Args:
        mask: the value of ``segmentation``: polygons (a list of ``[x, y, x, y, ...]`` in pixels),
            or RLE, compressed or not.
        height, width: of the image, in pixels. Unless both are numbers, nothing is compared with
            the image.
    """
    if mask is None or (isinstance(mask, (list, dict)) and not mask):
        return NO_MASK
    size = [height, width] if _is_number(height) and _is_number(width) else None
    if isinstance(mask, list):
        what = _polygons_fault(mask, size)
        return None if what is None else MaskFault("polygon", what)
    if isinstance(mask, dict):
        what = _rle_fault(mask, size)
        return None if what is None else MaskFault("rle", what)
    return MaskFault("rle", f"it is neither polygons nor RLE, but {type(mask).__name__}")


# ---- polygons


def _polygons_fault(polygons: Sequence[object], size: Sequence[object] | None) -> str | None:
    outside = 0
    for polygon in polygons:
        if not isinstance(polygon, list):
            return "a polygon is not a list of numbers"
        if not polygon:
            return "a polygon is empty"
        try:
            total = sum(polygon)
            if isinstance(total, int):  # a sum of integers does not overflow: try each as a float
                float(min(polygon)), float(max(polygon))
        except (TypeError, OverflowError):
            return "a polygon has a value that is not a number"
        if total != total or total in (float("inf"), float("-inf")):
            return "a polygon has a value that is not finite"
        if len(polygon) % 2:
            return f"a polygon has an odd number of values, {len(polygon)}"
        if len(polygon) < 6:
            return f"a polygon has {len(polygon)} values, fewer than three points"
        outside += size is not None and _is_outside(polygon, size)
    return "it lies outside the image" if outside == len(polygons) else None


def _is_outside(polygon: Sequence[float], size: Sequence[object]) -> bool:
    height, width = size
    assert isinstance(height, (int, float)) and isinstance(width, (int, float))
    xs, ys = polygon[::2], polygon[1::2]
    return max(xs) <= 0 or max(ys) <= 0 or min(xs) >= width or min(ys) >= height


# ---- run lengths


def _rle_fault(rle: Mapping[str, object], size: Sequence[object] | None) -> str | None:
    own, counts = rle.get("size"), rle.get("counts")
    if not (isinstance(own, list) and len(own) == 2 and all(type(n) is int for n in own)):
        return f"its size is {own!r}, not [height, width]"
    if size is not None and own != size:
        swapped = ", which has height and width swapped" if own == size[::-1] else ""
        return f"its size is {own}, the image's {size}{swapped}"
    try:
        runs = counts if isinstance(counts, list) else rle_runs(counts)
    except ValueError as error:
        return str(error)
    if not {int}.issuperset(map(type, runs)) or min(runs, default=0) < 0:
        return "its counts are not run lengths"
    pixels = own[0] * own[1]
    if (filled := sum(runs)) != pixels:
        return f"its runs fill {filled:,} of {pixels:,} pixels"
    return None


def rle_runs(counts: object) -> list[int]:
    """Return the run lengths of compressed RLE in pixels, zeros first, column by column.

    A number is stored in groups of five bits, the lowest first, in characters from ``0``. The sixth
    bit is set if more groups follow. From the fourth run on, the number is the difference to the
    run two before (``rleFrString``, cocoapi's ``common/maskApi.c``).

    Raises:
        ValueError: the counts are no compressed RLE.
    """
    if isinstance(counts, str) and counts[:2] in ("b'", 'b"'):
        raise ValueError("its counts are Python's bytes written as text (b'...'): drop the b''")
    try:
        codes = counts.encode("ascii") if isinstance(counts, str) else counts
    except UnicodeEncodeError:
        codes = None
    if not isinstance(codes, bytes):
        raise ValueError("its counts are not RLE")
    runs: list[int] = []
    value = shift = 0
    for code in codes:
        bits = code - 48
        if not 0 <= bits < 64:
            raise ValueError("its counts are text that is not RLE")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("its counts end within a number")
    return runs


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
