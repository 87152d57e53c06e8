"""Inventory: the current categories of a dataset, listed and used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.category_list import CategoryList, Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.text import plural

_BY_IDS = "name a label space, ToSpace(..., from_=...), or give a map of ids, Remap({...})"


@dataclass(frozen=True, eq=False)
class Use:
    """Category ids that the kept records of one list name.

    Attributes:
        references: the list and the key.
        rows: rows of records, each with an id of it.
        cat_ids: the current value of each id; None for a value that is no id.
    """

    references: References
    rows: Numbers
    cat_ids: Array


@dataclass(frozen=True, eq=False)
class Inventory:
    """The categories of a dataset.

    Attributes:
        where: the source's name, for messages.
        listing: the category list, in which each entry has a different id.
        uses: ids that records name, by list and key.
    """

    where: str
    listing: CategoryList
    uses: tuple[Use, ...]

    @classmethod
    def of(cls, dataset: Dataset) -> Inventory:
        """Return the inventory of a dataset.

        Raises:
            StructureError: two entries of the list have one id, or one has none.
        """
        listing = dataset.category_list or CategoryList.of(dataset.index)
        _require_ids(listing.entries, dataset.source.name)
        return cls(dataset.source.name, listing, tuple(_uses(dataset)))

    @cached_property
    def objects(self) -> Counter[Id]:
        """Number of objects of each category (annotations, segments, detections)."""
        uses = [use for use in self.uses if not use.references.in_lists]
        return Counter(i for use in uses for i in use.cat_ids.tolist() if i is not None)

    @cached_property
    def used(self) -> frozenset[Id]:
        """All ids that records name."""
        return frozenset(i for use in self.uses for i in use.cat_ids.tolist() if i is not None)

    @cached_property
    def without_id(self) -> int:
        """Number of records with a ``category_id`` that is no id."""
        uses = [use for use in self.uses if not use.references.in_lists]
        return sum(1 for use in uses for i in use.cat_ids.tolist() if i is None)

    @cached_property
    def placeholders(self) -> tuple[Entry, ...]:
        """Entries that are marked as placeholders, and that no record names."""
        return tuple(
            e for e in self.listing.entries if e.is_placeholder and e.category.id not in self.used
        )

    @cached_property
    def classes(self) -> dict[Id, str | None]:
        """Names by id of all entries that are no placeholders, in the list's order."""
        placeholders = {e.category.id for e in self.placeholders}
        return {
            e.category.id: e.category.name
            for e in self.listing.entries
            if e.category.id is not None and e.category.id not in placeholders
        }

    @cached_property
    def ids(self) -> list[Id]:
        """All ids that are listed or used, without placeholders."""
        return list(dict.fromkeys([*self.classes, *sorted(self.used, key=str)]))

    def names(self) -> dict[Id, str]:
        """Return the names of the classes by id, in the list's order.

        Raises:
            RequestError: the file lists no categories.
            StructureError: a category has no name, or two have the same.
        """
        if not self.classes:
            raise RequestError(
                "the file has no category names to match by",
                where=self.where,
                hint="name a label space (--from), or give a map of ids (--map)",
                python=_BY_IDS,
            )
        ids: dict[str, Id] = {}
        for cat_id, name in self.classes.items():
            if name is None:
                raise StructureError(
                    f"category {cat_id!r} has no name",
                    where=self.where,
                    hint="name a label space (--from), or give a map of ids (--map)",
                    python=_BY_IDS,
                )
            if name in ids:
                raise StructureError(
                    f"two categories are named {name!r}: {ids[name]!r} and {cat_id!r}",
                    where=self.where,
                    hint="rename one in the source, or use ids (--map)",
                    python="rename one in the source, or use ids: Remap({...})",
                )
            ids[name] = cat_id
        return {cat_id: name for name, cat_id in ids.items()}

    @cached_property
    def _listed(self) -> dict[Id | None, str | None]:
        return {e.category.id: e.category.name for e in self.listing.entries}

    def called(self, cat_id: Id) -> str:
        """Return an id with its name and its number of objects, for messages."""
        names = self._listed
        name = repr(names[cat_id]) if cat_id in names else "not in the category list"
        return f"{cat_id!r} ({name}, {plural(self.objects[cat_id], 'object')})"


def _uses(dataset: Dataset) -> Iterator[Use]:
    kept = dict(dataset.rows_kept())
    for references in dataset.index.references:
        rows, cat_ids = references.pairs()
        if references.records in kept:
            is_kept = np.zeros(references.records.count, dtype=np.bool_)
            is_kept[kept[references.records]] = True
            rows, cat_ids = rows[is_kept[rows]], cat_ids[is_kept[rows]]
        now = dataset.category_list.ids(cat_ids) if dataset.category_list else cat_ids
        if references.in_lists and now.dtype == object:
            is_id = np.array([i is not None for i in now], dtype=np.bool_)
            rows, now = rows[is_id], now[is_id]  # None: dropped from its list
        yield Use(references, rows, now)


def _require_ids(entries: tuple[Entry, ...], where: str) -> None:
    names: dict[Id, str | None] = {}
    for place, category in enumerate(e.category for e in entries):
        if category.id is None:
            raise StructureError(
                f"categories[{place}] ({category.name!r}) has no id",
                where=where,
                hint="give it one in the source: nothing is guessed",
            )
        if category.id in names:
            raise StructureError(
                f"two categories have the id {category.id!r}: {names[category.id]!r} and "
                f"{category.name!r}",
                where=where,
                hint="loaders take the last one; give one of them another id in the source",
            )
        names[category.id] = category.name
