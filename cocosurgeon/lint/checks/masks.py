"""Checks of masks, and of area and box against them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from cocosurgeon.lint.annotation_file import AnnotationFile, Record, is_number
from cocosurgeon.lint.check import check
from cocosurgeon.lint.checks.annotations import annotation, without
from cocosurgeon.lint.measures import area_of_mask, area_of_parts, outline_of
from cocosurgeon.lint.repair import Outcome, safe
from cocosurgeon.masks import NO_MASK

_SHARE = 0.1
"""Share of a mask's area by which ``area`` may differ, plus a pixel for each of its outline."""
_PIXELS = 2.0
"""Pixels by which a side of the box may differ from the mask's, plus a share of its size."""
_SIZE_SHARE = 0.05
_RLE = {"size": [80, 100], "counts": [810, 400, 6790]}


@check(
    "segmentation-missing",
    "every-annotation",
    without("segmentation"),
    group="masks",
    meaning="an annotation has no segmentation",
    arises="only boxes were drawn",
    next="nothing for detection; for instance segmentation draw it",
    severity="note",
    is_judged=False,
)
def segmentation_missing(record: Record, file: AnnotationFile) -> str | None:
    if "caption" in record or "segments_info" in record or file.mask_fault(record) != NO_MASK:
        return None
    if "segmentation" not in record:
        return "no 'segmentation'"
    return f"segmentation is {record['segmentation']!r}"


@check(
    "polygon-unusable",
    "every-annotation",
    annotation(segmentation=[[10, 10, 20, 20]]),
)
def polygon_unusable(record: Record, file: AnnotationFile) -> str | None:
    fault = file.mask_fault(record)
    return fault.what if fault is not None and fault.kind == "polygon" else None


@check(
    "rle-unusable",
    "every-annotation",
    annotation(segmentation={"size": [100, 80], "counts": [810, 400, 6790]}),
    is_judged=False,
)
def rle_unusable(record: Record, file: AnnotationFile) -> str | None:
    fault = file.mask_fault(record)
    return fault.what if fault is not None and fault.kind == "rle" else None


@check(
    "crowd-polygon",
    "every-annotation",
    annotation(segmentation=[[10, 10, 30, 10, 30, 30, 10, 30]]),
    base=annotation(iscrowd=1, segmentation=_RLE),
    group="masks",
    meaning="a crowd has polygons",
    arises="iscrowd was set for hard objects, or crowds were drawn as polygons",
    next="write crowds as RLE, as COCO does, or iscrowd 0 for a single object",
    severity="note",
    is_judged=False,
)
def crowd_polygon(record: Record, _: AnnotationFile) -> str | None:
    mask = record.get("segmentation")
    is_crowd = record.get("iscrowd") == 1 and isinstance(mask, list) and bool(mask)
    return "iscrowd is 1, and segmentation a list of polygons" if is_crowd else None


@check(
    "rle-not-crowd",
    "every-annotation",
    annotation(segmentation=_RLE),
    group="masks",
    meaning="an object that is not a crowd has an RLE mask",
    arises="masks were painted, or come from a model",
    next="nothing for MMDetection; detectron2 needs INPUT.MASK_FORMAT 'bitmask'; DETR's masks need "
    "polygons, or RLE whose counts are lists",
    severity="note",
    is_judged=False,
)
def rle_not_crowd(record: Record, _: AnnotationFile) -> str | None:
    is_rle = isinstance(record.get("segmentation"), dict)
    return "iscrowd is 0, and segmentation RLE" if is_rle and record.get("iscrowd") == 0 else None


def _measured(record: Record, file: AnnotationFile) -> Outcome:
    area = area_of_mask(record, file)
    return {("area",): area} if area > 0 else None


_AREA_OF_MASK = safe("writes the area of the mask", _measured, left="the mask has no area")


@check(
    "area-not-of-mask",
    "every-annotation",
    annotation(area=900),
    group="masks",
    meaning="the area of an annotation differs from its mask's",
    arises="the area of the box was written, or the image was resized and the area was not",
    next="write the mask's area: COCO's small, medium and large are chosen by it",
    is_judged=False,
    repair=_AREA_OF_MASK,
)
def area_not_of_mask(record: Record, file: AnnotationFile) -> str | None:
    area, mask = record.get("area"), record.get("segmentation")
    if not is_number(area) or file.mask_fault(record) is not None:
        return None
    own = area_of_parts(mask)
    if abs(own - area) <= _SHARE * own:  # or the outline, which takes longer, is needed
        return None
    own = area_of_mask(record, file)
    if abs(own - area) <= _SHARE * own + outline_of(mask):
        return None
    return f"area is {area:.2f}, the mask's about {own:.2f}"


@check(
    "box-not-of-mask",
    "every-annotation",
    annotation(bbox=[40, 10, 20, 20]),
    group="masks",
    meaning="a box does not match its mask",
    arises="one of the two was moved, or a box was drawn with room around the object",
    next="take the least and largest coordinates of the mask",
    is_judged=False,
)
def box_not_of_mask(record: Record, file: AnnotationFile) -> str | None:
    box, mask = record.get("bbox"), record.get("segmentation")
    if not isinstance(mask, list) or file.mask_fault(record) is not None:
        return None
    if not (isinstance(box, list) and len(box) == 4 and all(map(is_number, box))):
        return None
    points = mask[0] if len(mask) == 1 else list(chain(*mask))
    xs, ys = points[::2], points[1::2]
    x, y, w, h = box
    width, height = file.size_of(record.get("image_id"))
    most = [side if is_number(side) else float("inf") for side in (width, height)]
    own = _clipped(min(xs), min(ys), max(xs), max(ys), most)
    room = _PIXELS + _SIZE_SHARE * max(w, h)
    if all(
        abs(a - b) <= room for a, b in zip(_clipped(x, y, x + w, y + h, most), own, strict=True)
    ):
        return None
    corners = f"[{own[0]}, {own[1]}, {own[2] - own[0]}, {own[3] - own[1]}]"
    return f"bbox {box!r}, of the mask {corners}"


def _clipped(
    x1: float, y1: float, x2: float, y2: float, most: Sequence[float]
) -> tuple[float, float, float, float]:
    """Return corners within an image."""
    return max(0, x1), max(0, y1), min(most[0], x2), min(most[1], y2)
