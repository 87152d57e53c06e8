"""The category list as it will be written, and the new value of each category id.

Only changed ids and names and added entries are written. Every other byte of the entries, and of
the text between them, is copied unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.rewrite import Rewrite, ValueChange, one_after_another
from cocosurgeon.annfile.walk import value_span
from cocosurgeon.dataset.ids import Id, as_key, as_keys, objects
from cocosurgeon.dataset.index import AnnotationIndex, Category
from cocosurgeon.dataset.placeholders import BACKGROUND, PLACEHOLDER
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import StructureError

_WHOLE_NUMBER = re.compile(rb"(-?\d+)(\.0+)?([eE][+-]?0+)?")
_DEFAULT_SEPARATOR = b", "
_NO_SUPERCATEGORY = "none"


@dataclass(frozen=True)
class Entry:
    """One entry of the list.

    Attributes:
        category: its id and name.
        row: the record of the source that it is made from; None: the entry is added.
        text: the JSON of an added entry.
        is_placeholder: True if it stands for no class: it is named ``N/A`` or ``__background__``,
            or has ``"filler": true``.
        order: the order of the list before placeholders were added; the first placeholder has it.
        is_flat: True if its ``supercategory``, if it has one, becomes ``none``.
    """

    category: Category
    row: int | None = None
    text: bytes = b""
    is_placeholder: bool = False
    order: tuple[int, ...] = ()
    is_flat: bool = False

    @classmethod
    def placeholder(cls, category: Category, order: tuple[int, ...] = ()) -> Entry:
        """Make an entry that is marked as a placeholder."""
        fields = {"id": category.id, "name": category.name, "filler": True}
        remembered = {"order": list(order)} if order else {}
        text = json.dumps({**fields, **remembered}).encode()
        return cls(category, text=text, is_placeholder=True, order=order)

    def numbered(self, cat_id: Id) -> Entry:
        """Return the entry with another id."""
        return replace(self, category=replace(self.category, id=cat_id))

    def named(self, name: str) -> Entry:
        """Return the entry with another name."""
        return replace(self, category=replace(self.category, name=name))


@dataclass(frozen=True, eq=False)
class CategoryList:
    """Categories of a source after the steps so far.

    Attributes:
        index: the source.
        entries: the list, in order; empty for a source without one.
        cat_ids: new ids by ids of the source, where they differ; None: records with it are dropped.
        is_compared: True if the summary compares the labels of each loader with the source's.
    """

    index: AnnotationIndex
    entries: tuple[Entry, ...]
    cat_ids: Mapping[Id, Id | None] = field(default_factory=dict)
    is_compared: bool = False

    @classmethod
    def of(cls, index: AnnotationIndex) -> CategoryList:
        """Return the categories of a source, as they are."""
        records = index.category_records
        if records is None:
            return cls(index, ())
        marks, orders = (c.array.tolist() for c in records.columns("filler", "order"))
        rows = zip(index.categories, marks, orders, strict=True)
        return cls(
            index,
            tuple(
                Entry(
                    category,
                    row,
                    is_placeholder=mark == 1 or category.name in (PLACEHOLDER, BACKGROUND),
                    order=_order(order) if mark == 1 else (),
                )
                for row, (category, mark, order) in enumerate(rows)
            ),
        )

    @property
    def categories(self) -> tuple[Category, ...]:
        """The list, in order."""
        return tuple(entry.category for entry in self.entries)

    def renumbered(
        self, entries: tuple[Entry, ...], changes: Mapping[Id, Id | None]
    ) -> CategoryList:
        """Return the list with other entries, and with changes of its current ids."""
        then = {
            old: new if new is None else changes.get(new, new) for old, new in self.cat_ids.items()
        }
        first = {old: new for old, new in changes.items() if old not in self.cat_ids}
        return replace(self, entries=entries, cat_ids={**first, **then})

    def ids(self, values: Array) -> Array:
        """Return the new ids for a column of ids of the source."""
        if not self.cat_ids:
            return values
        keys = as_keys(values)
        if keys.dtype != np.int64:
            return as_keys(
                objects(k if k is None else self.cat_ids.get(k, k) for k in keys.tolist())
            )
        unique, places = np.unique(keys, return_inverse=True)
        return as_keys(objects(self.cat_ids.get(i, i) for i in unique.tolist()))[places]

    # ---- text

    def text(self, records: Records) -> bytes | None:
        """Return the new text of the source's list; None if it is unchanged."""
        if self.categories == self.index.categories and all(
            entry.row == place and not entry.is_flat for place, entry in enumerate(self.entries)
        ):
            return None
        if not self.entries:
            return b"[]"
        separators, texts = _source_text(records)
        usual = separators[1] if len(separators) > 2 else _DEFAULT_SEPARATOR
        parts: list[bytes] = [separators[0]]
        for place, entry in enumerate(self.entries):
            if place:
                parts.append(separators[entry.row] if entry.row else usual)
            parts.append(self._entry_text(entry, texts))
        return b"".join([*parts, separators[-1]])

    def texts(self, records: Records) -> list[bytes]:
        """Return the JSON of each entry."""
        _, texts = _source_text(records)
        return [self._entry_text(entry, texts) for entry in self.entries]

    def _entry_text(self, entry: Entry, texts: list[bytes]) -> bytes:
        text = entry.text if entry.row is None else self._own_text(entry, entry.row, texts)
        if not entry.is_flat or (place := value_span(text, "supercategory")) is None:
            return text
        if json.loads(text[slice(*place)]) != _NO_SUPERCATEGORY:
            text = _replaced(text, "supercategory", json.dumps(_NO_SUPERCATEGORY).encode())
        return text

    def _own_text(self, entry: Entry, row: int, texts: list[bytes]) -> bytes:
        """Return the text of the source's record with the entry's name and id."""
        text, old, new = texts[row], self.index.categories[row], entry.category
        if old.name != new.name:
            name = json.dumps(new.name, ensure_ascii=text.isascii())
            text = _replaced(text, "name", name.encode(errors="surrogatepass"))
        if old.id != new.id:
            start, stop = value_span(text, "id") or (0, 0)
            text = _replaced(text, "id", self._id_text(text[start:stop], new.id))
        return text

    def rewrites(self) -> dict[Records, Rewrite]:
        """Return the changes of records that name categories; none if no id changes."""
        found: dict[Records, list[Rewrite]] = {}
        if any(old != new for old, new in self.cat_ids.items()):
            for references in self.index.references:
                found.setdefault(references.records, []).append(self._rewrite(references))
        return {records: one_after_another(changes) for records, changes in found.items()}

    def _rewrite(self, references: References) -> Rewrite:
        known: dict[bytes, bytes | None] = {}

        def change(text: bytes) -> bytes | None:
            if text not in known:
                known[text] = self._changed(text)
            return known[text]

        return ValueChange(
            references.key, references.inside, references.in_lists, references.decoded, change
        )

    def _changed(self, text: bytes) -> bytes | None:
        value = json.loads(text)
        old = as_key(value)
        if old is None or old not in self.cat_ids or self.cat_ids[old] == old:
            return text
        new = self.cat_ids[old]
        return None if new is None else self._id_text(text, new)

    def _id_text(self, text: bytes, new: Id | None) -> bytes:
        """Return the text of a new id, in such a form that changing it back restores the text."""
        old = as_key(json.loads(text))
        whole = _WHOLE_NUMBER.fullmatch(text)
        if not isinstance(old, str) and (whole is None or whole[1] != str(old).encode()):
            raise StructureError(
                f"a category id is written {text.decode()}: a changed id cannot be written like "
                f"that",
                where=self.index.document.source.name,
                hint=f"write {old} in the source",
            )
        suffix = text[whole.end(1) :] if whole and isinstance(new, int) else b""
        return json.dumps(new).encode() + suffix


def _order(value: object) -> tuple[int, ...]:
    whole = isinstance(value, list) and all(isinstance(i, int) for i in value)
    return tuple(value) if whole and isinstance(value, list) else ()


def _source_text(records: Records) -> tuple[list[bytes], list[bytes]]:
    """Return the texts before, between and after the records of a list, and their own texts."""
    spans = np.stack(records.spans(), axis=1).ravel().tolist()
    edges = [records.start, *spans, records.stop]
    text = records.source.read(records.start, records.stop)
    cuts = [text[a - records.start : b - records.start] for a, b in pairwise(edges)]
    separators = cuts[::2]
    return (separators, cuts[1::2]) if spans else ([b"[", b"]"], [])


def _replaced(record: bytes, key: str, value: bytes) -> bytes:
    start, stop = value_span(record, key) or (0, 0)
    return record[:start] + value + record[stop:]
