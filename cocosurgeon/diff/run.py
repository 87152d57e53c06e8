"""``diff``: two files, list by list."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.compare import differing, integers_apart, is_equal
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.diff.categories import Recognized, recognized
from cocosurgeon.diff.ids import SharedIds, differs, id_of
from cocosurgeon.diff.lists import match_listed, match_named
from cocosurgeon.diff.match import Partners, image_partners, match_annotations
from cocosurgeon.diff.pairs import By, Pairs
from cocosurgeon.diff.records import FieldChange, decoded, field_changes, moved_places
from cocosurgeon.diff.report import Change, ComparedLists, Difference, Kind, ListCounts, Renumbered
from cocosurgeon.errors import RequestError
from cocosurgeon.loaders.labels import CategoryUse
from cocosurgeon.progress import progress_of
from cocosurgeon.text import did_you_mean

_IDENTIFYING = ("image_id", "category_id", "file_name", "name")
"""Keys of records that identify them."""
_ID_KEYS = ("id", "image_id", "category_id")
_MOST_BYTES = 1 << 23
"""Most bytes of records whose changed segmentations are kept with all numbers."""
_MAIN = ("images", "annotations", "categories")


def diff(
    one: Dataset,
    other: Dataset,
    by: By = "auto",
    tolerance: float = 0.0,
    only: Collection[str] = (),
) -> Difference:
    """Return all changes from one file to another.

    Args:
        one, other: the files; dropped records are compared, too.
        by: how records are matched: by ``id``; by ``content`` (file name; image, category and
            box); or ``auto``, by id if the content agrees.
        tolerance: amount by which numbers other than ids may differ (for boxes in pixels).
        only: compared top-level keys, and keys of records (``bbox``, ``images.width``); none: all.

    Raises:
        RequestError: a key of ``only`` is in neither file; one file is a results file, the other
            an annotation file.
    """
    a, b = one.origin, other.origin
    if a.is_results != b.is_results:
        raise RequestError(
            "one of the files is a list of detections, the other an annotation file",
            where=f"{a.document.source.name}, {b.document.source.name}",
            hint="compare two files of one kind",
        )
    comparison = _Comparison(a, b, by, tolerance)
    changes = comparison.changes()
    if only:
        _require_known(only, a.document, b.document, changes)
        changes = [c for c in (change.only(only) for change in changes) if c is not None]
    return comparison.difference(changes, only)


class _Comparison:
    """Two files, and their matches."""

    def __init__(
        self, one: AnnotationIndex, other: AnnotationIndex, by: By, tolerance: float
    ) -> None:
        self.one, self.other = one, other
        self.tolerance = tolerance
        self.counts: dict[str, ListCounts] = {}
        self.text_only = 0
        self.passed_over = 0
        self.bytes_kept = 0
        self.in_words = 0
        self.images = match_named(one.image_records, other.image_records, "file_name", by)
        self.recognized: dict[int, Recognized] = {}
        self.categories = match_named(
            one.category_records, other.category_records, "name", by, self._find_categories
        )
        self.ids = SharedIds.of(one, other, self.images, self.categories)
        self.by = by

    def changes(self) -> list[Change]:
        """Return all changes, list by list."""
        one, other = self.one, self.other
        partners = Partners(image_partners(one, other, self.images), self.ids.cat_ids)
        annotations, differ = match_annotations(one, other, partners, self.by)
        found: list[Change] = []
        if not one.is_results:
            for name, pairs in (("images", self.images), ("categories", self.categories)):
                found += self._list(name, pairs, None)
        found += self._list("annotations", annotations, differ)
        found += self.ids.stale(annotations)
        found += self._others()
        return found

    def _find_categories(self, rows: Numbers, other_rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return pairs of categories by their annotations; store those with another id."""
        one, other = self.one, self.other
        numbers = image_partners(one, other, self.images)
        found = recognized(one, other, numbers, rows, other_rows)
        listed, others = one.category_records, other.category_records
        assert listed is not None
        assert others is not None
        self.recognized = {
            each.row: each
            for each in found
            if differs(id_of(listed, each.row), id_of(others, each.other_row))
        }
        pairs = np.array([(each.row, each.other_row) for each in found], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    # ---- lists

    def _list(self, name: str, pairs: Pairs, differ: Any) -> Iterator[Change]:
        if name == "annotations":
            records, others = self.one.annotation_records, self.other.annotation_records
        else:
            records, others = (i.document.lists.get(name) for i in (self.one, self.other))
        if records is None or others is None:
            if records is not None or others is not None:
                kind: Kind = "removed" if others is None else "added"
                yield Change(kind, name, None, message=f"the list {name!r}")
            return
        if differ is None:
            differ = differing(records, others, pairs.rows, pairs.other_rows)
        self.counts[name] = ListCounts(
            records.count, others.count, len(pairs.removed), len(pairs.added)
        )
        yield from self._alone("removed", name, self.one, records, pairs.removed)
        yield from self._alone("added", name, self.other, others, pairs.added)
        yield from self._ids(name, records, others, pairs)
        yield from self._values(name, records, others, pairs, differ)
        if name in _MAIN and (moved := moved_places(pairs.other_rows)):
            first = int(np.flatnonzero(np.diff(pairs.other_rows) < 0)[0]) + 1
            row = int(pairs.rows[first])
            yield Change(
                "order",
                name,
                id_of(records, row),
                message=f"{moved:,} of {len(pairs.rows):,} are in another place, such as "
                f"{id_of(records, row)!r}",
                count=moved,
            )

    def _alone(
        self, kind: Kind, name: str, index: AnnotationIndex, records: Records, rows: Numbers
    ) -> Iterator[Change]:
        for row, byte, value in decoded(records, rows):
            yield Change(kind, name, id_of(records, row), about=_about(value), byte=byte, row=row)

    def _ids(self, name: str, records: Records, others: Records, pairs: Pairs) -> Iterator[Change]:
        """Yield one change for all ids that differ, except those of recognized categories."""
        if not records.column("id").present and not others.column("id").present:
            return
        is_listed = np.ones(len(pairs.rows), np.bool_)
        if name == "categories":
            is_listed = ~np.isin(pairs.rows, list(self.recognized))
        before = records.column("id").array[pairs.rows[is_listed]].tolist()
        after = others.column("id").array[pairs.other_rows[is_listed]].tolist()
        changed = [(a, b) for a, b in zip(before, after, strict=True) if differs(a, b)]
        if changed:
            renumbered = Renumbered(name, changed, len(before))
            yield Change(
                "ids",
                name,
                changed[0][0],
                message=renumbered.words(),
                count=len(changed),
                pairs=tuple(changed),
            )

    def _values(
        self, name: str, records: Records, others: Records, pairs: Pairs, differ: Any
    ) -> Iterator[Change]:
        rows, other_rows = pairs.rows[differ], pairs.other_rows[differ]
        texts = zip(records.texts(rows), others.texts(other_rows), strict=True)
        with progress_of("comparing values") as progress:
            for done, ((row, byte, text), (_, _, other_text)) in enumerate(texts):
                if progress is not None:
                    progress(done, len(rows))
                # faster: most records of a renumbered file differ only in their ids
                apart = integers_apart(text, other_text, _ID_KEYS)
                before, after = apart or (json.loads(text), json.loads(other_text))
                known = self.recognized.get(row) if name == "categories" else None
                expected = self.ids.translated(name, before, after)
                if known is not None:
                    expected["id"] = before["id"]
                found, passed = field_changes(expected, after, self.tolerance)
                self.passed_over += passed
                if found:
                    yield Change(
                        "changed",
                        name,
                        id_of(records, row),
                        message="" if known is None else known.words(),
                        about=_about(before),
                        fields=tuple(
                            self._shown(change, len(text) + len(other_text)) for change in found
                        ),
                        byte=byte,
                        row=row,
                    )
                elif not passed and not _differ_in_ids(before, after):
                    self.text_only += 1

    def _shown(self, change: FieldChange, size: int) -> FieldChange:
        """Return a change with category names, and with a segmentation in words once the memory for
        numbers is used up.

        Args:
            size: number of bytes of both records.
        """
        if change.key == "segmentation":
            self.bytes_kept += size
            if self.bytes_kept > _MOST_BYTES:
                self.in_words += 1
                return change.shortened()
        if change.key != "category_id":
            return change
        names = self.ids.names
        called = tuple(str(names[n].get(i)) for n, i in enumerate((change.before, change.after)))
        return replace(change, names=(called[0], called[1]))

    # ---- other keys

    def _others(self) -> Iterator[Change]:
        one, other = self.one.document, self.other.document
        members = {m.key: m for m in one.members if m.key not in _MAIN}
        there = {m.key: m for m in other.members if m.key not in _MAIN}
        for key in {**members, **there}:
            if key not in there or key not in members:
                kind: Kind = "added" if key in there else "removed"
                yield Change(kind, key, None, message=f"the top-level key {key!r}")
                continue
            a, b = members[key], there[key]
            if a.records is not None and b.records is not None:
                yield from self._list(key, match_listed(a.records, b.records), None)
                continue
            texts = one.source.read(a.start, a.stop), other.source.read(b.start, b.stop)
            if texts[0] == texts[1]:
                continue
            before, after = map(json.loads, texts)
            found, passed = field_changes({key: before}, {key: after}, self.tolerance)
            self.passed_over += passed
            if found:
                yield Change("changed", key, None, fields=tuple(found))
            elif not passed:
                self.text_only += 1

    # ---- result

    def difference(self, changes: Sequence[Change], only: Collection[str]) -> Difference:
        """Return the result."""
        one, other = self.one, self.other
        lists = None
        if one.category_records is not None and other.category_records is not None:
            pairs = tuple(
                (str(self.ids.names[0].get(a)), a, b) for a, b in self.ids.cat_ids.items()
            )
            lists = ComparedLists(category_use(one), category_use(other), pairs)
        return Difference(
            one.document.source.name,
            other.document.source.name,
            self.counts,
            tuple(changes),
            lists if not only or {"categories", "category_id"} & set(only) else None,
            self.text_only,
            self.passed_over,
            self.in_words,
            self.tolerance,
            tuple(only),
            not changes and is_equal(one.document.source, other.document.source),
        )


def _about(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in _IDENTIFYING if key in record}


def category_use(index: AnnotationIndex) -> CategoryUse:
    """Return the category list of a file, which must have one, and the categories in use."""
    records = index.category_records
    assert records is not None
    entries = [v for _, _, v in decoded(records, records.rows)]
    used = {i for i in index.category_pairs[1].tolist() if i is not None}
    return CategoryUse(entries, used, index.document.source.name)


def _differ_in_ids(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return True if ids differ that are reported for the whole list."""
    return any(differs(before.get(key), after.get(key)) for key in _ID_KEYS)


def _require_known(
    only: Collection[str], one: Document, other: Document, changes: Sequence[Change]
) -> None:
    """Refuse keys that no record has.

    Raises:
        RequestError: with the nearest one.
    """
    known: dict[str, None] = {}
    for document in (one, other):
        lists = dict(document.lists)
        if document.results is not None:
            lists["annotations"] = document.results
        known |= dict.fromkeys([m.key for m in document.members])
        known |= dict.fromkeys(lists)
        for name, records in lists.items():
            keys = records.first_keys()
            known |= dict.fromkeys([*keys, *(f"{name}.{key}" for key in keys)])
    for change in changes:
        keys = tuple(f.key for f in change.fields)
        known |= dict.fromkeys([*keys, *(f"{change.list}.{key}" for key in keys)])
    lists_of = ((*d.lists.values(), d.results) for d in (one, other))
    every = [each for of in lists_of for each in of if each is not None]
    for key in only:
        if key not in known and not any(each.column(key).present for each in every):
            raise RequestError(
                f"neither file has a key {key!r}",
                hint=did_you_mean(key, known) or "a top-level key, or a key of records",
            )
