"""Checks of boxes: xywh in pixels, as the file has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cocosurgeon.lint.annotation_file import AnnotationFile, Boxes, Record, box_of, is_number
from cocosurgeon.lint.check import Fault, check
from cocosurgeon.lint.checks.annotations import annotation, without
from cocosurgeon.lint.measures import box_of_mask
from cocosurgeon.lint.repair import DROP, DROPPING, Outcome, safe, unsafe

_ROUNDING = 1.0
"""Pixels by which rounding may put a box over the edge of its image."""
_SHARE = 0.9
_FAR = 1.05
"""Times an image's side: boxes that end beyond are over the edge by more than a habit."""
_FEWEST = 3
"""Boxes that a conclusion about all of them needs."""
_CLIP = (
    "clip the box to the image; DETR and YOLOX do, MMDetection and detectron2 do not, Ultralytics "
    "drops the whole image for some"
)
_HABIT = 0.01
"""Share of an image's side: a center that is farther out is over the edge by more than rounding."""


def _shown(record: Record) -> str:
    return f"bbox {record['bbox']!r}"


def _of_mask(record: Record, file: AnnotationFile) -> Outcome:
    box = box_of_mask(record, file)
    return None if box is None else {("bbox",): box}


def _of_mask_or_none(record: Record, file: AnnotationFile) -> Outcome:
    return _of_mask(record, file) or DROP


_OF_MASK_OR_NONE = unsafe(
    "writes the box of the mask, and drops an annotation without one", _of_mask_or_none
)


def _instead_of_nothing(record: Record, file: AnnotationFile) -> Outcome:
    return _of_mask(record, file) if record["bbox"] in (None, []) else None


@check(
    "box-missing",
    "annotations",
    without("bbox"),
    group="boxes",
    meaning="an annotation has no bbox",
    arises="an export wrote masks only",
    next="write the box of the mask: [x, y, width, height]",
    further={"pycocotools": "COCOeval raises KeyError: 'bbox'"},
    repair=safe("writes the box of the mask", _of_mask, left="no mask with an area"),
)
def box_missing(record: Record, _: AnnotationFile) -> str | None:
    if "bbox" in record or "caption" in record or "segments_info" in record:
        return None
    return "no 'bbox'"


@check(
    "box-malformed",
    "annotations",
    annotation(bbox=None),
    group="boxes",
    meaning="a bbox is not a list of four numbers",
    arises="corners of a polygon, text, null or a nested list were written",
    next="write [x, y, width, height] in pixels",
    further={"pycocotools": "COCOeval raises IndexError, or another error"},
    repair=safe(
        "writes the box of the mask, if bbox is null or empty",
        _instead_of_nothing,
        left="it is something else, or there is no mask with an area",
    ),
)
def box_malformed(record: Record, _: AnnotationFile) -> str | None:
    if "bbox" not in record or "segments_info" in record:
        return None
    box = record["bbox"]
    is_box = isinstance(box, list) and len(box) == 4
    if is_box and all(isinstance(v, (int, float)) for v in box):
        return None
    return _shown(record)


@check(
    "box-not-finite",
    "annotations",
    annotation(bbox=[10, 10, float("nan"), 20]),
    group="boxes",
    meaning="a bbox has NaN or Infinity",
    arises="a division by the size of an image that was not known",
    next="write the box of the mask; without one, drop the annotation",
    repair=_OF_MASK_OR_NONE,
)
def box_not_finite(record: Record, _: AnnotationFile) -> str | None:
    box = record.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or box_of(record) is not None:
        return None
    are_numbers = all(isinstance(v, (int, float)) for v in box)
    return _shown(record) if are_numbers else None


def _changed(record: Record, box: Sequence[float]) -> Outcome:
    """Return the numbers of a box that are not as the record has them."""
    pairs = enumerate(zip(record["bbox"], box, strict=True))
    return {("bbox", n): new for n, (old, new) in pairs if new != old}


def _turned(record: Record, _: AnnotationFile) -> Outcome:
    x, y, w, h = record["bbox"]
    return _changed(record, (min(x, x + w), min(y, y + h), abs(w), abs(h)))


@check(
    "box-negative",
    "annotations",
    annotation(bbox=[40, 10, -20, 20]),
    group="boxes",
    meaning="a box has a negative width or height",
    arises="it was drawn from the right to the left, or corners were subtracted the wrong way",
    next="swap the corners",
    repair=unsafe("swaps the corners", _turned),
)
def box_negative(record: Record, _: AnnotationFile) -> str | None:
    box = box_of(record)
    return _shown(record) if box is not None and min(box[2:]) < 0 else None


@check(
    "box-empty",
    "annotations",
    annotation(bbox=[10, 10, 0, 20]),
    group="boxes",
    meaning="a box has a width or height of 0",
    arises="a click without a drag, or a mask of one line",
    next="drop the annotation: MMDetection and DETR do, torchvision's detectors raise",
    is_judged=False,
    repair=_OF_MASK_OR_NONE,
)
def box_empty(record: Record, _: AnnotationFile) -> str | None:
    box = box_of(record)
    return _shown(record) if box is not None and min(box[2:]) == 0 else None


@check(
    "box-tiny",
    "annotations",
    annotation(bbox=[10, 10, 0.5, 20]),
    group="boxes",
    meaning="a box is less than one pixel wide or high",
    arises="a large image was downscaled, or a mask has few pixels",
    next="nothing; MMDetection skips it",
    severity="note",
    is_judged=False,
)
def box_tiny(record: Record, _: AnnotationFile) -> str | None:
    box = box_of(record)
    return _shown(record) if box is not None and 0 < min(box[2:]) < 1 else None


def _sides(record: Record, file: AnnotationFile) -> tuple[float, float] | None:
    """Return width and height of a record's image; None where they are not known."""
    width, height = file.size_of(record.get("image_id"))
    if is_number(width) and is_number(height) and min(width, height) > 0:
        return width, height
    return None


def _beyond(record: Record, file: AnnotationFile) -> float | None:
    """Return by how many pixels a box is over the edge of its image; None where it is wholly
    outside, or nothing can be said."""
    box, sides = box_of(record), _sides(record, file)
    if box is None or sides is None or min(box[2:]) <= 0 or _is_outside(box, sides):
        return None
    x, y, w, h = box
    return max(-x, -y, x + w - sides[0], y + h - sides[1])


def _is_outside(box: tuple[float, ...], sides: tuple[float, float]) -> bool:
    x, y, w, h = box
    return x >= sides[0] or y >= sides[1] or x + w <= 0 or y + h <= 0


def _clipped(record: Record, file: AnnotationFile) -> Outcome:
    x, y, w, h = record["bbox"]
    sides = _sides(record, file)
    assert sides is not None, "a box over the edge"
    (left, width), (top, height) = _part(x, w, sides[0]), _part(y, h, sides[1])
    return _changed(record, (left, top, width, height))


def _part(start: float, length: float, side: float) -> tuple[float, float]:
    """Return start and length of what of a stretch lies within a side."""
    first, last = max(start, 0), min(start + length, side)
    if (first, last) == (start, start + length):
        return start, length
    length = last - first
    while first + length > side:  # by the rounding of the subtraction
        length = math.nextafter(length, 0)
    return first, length


@check(
    "box-over-edge",
    "annotations",
    annotation(bbox=[-0.4, 10, 20, 20]),
    group="boxes",
    meaning="a box is over the edge of its image by less than a pixel",
    arises="rounding; COCO's own files have such boxes",
    next="nothing",
    severity="note",
    is_judged=False,
    repair=unsafe("clips the box; area stays", _clipped),
)
def box_over_edge(record: Record, file: AnnotationFile) -> str | None:
    beyond = _beyond(record, file)
    return _shown(record) if beyond is not None and 0 < beyond < _ROUNDING else None


@check(
    "box-beyond",
    "annotations",
    annotation(bbox=[-5, 10, 20, 20]),
    group="boxes",
    meaning="a box is over the edge of its image by a pixel or more",
    arises="the image was cropped or resized, or its size in the file is wrong",
    next=_CLIP,
    is_judged=False,
    repair=unsafe("clips the box; area stays", _clipped),
)
def box_beyond(record: Record, file: AnnotationFile) -> str | None:
    beyond = _beyond(record, file)
    if beyond is None or beyond < _ROUNDING:
        return None
    width, height = file.size_of(record.get("image_id"))
    return f"{_shown(record)}, {beyond:.2f} px over the edge of {width} x {height}"


@check(
    "box-center-outside",
    "annotations",
    annotation(bbox=[-30, 10, 40, 20]),
    group="boxes",
    meaning="a box over the edge has its center outside of the image, or is larger than the image",
    arises="the image was cropped or resized, or its size in the file is wrong",
    next="clip the box to the image: `cocosurgeon fix FILE --select box-beyond`",
    severity="note",
    is_for_hurt=True,
)
def box_center_outside(record: Record, file: AnnotationFile) -> str | None:
    box, sides = box_of(record), _sides(record, file)
    if box is None or sides is None or min(box[2:]) <= 0 or _is_outside(box, sides):
        return None
    shares = [
        ((start + length / 2) / side, length / side)
        for start, length, side in zip(box[:2], box[2:], sides, strict=True)
    ]
    if all(at >= -_HABIT and max(at, length) <= 1 + _HABIT for at, length in shares):
        return None
    return f"{_shown(record)}, the image is {sides[0]} x {sides[1]}"


@check(
    "box-outside",
    "annotations",
    annotation(bbox=[110, 10, 20, 20]),
    group="boxes",
    meaning="a box is wholly outside of its image",
    arises="it belongs to another image, or the image's size in the file is wrong",
    next="check that image_id, width and height are right",
    repair=DROPPING,
)
def box_outside(record: Record, file: AnnotationFile) -> str | None:
    box, sides = box_of(record), _sides(record, file)
    if box is None or sides is None or min(box[2:]) <= 0 or not _is_outside(box, sides):
        return None
    return f"{_shown(record)}, the image is {sides[0]} x {sides[1]}"


def _all_boxes(change: Any) -> Any:
    def changed(document: Any) -> None:
        for each in document["annotations"]:
            x, y, w, h = each["bbox"]
            each["bbox"] = change(x, y, w, h)

    return changed


def _boxes(file: AnnotationFile) -> Boxes | None:
    """Return the boxes of images whose size is known; None for too few."""
    found = file.boxes
    is_box = ~np.logical_or.reduce([np.isnan(column) for column in found])
    if np.count_nonzero(is_box) < _FEWEST:
        return None
    return found if is_box.all() else Boxes(*(column[is_box] for column in found))


@check(
    "boxes-normalized",
    "file",
    _all_boxes(lambda x, y, w, h: [x / 100, y / 80, w / 100, h / 80]),
    group="boxes",
    meaning="boxes look like shares of the image, not like pixels",
    arises="they were copied from YOLO",
    next="multiply by the image's width and height",
    severity="error",
    is_judged=False,
)
def boxes_normalized(file: AnnotationFile) -> Iterator[Fault]:
    b = _boxes(file)
    if b is None or max(column.max() for column in b[:4]) > 1:
        return
    if any((column % 1 != 0).any() for column in b[:4]):
        yield Fault(f"no number in {len(b.x):,} boxes is above 1")


@check(
    "boxes-as-corners",
    "file",
    _all_boxes(lambda x, y, w, h: [x, y, x + w, y + h]),
    group="boxes",
    meaning="boxes look like corners (x1, y1, x2, y2), not like x, y, width and height",
    arises="they were copied from Pascal VOC, or from a detector's output",
    next="subtract the first corner from the second",
    severity="error",
    is_judged=False,
)
def boxes_as_corners(file: AnnotationFile) -> Iterator[Fault]:
    b = _boxes(file)
    if b is None:
        return
    are_corners = (b.w > b.x) & (b.h > b.y) & (b.w <= b.width + 1) & (b.h <= b.height + 1)
    with np.errstate(over="ignore"):  # a sum that no float holds is over the edge, too
        over = (b.x + b.w > _FAR * b.width) | (b.y + b.h > _FAR * b.height)
    if are_corners.mean() > _SHARE and over.mean() > 1 - _SHARE:
        inside = np.count_nonzero(are_corners)
        text = f"of {len(over):,} boxes {np.count_nonzero(over):,} reach over the edge of the image"
        yield Fault(f"{text}; as corners {inside:,} are inside")
