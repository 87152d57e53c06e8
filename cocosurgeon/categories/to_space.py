"""Change of category ids to those of a label space."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from cocosurgeon.categories.by_names import map_by_names
from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.guess import only_space, require_names
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.policy import BY_NAMES, Pairs, Unmapped
from cocosurgeon.categories.remap import Remapping, remapped_entries, with_placeholders
from cocosurgeon.categories.spaces import Space, find_space
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import Category
from cocosurgeon.errors import UnknownNameError
from cocosurgeon.text import did_you_mean, first_few


def to_space(
    dataset: Dataset,
    to: str,
    from_: str | None = None,
    start: int | None = None,
    unmapped: Unmapped = "error",
    aliases: Pairs = (),
) -> Dataset:
    """Change category ids to those of a label space; see ``cocosurgeon.ToSpace``.

    Raises:
        RequestError: the file fits no known label space, or several; an id is not mapped; two would
            become one.
        UnknownNameError: a name of ``aliases`` is unknown; a name is nearly that of a class.
        StructureError: a category has no id, or two have the same.
    """
    before = Inventory.of(dataset)
    space = find_space(to)
    target = space if start is None else space.counted_from(start)
    source = None
    if from_ != BY_NAMES:
        source = find_space(from_) if from_ else only_space(before, target, dict(aliases))
        require_names(before, source, dict(aliases))
    cat_map = _map_between(before, source, target, unmapped, dict(aliases))
    entries = remapped_entries(before, cat_map)
    if target.has_gaps and dataset.index.category_records is not None:
        entries, notes = _with_every_row(before, entries, target)
    else:
        entries, notes = _in_earlier_order(before, entries)
        notes += _misplaced(entries, target)
    if not (dataset.index.is_results or dataset.index.category_records):
        text = "the file has no list 'categories': a loader cannot number the labels of"
        notes = (f"{text} {target}", *notes)
    meant = f"{source.name if source else BY_NAMES} -> {target}"
    meanings = {**target.unused, **target.classes}
    remapping = Remapping(
        before,
        cat_map,
        entries,
        meant,
        notes=(meant, *notes),
        taken={i: f"{what} in {target}" for i, what in meanings.items()},
    )
    if remapping.is_empty:
        is_shifted = target.classes.keys() != space.classes.keys()
        where = f"{target}, ids from {start}" if is_shifted else target.name
        note = f"nothing changes: the file is already in {where}"
        remapping = replace(remapping, notes=(*remapping.notes, note))
    return remapping.apply(dataset)


def _map_between(
    before: Inventory,
    source: Space | None,
    target: Space,
    unmapped: Unmapped,
    aliases: Mapping[str, str],
) -> CategoryMap:
    if source is None:
        made = map_by_names(before, before.names(), target.classes, unmapped, aliases)
    elif source.is_named and target.is_named:
        classes = source.classes
        names: dict[Id, str] = {
            i: classes[i] for i in before.ids if isinstance(i, int) and i in classes
        }
        between = _between_classes(aliases, names, before)
        made = map_by_names(before, names, target.classes, unmapped, between)
    else:  # classes go by number, not by name
        made = CategoryMap.between(source, target, unmapped)
    return with_placeholders(made, before, source, target)


def _between_classes(
    aliases: Mapping[str, str], names: Mapping[Id, str], before: Inventory
) -> dict[str, str]:
    """Return the aliases between classes of two label spaces, without those of names in the file.

    Raises:
        UnknownNameError: a name is neither a class nor in the file.
    """
    of_source = set(names.values())
    known = of_source.union(n for n in before.classes.values() if n is not None)
    for old in aliases:
        if old not in known:
            raise UnknownNameError(
                f"the alias is for a name that is not there: {old!r}",
                where=before.where,
                hint=did_you_mean(old, sorted(known), "there are"),
            )
    return {o: n for o, n in aliases.items() if o in of_source and n not in of_source}


def _with_every_row(
    before: Inventory, entries: list[Entry], target: Space
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return an entry for every row of a head, in order, then the others; and notes.

    The first placeholder stores the order that the list had, so that it can be restored.
    """
    by_id = {e.category.id: e for e in entries}
    names = dict(enumerate(target.names_in_list()))
    added = {i for i in names if i not in by_id}
    rows = [by_id.pop(i, Entry.placeholder(Category(i, name))) for i, name in names.items()]
    notes = [f"entries added so that place == id: {len(added):,}"] if added else []
    if absent := [names[i] for i in names if i in added and i in target.classes]:
        notes.append(
            f"of these, classes that the file does not list: {len(absent):,} ({first_few(absent)})"
        )
    order = _order_of(before, entries)
    if order is not None:
        row = next((i for i, e in enumerate(rows) if e.order or i in added), None)
        if row is None:
            notes.append("category list reordered: --like SOURCE restores the order")
        else:
            notes.append("category list reordered by id")
            if not rows[row].order:
                rows[row] = Entry.placeholder(rows[row].category, order)
    return [*rows, *by_id.values()], tuple(notes)


def _in_earlier_order(
    before: Inventory, entries: list[Entry]
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the entries in the order that they had before placeholders were added, and a note."""
    order = _remembered_order(before)
    if order is None or sorted(order) != list(range(len(entries))):
        return entries, ()
    return [entries[rank] for rank in order], ("category list in the order it had before",)


def _order_of(before: Inventory, entries: Iterable[Entry]) -> tuple[int, ...] | None:
    """Return the rank of each entry by its id, if the list is not sorted by id; else the order that
    a placeholder stores."""
    placeholders = {e.row for e in before.placeholders}
    ids = [e.category.id for e in entries if e.row is None or e.row not in placeholders]
    numbers = [i for i in ids if isinstance(i, (int, float))]
    rank = {i: place for place, i in enumerate(sorted(numbers))}
    ranks = tuple(rank[i] for i in numbers)
    if len(numbers) == len(ids) and ranks != tuple(range(len(ranks))):
        return ranks
    remembered = _remembered_order(before)
    return remembered if remembered and len(remembered) == len(ids) else None


def _remembered_order(before: Inventory) -> tuple[int, ...] | None:
    return next((e.order for e in before.placeholders if e.order), None)


def _misplaced(entries: Collection[Entry], target: Space) -> tuple[str, ...]:
    """Return a note if ids should be places in the list, but are not."""
    placed = enumerate(entries, min(target.classes))
    wrong = [e for place, e in placed if e.category.id != place]
    if not target.counts_positions or not wrong:
        return ()
    return (
        f"entries whose id is not their place in the list: {len(wrong):,} of {len(entries):,}, "
        f"such as {wrong[0].category.name!r}; MMDetection numbers labels by place (sort the "
        "list by id, or take that of a complete file)",
    )
