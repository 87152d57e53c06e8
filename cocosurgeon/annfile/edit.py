"""Values of single records, changed in place or added; all other text is unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import record_spans
from cocosurgeon.annfile.walk import Span, element_spans, value_span

Place: TypeAlias = tuple[str | int, ...]
"""Place of a value in a record: keys, and indices of lists."""
Values: TypeAlias = Mapping[Place, object]
"""New values of a record."""

_BLANKS = b" \t\r\n"
_FIRST_KEY = re.compile(rb'\{([ \t\r\n]*)"(?:[^"\\]|\\.)*"([ \t\r\n]*:[ \t\r\n]*)')


@dataclass(frozen=True, eq=False)
class RecordEdits:
    """Change of values of single records; a ``Rewrite``.

    Attributes:
        values: new values by row of the record.
    """

    values: Mapping[int, Values]

    def __call__(self, text: bytes, rows: Numbers) -> bytes:
        """Return the new text of the records of these rows."""
        edited = [(n, row) for n, row in enumerate(rows.tolist()) if row in self.values]
        if not edited:
            return text
        first = text.index(b"{")
        spans = record_spans(text[first:], len(rows))
        parts: list[bytes] = []
        at = 0
        for n, row in edited:
            start, stop = (first + edge for edge in spans[n])
            parts += (text[at:start], edited_record(text[start:stop], self.values[row]))
            at = stop
        return b"".join([*parts, text[at:]])


@dataclass(frozen=True)
class MemberRemoval:
    """Removal of a key that was added last to every record; a ``Rewrite``.

    Attributes:
        key: the key; records without it are unchanged.
    """

    key: str

    def __call__(self, text: bytes, rows: Numbers) -> bytes:
        """Return the new text of the records of these rows."""
        first = text.index(b"{")
        parts: list[bytes] = []
        at = 0
        for start, stop in record_spans(text[first:], len(rows)):
            parts += (text[at : first + start], self._without(text[first + start : first + stop]))
            at = first + stop
        return b"".join([*parts, text[at:]])

    def _without(self, record: bytes) -> bytes:
        span = _span(record, (self.key,))
        if span is None:
            return record
        key = record.rindex(b'"%b"' % json.dumps(self.key)[1:-1].encode(), 0, span[0])
        comma = record.rfind(b",", 0, key)
        is_alone = comma < 0 or record[comma + 1 : key].strip(_BLANKS) != b""
        return record[: key if is_alone else comma] + record[span[1] :]


def edited_record(record: bytes, values: Values) -> bytes:
    """Return the text of a record with new values; a new key is added last."""
    for place, value in values.items():
        span = _span(record, place)
        if span is None:
            assert len(place) == 1, place
            record = _with_member(record, str(place[0]), value)
        else:
            start, stop = span
            new = _encoded(value, record[start:stop], _is_spaced(record))
            record = b"".join([record[:start], new, record[stop:]])
    return record


def _span(record: bytes, place: Place) -> Span | None:
    span: Span | None = (0, len(record))
    if len(place) == 1 and record.count(b"{") == 1 and b"\\" not in record:
        # One object without escapes: text before a colon is a key of the record.
        found = list(re.finditer(rb'"%b"[ \t\r\n]*:[ \t\r\n]*' % re.escape(_key(place)), record))
        if len(found) <= 1:
            end = walk.value_end(record, found[0].end()) if found else None
            return None if end is None else (found[0].end(), end)
    for part in place:
        if span is None:
            return None
        if isinstance(part, str):
            span = value_span(record, part, span)
        else:
            span = element_spans(record, span)[part]
    return span


def _key(place: Place) -> bytes:
    return str(place[0]).encode()


def _with_member(record: bytes, key: str, value: object) -> bytes:
    """Return a record with an added key, separated like its other keys."""
    body = record[:-1].rstrip(_BLANKS)
    first = _FIRST_KEY.match(record)
    lead, colon = (first[1], first[2]) if first else (b"", b": ")
    separator = b"," + lead if b"\n" in lead else b", " if _is_spaced(record) else b","
    member = json.dumps(key).encode() + colon + _encoded(value, b"", _is_spaced(record))
    return b"".join([body, separator if first else b"", member, record[len(body) :]])


def _is_spaced(record: bytes) -> bool:
    """Return True if blanks follow the colons of a record, and thus its commas."""
    first = _FIRST_KEY.match(record)
    return first is None or first[2][-1:] != b":"


def _encoded(value: object, old: bytes, is_spaced: bool) -> bytes:
    """Return a value as JSON, with non-ASCII letters escaped or not as in the old text."""
    separators = (", ", ": ") if is_spaced else (",", ":")
    try:
        return json.dumps(value, ensure_ascii=old.isascii(), separators=separators).encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can hold
        return json.dumps(value, separators=separators).encode()
