"""Remapping: a change of a dataset's category ids together with its category list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import Space
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, as_other_type, isin
from cocosurgeon.errors import RequestError
from cocosurgeon.text import are, first_few, plural


@dataclass(frozen=True, eq=False)
class Remapping:
    """Change of the categories of a dataset.

    Attributes:
        before: its categories before.
        map: new ids.
        entries: the category list after.
        meant: the request, for messages.
        notes: further notes for the summary.
        taken: meanings of ids after; an unmapped id must not be one of these.
    """

    before: Inventory
    map: CategoryMap
    entries: Sequence[Entry]
    meant: str
    notes: tuple[str, ...] = ()
    taken: Mapping[int, str] = field(default_factory=dict)

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the dataset with its categories changed.

        Raises:
            RequestError: an id is not mapped; an unmapped id would collide with a mapped one; or
                records that cannot be dropped have a dropped category.
        """
        self._require_mapped()
        self._require_apart()
        gone = [i for i, new in self.changes.items() if new is None]
        result = self._without(dataset, gone) if gone else dataset
        notes = dict.fromkeys([*result.notes, *self.notes, *self._notes(gone)])
        entries = tuple(self.entries)
        return replace(
            result,
            category_list=self.before.listing.renumbered(entries, self.changes),
            notes=tuple(notes),
        )

    @cached_property
    def _ids(self) -> list[Id]:
        """All ids that are listed or used, with placeholders."""
        listed = (e.category.id for e in self.before.listing.entries)
        return [i for i in dict.fromkeys([*listed, *self.before.ids]) if i is not None]

    @cached_property
    def changes(self) -> dict[Id, Id | None]:
        """New ids by the ids before; None: the category is dropped."""
        return {i: self.map.get(self._twins.get(i, i)) for i in self._ids}

    @cached_property
    def _twins(self) -> dict[Id, Id]:
        """Listed ids by used ids that differ from them only in type: 1 by ``"1"``.

        A used id that is not listed must mean this one, unless the map mentions it.
        """
        listed = {e.category.id for e in self.before.listing.entries}
        known = listed | {old for old, _ in self.map.pairs}
        found: dict[Id, Id] = {}
        for used in self._ids:
            other = as_other_type(used)
            if used not in known and other is not None and other in listed:
                found[used] = other
        return found

    @property
    def is_empty(self) -> bool:
        """True if ids and list stay unchanged."""
        same_ids = all(self.map.takes(i) and self.map.get(i) == i for i in self._ids)
        return same_ids and tuple(self.entries) == self.before.listing.entries

    @cached_property
    def _kept(self) -> list[Id]:
        """Ids that are kept although the map does not mention them."""
        mapped = {old for old, _ in self.map.pairs}
        return [
            i
            for i, new in self.changes.items()
            if self._twins.get(i, i) not in mapped and new is not None
        ]

    def _require_mapped(self) -> None:
        missing = [i for i in self._ids if not self.map.takes(self._twins.get(i, i))]
        if not missing:
            return
        hint = "--unmapped drop drops them, --unmapped keep keeps them unchanged"
        if any(isinstance(i, str) for i in missing):
            hint += "; a string is never equal to a number"
        raise RequestError(
            f"{plural(len(missing), 'category id')} {are(len(missing))} not mapped "
            f"({self.meant}): {self._few(missing)}",
            where=self.before.where,
            hint=hint,
        )

    def _require_apart(self) -> None:
        """Refuse kept ids that would get another meaning."""
        staying, called = set(self._kept), self.before.called
        reached = {
            new: old for old, new in self.changes.items() if old not in staying and new is not None
        }
        for old in self._kept:
            if old in reached:
                other = f"be one with {called(reached[old])}, which becomes {old!r}"
            elif isinstance(old, int) and old in self.taken:
                other = f"mean {self.taken[old]}"
            else:
                continue
            raise RequestError(
                f"the kept category {called(old)} would {other}",
                where=self.before.where,
                hint="drop it (--unmapped drop), or map it to an id of its own",
            )

    def _without(self, dataset: Dataset, gone: Sequence[Id]) -> Dataset:
        """Return the dataset without the annotations of dropped categories."""
        for use in self.before.uses:
            inside, records = use.references.inside, use.references.records
            is_leaving = isin(use.cat_ids, gone)
            leaving = use.rows[is_leaving]
            if not len(leaving) or use.references.in_lists:
                continue
            if inside or records is not dataset.index.annotation_records:
                what = "segments" if inside else f"records of {records.name!r}"
                example = self.before.called(use.cat_ids[is_leaving].tolist()[0])
                raise RequestError(
                    f"{len(leaving):,} {what} are of categories that would be dropped, such as "
                    f"{example}",
                    where=self.before.where,
                    hint="the pixels of segments are in PNG files, which stay: map them instead"
                    if inside
                    else "only annotations can be dropped: map those categories instead",
                )
            stay = np.setdiff1d(dataset.annotation_rows, leaving)
            dataset = replace(dataset, annotation_rows=stay)
        return dataset

    def _notes(self, gone: Sequence[Id]) -> Iterator[str]:
        before = self.before
        staying = {old: new for old, new in self.changes.items() if new is not None}
        changed = sum(old != new for old, new in staying.items())
        yield f"category ids that change: {changed:,} of {len(staying):,}"
        yield from self._order_note()
        if self._twins:
            pairs = first_few(list(self._twins.items()), show=lambda p: f"{p[0]!r} for {p[1]!r}")
            yield f"category ids of another type than in the list, read as listed ids: {pairs}"
        for use in before.uses:
            if use.references.in_lists and (count := int(isin(use.cat_ids, gone).sum())):
                yield f"dropped from {use.references.key!r}: {plural(count, 'id')}"
        sources: defaultdict[Id, list[Id]] = defaultdict(list)
        for old, new in staying.items():
            if old not in self._twins:
                sources[new].append(old)
        for new, olds in sources.items():
            if len(olds) > 1:
                yield f"merged into category {new!r}: {self._few(olds)}"
                if any(use.references.in_lists for use in before.uses):
                    yield (
                        "lists of checked categories are merged, too: a category that is absent "
                        "as one of them may be present as another"
                    )
        kept = self._kept if self.map.pairs else []
        if kept:
            yield f"kept, though not mapped: {self._few(kept)}"
        known = {*kept, *self._twins, *(e.category.id for e in before.listing.entries)}
        unlisted = [i for i in staying if i not in known]
        if before.listing.entries and unlisted:
            yield f"mapped, though not in the category list: {self._few(unlisted)}"
        if with_objects := [i for i in gone if before.objects[i]]:
            yield f"dropped with their objects: {self._few(with_objects)}"
        if without := [i for i in gone if not before.objects[i]]:
            yield f"dropped from the list, without objects: {self._few(without)}"
        if before.without_id:
            yield f"records without a category id, unchanged: {before.without_id:,}"
        if nameless := [i for i, name in before.classes.items() if name is None]:
            yield f"categories without a name, matched by id: {len(nameless):,}"
        if _in_place(before.listing.entries) and not _in_place(self.entries):
            yield (
                "ids no longer equal places in the category list: in loaders that number labels "
                "by the list, as MMDetection does, a label is not the id"
            )

    def _order_note(self) -> Iterator[str]:
        """Yield a note if entries change places, which changes labels."""
        old = [e.category.id for e in self.before.listing.entries]
        new = [e.category.id for e in self.entries]
        places = {self.changes.get(i, i): place for place, i in enumerate(old) if i is not None}
        order = [places[i] for i in new if i is not None and i in places]
        if order == sorted(order):
            return
        moved = sum(a != b for a, b in zip(order, sorted(order), strict=True))
        yield (
            f"categories in another place of the list: {moved:,} of {len(order):,}; loaders that "
            "number labels by the list, as MMDetection does, now load other labels"
        )

    def _few(self, cat_ids: Sequence[Id]) -> str:
        return first_few(cat_ids, separator="; ", show=self.before.called)


def remapped_entries(before: Inventory, cat_map: CategoryMap) -> list[Entry]:
    """Return the category list with new ids, in its order, with the first of merged entries."""
    entries: dict[Id, Entry] = {}
    for entry in before.listing.entries:
        old = entry.category.id
        if old is None or not cat_map.takes(old) or (new := cat_map.get(old)) is None:
            continue  # unmapped ids are reported by Remapping
        entries.setdefault(new, entry.numbered(new))
    return list(entries.values())


def with_placeholders(
    cat_map: CategoryMap,
    before: Inventory,
    source: Space | None = None,
    target: Space | None = None,
) -> CategoryMap:
    """Return the map with new ids for the placeholders of the list.

    If the target is a head with unused rows, a placeholder becomes the row that is unused for the
    same category. Within the same head it stays. Otherwise it is dropped.

    Args:
        source, target: the label spaces of the map; None: the map is between names.
    """
    pairs = dict(cat_map.pairs)
    has_rows = target is not None and target.has_gaps
    unused: dict[str | None, int] = {}
    if target is not None and has_rows:
        unused = {what: i for i, what in target.unused.items()}
    for old in (e.category.id for e in before.placeholders):
        if old is not None:
            what = source.unused.get(old) if source and isinstance(old, int) else None
            pairs[old] = old if has_rows and source is target else unused.get(what)
    return CategoryMap(pairs, cat_map.unmapped)


def _in_place(entries: Sequence[Entry]) -> bool:
    """Return True if the id of each entry is its place in the list."""
    return bool(entries) and all(e.category.id == place for place, e in enumerate(entries))
