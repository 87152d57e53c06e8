"""Category ids in the text of a record, read by the standard library alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cocosurgeon.verify.read_again import Record

_decoder = json.JSONDecoder()
_BLANKS = " \t\n\r"
LISTS_OF_IDS = (
    *("neg_category_ids", "not_exhaustive_category_ids", "pos_category_ids"),
    "category_ids",
)
"""Keys of records whose values are lists of category ids."""

Place = tuple[int, int]
"""Place of a value's text in a record's text: start and stop."""


@dataclass(frozen=True, eq=False)
class Renumbering:
    """Category ids before and after.

    Attributes:
        ids: new ids by ids before, where they differ; None: dropped.
    """

    ids: Mapping[object, object] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ids)

    def text(self, record: Record) -> str:
        """Return a record's text with its category ids changed.

        Ids are written as whole numbers, or with the zeros after the point that they had.
        """
        if not self.ids or not record.text:
            return record.text
        parts: list[str] = []
        at = 0
        for start, stop in value_places(record.text):
            old = record.text[start:stop]
            new = self._list(old) if old[0] == "[" else self._new(old)
            parts += (record.text[at:start], old if new is None else new)
            at = stop
        return "".join([*parts, record.text[at:]])

    def record(self, record: Record) -> Record:
        """Return a record with its category ids changed."""
        text = self.text(record)
        return record if text == record.text else Record(record.row, json.loads(text), text)

    def _list(self, text: str) -> str:
        """Return a list's text with its ids changed.

        A dropped id is removed with the comma before it. Of ids that become one, the first stays.
        """
        places = list(elements(text, 0))
        kept: list[str] = []
        made_of: dict[str, str] = {}
        at = 1
        for start, stop in places:
            seam, old, at = text[at:start], text[start:stop], stop
            new = self._new(old)
            if new is not None and made_of.setdefault(new, old) == old:
                kept.append(seam + new if kept else new)
        if places and not kept:
            return "[]"
        return "".join([text[: places[0][0]], *kept, text[at:]]) if places else text

    def _new(self, text: str) -> str | None:
        old = json.loads(text)
        if not isinstance(old, (int, float, str)) or old not in self.ids:
            return text
        new = self.ids[old]
        if new is None:
            return None
        whole = text if isinstance(old, str) else str(int(old))
        zeros = text[len(whole) :] if text.startswith(whole) and isinstance(new, int) else ""
        return json.dumps(new) + zeros


def split_ids(text: str) -> tuple[str, list[str]]:
    """Return a record's text without its category ids, and these ids."""
    places = list(id_places(text))
    edges = [0, *(edge for place in places for edge in place), len(text)]
    outside = zip(edges[::2], edges[1::2], strict=True)
    return "\0".join(text[a:b] for a, b in outside), [text[a:b] for a, b in places]


def id_places(text: str) -> Iterator[Place]:
    """Yield the places of a record's category ids."""
    for start, stop in value_places(text):
        if text[start] == "[":
            yield from elements(text, start)
        else:
            yield start, stop


def value_places(text: str) -> Iterator[Place]:
    """Yield the places of ids and lists of ids: of a record, of its segments, of LVIS's lists."""
    last = dict(fields(text, 0))
    for key, (start, stop) in sorted(last.items(), key=lambda item: item[1]):
        is_list = text[start] == "["
        if (key == "category_id" and not is_list) or (key in LISTS_OF_IDS and is_list):
            yield start, stop
        elif key == "segments_info" and is_list:
            for segment, _ in elements(text, start):
                if text[segment] == "{":
                    own = dict(fields(text, segment))
                    if "category_id" in own:
                        yield own["category_id"]


def fields(text: str, at: int) -> Iterator[tuple[str, Place]]:
    """Yield the keys of the object at a place, each with the place of its value."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, stop = _decoder.raw_decode(text, start)
        yield key, (start, stop)
        at = _skip(text, stop)
        at = _skip(text, at + 1) if text[at] == "," else at


def elements(text: str, at: int) -> Iterator[Place]:
    """Yield the places of the values of the list at a place."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, stop = _decoder.raw_decode(text, at)
        yield at, stop
        at = _skip(text, stop)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at
