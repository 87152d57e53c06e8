"""Values inside records, changed where they stand: nothing else of the text moves.

What is changed is what was decoded: the values found in the text are held against the column. A
quick search finds them where keys are plain; where its values are not those of the column (a key
stands twice, is nested elsewhere, is written with escapes) each record is walked.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.fields import element_spans, value_span
from cocosurgeon.annfile.walk import Span

_STRING = rb'"(?:[^"\\]|\\.)*"'
_VALUE = re.compile(
    rb"[ \t\r\n]*:[ \t\r\n]*(\[[^\[\]{}]*\]|" + _STRING + rb'|[^ \t\r\n,:"\[\]{}]+)'
)
_ELEMENT = re.compile(_STRING + rb'|[^ \t\r\n,:"\[\]{}]+')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")

Rewrite = Callable[[bytes, Numbers], bytes]
"""Takes the text of whole records, with what parts them, and their rows; gives the new text."""


@dataclass(frozen=True)
class ValueChange:
    """A change of the values of one key, in every record; a ``Rewrite``.

    Attributes:
        key: the key.
        inside: the key of the list of objects that have ``key``; None: the records have it.
        decoded: the values in the records of some rows, in order, as they were decoded (a list of
            ids is one value).
        change: gives the new text of an id's text; None: the id leaves the list that it is in.
    """

    key: str
    inside: str | None
    decoded: Callable[[Numbers], Sequence[object]]
    change: Callable[[bytes], bytes | None]

    def __call__(self, text: bytes, rows: Numbers) -> bytes:
        """The new text of the records of these rows."""
        quick = self._search(text, self.decoded(rows))
        return self._walk(text) if quick is None else quick

    def _search(self, text: bytes, decoded: Sequence[object]) -> bytes | None:
        token = b'"%b"' % self.key.encode()
        first, *parts = text.split(token)
        if len(parts) != len(decoded) or _ESCAPED_LETTER.search(text):
            return None
        done = [first]
        for part, value in zip(parts, decoded, strict=True):
            match = _VALUE.match(part)
            if match is None or done[-1].endswith(b"\\") or _decode(match[1]) != value:
                return None
            done += (token, part[: match.start(1)], self._changed(match[1]), part[match.end() :])
        return b"".join(done)

    def _walk(self, text: bytes) -> bytes:
        start = text.index(b"{")
        parts: list[bytes] = []
        at = 0
        for record in walk.elements(text[start:] + b"]").spans:
            for first, stop in self._places(text, (start + record[0], start + record[1])):
                parts += (text[at:first], self._changed(text[first:stop]))
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
        if not value.startswith(b"["):
            return self.change(value) or value
        changed = [self.change(m[0]) for m in _ELEMENT.finditer(value)]
        if None in changed:
            return b"[%b]" % b", ".join(c for c in changed if c is not None)
        new = iter(changed)
        return _ELEMENT.sub(lambda _: next(new) or b"", value)


@functools.lru_cache(4096)
def _decode(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
