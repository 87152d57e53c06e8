"""A file that is merged with others, and what becomes of its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import Id, as_keys, objects
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.references import References
from cocosurgeon.sets.id_change import IdChange, rows_of

FORMAT = 1
MARK = "cocosurgeon_merge"
"""The key by which the entry of a merged file is known."""
_OWN = ("categories", "licenses", "info")
"""Top-level keys with rules of their own."""


@dataclass(frozen=True, eq=False)
class United:
    """Categories of one file, and what becomes of them.

    Attributes:
        change: of their ids.
        listed: the ids of its list.
        new_rows: entries that no earlier file has.
        new: their ids afterwards, and names.
        back: each entry of its list: the place of the same bytes in the merged list, or its JSON.
        notes: what to know.
    """

    change: IdChange
    listed: tuple[Id, ...]
    new_rows: Numbers
    new: tuple[tuple[Id, str], ...]
    back: tuple[int | str, ...]
    notes: tuple[str, ...]


def reference_key(name: str) -> str:
    """Return the key by which records name those of a list: ``image_id`` for ``images``."""
    if name.endswith("ies"):
        return f"{name[:-3]}y_id"
    return f"{name.removesuffix('s')}_id"


@dataclass(eq=False)
class MergedFile:
    """A file that is merged, and what becomes of its records.

    Attributes:
        label: its name in messages and provenance.
        index: what it holds.
        prefix: what comes before its file names.
        rows: rows that stay, of lists that lose some.
        dropped: ids of images that the merge drops.
        ids: changes of ids, by list.
        categories: what becomes of its categories.
        values: keys of lists that are no lists of records in another file: the first one counts.
    """

    label: str
    index: AnnotationIndex
    prefix: str = ""
    rows: dict[str, Numbers] = field(default_factory=dict)
    dropped: list[Id] = field(default_factory=list)
    ids: dict[str, IdChange] = field(default_factory=dict)
    categories: United | None = None
    values: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """Return its name for errors."""
        return self.index.document.source.name

    @property
    def lists(self) -> Mapping[str, Records]:
        """Return its lists of records, without categories and licenses."""
        lists = self.index.document.lists
        return {n: r for n, r in lists.items() if n not in _OWN and n not in self.values}

    def kept(self, name: str) -> Numbers:
        """Return the rows of a list that stay."""
        return self.rows[name] if name in self.rows else rows_of(self.lists[name])

    def own_ids(self, name: str) -> Array:
        """Return the ids of the records of a list that stay; of categories, all."""
        if name == "categories":
            return as_keys(objects(() if self.categories is None else self.categories.listed))
        if name not in self.lists:
            return np.empty(0, np.int64)
        return as_keys(self.lists[name].column("id").array[self.kept(name)])

    def change_of(self, name: str) -> IdChange | None:
        """Return the change of the ids of a list; None where there is none."""
        if name == "categories":
            return None if self.categories is None else self.categories.change
        return self.ids.get(name)

    def references(self, targets: Sequence[str]) -> Iterator[tuple[str, str, References]]:
        """Yield list, list that is named, and the key, of all references to lists with ids."""
        keys = [reference_key(target) for target in targets]
        for name, records in self.lists.items():
            for target, key, column in zip(targets, keys, records.columns(*keys), strict=True):
                if column.present:
                    yield name, target, References(records, key)
        for each in self.index.references:
            if each.records.name in self.lists:
                yield each.records.name, "categories", each


def lists_with_ids(files: Sequence[MergedFile]) -> list[str]:
    """Return the lists of several files whose records have ids, without categories."""
    names = dict.fromkeys(name for file in files for name in file.lists)
    return [
        name
        for name in names
        if any(f.lists[name].column("id").present for f in files if name in f.lists)
    ]
