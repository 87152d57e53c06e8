"""Checks of panoptic annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cocosurgeon.dataset.keys import as_key
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, is_number, repeated
from cocosurgeon.lint.check import Fault, check


def _panoptic(document: Any) -> None:
    for category in document["categories"]:
        category["isthing"] = 1
    document["annotations"] = [
        {
            "image_id": image,
            "file_name": f"{image}.png",
            "segments_info": [
                {"id": n, "category_id": n, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}
                for n in (1, 2, 3)
            ],
        }
        for image in (1, 2)
    ]


def _segment(**fields: Any) -> Any:
    """Return a change that gives a segment these fields."""
    return lambda document: document["annotations"][0]["segments_info"][0].update(fields)


def _segments(record: Record) -> list[Record]:
    found = record.get("segments_info")
    return [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []


@check(
    "segment-area",
    "annotations",
    _segment(area=None),
    base=_panoptic,
    group="panoptic",
    meaning="a segment has no area",
    arises="an export did not write it",
    next="count its pixels in the PNG",
    is_judged=False,
)
def segment_area(record: Record, _: AnnotationFile) -> str | None:
    wrong = [s for s in _segments(record) if not is_number(s.get("area"))]
    return f"segment {wrong[0].get('id')!r}: area is {wrong[0].get('area')!r}" if wrong else None


@check(
    "segment-repeated",
    "annotations",
    _segment(id=2),
    base=_panoptic,
    group="panoptic",
    meaning="two segments of an image have the same id",
    arises="segments were merged",
    next="each color of the PNG is one segment: make them one, or give it a color of its own",
    severity="error",
    is_judged=False,
)
def segment_repeated(record: Record, _: AnnotationFile) -> str | None:
    twice = [str(i) for i, _ in repeated(as_key(s.get("id")) for s in _segments(record))]
    return f"segment {', '.join(twice)}" if twice else None


@check(
    "isthing-missing",
    "file",
    lambda document: document["categories"][0].pop("isthing"),
    base=_panoptic,
    group="panoptic",
    meaning="a category of a panoptic file has no isthing",
    arises="the list was taken from a file for detection",
    next="write 1 for things and 0 for stuff; MMDetection's CocoPanopticDataset raises KeyError",
    severity="error",
    is_judged=False,
)
def isthing_missing(file: AnnotationFile) -> Iterator[Fault]:
    annotations = file.lists.get("annotations")
    if annotations is None or not annotations.column("segments_category_ids").present:
        return
    for row, entry in enumerate(file.categories):
        if "isthing" not in entry:
            yield Fault(f"{entry.get('id')!r} {entry.get('name')!r}", "categories", row)
