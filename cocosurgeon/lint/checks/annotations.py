"""Checks of annotations: ids, references, areas, flags."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.keys import as_key
from cocosurgeon.lint.annotation_file import (
    AnnotationFile,
    Record,
    is_number,
    of_other_type,
    repeated,
)
from cocosurgeon.lint.check import Fault, check
from cocosurgeon.lint.ids import (
    NUMBER_MISSING,
    NUMBER_NAMED,
    NUMBER_REPEATED,
    NUMBER_ZERO,
    TEXT_AS_NUMBERS,
    as_number,
    as_numbers,
    without_points,
)
from cocosurgeon.lint.measures import area_of, area_of_mask
from cocosurgeon.lint.repair import DROP, DROPPING, Outcome, RecordOutcome, safe, unsafe
from cocosurgeon.text import plural
from cocosurgeon.usable import unusable

_NUMBER = "number the annotations: each id once, from 1"
_TYPE = "write ids as numbers in both lists, or as text in both: 1 and '1' never match"


_IN_PNG = "a segment's pixels are in a PNG file, which stays"
_NO_FLAG = "it is neither 0 nor 1"
_NO_COPY = "their other values differ"


def annotation(**fields: Any) -> Any:
    """Return a change that gives an annotation these fields."""
    return lambda document: document["annotations"][0].update(fields)


def without(key: str) -> Any:
    """Return a change that takes a key from an annotation."""
    return lambda document: document["annotations"][0].pop(key)


@check(
    "annotation-id-missing",
    "annotations",
    without("id"),
    group="annotations",
    meaning="an annotation has no id",
    arises="an export wrote null, or no key",
    next=_NUMBER,
    further={"pycocotools": "COCO() raises KeyError: 'id'"},
    repair=NUMBER_MISSING,
)
def annotation_id_missing(record: Record, _: AnnotationFile) -> str | None:
    if as_key(record.get("id")) is None and "segments_info" not in record:
        return f"id is {record['id']!r}" if "id" in record else "no 'id'"
    return None


@check(
    "annotation-repeated",
    "file",
    lambda document: document["annotations"][1].update(id=1),
    group="annotations",
    meaning="an annotation id is listed more than once",
    arises="files were merged without new ids, or ids count from 1 in each image",
    next=_NUMBER,
    further={"pycocotools": "keeps only the last record of the id"},
    repair=NUMBER_REPEATED,
)
def annotation_repeated(file: AnnotationFile) -> Iterator[Fault]:
    annotations = file.lists.get("annotations")
    ids = None if annotations is None else annotations.column("id").array
    if ids is not None and ids.dtype == np.int64 and (np.diff(np.sort(ids)) != 0).all():
        return
    for ann_id, rows in repeated(file.ids("annotations")):
        text = f"annotation id {ann_id!r} is listed {len(rows)} times"
        yield Fault(text, "annotations", rows[-1])


@check(
    "annotation-id-zero",
    "annotations",
    annotation(id=0),
    group="annotations",
    meaning="an annotation has the id 0",
    arises="annotations are counted from 0",
    next="count from 1",
    further={"pycocotools": "COCOeval takes 0 for no match: a perfect detection of it scores 0"},
    repair=NUMBER_ZERO,
)
def annotation_id_zero(record: Record, _: AnnotationFile) -> str | None:
    ann_id = record.get("id")
    return f"id is {ann_id!r}" if is_number(ann_id) and ann_id == 0 else None


@check(
    "annotation-id-text",
    "annotations",
    annotation(id="1"),
    group="annotations",
    meaning="the id of an annotation is a number as text",
    arises="ids went through a table",
    next=_NUMBER,
    repair=TEXT_AS_NUMBERS,
)
def annotation_id_text(record: Record, _: AnnotationFile) -> str | None:
    ann_id = record.get("id")
    is_number = isinstance(ann_id, str) and as_number(ann_id) is not None
    return f"id is {ann_id!r}" if is_number else None


@check(
    "annotation-id-named",
    "annotations",
    annotation(id="a"),
    group="annotations",
    meaning="the id of an annotation is text that is not a number",
    arises="ids are UUIDs of a labeling tool",
    next=_NUMBER,
    further={"pycocotools": "COCOeval raises ValueError"},
    repair=NUMBER_NAMED,
)
def annotation_id_named(record: Record, _: AnnotationFile) -> str | None:
    ann_id = record.get("id")
    is_name = isinstance(ann_id, str) and as_number(ann_id) is None
    return f"id is {ann_id!r}" if is_name else None


@check(
    "annotation-ids-float",
    "annotations",
    annotation(id=1.0, image_id=1.0, category_id=1.0),
    group="annotations",
    meaning="an id of an annotation, or of its image or category, has a decimal point",
    arises="ids went through a table of floating-point numbers",
    next="write whole numbers",
    severity="note",
    is_judged=False,
    repair=safe("writes them without it", without_points, left="an id is not a whole number"),
)
def annotation_ids_float(record: Record, _: AnnotationFile) -> str | None:
    keys = [key for key in ("id", "image_id", "category_id") if type(record.get(key)) is float]
    return ", ".join(f"{key} is {record[key]!r}" for key in keys) or None


@check(
    "annotation-imageless",
    "annotations",
    without("image_id"),
    group="annotations",
    meaning="an annotation has no image_id that can be used",
    arises="an export lost it",
    next="write the id of its image",
    further={"pycocotools": "COCO() raises KeyError: 'image_id'"},
    repair=DROPPING,
)
def annotation_imageless(record: Record, _: AnnotationFile) -> str | None:
    if as_key(record.get("image_id")) is None:
        return f"image_id is {record['image_id']!r}" if "image_id" in record else "no 'image_id'"
    return None


@check("annotation-orphaned", "annotations", annotation(image_id=99), repair=DROPPING)
def annotation_orphaned(record: Record, file: AnnotationFile) -> str | None:
    key = as_key(record.get("image_id"))
    if key is None or key in file.img_ids or _is_of_other_type(key, file.img_ids):
        return None
    if file.lacks_ids("images") or not file.img_ids:
        return None  # which is a fault of the list, and has a code of its own
    return f"image_id {key!r} is not in the list"


@check(
    "image-id-type",
    "annotations",
    annotation(image_id="1"),
    group="annotations",
    meaning="an image_id is text where the list has a number, or the reverse",
    arises="one of the lists went through a table",
    next=_TYPE,
    repair=as_numbers("images", str),
)
def image_id_type(record: Record, file: AnnotationFile) -> str | None:
    key = as_key(record.get("image_id"))
    if key is not None and key not in file.img_ids and _is_of_other_type(key, file.img_ids):
        return f"image_id is {key!r}, the list has {of_other_type(key)!r}"
    return None


def _category_keys(record: Record) -> list[Any]:
    """Return the ids that an annotation and its segments name."""
    segments = record.get("segments_info")
    parts = [record] if "category_id" in record else []
    if isinstance(segments, list):
        parts += [s for s in segments if isinstance(s, dict)]
    return [key for part in parts if (key := as_key(part.get("category_id"))) is not None]


def _without_category(record: Record, _: AnnotationFile) -> Outcome:
    return None if "segments_info" in record else DROP


@check(
    "category-unlisted",
    "annotations",
    annotation(category_id=99),
    repair=unsafe("drops the annotation", _without_category, left=_IN_PNG),
)
def category_unlisted(record: Record, file: AnnotationFile) -> str | None:
    if file.lacks_ids("categories") or not file.cat_ids:
        return None  # which is a fault of the list, and has a code of its own
    for key in _category_keys(record):
        if key not in file.cat_ids and not _is_of_other_type(key, file.cat_ids):
            return f"category_id {key!r} is not in the list"
    return None


@check(
    "category-id-type",
    "annotations",
    annotation(category_id="1"),
    group="annotations",
    meaning="a category_id is text where the list has a number, or the reverse",
    arises="one of the lists went through a table",
    next=_TYPE,
    repair=as_numbers("categories", str),
)
def category_id_type(record: Record, file: AnnotationFile) -> str | None:
    for key in _category_keys(record):
        if key not in file.cat_ids and _is_of_other_type(key, file.cat_ids):
            return f"category_id is {key!r}, the list has {of_other_type(key)!r}"
    return None


@check(
    "category-id-absent",
    "annotations",
    without("category_id"),
    group="annotations",
    meaning="an annotation, or a segment, has no category_id that can be used",
    arises="an export lost it, or there is one class only",
    next="write the id of its category",
    further={"pycocotools": "COCO() raises KeyError: 'category_id'"},
)
def category_id_absent(record: Record, file: AnnotationFile) -> str | None:
    if "caption" in record or "categories" not in file.lists:
        return None
    segments = record.get("segments_info")
    parts = segments if isinstance(segments, list) else [record]
    for part in parts:
        if isinstance(part, dict) and as_key(part.get("category_id")) is None:
            of = f"segment {part.get('id')!r}: " if part is not record else ""
            is_there = "category_id" in part
            return of + (
                f"category_id is {part['category_id']!r}" if is_there else "no category_id"
            )
    return None


def _is_of_other_type(key: Any, listed: frozenset[Any]) -> bool:
    return of_other_type(key) in listed


def _measured(record: Record, file: AnnotationFile) -> Outcome:
    area = _number_of(record.get("area")) or area_of(record, file)
    return None if area is None else {("area",): area}


def _number_of(text: object) -> float | None:
    """Return the number above 0 that a text is."""
    if not isinstance(text, str):
        return None
    try:
        number = float(text) if not text.isdecimal() else int(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def _measured_by(record: Record, file: AnnotationFile) -> str:
    if _number_of(record.get("area")):
        return "by the text"
    has_mask = file.mask_fault(record) is None and area_of_mask(record, file) > 0
    return "by the mask" if has_mask else "by the box"


_AREA = safe(
    "writes the area of the mask, or else of the box",
    _measured,
    left="neither its mask nor its box has an area",
    by=_measured_by,
)


def _has_boxes(record: Record) -> bool:
    return "caption" not in record and "segments_info" not in record


@check(
    "area-missing",
    "annotations",
    without("area"),
    group="annotations",
    meaning="an annotation has no area",
    arises="an export did not write it",
    next="write the mask's area in square pixels, or width times height of the box",
    further={"pycocotools": "COCOeval raises KeyError: 'area'"},
    repair=_AREA,
)
def area_missing(record: Record, _: AnnotationFile) -> str | None:
    return "no 'area'" if _has_boxes(record) and "area" not in record else None


@check(
    "area-unusable",
    "annotations",
    annotation(area=None),
    group="annotations",
    meaning="the area of an annotation is not a number",
    arises="an export wrote null, text or NaN",
    next="write the mask's area in square pixels, or width times height of the box",
    further={"pycocotools": "COCOeval raises TypeError for null and text"},
    repair=_AREA,
)
def area_unusable(record: Record, _: AnnotationFile) -> str | None:
    what = unusable(record, "area")
    return f"area is {what}" if what else None


@check(
    "area-not-positive",
    "annotations",
    annotation(area=0),
    group="annotations",
    meaning="the area of an annotation is 0 or negative",
    arises="an export wrote 0 for an unknown area, or for polygons drawn clockwise",
    next="write the mask's area in square pixels, or width times height of the box",
    repair=_AREA,
)
def area_not_positive(record: Record, _: AnnotationFile) -> str | None:
    area = record.get("area")
    return f"area is {area!r}" if is_number(area) and area <= 0 else None


def _no_crowd(*_: object) -> Outcome:
    return {("iscrowd",): 0}


def _crowd_number(record: Record, _: AnnotationFile) -> Outcome:
    value = record["iscrowd"]
    if value in (None, ""):
        return {("iscrowd",): 0}
    try:
        number = float(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return {("iscrowd",): int(number)} if number in (0, 1) else None


@check(
    "iscrowd-missing",
    "annotations",
    without("iscrowd"),
    group="annotations",
    meaning="an annotation has no iscrowd",
    arises="an export did not write it; 0 is meant",
    next='add "iscrowd": 0',
    further={"pycocotools": "COCOeval raises KeyError: 'iscrowd'"},
    repair=safe("writes 0", _no_crowd),
)
def iscrowd_missing(record: Record, file: AnnotationFile) -> str | None:
    if not _has_boxes(record) or "iscrowd" in record or file.is_lvis:
        return None
    return "no 'iscrowd'"


@check(
    "iscrowd-unusable",
    "annotations",
    annotation(iscrowd=None),
    group="annotations",
    meaning="the iscrowd of an annotation is not a number",
    arises="an export wrote null or text",
    next="write 0, or 1 for a crowd",
    further={"pycocotools": "COCOeval raises TypeError for null"},
    repair=safe("writes 0 for null, and a number for 0 or 1 as text", _crowd_number, left=_NO_FLAG),
)
def iscrowd_unusable(record: Record, _: AnnotationFile) -> str | None:
    what = unusable(record, "iscrowd")
    return f"iscrowd is {what}" if what and not is_number(record["iscrowd"]) else None


@check(
    "iscrowd-value",
    "annotations",
    annotation(iscrowd=2),
    group="annotations",
    meaning="the iscrowd of an annotation is a number other than 0 and 1",
    arises="a count was written",
    next="write 0, or 1 for a crowd",
)
def iscrowd_value(record: Record, _: AnnotationFile) -> str | None:
    value = record.get("iscrowd")
    return f"iscrowd is {value!r}" if is_number(value) and value not in (0, 1) else None


def _without_copies(file: AnnotationFile) -> Iterator[RecordOutcome]:
    for first, others in _copied(file):
        rows = np.array([first, *others])
        original, *copies = [
            {k: v for k, v in each.value.items() if k != "id"}
            for each in file.records("annotations", rows)
        ]
        for row, copy in zip(others, copies, strict=True):
            yield RecordOutcome("annotations", row, DROP if copy == original else None)


@check(
    "annotation-copied",
    "file",
    lambda document: document["annotations"].append({**document["annotations"][0], "id": 99}),
    group="annotations",
    meaning="an object is annotated twice: same image, category and box",
    arises="files were merged, or an object was saved twice",
    next="keep one of them",
    is_judged=False,
    repair=unsafe("drops exact copies", _without_copies, left=_NO_COPY, of_file=True),
)
def annotation_copied(file: AnnotationFile) -> Iterator[Fault]:
    for first, others in _copied(file):
        ann_id = file.located("annotations", first)[0]
        for row in others:
            yield Fault(f"the same as annotation {ann_id}", "annotations", row)


def _copied(file: AnnotationFile) -> Iterator[tuple[int, list[int]]]:
    """Yield the row of each annotation that others are copies of, and theirs."""
    annotations = file.lists.get("annotations")
    if annotations is None or not annotations.count:
        return
    names = ("image_id", "category_id", "bbox_x", "bbox_y", "bbox_w", "bbox_h", "iscrowd")
    if not annotations.column("bbox_x").present:
        return  # captions, or segments
    columns = [values.array for values in annotations.columns(*names) if values.present]
    if all(column.dtype != object for column in columns):
        candidates = _rows_alike(columns)
    else:
        candidates = np.arange(annotations.count)
    keys = zip(*(column[candidates].tolist() for column in columns), strict=True)
    boxes = (None if None in key else repr(key) for key in keys)
    for _, places in repeated(boxes):
        first, *others = candidates[places].tolist()
        yield first, others


def _rows_alike(columns: Sequence[Array]) -> Numbers:
    """Return rows that may have the same values as others."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed)
    is_same = np.diff(mixed[order]) == 0
    found = np.append(is_same, False) | np.append(False, is_same)
    return np.sort(order[found])


@check(
    "annotations-empty",
    "file",
    lambda document: document.update(annotations=[]),
    group="annotations",
    meaning="the file has no annotation",
    arises="it is meant for testing, or an export lost them",
    next="use the file that has them; MMDetection has nothing to train on here",
)
def annotations_empty(file: AnnotationFile) -> Iterator[Fault]:
    if file.lists.get("annotations") is not None and not file.count("annotations"):
        yield Fault(f"none for {plural(file.count('images'), 'image')}")
