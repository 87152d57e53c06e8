"""Values that cannot be used: masks, boxes, areas, crowd flags, ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cocosurgeon.findings.finding import Finding, of_annotation
from cocosurgeon.masks import NO_MASK, mask_fault
from cocosurgeon.usable import FIELDS, unusable
from cocosurgeon.verify.drops import Listed
from cocosurgeon.verify.values import key_of

_CODES = {"polygon": "polygon-unusable", "rle": "rle-unusable"}


def check_values(mine: Listed, theirs: Listed | None) -> Iterator[Finding]:
    """Yield values of a file that cannot be used, with the framework that fails on them.

    Args:
        theirs: ids that the source lists, whose faults are no errors of the subset; None without
            a source.
    """
    if "info" not in mine.document:
        yield Finding(
            "info-missing",
            "loadRes of pycocotools 2.0.9 and 2.0.10 raises KeyError: 'info'",
            is_in_source=theirs is not None and "info" not in theirs.document,
        )
    of_source = set() if theirs is None else set(_list_faults(theirs))
    for fault in _list_faults(mine):
        yield Finding(*fault, is_in_source=fault in of_source)
    for annotation in mine.annotations:
        for code, what in _faults(annotation, mine):
            own = None if theirs is None else theirs.copied(annotation)
            ann_id = annotation.get("id")
            yield Finding(
                code,
                f"annotation {ann_id!r}: {what}",
                record=of_annotation(ann_id),
                is_in_source=own is not None and (code, what) in _faults(own, theirs or mine),
            )


def _list_faults(listed: Listed) -> Iterator[tuple[str, str]]:
    """Yield code and reason for ids that are listed twice, and for names that are no text."""
    for img_id, images in _repeated(listed.records("images")).items():
        names = ", ".join(repr(image.get("file_name")) for image in images[:5])
        yield (
            "image-repeated",
            f"image id {img_id!r} is listed {len(images)} times ({names}): its annotations all go "
            "to the last one",
        )
    categories = listed.records("categories")
    for cat_id, entries in _repeated(categories).items():
        names = ", ".join(repr(entry.get("name")) for entry in entries[:5])
        text = f"category id {cat_id!r} is listed {len(entries)} times ({names})"
        yield "category-repeated", text
    for entry in categories:
        if not isinstance(entry.get("name"), str):
            name = repr(entry["name"]) if "name" in entry else "none"
            text = f"category {entry.get('id')!r}: its name is {name}"
            yield "category-nameless", text


def _repeated(records: Sequence[Mapping[str, object]]) -> dict[object, list[Mapping[str, object]]]:
    by_id: dict[object, list[Mapping[str, object]]] = {}
    for record in records:
        if (key := key_of(record.get("id"))) is not None:
            by_id.setdefault(key, []).append(record)
    return {key: found for key, found in by_id.items() if len(found) > 1}


def _faults(annotation: Mapping[str, object], listed: Listed) -> list[tuple[str, str]]:
    """Return code and reason for each value of an annotation that cannot be used."""
    found = [
        ("value-unusable", f"{field} is {what}")
        for field in FIELDS
        if (what := unusable(annotation, field))
    ]
    image = listed.image(annotation.get("image_id"))
    mask = annotation.get("segmentation")
    fault = mask_fault(mask, image.get("height"), image.get("width"))
    if fault is not None and fault != NO_MASK:
        found.append((_CODES[fault.kind], fault.what))
    return found
