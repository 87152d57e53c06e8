"""Category ids by category names: positions in a list of names, or the ids of another file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cocosurgeon.categories.category_map import CategoryMap, Names
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.policy import Pairs, Unmapped
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
        names, unmapped, aliases: see ``cocosurgeon.Classes``.

    Raises:
        RequestError: an id is not mapped, or the file lists no categories.
        UnknownNameError: the file lacks one of the names.
        StructureError: a category has no id or name, or two have the same.
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
    """Return the category list of a file, for ``like``.

    Raises:
        RequestError: it has no categories.
        StructureError: a category has no id or name, or two have the same.
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
    """Give categories the ids and the order of another file, by their names.

    Entries that only the other file has are added unchanged.

    Args:
        entries: the other file's list; see ``like_entries``.
        unmapped, aliases: see ``cocosurgeon.Like``.

    Raises:
        RequestError: an id is not mapped, or the file lists no categories.
        UnknownNameError: a name of ``aliases`` is unknown; a name is nearly one of the other file.
        StructureError: a category has no id or name, or two have the same.
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
    """Raise UnknownNameError for the first name that the file does not have."""
    in_file = set(known)
    for name in names:
        if name not in in_file:
            raise UnknownNameError(
                f"no category is named {name!r}",
                where=before.where,
                hint=did_you_mean(name, known, "the file has"),
            )
