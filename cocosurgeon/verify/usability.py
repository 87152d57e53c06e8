"""Values that are there and cannot be used: masks, boxes, areas, crowd flags, ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cocosurgeon.findings.finding import Finding, of_annotation
from cocosurgeon.masks import NO_MASK, mask_fault
from cocosurgeon.usable import FIELDS, unusable
from cocosurgeon.verify.drops import Listed

_CODES = {"polygon": "polygon-unusable", "rle": "rle-unusable"}


def check_values(mine: Listed, theirs: Listed | None) -> Iterator[Finding]:
    """Yield what cannot be used of a file, with the framework that fails and how.

    Args:
        theirs: what the source lists; its faults are no errors of the subset.
    """
    if "info" not in mine.document:
        yield Finding(
            "info-missing",
            "loadRes of pycocotools 2.0.9 and 2.0.10 raises KeyError: 'info'",
            is_in_source=theirs is not None and "info" not in theirs.document,
        )
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


def _faults(annotation: Mapping[str, object], listed: Listed) -> list[tuple[str, str]]:
    """Return code and reason of each value of an annotation that cannot be used."""
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
