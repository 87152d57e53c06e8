"""The compiled kernel, ``_kernel.c``, if it is installed: the scan, and the pixels of polygons.

The scan takes plain records only. Broken and unusual ones are read in Python, which also raises the
errors. ``COCOSURGEON_PURE_PYTHON=1`` turns the kernel off.
"""

from __future__ import annotations

import os
import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cocosurgeon.annfile import _kernel
else:
    try:
        from cocosurgeon.annfile import _kernel
    except ImportError:
        _kernel = None

IS_IN_USE = _kernel is not None and not os.environ.get("COCOSURGEON_PURE_PYTHON")
"""True if scans use the kernel by default."""

MOST_DIGITS = getattr(sys, "get_int_max_str_digits", int)() or sys.maxsize
"""Digits of the longest integer that the standard library reads."""

Cells = tuple[bytes, bool]
"""Values of a key: three 64-bit integers for each record (start and stop in the text, both 0 for a
record without the key; the integer), empty if no record has the key; and True if all values are
integers."""


class Scanned(NamedTuple):
    """Records that the kernel took from a text; offsets count from the start of the source.

    Attributes:
        n: number of records.
        after: offset of the next record; for a closed list, of the byte after it.
        is_closed: True if the list ends here.
        is_plain: False if Python must read the text from ``after`` on.
        records: start, stop and 0 of each record, as 64-bit integers.
        columns: the values of each key.
    """

    n: int
    after: int
    is_closed: bool
    is_plain: bool
    records: bytes
    columns: tuple[Cells, ...]


def scan(text: bytes, at: int, keys: tuple[bytes, ...]) -> Scanned:
    """Scan the records of a text, each with the comma or bracket after it.

    Args:
        text: text that begins with a record, or with space before one.
        at: offset of the text in the source.
        keys: the keys whose values are needed.
    """
    return Scanned(*_kernel.scan(text, at, keys, MOST_DIGITS))


def value_spans(text: bytes, key: str) -> list[tuple[int, int]] | None:
    """Return the places of the values of a key in a text from the first record to the last one.

    None if the text is not plain.
    """
    found = scan(text + b"]", 0, (key.encode(),))
    if not found.is_closed:
        return None
    cells = array("q", found.columns[0][0])
    return [(start, stop) for start, stop in zip(cells[::3], cells[1::3], strict=True) if stop]


def pixels(points: bytes, counts: bytes, sizes: bytes, step: int) -> bytes:
    """Bound how many pixels pycocotools draws for polygons, from one column of each so many.

    Args:
        points: x and y of each point as doubles, between -1e5 and 1e5, polygon after polygon.
        counts: number of points of each polygon, as 64-bit integers.
        sizes: height and width of each polygon's image.
        step: how many columns one stands for; with 1 both bounds are the number itself.

    Returns:
        The least and the greatest number for each polygon, as 64-bit integers.
    """
    return _kernel.pixels(points, counts, sizes, step)
