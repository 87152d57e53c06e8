"""A file during a merge, and the changes of its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import Id, as_keys, objects
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.references import References
from cocosurgeon.sets.id_change import IdChange

FORMAT = 1
MARK = "cocosurgeon_merge"
"""Key that marks the entry of a merge."""
_OWN = ("categories", "licenses", "info")
"""Top-level keys with rules of their own."""


@dataclass(frozen=True, eq=False)
class United:
    """Categories of one file in the merged list.

    Attributes:
        change: change of their ids.
        listed: ids of the file's list.
        new_rows: rows of entries that no earlier file has.
        new: new ids and names of these entries.
        back: place in the merged list of the same bytes, or JSON text, of each entry.
        different: names of entries whose other fields differ from those of earlier files.
        notes: notes for the summary.
    """

    change: IdChange
    listed: tuple[Id, ...]
    new_rows: Numbers
    new: tuple[tuple[Id, str], ...]
    back: tuple[int | str, ...]
    different: tuple[str, ...]
    notes: tuple[str, ...]


def reference_key(name: str) -> str:
    """Return the key that names records of a list: ``image_id`` for ``images``."""
    if name.endswith("ies"):
        return f"{name[:-3]}y_id"
    return f"{name.removesuffix('s')}_id"


@dataclass(eq=False)
class MergedFile:
    """A file during a merge.

    Attributes:
        label: its name in messages, and in its images.
        index: its images, annotations and categories.
        prefix: prefix to add to its file names.
        rows: kept rows by list, of lists that lose some.
        dropped: ids of images that the merge drops.
        ids: changes of ids, by list.
        categories: its categories in the merged list; None: not united yet.
        values: top-level keys that are no lists of records in some file; the first value is used.
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
        """Name of the file, for errors."""
        return self.index.document.source.name

    @property
    def lists(self) -> Mapping[str, Records]:
        """Lists of records, without categories and licenses."""
        lists = self.index.document.lists
        return {n: r for n, r in lists.items() if n not in _OWN and n not in self.values}

    def kept(self, name: str) -> Numbers:
        """Return the kept rows of a list."""
        return self.rows[name] if name in self.rows else self.lists[name].rows

    def own_ids(self, name: str) -> Array:
        """Return the ids of the kept records of a list; for ``categories``, all ids."""
        if name == "categories":
            return as_keys(objects(() if self.categories is None else self.categories.listed))
        if name not in self.lists:
            return np.empty(0, np.int64)
        return as_keys(self.lists[name].column("id").array[self.kept(name)])

    def change_of(self, name: str) -> IdChange | None:
        """Return the change of the ids of a list; None if they stay."""
        if name == "categories":
            return None if self.categories is None else self.categories.change
        return self.ids.get(name)

    def references(self, targets: Sequence[str]) -> Iterator[tuple[str, str, References]]:
        """Yield each reference to a list with ids: its own list, the named list, and its key."""
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
