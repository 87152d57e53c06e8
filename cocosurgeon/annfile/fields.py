"""Where a record's values lie: the one place that looks inside records for more than their values.

Exact for every text that was decoded before. Of a key that stands twice the last counts, as in
the standard library's ``json``.
"""

from __future__ import annotations

import json

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.walk import Span


def value_span(text: bytes, key: str, record: Span | None = None) -> Span | None:
    """Where the value of a record's key lies; None when there is no such key, or no record.

    Args:
        text: text with the record, an object, in it.
        record: where it lies; without it, the whole text.
    """
    start, stop = record or (0, len(text))
    if text[start : start + 1] != b"{":
        return None
    found: Span | None = None
    at = walk.skip_space(text, start + 1)
    while at < stop - 1:
        key_end = _end(text, at)
        value = walk.skip_space(text, walk.skip_space(text, key_end) + 1)
        end = _end(text, value)
        if json.loads(text[at:key_end]) == key:
            found = value, end
        at = walk.skip_comma(text, end) or stop
    return found


def element_spans(text: bytes, of: Span) -> list[Span]:
    """Where the elements of a list lie; none in what is no list."""
    start, stop = of
    if text[start : start + 1] != b"[":
        return []
    first = walk.skip_space(text, start + 1)
    if first == stop - 1:
        return []
    return [(first + a, first + b) for a, b in walk.elements(text[first:stop]).spans]


def _end(text: bytes, start: int) -> int:
    end = walk.value_end(text, start)
    assert end is not None and end > start, "text that was decoded before"
    return end
