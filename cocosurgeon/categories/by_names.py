"""Category ids by the file's own names: those of a list of names, or of another file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cocosurgeon.categories.category_map import CategoryMap, Names
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.policy import (
    Pairs,
    Unmapped,
)
from cocosurgeon.categories.remap import Remapping, remapped_entries, with_placeholders
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import Category
from cocosurgeon.dataset.placeholders import BACKGROUND, PLACEHOLDER
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.text import did_you_mean

ListedEntry = tuple[Id, str, str]
"""Id, name and JSON text of an entry of another file's category list."""


def with_names(
    dataset: Dataset,
    names: tuple[str, ...],
    start: int = 0,
    unmapped: Unmapped = "error",
    aliases: Pairs = (),
) -> Dataset:
    """Make these the categories, in this order, with ids from ``start`` on.

    Args:
        names: names in the file, or what its names stand for.
        unmapped: what becomes of the others; kept ones come last, with their ids.
        aliases: names in the file that stand for other names.

    Raises:
        RequestError: an id is not mapped, or the file lists no categories.
        UnknownNameError: the file does not have a name.
        StructureError: categories without an id or a name, or with the same.
    """
    before = Inventory.of(dataset)
    stands_for = dict(aliases)
    meanings = {i: stands_for.get(name, name) for i, name in before.names().items()}
    require_known(names, meanings.values(), before)
    after: dict[Id, str] = dict(enumerate(names, start))
    wanted = set(names)
    chosen = {i: name for i, name in before.names().items() if meanings[i] in wanted}
    cat_map = map_by_names(before, chosen, after, unmapped, stands_for)
    cat_map = with_placeholders(cat_map, before)
    moved = {e.category.id: e for e in remapped_entries(before, cat_map)}
    entries = [*(moved.pop(i) for i in after), *moved.values()]
    meant = f"categories {', '.join(names)}"
    return Remapping(before, cat_map, entries, meant).apply(dataset)


def like_entries(other: Dataset) -> tuple[ListedEntry, ...]:
    """Return the category list of a file, as ``like`` takes it.

    Raises:
        RequestError: it has no categories.
        StructureError: not each has an id and a name of its own.
    """
    inventory = Inventory.of(other)
    inventory.names()
    records = other.index.category_records
    assert records is not None, "names() refuses such"
    listing = inventory.listing
    named = zip(listing.categories, listing.texts(records), strict=True)
    return tuple((c.id, str(c.name), t.decode()) for c, t in named if c.id is not None)


def like(
    dataset: Dataset,
    entries: tuple[ListedEntry, ...],
    unmapped: Unmapped = "error",
    aliases: Pairs = (),
) -> Dataset:
    """Bring categories into another file's ids and order, by their names.

    An entry that only the other file has is added, as it is there.

    Args:
        entries: the other file's list; see ``like_entries``.
        unmapped: what becomes of categories that the other file does not have.
        aliases: names in the file that stand for names in the other.

    Raises:
        RequestError: an id is not mapped, or the file lists no categories.
        UnknownNameError: an alias is for no name; a name is nearly one of the other file.
        StructureError: categories without an id or a name, or with the same.
    """
    before = Inventory.of(dataset)
    other = {i: name for i, name, _ in entries if name not in (PLACEHOLDER, BACKGROUND)}
    cat_map = map_by_names(before, before.names(), other, unmapped, dict(aliases))
    cat_map = with_placeholders(cat_map, before)
    moved = {e.category.id: e for e in remapped_entries(before, cat_map)}
    added = [name for i, name, _ in entries if i not in moved]
    ordered = [
        moved.pop(i, Entry(Category(i, name), text=text.encode())) for i, name, text in entries
    ]
    return Remapping(
        before,
        cat_map,
        [*ordered, *moved.values()],
        meant="another file's categories",
        notes=(f"entries added from the other file: {', '.join(added)}",) if added else (),
    ).apply(dataset)


def map_by_names(
    before: Inventory, old: Names, new: Names, unmapped: Unmapped, aliases: Mapping[str, str]
) -> CategoryMap:
    """Return ``CategoryMap.by_names``, with errors that name the file."""
    try:
        return CategoryMap.by_names(old, new, unmapped, aliases)
    except RequestError as error:
        raise type(error)(error.what, where=before.where, hint=error.hint) from error


def require_known(names: Iterable[str], known: Collection[str], before: Inventory) -> None:
    """Refuse names that the file does not have.

    Raises:
        UnknownNameError: the first of them.
    """
    in_file = set(known)
    for name in names:
        if name not in in_file:
            raise UnknownNameError(
                f"no category is named {name!r}",
                where=before.where,
                hint=did_you_mean(name, known),
            )
