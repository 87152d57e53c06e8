"""The entries of a category list after a map: moved, filled up, put in order."""

from __future__ import annotations

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.relabel import list_of, uses_of
from cocosurgeon.categories.space import Space
from cocosurgeon.category_list import Entry
from cocosurgeon.content import Category
from cocosurgeon.dataset import Dataset
from cocosurgeon.identity import Id

_SHOWN = 8


def moved_entries(dataset: Dataset, cat_map: CategoryMap) -> list[Entry]:
    """The list with its ids mapped, in its order; of merged entries the first."""
    entries: dict[Id, Entry] = {}
    for entry in list_of(dataset).entries:
        old = entry.category.id
        if old is None or not cat_map.takes(old) or (new := cat_map.get(old)) is None:
            continue  # what is not mapped is told by relabelled
        entries.setdefault(new, entry.numbered(new))
    return list(entries.values())


def filled(entries: list[Entry], target: Space) -> tuple[list[Entry], tuple[str, ...]]:
    """An entry for every row of a head, in order, then the others; and notes of what was done."""
    by_id = {e.category.id: e for e in entries}
    wanted = dict(enumerate(target.names_in_list()))
    rows = [by_id.pop(i, Entry.added(Category(i, name))) for i, name in wanted.items()]
    added = [e for e in rows if e not in entries]
    absent = [str(e.category.name) for e in added if e.category.id in target.classes]
    notes = [f"entries added so that place == id: {len(added):,}"] if added else []
    if absent:
        shown = ", ".join(absent[:_SHOWN]) + (", ..." if len(absent) > _SHOWN else "")
        notes.append(f"of these, classes that the file does not list: {len(absent):,} ({shown})")
    if not _ascending(entries):
        notes.append("category list reordered: its way back needs --like the source")
    return [*rows, *by_id.values()], tuple(notes)


def misplaced(entries: list[Entry], target: Space, shift: int) -> tuple[str, ...]:
    """A note where ids are meant to be places in the list, and are not."""
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
    cat_map: CategoryMap, dataset: Dataset, source: Space | None, target: Space | None
) -> CategoryMap:
    """The map with what becomes of the list's fillers: in a head with unused rows what they stand
    for there, elsewhere nothing.

    A filler that records use is none: it is left for the map to tell.

    Args:
        source, target: the spaces that the map is between; None: it is between names.
    """
    used = {i for use in uses_of(dataset) for i in use.cat_ids.tolist()}
    pairs = dict(cat_map.pairs)
    is_filled = target is not None and target.has_gaps
    unused = {what: i for i, what in target.unused.items()} if target else {}
    for entry in list_of(dataset).entries:
        old = entry.category.id
        if not entry.is_filler or old is None or old in used:
            continue
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


def _ascending(entries: list[Entry]) -> bool:
    ids = [e.category.id for e in entries]
    numbers = [i for i in ids if not isinstance(i, str) and i is not None]
    return len(numbers) == len(ids) and numbers == sorted(numbers)
