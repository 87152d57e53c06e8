"""Checks of keypoints."""

from __future__ import annotations

from typing import Any

from cocosurgeon.dataset.keys import as_key
from cocosurgeon.lint.annotation_file import AnnotationFile, Record
from cocosurgeon.lint.check import check
from cocosurgeon.lint.checks.annotations import annotation
from cocosurgeon.text import plural


def _with_keypoints(document: Any) -> None:
    for category in document["categories"]:
        category.update(keypoints=["nose", "tail"], skeleton=[[1, 2]])
    for each in document["annotations"]:
        x, y, w, h = each["bbox"]
        each.update(keypoints=[x, y, 2, x + w, y + h, 1], num_keypoints=2)


@check(
    "keypoints-length",
    "annotations",
    annotation(keypoints=[10, 10, 2, 20, 20]),
    base=_with_keypoints,
    group="keypoints",
    meaning="the number of keypoint values is not three for each keypoint of the category",
    arises="the visibility is missing, or the keypoints are of another list",
    next="write x, y and visibility for each keypoint; 0, 0, 0 where there is none",
)
def keypoints_length(record: Record, file: AnnotationFile) -> str | None:
    if "keypoints" not in record:
        return None
    keypoints = record["keypoints"]
    if not isinstance(keypoints, list):
        return f"keypoints is {keypoints!r}"
    expected = len(_names(record, file)) * 3
    if len(keypoints) % 3 or (expected and keypoints and len(keypoints) != expected):
        many = plural(len(keypoints), "value")
        return f"{many}, the category has {expected // 3} keypoints" if expected else many
    return None


@check(
    "keypoints-count",
    "annotations",
    annotation(keypoints=[10, 10, 2, 0, 0, 0]),
    base=_with_keypoints,
    group="keypoints",
    meaning="num_keypoints is not the number of labeled keypoints",
    arises="keypoints were changed, and the number was not",
    next="count the keypoints whose visibility is above 0",
    further={
        "pycocotools": "COCOeval for keypoints skips objects whose num_keypoints is 0, and raises "
        "KeyError where there is none"
    },
    is_judged=False,
)
def keypoints_count(record: Record, _: AnnotationFile) -> str | None:
    flags = _visibility(record)
    if flags is None:
        return None
    labeled = sum(isinstance(v, (int, float)) and v > 0 for v in flags)
    if "num_keypoints" not in record:
        return f"no 'num_keypoints', labeled are {labeled}"
    given = record["num_keypoints"]
    return None if given == labeled else f"num_keypoints is {given!r}, labeled are {labeled}"


@check(
    "keypoints-visibility",
    "annotations",
    annotation(keypoints=[10, 10, 3, 20, 20, 2]),
    base=_with_keypoints,
    group="keypoints",
    meaning="the visibility of a keypoint is not 0, 1 or 2",
    arises="a confidence was written",
    next="write 0 (not labeled), 1 (labeled, not visible) or 2 (visible)",
    is_judged=False,
)
def keypoints_visibility(record: Record, _: AnnotationFile) -> str | None:
    wrong = [v for v in _visibility(record) or () if v not in (0, 1, 2)]
    return f"visibility {wrong[0]!r}" if wrong else None


@check(
    "keypoints-undefined",
    "annotations",
    lambda document: document["categories"][0].pop("keypoints"),
    base=_with_keypoints,
    group="keypoints",
    meaning="an object has keypoints, and its category does not name any",
    arises="`keypoints` and `skeleton` of the category were lost",
    next="add the list of names, `keypoints`, to the category",
    is_judged=False,
)
def keypoints_undefined(record: Record, file: AnnotationFile) -> str | None:
    if not record.get("keypoints") or _names(record, file):
        return None
    return f"category {record.get('category_id')!r} has no 'keypoints'"


def _visibility(record: Record) -> list[Any] | None:
    keypoints = record.get("keypoints")
    if not isinstance(keypoints, list) or len(keypoints) % 3:
        return None
    return keypoints[2::3]


def _names(record: Record, file: AnnotationFile) -> list[Any]:
    key = as_key(record.get("category_id"))
    entry: Record = next((c for c in file.categories if as_key(c.get("id")) == key), {})
    names = entry.get("keypoints")
    return names if isinstance(names, list) else []
