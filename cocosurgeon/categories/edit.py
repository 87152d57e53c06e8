"""Steps that edit the list: Remap, Merge, Rename, SortCategories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args

from cocosurgeon.categories.by_names import require_known, require_names_once
from cocosurgeon.categories.category_map import CategoryMap, Changes, Unmapped
from cocosurgeon.categories.entries import moved_entries
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.relabel import relabelled
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import Step


@dataclass(frozen=True, repr=False)
class Remap(Step):
    """Change category ids by a map; the list keeps its order, merged entries become the first.

    Attributes:
        pairs: id before, id after (None: dropped).
        unmapped: what becomes of other ids.
        refused: ids that are an error even so.
    """

    pairs: tuple[tuple[Id, Id | None], ...]
    unmapped: Unmapped = "error"
    refused: tuple[Id, ...] = ()

    def __init__(
        self,
        pairs: CategoryMap | Changes,
        unmapped: Unmapped = "error",
        refused: Iterable[Id] = (),
    ) -> None:
        if isinstance(pairs, CategoryMap):
            made = pairs
        else:
            made = CategoryMap(pairs, unmapped, refused=refused)
        object.__setattr__(self, "pairs", made.pairs)
        object.__setattr__(self, "unmapped", made.unmapped)
        object.__setattr__(self, "refused", tuple(sorted(made.refused, key=str)))

    @property
    def map(self) -> CategoryMap:
        """The map."""
        return CategoryMap(self.pairs, self.unmapped, refused=self.refused)

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        entries = moved_entries(before, self.map)
        return relabelled(dataset, before, self.map, entries, meant=repr(self))


@dataclass(frozen=True, repr=False)
class Merge(Step):
    """Make several categories one: ``Merge("vehicle", ("car", "bus", "truck"))``.

    It takes the place and the id of the first of them in the list.
    """

    name: str
    of: tuple[str, ...]

    def __post_init__(self) -> None:
        require_names_once(self.of)

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        known = before.names()
        for name in self.of:
            require_known(name, known.values(), before)
        if self.name in known.values() and self.name not in self.of:
            raise RequestError(
                f"the file has a category {self.name!r} of its own",
                where=before.where,
                hint=f"name it among those that are merged: {self.name}={self.name},...",
            )
        ids = [i for i, name in known.items() if name in self.of]
        made = CategoryMap(dict.fromkeys(ids, ids[0]), "keep")
        entries = [
            e.named(self.name) if e.category.id == ids[0] else e
            for e in moved_entries(before, made)
        ]
        return relabelled(dataset, before, made, entries, meant=repr(self))


@dataclass(frozen=True, repr=False)
class Rename(Step):
    """Give a category another name: ``Rename("tv", "television")``."""

    old: str
    new: str

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        known = before.names()
        require_known(self.old, known.values(), before)
        if self.new in known.values() and self.new != self.old:
            raise RequestError(
                f"the file has a category {self.new!r} already",
                where=before.where,
                hint=f"--merge {self.new}={self.new},{self.old} makes them one",
            )
        entries = [
            e.named(self.new) if e.category.name == self.old else e for e in before.listing.entries
        ]
        return relabelled(dataset, before, CategoryMap({}, "keep"), entries, meant=repr(self))


By = Literal["id", "name"]


@dataclass(frozen=True, repr=False)
class SortCategories(Step):
    """Bring the category list into the order of ids, or of names; ids stay."""

    by: By = "id"

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise RequestError(f"cannot sort categories by {self.by!r}", hint="id or name")

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        entries = list(before.listing.entries)
        if not entries:
            raise RequestError("the file has no category list to sort", where=before.where)
        if self.by == "name":
            before.names()  # refuses what has none
            entries.sort(key=lambda e: str(e.category.name))
        elif len({isinstance(e.category.id, str) for e in entries}) > 1:
            raise RequestError(
                "numbers and strings among the category ids have no order",
                where=before.where,
                hint="--sort name",
            )
        else:
            entries.sort(key=lambda e: cast(int, e.category.id))
        return relabelled(
            dataset,
            before,
            CategoryMap({}, "keep"),
            entries,
            meant=repr(self),
            notes=(f"category list sorted by {self.by}",),
        )
