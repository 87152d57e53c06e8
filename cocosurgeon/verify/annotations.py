"""Annotations, compared with those of the source."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from cocosurgeon.findings.finding import Finding, of_annotation
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.id_changes import split_ids
from cocosurgeon.verify.read_again import PlainFile, Record
from cocosurgeon.verify.values import NONE, differ_in_type, difference, key_of, same

_OWNER = "image_id"


def compare_annotations(
    subset: PlainFile, source: PlainFile, expectation: Expectation
) -> Iterator[Finding]:
    """Yield findings about the annotations (or detections).

    None may be lost, added or changed except for category ids, and all must be in the source's
    order.
    """
    key = "" if subset.is_bare else "annotations"
    if key not in source.lists or key not in subset.lists:
        return
    expected = _expected(subset, source, expectation, key)
    found = subset.lists[key]
    texts = [expectation.renumbering.text(r) for r in expected]
    if texts == [r.text for r in found]:
        return
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        wanted[text].append(place)
    for places in wanted.values():
        places.reverse()
    order: list[int] = []
    strange: list[Record] = []
    for record in found:
        remaining = wanted.get(record.text)
        if remaining:
            order.append(remaining.pop())
        else:
            strange.append(record)
    missing = [
        expectation.renumbering.record(expected[place])
        for places in wanted.values()
        for place in places
    ]
    missing.sort(key=lambda r: r.row)
    known = frozenset(texts)
    if strange and key and expectation.annotation_rows is None:
        orphans = _orphans(strange, source, expectation, known)
        yield from map(_orphaned, orphans)
        rows = {r.row for r in orphans}
        strange = [r for r in strange if r.row not in rows]
    yield from _unmatched(strange, missing, known)
    order_of_rows = [expected[place].row for place in order]
    yield from require_order("annotation-order", order_of_rows, source.lists[key])


def _expected(
    subset: PlainFile, source: PlainFile, expectation: Expectation, key: str
) -> list[Record]:
    """Return the source's annotations that must be in the subset, in order."""
    records = source.lists[key]
    if expectation.annotation_rows is not None:
        return [r for r in records if r.row in expectation.annotation_rows]
    if key == "":
        kept = {key_of(r.value.get(_OWNER)) for r in subset.lists[""]}
        return [r for r in records if key_of(r.value.get(_OWNER)) in kept]
    kept = {key_of(r.value.get("id")) for r in subset.lists.get("images", ())} - {None}
    known = {key_of(r.value.get("id")) for r in source.lists.get("images", ())} - {None}
    # Annotations of images that the source does not list are kept unless images are chosen.
    there = {r.text for r in subset.lists[key]}
    return [
        r
        for r in records
        if (owner := key_of(r.value.get(_OWNER))) in kept
        or (owner not in known and r.text in there)
    ]


def _orphans(
    strange: Sequence[Record], source: PlainFile, expectation: Expectation, expected: frozenset[str]
) -> list[Record]:
    """Return unexpected records that the source has for images outside the subset."""
    theirs = {expectation.renumbering.text(r) for r in source.lists["annotations"]}
    return [r for r in strange if r.text in theirs and r.text not in expected]


def _orphaned(record: Record) -> Finding:
    ann_id, img_id = record.value.get("id"), record.value.get(_OWNER)
    return Finding(
        "annotation-orphaned",
        f"annotation {ann_id!r} of image {img_id!r}",
        record=of_annotation(ann_id),
    )


def _unmatched(
    strange: Sequence[Record],
    missing: Sequence[Record],
    texts: frozenset[str],
) -> Iterator[Finding]:
    """Yield the likely cause for each record without a match."""
    left = _Missing(missing)
    for record in strange:
        ann_id = record.value.get("id")
        if record.text in texts:
            yield Finding(
                "annotation-duplicated",
                f"annotation {ann_id!r}",
                record=of_annotation(ann_id),
            )
            continue
        original = left.take_nearest(record)
        if original is None:
            yield Finding(
                "annotation-added", f"annotation {ann_id!r}", record=of_annotation(ann_id)
            )
            continue
        yield _changed(original, record)
    for original in left.rest():
        ann_id, img_id = original.value.get("id"), original.value.get(_OWNER)
        yield Finding(
            "annotation-lost",
            f"annotation {ann_id!r} of image {img_id!r}",
            record=of_annotation(ann_id),
        )


class _Missing:
    """Records of the source without a match; each is taken once at most."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = {record.row: record for record in records}
        self.rows: defaultdict[str, list[int]] = defaultdict(list)
        for record in reversed(records):
            for trait in _traits(record):
                self.rows[trait].append(record.row)

    def take_nearest(self, record: Record) -> Record | None:
        """Return the likely original of a record: equal except for the id, else with its id."""
        for trait in _traits(record):
            rows = self.rows[trait]
            while rows:
                if found := self.records.pop(rows.pop(), None):
                    return found
        return None

    def rest(self) -> list[Record]:
        """Return the records that were not taken, in order."""
        return list(self.records.values())


def _traits(record: Record) -> Iterator[str]:
    """Yield the traits of a record: everything but its id, and its id.

    Without an id, it is everything but its category.
    """
    yield f"rest {json.dumps({k: v for k, v in record.value.items() if k != 'id'})}"
    if "id" in record.value:
        yield f"id {json.dumps(record.value['id'])}"
    else:  # a detection
        yield f"box {json.dumps({k: v for k, v in record.value.items() if k != 'category_id'})}"


def _changed(original: Record, record: Record) -> Finding:
    before, after = original.value, record.value
    keys = [k for k in {**before, **after} if not same(before.get(k, NONE), after.get(k, NONE))]
    ann_id = before.get("id")
    text = f"annotation {ann_id!r}: {difference(before, after)}"
    if "id" in keys:
        return Finding(
            _type_or(before, after, "id", "annotation-id"),
            text,
            record=of_annotation(ann_id),
        )
    if _OWNER in keys:
        return Finding(
            _type_or(before, after, _OWNER, "annotation-moved"),
            text,
            record=of_annotation(ann_id),
        )
    if "category_id" in keys or (keys == ["segments_info"] and _only_ids_differ(original, record)):
        code = _type_or(before, after, "category_id", "annotation-category")
        return Finding(code, text, record=of_annotation(ann_id))
    code = "annotation-changed" if keys else "text-differs"
    return Finding(code, text, record=of_annotation(ann_id))


def _only_ids_differ(original: Record, record: Record) -> bool:
    return split_ids(original.text)[0] == split_ids(record.text)[0]


def _type_or(
    before: Mapping[str, object], after: Mapping[str, object], key: str, otherwise: str
) -> str:
    return "id-type" if differ_in_type(before.get(key), after.get(key)) else otherwise


def require_order(code: str, rows: Sequence[int], records: Sequence[Record]) -> Iterator[Finding]:
    """Yield a finding if rows of the source do not ascend."""
    for before, after in pairwise(rows):
        if after < before:
            by_row = {record.row: record.value.get("id") for record in records}
            first, second = by_row[before], by_row[after]
            yield Finding(code, f"{second!r} is after {first!r}, in the source before it")
            return
