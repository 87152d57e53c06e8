"""Ends of JSON values, found from the bytes alone.

Exact for every valid text: strings are skipped as a whole, brackets are counted. The text between
brackets is not validated here; ``decode`` does that before it is used. If a key appears twice, the
last one counts, as in the standard library's ``json``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TOKEN = re.compile(rb'["\[\]{}]')
# At most 99 escapes a match: its memory grows with the repetitions.
_STRETCH = re.compile(rb'[^"\\]*(?:\\.[^"\\]*){0,99}', re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:"\[\]{}]+')
_SPACE = re.compile(rb"[ \t\r\n]*")
_NEXT = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_QUOTE = ord('"')
_COMMA = ord(",")
_OPENING = b"[{"
_CLOSING = ord("]")


Span = tuple[int, int]
"""Place in a text: offset of the first byte, and of the byte after the last one."""


def skip_space(text: bytes, at: int) -> int:
    """Return the first offset from ``at`` on without JSON white space, or the text's length."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def skip_comma(text: bytes, at: int) -> int | None:
    """Return the offset after a comma and the white space around it; None without a comma."""
    match = _NEXT.match(text, at)
    return match.end() if match else None


def value_end(text: bytes, start: int) -> int | None:
    """Find the end of the value that begins at ``start``.

    Returns:
        The offset after its last byte; ``start`` itself if no value can begin there (a comma, a
        closing bracket); None if the text ends before the value does.
    """
    first = text[start : start + 1]
    if first not in (b'"', b"[", b"{"):
        scalar = _SCALAR.match(text, start)
        if scalar is None:
            return start if first else None
        return scalar.end() if scalar.end() < len(text) else None
    depth = 0
    while token := _TOKEN.search(text, start):
        start = token.end()
        lead = text[start - 1]
        if lead == _QUOTE:
            end = _string_end(text, start)
            if end is None:
                return None
            start = end
        else:
            depth += 1 if lead in _OPENING else -1
        if not depth:
            return start
    return None


def _string_end(text: bytes, at: int) -> int | None:
    """Find the end of the string that begins before ``at``; None if the text ends before."""
    while True:
        at = _STRETCH.match(text, at).end()  # type: ignore[union-attr]
        if text[at : at + 1] == b'"':
            return at + 1
        if text[at : at + 2] in (b"", b"\\"):
            return None


@dataclass(frozen=True)
class Elements:
    """Result of ``elements``.

    Attributes:
        spans: places of the elements whose ends are certain, and of one before a problem.
        after: offset at which to continue: the next element, or the byte after ``]``.
        closed: True if the list ended.
        problem: the unexpected text at ``after``, in place of an element or a comma, if any.
    """

    spans: list[tuple[int, int]]
    after: int
    closed: bool = False
    problem: str | None = None


def elements(text: bytes, most: int | None = None) -> Elements:
    """Find a list's elements, from the first byte of one of them to ``]`` or the text's end.

    Args:
        most: number of elements after which to stop; None: no limit.
    """
    spans: list[tuple[int, int]] = []
    at = 0
    while len(spans) != most:
        end = value_end(text, at)
        if end is None:
            return Elements(spans, at)
        if end == at:
            return Elements(spans, at, problem="expected a value")
        mark = skip_space(text, end)
        if mark == len(text):
            return Elements(spans, at)
        if text[mark] == _CLOSING:
            return Elements([*spans, (at, end)], mark + 1, closed=True)
        if text[mark] != _COMMA:
            problem = "expected ',' or ']' after an element"
            return Elements([*spans, (at, end)], mark, problem=problem)
        following = skip_space(text, mark + 1)
        if following == len(text):
            return Elements(spans, at)
        spans.append((at, end))
        at = following
    return Elements(spans, at)


def value_span(text: bytes, key: str, record: Span | None = None) -> Span | None:
    """Find the value of a record's key; None if there is no such key, or no record.

    Args:
        text: text that contains the record.
        record: place of the record, an object; None: the whole text.
    """
    start, stop = record or (0, len(text))
    if text[start : start + 1] != b"{":
        return None
    found: Span | None = None
    at = skip_space(text, start + 1)
    while at < stop - 1:
        key_end = _known_end(text, at)
        value = skip_space(text, skip_space(text, key_end) + 1)
        end = _known_end(text, value)
        if json.loads(text[at:key_end]) == key:
            found = value, end
        at = skip_comma(text, end) or stop
    return found


def element_spans(text: bytes, of: Span) -> list[Span]:
    """Find the elements of a list; none in any other value."""
    start, stop = of
    if text[start : start + 1] != b"[":
        return []
    first = skip_space(text, start + 1)
    if first == stop - 1:
        return []
    return [(first + a, first + b) for a, b in elements(text[first:stop]).spans]


def _known_end(text: bytes, start: int) -> int:
    end = value_end(text, start)
    assert end is not None and end > start, "text that was decoded before"
    return end
