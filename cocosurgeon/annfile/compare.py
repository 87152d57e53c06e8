"""Records of two sources compared byte for byte, without parsing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.source import Source
from cocosurgeon.progress import Progress

_PIECE = 1 << 20


def is_equal(one: Source, other: Source) -> bool:
    """Return True if two sources are equal, byte for byte."""
    return one.size == other.size and all(
        one.read(at, min(at + _PIECE, one.size)) == other.read(at, min(at + _PIECE, one.size))
        for at in range(0, one.size, _PIECE)
    )


def integers_apart(
    text: bytes, other: bytes, keys: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]] | None:
    """Return the integers that two records have for some keys if their text is otherwise equal.

    None if the text differs elsewhere, or a record has objects inside.
    """
    if text.count(b"{") != 1 or other.count(b"{") != 1 or b"\\" in text:
        return None
    pattern = _integers(tuple(keys))
    if pattern.sub(b"", text) != pattern.sub(b"", other):
        return None
    pairs = [pattern.findall(each) for each in (text, other)]
    found = [{key.decode(): int(number) for key, number in each} for each in pairs]
    return (found[0], found[1]) if list(map(len, found)) == list(map(len, pairs)) else None


@lru_cache
def _integers(keys: tuple[str, ...]) -> re.Pattern[bytes]:
    names = "|".join(map(re.escape, keys)).encode()
    return re.compile(rb'"(%b)"[ \t]*:[ \t]*(-?\d{1,18})(?=[ \t]*[,}])' % names)


def differing(
    one: Records,
    other: Records,
    rows: Numbers,
    other_rows: Numbers,
    progress: Progress | None = None,
) -> npt.NDArray[np.bool_]:
    """Mark the pairs of records whose texts differ, shape (pairs,).

    Records that are consecutive in both files are compared at once.

    Args:
        rows, other_rows: the records of each pair, shape (pairs,).

    Raises:
        SourceChangedError: a source has changed since it was read.
    """
    starts, stops = (edges[rows] for edges in one.spans())
    other_starts, other_stops = (edges[other_rows] for edges in other.spans())
    result: npt.NDArray[np.bool_] = (stops - starts) != (other_stops - other_starts)
    equally_long = np.flatnonzero(~result)
    if not len(equally_long):
        return result
    a, b, stop = starts[equally_long], other_starts[equally_long], stops[equally_long]
    step = np.diff(equally_long) != 1
    step |= (np.diff(rows[equally_long]) != 1) | (np.diff(other_rows[equally_long]) != 1)
    step |= np.diff(b - a) != 0  # the texts between them differ in length
    step |= np.diff(stop // _PIECE) != 0
    firsts = np.append(0, np.flatnonzero(step) + 1)
    behind = np.append(firsts[1:], len(equally_long))
    for first, last in zip(firsts.tolist(), (behind - 1).tolist(), strict=True):
        length = int(stop[last] - a[first])
        text = one.source.read(int(a[first]), int(a[first]) + length)
        other_text = other.source.read(int(b[first]), int(b[first]) + length)
        if progress is not None:
            progress(last + 1, len(equally_long))
        if text == other_text:
            continue
        begins = (a[first : last + 1] - a[first]).tolist()
        ends = (stop[first : last + 1] - a[first]).tolist()
        result[equally_long[first : last + 1]] = [
            text[i:j] != other_text[i:j] for i, j in zip(begins, ends, strict=True)
        ]
    for records in (one, other):
        records.source.require_unchanged()
    return result
