"""A dataset with other category ids, and another category list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, isin
from cocosurgeon.errors import RequestError

_SHOWN = 8


def relabelled(
    dataset: Dataset,
    before: Inventory,
    cat_map: CategoryMap,
    entries: Sequence[Entry],
    *,
    meant: str,
    notes: tuple[str, ...] = (),
    taken: Mapping[int, str] | None = None,
) -> Dataset:
    """The dataset with category ids changed.

    Args:
        before: its inventory.
        cat_map: what each id becomes.
        entries: the category list after it.
        meant: what was meant to be done, for messages.
        notes: what else to know.
        taken: ids that mean something after it, and what: no other id may stay what it is there.

    Raises:
        RequestError: an id is not mapped; two ids would become one without being told to; what
            would have to go cannot.
    """
    present = list(dict.fromkeys([*(e.category.id for e in before.listing.entries), *before.ids]))
    ids = [i for i in present if i is not None]
    _require_mapped(before, cat_map, ids, meant)
    changes = {i: cat_map.get(i) for i in ids}
    told = {old for old, _ in cat_map.pairs}
    kept = [i for i in ids if i not in told and changes[i] is not None]
    _require_apart(before, changes, kept, taken or {})
    gone = [i for i, new in changes.items() if new is None]
    result = _without(dataset, before, gone) if gone else dataset
    found = (*notes, *_notes(before, changes, kept if told else []), *_displaced(before, entries))
    return replace(
        result,
        category_list=before.listing.renumbered(tuple(entries), changes),
        notes=result.notes + tuple(n for n in found if n not in result.notes),
    )


def _require_mapped(before: Inventory, cat_map: CategoryMap, ids: Sequence[Id], meant: str) -> None:
    missing = [i for i in ids if not cat_map.takes(i)]
    if not missing:
        return
    hint = "--unmapped drop leaves them out, --unmapped keep leaves them as they are"
    if any(isinstance(i, str) for i in missing):
        hint += "; a string is never equal to a number"
    raise RequestError(
        f"{len(missing):,} category ids are not mapped ({meant}): {_several(missing, before)}",
        where=before.where,
        hint=hint,
    )


def _require_apart(
    before: Inventory,
    changes: Mapping[Id, Id | None],
    kept: Sequence[Id],
    taken: Mapping[int, str],
) -> None:
    """Refuse ids that stay what they are where that would mean something else."""
    staying = set(kept)
    reached = {new: old for old, new in changes.items() if old not in staying and new is not None}
    hint = "drop it (--unmapped drop), or map it to an id of its own"
    for old in kept:
        if old in reached:
            raise RequestError(
                f"the kept category {before.called(old)} would be one with "
                f"{before.called(reached[old])}, which becomes {old!r}",
                where=before.where,
                hint=hint,
            )
        if isinstance(old, int) and old in taken:
            raise RequestError(
                f"the kept category {before.called(old)} would mean {taken[old]}",
                where=before.where,
                hint=hint,
            )


def _without(dataset: Dataset, before: Inventory, gone: Sequence[Id]) -> Dataset:
    """The dataset without the annotations of categories that go."""
    for use in before.uses:
        references = use.references
        is_leaving = isin(use.cat_ids, gone)
        leaving = use.rows[is_leaving]
        if not len(leaving) or references.in_lists:
            continue
        if references.inside or references.records is not dataset.index.annotation_records:
            what = "segments" if references.inside else f"records of {references.records.name!r}"
            example = before.called(use.cat_ids[is_leaving].tolist()[0])
            raise RequestError(
                f"{len(leaving):,} {what} are of categories that would be dropped, such as "
                f"{example}",
                where=before.where,
                hint="the pixels of segments are in PNG files, which stay: map them instead"
                if references.inside
                else "only annotations can be dropped: map those categories instead",
            )
        stay = np.setdiff1d(dataset.annotation_rows, leaving)
        dataset = replace(dataset, annotation_rows=stay)
    return dataset


def _notes(before: Inventory, changes: Mapping[Id, Id | None], kept: Sequence[Id]) -> Iterator[str]:
    staying = {old: new for old, new in changes.items() if new is not None}
    changed = sum(old != new for old, new in staying.items())
    yield f"category ids that change: {changed:,} of {len(staying):,}"
    sources: defaultdict[Id, list[Id]] = defaultdict(list)
    for old, new in staying.items():
        sources[new].append(old)
    for new, olds in sources.items():
        if len(olds) > 1:
            yield f"merged into category {new!r}: {_several(olds, before)}"
            if any(use.references.in_lists for use in before.uses):
                yield (
                    "lists of categories that were looked for are merged, too: what was absent "
                    "as one of them may be there as another"
                )
    if kept:
        yield f"kept, though not mapped: {_several(kept, before)}"
    listed = {e.category.id for e in before.listing.entries}
    unlisted = [i for i in staying if i not in listed and i not in kept]
    if listed and unlisted:
        yield f"mapped, though not in the category list: {_several(unlisted, before)}"
    gone = [i for i, new in changes.items() if new is None]
    if with_objects := [i for i in gone if before.objects[i]]:
        yield f"dropped with their objects: {_several(with_objects, before)}"
    if without := [i for i in gone if not before.objects[i]]:
        yield f"dropped from the list, without objects: {_several(without, before)}"
    if before.without_id:
        yield f"records without a category id, left as they are: {before.without_id:,}"
    if nameless := [i for i, name in before.classes.items() if name is None]:
        yield f"categories without a name, gone by their ids: {len(nameless):,}"


def _displaced(before: Inventory, entries: Sequence[Entry]) -> Iterator[str]:
    """A note where places in the list were ids, and are no longer."""
    if _in_place(before.listing.entries) and not _in_place(entries):
        yield (
            "places in the category list were ids, and are no longer: loaders that number "
            "labels by the list, as MMDetection, now emit others"
        )


def _in_place(entries: Sequence[Entry]) -> bool:
    return bool(entries) and all(e.category.id == place for place, e in enumerate(entries))


def _several(cat_ids: Sequence[Id], before: Inventory) -> str:
    more = f"; and {len(cat_ids) - _SHOWN:,} more" if len(cat_ids) > _SHOWN else ""
    return "; ".join(map(before.called, cat_ids[:_SHOWN])) + more
