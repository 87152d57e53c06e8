"""Changes of category ids and of the category list: by a map, merge, rename, sort, renumber."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import cast

from cocosurgeon.categories.by_names import require_known
from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.policy import By, Numbering, Unmapped
from cocosurgeon.categories.remap import Remapping, remapped_entries, with_placeholders
from cocosurgeon.dataset.category_list import CategoryList, Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_other_type
from cocosurgeon.errors import RequestError


def remap(dataset: Dataset, category_map: CategoryMap) -> Dataset:
    """Change category ids by a map. The list keeps its order; of merged entries, the first stays.

    Raises:
        RequestError: an id is not mapped, or a kept id would collide with a mapped one.
        StructureError: a category has no id, or two have the same.
    """
    before = Inventory.of(dataset)
    entries = remapped_entries(before, category_map)
    return Remapping(before, category_map, entries, meant=repr(category_map)).apply(dataset)


def merge(dataset: Dataset, name: str, of: tuple[str, ...]) -> Dataset:
    """Make several categories one, with the id and the place of the first of them in the list.

    Raises:
        UnknownNameError: the file lacks one of the names.
        RequestError: the file has another category of the new name.
        StructureError: a category has no id or name, or two have the same.
    """
    before = Inventory.of(dataset)
    known = before.names()
    require_known(of, known.values(), before)
    merged = set(of)
    ids = [i for i, each in known.items() if each in merged]
    if name in known.values() and name not in merged:
        raise RequestError(
            f"the file has a category {name!r} of its own",
            where=before.where,
            hint=f"include it: --merge {quote(name + '=' + ','.join((name, *of)))}",
            python=f"include it: Merge({name!r}, {[name, *of]!r})",
        )
    listed = [e.category.id for e in before.listing.entries if e.category.id is not None]
    cat_map = CategoryMap({**{i: i for i in listed}, **dict.fromkeys(ids, ids[0])}, "keep")
    entries = [
        e.named(name) if e.category.id == ids[0] else e for e in remapped_entries(before, cat_map)
    ]
    return Remapping(before, cat_map, entries, meant=f"merge {name}").apply(dataset)


def rename(dataset: Dataset, old: str, new: str) -> Dataset:
    """Rename a category.

    Raises:
        UnknownNameError: the file does not have the old name.
        RequestError: it has the new one already.
        StructureError: a category has no id or name, or two have the same.
    """
    before = Inventory.of(dataset)
    known = before.names()
    require_known([old], known.values(), before)
    if new in known.values() and new != old:
        raise RequestError(
            f"the file has a category {new!r} already",
            where=before.where,
            hint=f"--merge {quote(f'{new}={new},{old}')} makes them one",
            python=f"Merge({new!r}, {[new, old]!r}) makes them one",
        )
    entries = [e.named(new) if e.category.name == old else e for e in before.listing.entries]
    return Remapping(before, CategoryMap({}, "keep"), entries, meant=f"rename {old}").apply(dataset)


def flatten(dataset: Dataset) -> Dataset:
    """Set the ``supercategory`` of every category that has one to ``none``.

    Raises:
        RequestError: the file has no category list.
    """
    listing = dataset.category_list or CategoryList.of(dataset.index)
    records = dataset.index.category_records
    if records is None or not listing.entries:
        raise RequestError("the file has no category list", where=dataset.source.name)
    entries = tuple(replace(entry, is_flat=True) for entry in listing.entries)
    result = replace(listing, entries=entries)
    pairs = zip(listing.texts(records), result.texts(records), strict=True)
    changed = sum(before != after for before, after in pairs)
    note = f'categories whose supercategory becomes "none": {changed:,} of {len(entries):,}'
    return replace(dataset, category_list=result, notes=(*dataset.notes, note))


def drop_unused(dataset: Dataset) -> Dataset:
    """Drop categories without objects from the list; the others keep their ids.

    A category is in use even if records name it by another type (``"1"`` for 1).

    Raises:
        RequestError: the file has no category list, or none of it is in use.
        StructureError: a category has no id, or two have the same.
    """
    before = Inventory.of(dataset)
    listed = [e.category.id for e in before.listing.entries if e.category.id is not None]
    if not listed:
        raise RequestError("the file has no category list", where=before.where)
    used = {i if i in listed else as_other_type(i) for i in before.objects}
    if not used.intersection(listed):
        raise RequestError(
            "no category has an annotation: the list would be empty", where=before.where
        )
    unused = set(listed) - used
    cat_map = CategoryMap({i: None if i in unused else i for i in (*listed, *before.used)})
    notes = ("every category has annotations",) if used.issuperset(listed) else ()
    entries = remapped_entries(before, cat_map)
    remapping = Remapping(before, cat_map, entries, meant="drop unused", notes=notes)
    return _compared(remapping.apply(dataset))


def _compared(dataset: Dataset) -> Dataset:
    """Return the dataset, with the labels of each loader in its summary."""
    listing = dataset.category_list
    return replace(dataset, category_list=listing and replace(listing, is_compared=True))


def shift(dataset: Dataset, by: int) -> Dataset:
    """Add a number to every category id, listed or used, even to those of placeholders.

    Raises:
        RequestError: an id is text, or would be below 0.
        StructureError: a category has no id, or two have the same.
    """
    before = Inventory.of(dataset)
    placeholders = (e.category.id for e in before.placeholders if e.category.id is not None)
    ids = list(dict.fromkeys([*before.ids, *placeholders]))
    numbers = [i for i in ids if isinstance(i, int)]
    if len(numbers) < len(ids):
        other = next(i for i in ids if not isinstance(i, int))
        raise RequestError(
            f"category id {before.called(other)} is not a whole number: nothing can be added to it",
            where=before.where,
            hint="say what each id becomes: --map FILE",
            python="say what each id becomes: Remap({...})",
        )
    if numbers and min(numbers) + by < 0:
        lowest = min(numbers)
        raise RequestError(
            f"category id {before.called(lowest)} would become {lowest + by}: an id below 0 is "
            f"not a label",
            where=before.where,
            hint=f"--shift {-lowest} makes it 0",
            python=f"Shift({-lowest}) makes it 0",
        )
    cat_map = CategoryMap({i: i + by for i in numbers})
    entries = remapped_entries(before, cat_map)
    notes = []
    if numbers:
        first, last = min(numbers), max(numbers)
        notes.append(
            f"category id {first} becomes {first + by}"
            if first == last
            else f"category ids {first}..{last} become {first + by}..{last + by}"
        )
    remapping = Remapping(before, cat_map, entries, f"shift by {by}", tuple(notes))
    return _compared(remapping.apply(dataset))


def sort_categories(dataset: Dataset, by: By = "id") -> Dataset:
    """Sort the category list by id, or by name; ids stay.

    Raises:
        RequestError: there is no list, or its ids have no order.
        StructureError: a category has no id, or two have the same; by name: also for names.
    """
    before = Inventory.of(dataset)
    if not before.listing.entries:
        raise RequestError("the file has no category list to sort", where=before.where)
    if by == "name":
        before.names()  # raises if a category has no name
    return Remapping(
        before,
        CategoryMap({}, "keep"),
        _sorted(before, by),
        meant=f"sort by {by}",
        notes=(f"category list sorted by {by}",),
    ).apply(dataset)


def renumber(
    dataset: Dataset, start: int = 0, sort: Numbering = "list", unmapped: Unmapped = "error"
) -> Dataset:
    """Number the file's own categories ``start``, ``start + 1``, ..., without placeholders.

    Args:
        start, sort, unmapped: see ``cocosurgeon.Renumber``.

    Raises:
        RequestError: the file lists no categories; an id is not mapped; ids of different types, or
            categories without a name, have no order.
        StructureError: a category has no id, or two have the same.
    """
    before = Inventory.of(dataset)
    if not before.classes:
        raise RequestError(
            "the file has no category list to number",
            where=before.where,
            hint="instead of --renumber, use --like ANN_FILE (a file with categories), or --map "
            "FILE"
            if dataset.index.is_results
            else "give it a list 'categories' first",
            python="use Like or Remap" if dataset.index.is_results else None,
        )
    listed = [e.category.id for e in _sorted(before, sort) if e.category.id in before.classes]
    numbers = {i: number for number, i in enumerate(listed, start) if i is not None}
    cat_map = with_placeholders(CategoryMap(numbers, unmapped), before)
    entries = sorted(remapped_entries(before, cat_map), key=lambda e: cast(int, e.category.id))
    order = "the order of the list" if sort == "list" else f"the order of {sort}s"
    note = f"categories numbered from {start} to {start + len(listed) - 1} in {order}"
    meant = f"numbers from {start}"
    return Remapping(before, cat_map, entries, meant, notes=(note,)).apply(dataset)


def _sorted(before: Inventory, by: Numbering) -> list[Entry]:
    """Return the entries of the list in an order.

    Raises:
        RequestError: a name is missing, or ids are of different types.
    """
    entries = list(before.listing.entries)
    if by == "name":
        if any(e.category.name is None for e in entries):
            raise RequestError(
                "categories without a name have no order by name",
                where=before.where,
                hint="use --sort id",
            )
        return sorted(entries, key=lambda e: str(e.category.name))
    if by == "id":
        if len({isinstance(e.category.id, str) for e in entries}) > 1:
            raise RequestError(
                "numbers and strings among the category ids have no order",
                where=before.where,
                hint="use --sort name",
            )
        return sorted(entries, key=lambda e: cast(int, e.category.id))
    return entries
