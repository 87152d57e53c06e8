"""The text of a file, compared with its source record by record."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator

from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.progress import progress_of
from cocosurgeon.verify.annotations import compare_annotations, require_order
from cocosurgeon.verify.categories import compare_categories
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.id_changes import Renumbering
from cocosurgeon.verify.read_again import PlainFile, Record
from cocosurgeon.verify.values import (
    differ_in_type,
    difference,
    has_same_values,
    key_of,
    of_other_type,
    same,
)


def compare_records(
    subset: PlainFile, source: PlainFile, expectation: Expectation
) -> list[Finding]:
    """Compare a subset's text with its source's.

    Args:
        source: read whole, at least for the images of the subset.
    """
    parts = (_keys, _images, compare_annotations, compare_categories, _others)
    found: list[Finding] = []
    with progress_of("comparing records") as progress:
        for done, part in enumerate(parts):
            if progress is not None:
                progress(done, len(parts))
            found += part(subset, source, expectation)
    return found


# ---- top-level keys


def _keys(subset: PlainFile, source: PlainFile, _: Expectation) -> Iterator[Finding]:
    here, there = set(subset.keys), set(source.keys)
    for key in source.keys:
        if key not in here:
            yield Finding("key-lost", f"{key!r}")
    for key in subset.repeated:
        if key not in source.repeated:
            yield Finding("key-duplicated", f"{key!r}")
    for key in subset.keys:
        if key not in there:
            yield Finding("key-added", f"{key!r}")
        elif subset.others.get(key) != source.others.get(key):
            is_text = key in source.values and same(subset.values.get(key), source.values[key])
            yield Finding("text-differs" if is_text else "key-changed", f"{key!r}")


def _others(subset: PlainFile, source: PlainFile, expectation: Expectation) -> Iterator[Finding]:
    """Compare further lists, which must be complete or follow the kept images."""
    kept = {key_of(r.value.get("id")) for r in subset.lists.get("images", ())} - {None}
    for key in source.lists:
        if key in ("images", "annotations", "categories", "") or key not in subset.lists:
            continue
        texts = [r.text for r in subset.lists[key]]
        records = source.lists[key]
        whole = [expectation.renumbering.text(r) for r in records]
        following = [
            text
            for text, r in zip(whole, records, strict=True)
            if key_of(r.value.get("image_id")) in kept
        ]
        may_follow = any("image_id" in r.value for r in records)
        if texts == whole or (may_follow and texts == following):
            continue
        values = list(map(_parsed, texts))
        if values == list(map(_parsed, whole)) or (
            may_follow and values == list(map(_parsed, following))
        ):
            yield Finding("text-differs", f"the list {key!r}")
        else:
            text = f"the list {key!r} is neither complete nor cut to the images"
            yield Finding("key-changed", text)


def _parsed(text: str) -> str:
    """Return a record's values as normalized JSON text."""
    return json.dumps(json.loads(text))


# ---- images


def _images(subset: PlainFile, source: PlainFile, expectation: Expectation) -> Iterator[Finding]:
    if subset.is_bare or "images" not in source.lists or "images" not in subset.lists:
        return
    planned = expectation.image_rows
    rows: defaultdict[Hashable, list[Record]] = defaultdict(list)
    for original in sorted(source.lists["images"], key=lambda r: not _is_planned(r, expectation)):
        rows[_image_key(original, expectation.renumbering)].append(original)
    seen: Counter[Hashable] = Counter()
    matched: list[int] = []
    for record in subset.lists["images"]:
        img_id = record.value.get("id")
        key = _image_key(record, Renumbering())
        place, seen[key] = seen[key], seen[key] + 1
        originals = rows.get(key, [])
        if not originals:
            yield _strange_image(img_id, rows)
        elif place >= len(originals):
            yield Finding("image-duplicated", f"image {img_id!r}", record=of_image(img_id))
        else:
            original = expectation.renumbering.record(originals[place])
            matched.append(original.row)
            if original.text != record.text:
                code = "image-changed"
                if has_same_values(original.value, record.value):
                    code = "text-differs"
                elif differ_in_type(original.value.get("id"), img_id):
                    code = "id-type"
                what = difference(original.value, record.value)
                yield Finding(code, f"image {img_id!r}: {what}", record=of_image(img_id))
            if not _is_planned(original, expectation):
                yield Finding("image-unplanned", f"image {img_id!r}", record=of_image(img_id))
    if planned is not None:
        images = {record.row: record for record in source.lists["images"]}
        for row in sorted(planned - set(matched)):
            img_id = images[row].value.get("id")
            yield Finding("image-lost", f"image {img_id!r}", record=of_image(img_id))
    yield from require_order("image-order", matched, source.lists["images"])


def _image_key(record: Record, renumbering: Renumbering) -> Hashable:
    """Return the key of an image: its id, or without one its text."""
    key = key_of(record.value.get("id"))
    return (renumbering.text(record),) if key is None else key


def _is_planned(image: Record, expectation: Expectation) -> bool:
    return expectation.image_rows is None or image.row in expectation.image_rows


def _strange_image(img_id: object, known: Collection[Hashable]) -> Finding:
    other = of_other_type(img_id)
    if other is not None and other in known:
        text = f"image id {img_id!r} is {other!r} in the source"
        return Finding("id-type", text, record=of_image(img_id))
    return Finding("image-added", f"image {img_id!r}", record=of_image(img_id))
