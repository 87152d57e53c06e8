"""Values inside records, changed in place; all other text is unchanged.

The kernel finds the values if it is installed and the text is plain. Otherwise the quoted key is
searched, and the values found are compared with the decoded ones. If they differ (the key appears
twice, in a nested object, or with escapes), each record is walked.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from cocosurgeon.annfile import kernel, walk
from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.walk import Span, element_spans, value_span

_STRING = rb'"(?:[^"\\]|\\.)*"'
_VALUE = re.compile(
    rb"[ \t\r\n]*:[ \t\r\n]*(\[[^\[\]{}]*\]|" + _STRING + rb'|[^ \t\r\n,:"\[\]{}]+)'
)
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")

Rewrite = Callable[[bytes, Numbers], bytes]
"""Takes the text of whole records, separators included, and their rows; returns the new text."""


def one_after_another(changes: Sequence[Rewrite]) -> Rewrite:
    """Return several changes as one."""

    def rewrite(text: bytes, rows: Numbers) -> bytes:
        for change in changes:
            text = change(text, rows)
        return text

    return rewrite


@dataclass(frozen=True)
class ValueChange:
    """Change of the values of one key, in every record; a ``Rewrite``.

    Attributes:
        key: the key.
        inside: the key of the list of objects that have ``key``; None: the records have it.
        in_lists: True if the values are lists of ids.
        decoded: returns the decoded values in the records of some rows, in order (a list of ids is
            one value).
        change: returns the new text for an id's text; None: remove the id from its list.
    """

    key: str
    inside: str | None
    in_lists: bool
    decoded: Callable[[Numbers], Sequence[object]]
    change: Callable[[bytes], bytes | None]

    def __call__(self, text: bytes, rows: Numbers) -> bytes:
        """Return the new text of the records of these rows."""
        first = text.index(b"{")
        if self.inside is None and kernel.IS_IN_USE:
            records = text[first:]
            spans = kernel.value_spans(records, self.key)
            if spans is not None:
                return text[:first] + self._replaced(records, spans)
        quick = self._search(text, self.decoded(rows))
        return self._walk(text, first) if quick is None else quick

    def _search(self, text: bytes, decoded: Sequence[object]) -> bytes | None:
        # Cut the text at the quoted key: each part then begins with a value of that key. It is
        # safe only if there are as many parts as values in the column, each with its value.
        token = b'"%b"' % self.key.encode()
        first, *parts = text.split(token)
        if len(parts) != len(decoded) or _ESCAPED_LETTER.search(text):
            return None
        done = [first]
        for part, value in zip(parts, decoded, strict=True):
            match = _VALUE.match(part)
            # A backslash before the quote: the "key" is the end of a string.
            if match is None or done[-1].endswith(b"\\") or _decode(match[1]) != value:
                return None
            done += (token, part[: match.start(1)], self._changed(match[1]), part[match.end() :])
        return b"".join(done)

    def _walk(self, text: bytes, first: int) -> bytes:
        records = walk.elements(text[first:] + b"]").spans
        places = (self._places(text, (first + start, first + stop)) for start, stop in records)
        return self._replaced(text, chain.from_iterable(places))

    def _replaced(self, text: bytes, spans: Iterable[Span]) -> bytes:
        """Return the text with the values at these places changed."""
        known: dict[bytes, bytes] = {}
        parts: list[bytes] = []
        at = 0
        for start, stop in spans:
            old = text[start:stop]
            new = known.get(old)
            if new is None:
                new = known[old] = self._changed(old)
            parts.append(text[at:start])
            parts.append(new)
            at = stop
        return b"".join([*parts, text[at:]])

    def _places(self, text: bytes, record: Span) -> list[Span]:
        owners = [record]
        if self.inside is not None:
            outer = value_span(text, self.inside, record)
            owners = [] if outer is None else element_spans(text, outer)
        spans = [value_span(text, self.key, owner) for owner in owners]
        return [span for span in spans if span is not None]

    def _changed(self, value: bytes) -> bytes:
        if self.in_lists:
            return self._changed_list(value)
        is_scalar = value[:1] not in (b"[", b"{")
        return (self.change(value) or value) if is_scalar else value

    def _changed_list(self, value: bytes) -> bytes:
        """Return the new text of a list of ids.

        An id is removed with the comma before it. If two ids become one, the first stays.
        """
        kept: list[tuple[bytes, bytes]] = []
        made_of: dict[bytes, bytes] = {}
        spans = element_spans(value, (0, len(value)))
        at = 1
        for start, stop in spans:
            separator, old, at = value[at:start], value[start:stop], stop
            new = self.change(old) if old[:1] not in (b"[", b"{") else old
            if new is not None and made_of.setdefault(new, old) == old:
                kept.append((separator, new))
        if not spans:
            return value
        if not kept:
            return b"[]"
        opening, (_, first) = value[: spans[0][0]], kept[0]
        return b"".join(
            [opening, first, *(separator + new for separator, new in kept[1:]), value[at:]]
        )


@functools.lru_cache(4096)
def _decode(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
