"""Steps that go by the file's own names: WithNames, Like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from cocosurgeon.categories.category_map import CategoryMap, Names, Unmapped
from cocosurgeon.categories.entries import moved_entries, with_fillers
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.relabel import relabelled
from cocosurgeon.dataset.category_list import BACKGROUND, FILLER, Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import Category
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.select.plan import Step
from cocosurgeon.text import did_you_mean

BY_NAMES = "names"
"""In place of a space: what the file's own names say."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, repr=False)
class WithNames(Step):
    """Make these the categories, in this order: ``WithNames(("person", "car"))``.

    Attributes:
        names: names in the file, or what its names stand for.
        start: the first one's id.
        unmapped: what becomes of the others; kept ones stand behind, with their ids.
        aliases: names in the file that stand for other names.
    """

    names: tuple[str, ...]
    start: int = 0
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        require_names_once(self.names)
        if self.start < 0:
            raise RequestError(f"ids cannot begin with {self.start}", hint="a number from 0 on")
        require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        aliases = dict(self.aliases)
        known = {i: aliases.get(name, name) for i, name in before.names().items()}
        for name in self.names:
            require_known(name, known.values(), before)
        after = dict(enumerate(self.names, self.start))
        chosen = {i: n for i, n in before.names().items() if known[i] in self.names}
        made = map_by_names(before, chosen, after, self.unmapped, aliases)
        made = with_fillers(made, before, None, None)
        moved = {e.category.id: e for e in moved_entries(before, made)}
        ordered = [*(moved.pop(i) for i in after), *moved.values()]
        meant = f"categories {', '.join(self.names)}"
        return relabelled(dataset, before, made, ordered, meant=meant)


@dataclass(frozen=True, repr=False)
class Like(Step):
    """Bring categories into another file's ids and order, by their names.

    An entry that only the other file has is added, as it stands there.

    Attributes:
        like: the other file's list: id, name and the JSON of each entry.
        unmapped: what becomes of categories that the other file does not have.
        aliases: names in the file that stand for names in the other.
    """

    like: tuple[tuple[Id, str, str], ...]
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        require_policy(self.unmapped)

    @classmethod
    def of(cls, other: Dataset, unmapped: Unmapped = "error", aliases: Pairs = ()) -> Like:
        """The step that makes categories like another file's.

        Raises:
            RequestError, StructureError: it has no categories, or not each with a name of its own.
        """
        inventory = Inventory.of(other)
        inventory.names()
        records = other.index.category_records
        assert records is not None, "names() refuses such"
        listing = inventory.listing
        named = zip(listing.categories, listing.texts(records), strict=True)
        entries = [(c.id, str(c.name), t.decode()) for c, t in named if c.id is not None]
        return cls(tuple(entries), unmapped, aliases)

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        other = {i: name for i, name, _ in self.like if name not in (FILLER, BACKGROUND)}
        made = map_by_names(before, before.names(), other, self.unmapped, dict(self.aliases))
        made = with_fillers(made, before, None, None)
        moved = {e.category.id: e for e in moved_entries(before, made)}
        added = [name for i, name, _ in self.like if i not in moved]
        ordered = [
            moved.pop(i, Entry(Category(i, name), text=text.encode()))
            for i, name, text in self.like
        ]
        notes = (f"entries added, as the other file has them: {', '.join(added)}",) if added else ()
        return relabelled(
            dataset,
            before,
            made,
            [*ordered, *moved.values()],
            meant="another file's categories",
            notes=notes,
        )


def map_by_names(
    before: Inventory, old: Names, new: Names, unmapped: Unmapped, aliases: Mapping[str, str]
) -> CategoryMap:
    """``CategoryMap.by_names``, with errors that name the file."""
    try:
        return CategoryMap.by_names(old, new, unmapped, aliases)
    except RequestError as error:
        raise type(error)(error.what, where=before.where, hint=error.hint) from error


def require_known(name: str, known: Iterable[str], before: Inventory) -> None:
    """Refuse a name that the file does not have."""
    names = list(known)
    if name not in names:
        raise UnknownNameError(
            f"no category is named {name!r}", where=before.where, hint=did_you_mean(name, names)
        )


def require_names_once(names: tuple[str, ...]) -> None:
    """Refuse what is no list of different names (a single string is none)."""
    if not isinstance(names, tuple) or not names or len(set(names)) < len(names):
        raise RequestError(f"names of categories, each once: {names!r}")


def require_policy(unmapped: str) -> None:
    """Refuse an unknown way with unmapped ids."""
    if unmapped not in get_args(Unmapped):
        raise RequestError(
            f"unknown way with unmapped ids: {unmapped!r}", hint="error, drop or keep"
        )
