"""The compiled scan, where it is installed: ``_kernel.c``.

Whatever it does not take is left to the scan in Python, and so is every judgment of what is wrong
with a text. ``COCOSURGEON_PURE_PYTHON=1`` does without it.
"""

from __future__ import annotations

import os
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
"""Whether scans use it, unless their options say otherwise."""

Found = bytes | tuple[bytes, bytes]
"""A column: 64-bit integers; or the values' texts as a JSON list, and a byte for each record,
1 where it has the key."""


class Scanned(NamedTuple):
    """What the kernel took of a text, offsets counted in the source.

    Attributes:
        n: how many records.
        after: where the next record begins; where the list is closed, the byte after it.
        is_closed: whether the list ends here.
        is_plain: False: what stands at ``after`` is for Python to judge.
        blocks: start, stop and count of consecutive records, as 64-bit integers.
        columns: of each key.
    """

    n: int
    after: int
    is_closed: bool
    is_plain: bool
    blocks: bytes
    columns: tuple[Found, ...]


def scan(text: bytes, at: int, keys: tuple[bytes, ...], grain: int) -> Scanned:
    """Scan the records of a text, each with the comma or bracket after it.

    Args:
        text: it begins with a record, or with space before one.
        at: where the text begins in the source.
        keys: of the columns.
        grain: bytes that a block has at least.
    """
    return Scanned(*_kernel.scan(text, at, keys, grain))


def spans(text: bytes) -> list[tuple[int, int]]:
    """Return where the records of a text lie, which has commas between them and ends with one."""
    blocks = array("q", _kernel.scan(text + b"]", 0, (), 0)[4])
    return list(zip(blocks[::3], blocks[1::3], strict=True))
