"""The compiled kernel of the scan, ``_kernel.c``, where it is installed.

It takes plain records only. Broken and unusual ones are read in Python, which also says what is
wrong. ``COCOSURGEON_PURE_PYTHON=1`` turns the kernel off.
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
"""True where scans use it by default."""

MOST_DIGITS = getattr(sys, "get_int_max_str_digits", int)() or sys.maxsize
"""Digits of the longest integer that the standard library reads."""

Cells = tuple[bytes, bool]
"""Values of a key: three 64-bit integers for each record (start and stop in the text, both 0 for a
record without the key; the integer), empty where no record has the key; and whether all values are
integers."""


class Scanned(NamedTuple):
    """Records that the kernel took from a text; offsets count from the start of the source.

    Attributes:
        n: how many records.
        after: where the next record begins; where the list is closed, the byte after it.
        is_closed: whether the list ends here.
        is_plain: False where Python has to read what begins at ``after``.
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
        text: it begins with a record, or with space before one.
        at: where the text begins in the source.
        keys: the keys whose values are wanted.
    """
    return Scanned(*_kernel.scan(text, at, keys, MOST_DIGITS))


def value_spans(text: bytes, key: str) -> list[tuple[int, int]] | None:
    """Return where the values of a key lie, in the records that have it, of a text that begins
    and ends with a record; None where the text is not plain."""
    found = scan(text + b"]", 0, (key.encode(),))
    if not found.is_closed:
        return None
    cells = array("q", found.columns[0][0])
    return [(start, stop) for start, stop in zip(cells[::3], cells[1::3], strict=True) if stop]
