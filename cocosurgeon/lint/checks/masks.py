"""Checks of masks, and of area and box against them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from cocosurgeon.annfile import kernel
from cocosurgeon.annfile.columns import Array
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, is_number
from cocosurgeon.lint.batch import CLEAN, EXACT, FAULTY, UNSURE, Batch, Verdicts
from cocosurgeon.lint.check import check
from cocosurgeon.lint.checks.annotations import annotation, without
from cocosurgeon.lint.measures import LONGEST, area_of_mask, area_of_parts, outline_of
from cocosurgeon.lint.repair import Outcome, safe
from cocosurgeon.masks import NO_MASK

_SHARE = 0.1
"""Share of a mask's area by which ``area`` may differ, plus a pixel for each of its outline."""
_PIXELS = 2.0
"""Pixels by which a side of the box may differ from the mask's, plus a share of its size."""
_SIZE_SHARE = 0.05
_RLE = {"size": [80, 100], "counts": [810, 400, 6790]}
_STEPS = (9, 3, 1)
"""Columns of pixels that one stands for, where polygons are drawn: a rough look decides most."""
_LARGEST = 1 << 15
"""Pixels of a side of an image, and of coordinates, up to which nothing overflows."""


def _decide_missing(batch: Batch) -> Verdicts:
    return batch.verdicts(UNSURE, batch.without_mask)


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
    decide=_decide_missing,
)
def segmentation_missing(record: Record, file: AnnotationFile) -> str | None:
    if "caption" in record or "segments_info" in record or file.mask_fault(record) != NO_MASK:
        return None
    if "segmentation" not in record:
        return "no 'segmentation'"
    return f"segmentation is {record['segmentation']!r}"


def _decide_polygon(batch: Batch) -> Verdicts:
    verdicts = batch.verdicts(UNSURE, batch.with_list)
    verdicts[batch.with_polygons] = CLEAN
    return verdicts


@check(
    "polygon-unusable",
    "every-annotation",
    annotation(segmentation=[[10, 10, 20, 20]]),
    decide=_decide_polygon,
)
def polygon_unusable(record: Record, file: AnnotationFile) -> str | None:
    fault = file.mask_fault(record)
    return fault.what if fault is not None and fault.kind == "polygon" else None


def _decide_rle(batch: Batch) -> Verdicts:
    return batch.verdicts(UNSURE, ~batch.with_list & ~batch.without_mask)


@check(
    "rle-unusable",
    "every-annotation",
    annotation(segmentation={"size": [100, 80], "counts": [810, 400, 6790]}),
    is_judged=False,
    decide=_decide_rle,
)
def rle_unusable(record: Record, file: AnnotationFile) -> str | None:
    fault = file.mask_fault(record)
    return fault.what if fault is not None and fault.kind == "rle" else None


def _decide_crowd(batch: Batch) -> Verdicts:
    return batch.verdicts(FAULTY, batch.with_list & (batch.numbers("iscrowd") == 1))


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
    decide=_decide_crowd,
)
def crowd_polygon(record: Record, _: AnnotationFile) -> str | None:
    mask = record.get("segmentation")
    is_crowd = record.get("iscrowd") == 1 and isinstance(mask, list) and bool(mask)
    return "iscrowd is 1, and segmentation a list of polygons" if is_crowd else None


def _decide_not_crowd(batch: Batch) -> Verdicts:
    are_rle = np.array([isinstance(mask, dict) for mask in batch.masks], np.bool_)
    return batch.verdicts(FAULTY, are_rle & (batch.numbers("iscrowd") == 0))


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
    decide=_decide_not_crowd,
)
def rle_not_crowd(record: Record, _: AnnotationFile) -> str | None:
    is_rle = isinstance(record.get("segmentation"), dict)
    return "iscrowd is 0, and segmentation RLE" if is_rle and record.get("iscrowd") == 0 else None


def _measured(record: Record, file: AnnotationFile) -> Outcome:
    area = area_of_mask(record, file)
    return {("area",): area} if area > 0 else None


_AREA_OF_MASK = safe("writes the area of the mask", _measured, left="the mask has no area")


def _decide_area(batch: Batch) -> Verdicts:
    area = batch.numbers("area")
    verdicts = batch.verdicts(UNSURE, np.isfinite(area) & ~batch.without_mask)
    are_numbers = np.abs(area[batch.with_polygons]) < EXACT
    places, polygons = batch.with_polygons[are_numbers], batch.polygons.chosen(are_numbers)
    area = area[places]
    slack = polygons.slack + 1e-12 * np.abs(area)
    verdicts[places] = _compared(area, polygons.area, polygons.area, slack, 0)
    # Now as in area_of_mask: what is drawn counts where that is not the sum of the polygons.
    width, height = (side[places] for side in batch.sizes)
    may_be_drawn = (verdicts[places] == FAULTY) & (polygons.reach < _LARGEST)
    may_be_drawn &= np.minimum(width, height) > 0
    may_be_drawn &= np.maximum(width, height) < _LARGEST
    may_be_drawn &= polygons.outline < LONGEST / 2
    verdicts[places[verdicts[places] == FAULTY]] = UNSURE
    for step in _STEPS if kernel.IS_IN_USE else ():
        which = may_be_drawn & (verdicts[places] == UNSURE)
        some, room = polygons.chosen(which), slack[which]
        least, most = some.pixels(width[which], height[which], step)
        of_sum = _compared(area[which], some.area, some.area, room, some.outline)
        of_pixels = _compared(area[which], least, most, room, some.outline)
        far = some.outline / 2 + room
        are_other = some.are_turning & ((least > some.area + far) | (most < some.area - far))
        found = np.where(of_sum == of_pixels, of_sum, UNSURE)
        verdicts[places[which]] = np.where(are_other, of_pixels, found)
    return verdicts


def _compared(
    area: Array, least: Array, most: Array, slack: Array, outline: Array | int
) -> Verdicts:
    """Judge areas by masks whose own is between two bounds."""
    low, high = (area - outline) / (1 + _SHARE), (area + outline) / (1 - _SHARE)
    are_right = (least >= low + slack) & (most <= high - slack)
    are_wrong = (most < low - slack) | (least > high + slack)
    return np.where(are_right, CLEAN, np.where(are_wrong, FAULTY, UNSURE)).astype(np.int8)


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
    decide=_decide_area,
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


def _decide_box(batch: Batch) -> Verdicts:
    verdicts = batch.verdicts(UNSURE, batch.with_list)
    boxes = np.array(batch.file.boxes[:4])[:, batch.rows[batch.with_polygons]]
    are_exact = np.max(np.abs(boxes), axis=0) < EXACT
    places, (x, y, w, h) = batch.with_polygons[are_exact], boxes[:, are_exact]
    room = _PIXELS + _SIZE_SHARE * np.maximum(w, h)
    are_right = np.ones(len(places), np.bool_)
    for n, (side, own) in enumerate(zip((x, y, x + w, y + h), batch.polygons.corners, strict=True)):
        limit = batch.sizes[n % 2][places]
        a, b = (np.maximum(0, v) if n < 2 else np.minimum(limit, v) for v in (side, own[are_exact]))
        are_right &= np.abs(a - b) <= room
    verdicts[places] = np.where(are_right, CLEAN, FAULTY)
    return verdicts


@check(
    "box-not-of-mask",
    "every-annotation",
    annotation(bbox=[40, 10, 20, 20]),
    group="masks",
    meaning="a box does not match its mask",
    arises="one of the two was moved, or a box was drawn with room around the object",
    next="take the least and largest coordinates of the mask",
    is_judged=False,
    decide=_decide_box,
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
