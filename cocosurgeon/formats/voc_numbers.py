"""Boxes of VOC: corners as decimal numbers, so that a box comes back as the very same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal, InvalidOperation

from cocosurgeon.formats.objects import Box

CORNERS = ("xmin", "ymin", "xmax", "ymax")

_EXACT = Context(prec=800)
"""The sum of any two doubles has fewer digits."""
_MOST = 1 << 31


def corners(box: Box, base: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of each corner of a box; a whole number has no point.

    Args:
        base: the number of the first pixel. With 1, xmax is the last pixel inside: x + width.
    """
    x, y, width, height = (Decimal(repr(value)) for value in box)
    firsts = (_EXACT.add(x, Decimal(base)), _EXACT.add(y, Decimal(base)))
    lasts = (_EXACT.add(x, width), _EXACT.add(y, height))
    for name, value in zip(CORNERS, (*firsts, *lasts), strict=True):
        text = f"{value:f}" if value else "0"
        yield name, text.rstrip("0").rstrip(".") if "." in text else text


def box_of_corners(texts: Sequence[str], base: int) -> Box:
    """Return the box of four corners, in the order of ``CORNERS``.

    Raises:
        ValueError: one is no number of pixels.
    """
    left, top, right, bottom = map(_pixels, texts)
    x, y = _EXACT.subtract(left, Decimal(base)), _EXACT.subtract(top, Decimal(base))
    width, height = _EXACT.subtract(right, x), _EXACT.subtract(bottom, y)
    return float(x), float(y), float(width), float(height)


def _pixels(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not value.is_finite() or abs(value) >= _MOST:
        raise ValueError(f"{text!r} is not a number of pixels")
    return value
