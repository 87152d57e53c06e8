"""The entries of a category list after a map: moved, filled up, put in order.

Entries that fill gaps are marked as such, and the first of them remembers the order that the list
had before, so that the way back gives the very same list.
"""

from __future__ import annotations

from collections.abc import Sequence

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.space import Space
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import Category

_SHOWN = 8

Order = tuple[int, ...]
"""For each entry, in the order before: its rank by id."""


def moved_entries(before: Inventory, cat_map: CategoryMap) -> list[Entry]:
    """The list with its ids mapped, in its order; of merged entries the first."""
    entries: dict[Id, Entry] = {}
    for entry in before.listing.entries:
        old = entry.category.id
        if old is None or not cat_map.takes(old) or (new := cat_map.get(old)) is None:
            continue  # what is not mapped is told by relabelled
        entries.setdefault(new, entry.numbered(new))
    return list(entries.values())


def filled(
    before: Inventory, entries: list[Entry], target: Space
) -> tuple[list[Entry], tuple[str, ...]]:
    """An entry for every row of a head, in order, then the others; and notes of what was done."""
    by_id = {e.category.id: e for e in entries}
    wanted = dict(enumerate(target.names_in_list()))
    rows = [by_id.pop(i, Entry.filler(Category(i, name))) for i, name in wanted.items()]
    added = [e for e in rows if e not in entries]
    absent = [str(e.category.name) for e in added if e.category.id in target.classes]
    notes = [f"entries added so that place == id: {len(added):,}"] if added else []
    if absent:
        shown = ", ".join(absent[:_SHOWN]) + (", ..." if len(absent) > _SHOWN else "")
        notes.append(f"of these, classes that the file does not list: {len(absent):,} ({shown})")
    order = _order_of(before, entries)
    if order is not None:
        carrier = next((e for e in rows if e.order or e in added), None)
        if carrier is None:
            notes.append("category list reordered: its way back needs --like the source")
        else:
            notes.append("category list reordered by id")
            if not carrier.order:
                rows[rows.index(carrier)] = Entry.filler(carrier.category, order)
    return [*rows, *by_id.values()], tuple(notes)


def unfilled(before: Inventory, entries: list[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries in the order that they had before fillers came among them; and a note."""
    order = next((e.order for e in before.fillers if e.order), None)
    if order is None or sorted(order) != list(range(len(entries))):
        return entries, ()
    return [entries[rank] for rank in order], ("category list in the order it had before",)


def misplaced(entries: list[Entry], target: Space, shift: int) -> tuple[str, ...]:
    """Notes where ids are meant to be places in the list, and are not."""
    first = min(target.classes) + shift
    wrong = [e for place, e in enumerate(entries, first) if e.category.id != place]
    if not target.index.startswith("position") or not wrong:
        return ()
    return (
        f"entries whose id is not their place in the list: {len(wrong):,} of {len(entries):,}, "
        f"such as {wrong[0].category.name!r}; MMDetection numbers labels by place (--sort id "
        "orders the list, --like a whole file completes it)",
    )


def with_fillers(
    cat_map: CategoryMap, before: Inventory, source: Space | None, target: Space | None
) -> CategoryMap:
    """The map with what becomes of the list's fillers: in a head with unused rows what they stand
    for there, elsewhere nothing.

    Args:
        source, target: the spaces that the map is between; None: it is between names.
    """
    is_filled = target is not None and target.has_gaps
    unused = {what: i for i, what in target.unused.items()} if target else {}
    pairs = dict(cat_map.pairs)
    for old in (e.category.id for e in before.fillers):
        if old is not None:
            what = source.unused.get(old) if source and isinstance(old, int) else None
            stands_for = pairs.get(old) if what is None else unused.get(what)
            pairs[old] = stands_for if is_filled else None
    return CategoryMap(
        pairs,
        cat_map.unmapped,
        refused=cat_map.refused,
        before=cat_map.before,
        after=cat_map.after,
    )


def _order_of(before: Inventory, entries: Sequence[Entry]) -> Order | None:
    """The order to remember: as it is, if that is not the order of ids, or was remembered."""
    fillers = {e.row for e in before.fillers}
    ids = [e.category.id for e in entries if e.row is None or e.row not in fillers]
    numbers = [i for i in ids if isinstance(i, (int, float))]
    rank = {i: place for place, i in enumerate(sorted(numbers))}
    ranks = tuple(rank[i] for i in numbers)
    if len(numbers) == len(ids) and ranks != tuple(range(len(ranks))):
        return ranks
    remembered = next((e.order for e in before.fillers if e.order), None)
    return remembered if remembered and len(remembered) == len(ids) else None
