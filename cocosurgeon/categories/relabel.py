"""A dataset with other category ids, and another category list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.category_list import CategoryList, Entry
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.identity import Id, isin
from cocosurgeon.references import References

_SHOWN = 8


def list_of(dataset: Dataset) -> CategoryList:
    """The category list of a dataset as it is by now.

    Raises:
        StructureError: two entries have one id, or one has none.
    """
    listing = dataset.category_list or CategoryList.of(dataset.content)
    names: dict[Id, str | None] = {}
    for place, entry in enumerate(listing.entries):
        cat_id, name = entry.category.id, entry.category.name
        if cat_id is None:
            raise StructureError(
                f"categories[{place}] ({name!r}) has no id",
                where=dataset.source.name,
                hint="give it one in the source: nothing is guessed",
            )
        if cat_id in names:
            raise StructureError(
                f"two categories have the id {cat_id!r}: {names[cat_id]!r} and {name!r}",
                where=dataset.source.name,
                hint="loaders take the last one; give one of them another id in the source",
            )
        names[cat_id] = name
    return listing


def names_of(dataset: Dataset) -> dict[Id, str]:
    """The names of the classes by id, in the list's order; fillers are no classes.

    Raises:
        RequestError: the file has no categories.
        StructureError: a category has no name, or two have the same.
    """
    entries = [e for e in list_of(dataset).entries if not e.is_filler]
    if not entries:
        raise RequestError(
            "the file has no category names to go by",
            where=dataset.source.name,
            hint="name a space (--from), or give a map of ids (--map)",
        )
    names: dict[Id, str] = {}
    for category in (e.category for e in entries):
        assert category.id is not None, "list_of refuses such"
        if category.name is None:
            raise StructureError(
                f"category {category.id!r} has no name",
                where=dataset.source.name,
                hint="go by ids: name a space (--from), or give a map of ids (--map)",
            )
        if category.name in names.values():
            twins = [i for i, name in names.items() if name == category.name]
            raise StructureError(
                f"two categories are named {category.name!r}: {twins[0]!r} and {category.id!r}",
                where=dataset.source.name,
                hint="go by ids (--map), or rename one in the source",
            )
        names[category.id] = category.name
    return names


@dataclass(frozen=True, eq=False)
class Use:
    """How the kept records of one list name categories.

    Attributes:
        references: the list, and by which key.
        rows: rows of records, each with an id that it names.
        cat_ids: those ids, as they are by now.
    """

    references: References
    rows: Numbers
    cat_ids: Array


def uses_of(dataset: Dataset) -> Iterator[Use]:
    """How the kept records name categories."""
    kept = dict(dataset.rows_kept())
    for references in dataset.content.references:
        rows, cat_ids = references.pairs()
        if references.records in kept:
            is_kept = np.zeros(references.records.count, dtype=np.bool_)
            is_kept[kept[references.records]] = True
            rows, cat_ids = rows[is_kept[rows]], cat_ids[is_kept[rows]]
        now = dataset.category_list.ids(cat_ids) if dataset.category_list else cat_ids
        yield Use(references, rows, now)


def relabelled(
    dataset: Dataset,
    cat_map: CategoryMap,
    entries: Sequence[Entry],
    *,
    meant: str,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """The dataset with category ids changed.

    Args:
        cat_map: what each id becomes.
        entries: the category list after it.
        meant: what was meant to be done, for messages.
        notes: what else to know.

    Raises:
        RequestError: an id is not mapped; two ids would become one without being told to; what
            would have to go cannot.
    """
    listing = list_of(dataset)
    uses = list(uses_of(dataset))
    counts = Counter(i for use in uses for i in use.cat_ids.tolist() if i is not None)
    names = {e.category.id: e.category.name for e in listing.entries if e.category.id is not None}
    present = dict.fromkeys([*names, *counts])
    _require_mapped(dataset, cat_map, present, names, counts, meant)
    changes = {i: cat_map.get(i) for i in present}
    _require_apart(dataset, cat_map, changes, names)
    gone = [i for i, new in changes.items() if new is None]
    result = _without(dataset, uses, gone, names) if gone else dataset
    notes = (*notes, *_notes(changes, names, counts, uses))
    return replace(
        result,
        category_list=listing.renumbered(tuple(entries), changes),
        notes=result.notes + tuple(n for n in notes if n not in result.notes),
    )


def _require_mapped(
    dataset: Dataset,
    cat_map: CategoryMap,
    present: Mapping[Id, None],
    names: Mapping[Id, str | None],
    counts: Counter[Id],
    meant: str,
) -> None:
    missing = [i for i in present if not cat_map.takes(i)]
    if not missing:
        return
    listed = _several(missing, names, counts)
    hint = "--unmapped drop leaves them out, --unmapped keep leaves them as they are"
    if any(isinstance(i, str) for i in missing):
        hint += "; a string is never equal to a number"
    raise RequestError(
        f"{len(missing):,} category ids are not mapped ({meant}): {listed}",
        where=dataset.source.name,
        hint=hint,
    )


def _require_apart(
    dataset: Dataset,
    cat_map: CategoryMap,
    changes: Mapping[Id, Id | None],
    names: Mapping[Id, str | None],
) -> None:
    told = {old for old, _ in cat_map.pairs}
    reached = {new: old for old, new in changes.items() if old in told and new is not None}
    for old in changes:
        if old not in told and changes[old] is not None and old in reached:
            other = reached[old]
            raise RequestError(
                f"the kept category id {old!r} ({names.get(old)!r}) would be one with "
                f"{other!r} ({names.get(other)!r}), which becomes {old!r}",
                where=dataset.source.name,
                hint="drop it (--unmapped drop), or map it to an id of its own",
            )


def _without(
    dataset: Dataset, uses: Sequence[Use], gone: Sequence[Id], names: Mapping[Id, str | None]
) -> Dataset:
    """The dataset without the records of categories that go."""
    for use in uses:
        references = use.references
        leaving = use.rows[isin(use.cat_ids, gone)]
        if not len(leaving) or references.in_lists:
            continue
        if references.inside or references.records is not dataset.content.annotation_records:
            what = "segments" if references.inside else f"records of {references.records.name!r}"
            example = next(i for i in use.cat_ids.tolist() if i in gone)
            raise RequestError(
                f"{len(leaving):,} {what} are of categories that would be dropped, such as "
                f"{example!r} ({names.get(example)!r})",
                where=dataset.source.name,
                hint="the pixels of segments are in PNG files, which stay: map them instead"
                if references.inside
                else "only annotations can be dropped: map those categories instead",
            )
        stay = np.setdiff1d(dataset.annotation_rows, leaving)
        dataset = replace(dataset, annotation_rows=stay)
    return dataset


def _notes(
    changes: Mapping[Id, Id | None],
    names: Mapping[Id, str | None],
    counts: Counter[Id],
    uses: Sequence[Use],
) -> Iterator[str]:
    yield (
        f"category ids that change: {sum(old != new for old, new in changes.items()):,} of "
        f"{len(changes):,}"
    )
    merged = Counter(new for new in changes.values() if new is not None)
    for new in (n for n, count in merged.items() if count > 1):
        olds = [i for i in changes if changes[i] == new]
        yield f"merged into category {new!r}: {_several(olds, names, counts)}"
    unlisted = [i for i in changes if i not in names and changes[i] is not None]
    if names and unlisted:
        listed = _several(unlisted, names, counts)
        yield f"categories that the list does not have, all the same: {listed}"
    gone = [i for i, new in changes.items() if new is None]
    if with_objects := [i for i in gone if counts[i]]:
        yield f"dropped with their objects: {_several(with_objects, names, counts)}"
    if without := [i for i in gone if not counts[i]]:
        yield f"dropped from the list, without objects: {_several(without, names, counts)}"
    nameless = sum(1 for use in uses for i in use.cat_ids.tolist() if i is None)
    if nameless:
        yield f"records without a category id, left as they are: {nameless:,}"


def _several(cat_ids: Sequence[Id], names: Mapping[Id, str | None], counts: Counter[Id]) -> str:
    more = f"; and {len(cat_ids) - _SHOWN:,} more" if len(cat_ids) > _SHOWN else ""
    return "; ".join(_called(i, names, counts) for i in cat_ids[:_SHOWN]) + more


def _called(cat_id: Id, names: Mapping[Id, str | None], counts: Counter[Id]) -> str:
    name = f"{names[cat_id]!r}" if cat_id in names else "not in the category list"
    return f"{cat_id!r} ({name}, {counts[cat_id]:,} objects)"
