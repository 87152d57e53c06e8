"""Objects of a dataset in columns: image, category, area, box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, Id, as_key, as_keys, objects
from cocosurgeon.dataset.mask import Mask

Floats = npt.NDArray[np.float64]

SMALL, MEDIUM = 32**2, 96**2
"""Least area of a medium, and of a large object, in square pixels (``pycocotools/cocoeval.py``)."""
LARGEST = 1e5**2
"""Largest area of an object that COCOeval counts, in square pixels."""

_TABLE = 1 << 24
"""Largest range of integers that are marked in a table of bytes instead of sorted."""
_PAIR_TABLE = 1 << 22
"""Largest number of pairs of classes that are counted in a table."""
_BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
_MEASURES = ("area", *_BOX)
OBJECT_COLUMNS = (*_MEASURES, "iscrowd", "segments_info")
"""Columns of annotations that ``Objects.of`` reads."""


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects: annotations; detections of a results file; segments of a panoptic file.

    Attributes:
        images: image number of each object, -1 for an image that the file does not have.
        cat_ids: category ids, int64 or objects; None without one.
        is_crowd: True if ``iscrowd`` is true in Python's sense.
        area: square pixels as in the file; for detections, the area of the box. NaN for any value
            that is no number from 0 to 1e10, which COCOeval does not count.
        x, y, w, h: boxes in pixels; NaN for a box that is not four finite numbers.
    """

    images: Numbers
    cat_ids: Array
    is_crowd: Mask
    area: Floats
    x: Floats
    y: Floats
    w: Floats
    h: Floats

    @classmethod
    def of(cls, dataset: Dataset) -> Objects:
        """Return the kept objects of a dataset."""
        index, rows = dataset.index, dataset.annotation_rows
        records = index.annotation_records
        if records is None:
            return _made(np.empty(0, np.int64), np.empty(0, np.int64), {})
        columns = dict(zip(OBJECT_COLUMNS, records.columns(*OBJECT_COLUMNS), strict=True))
        segments = columns.pop("segments_info")
        images = index.image_of_annotation[rows]
        if segments.present:
            return _segments(dataset, images, segments.array[rows])
        cat_ids = np.full(len(rows), None)
        if records.column("category_id").present:
            (cat_ids,) = dataset.annotation_columns("category_id")
        is_all = len(rows) == records.count
        values = {n: v.array if is_all else v.array[rows] for n, v in columns.items() if v.present}
        if index.is_results and "bbox_w" in values:
            with np.errstate(over="ignore", invalid="ignore"):
                values["area"] = as_floats(values["bbox_w"]) * as_floats(values["bbox_h"])
        return _made(images, as_keys(cat_ids), values)

    @property
    def has_box(self) -> Mask:
        """True for boxes that are wider and higher than 0."""
        found: Mask = (self.w > 0) & (self.h > 0)
        return found

    @property
    def sizes(self) -> Mapping[str, Mask]:
        """Masks of the objects by COCO's bounds of area; crowds are in none."""
        area = np.where(self.is_crowd, np.nan, self.area)
        return {
            "small": area < SMALL,
            "medium": (area >= SMALL) & (area < MEDIUM),
            "large": area >= MEDIUM,
            "no_area": np.isnan(area) & ~self.is_crowd,
        }


def _segments(dataset: Dataset, images: Numbers, lists: Array) -> Objects:
    """Return the segments of panoptic annotations as objects."""
    found: list[Mapping[str, Any]] = []
    owners: list[int] = []
    for image, segments in zip(images.tolist(), lists.tolist(), strict=True):
        kept = [s for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
        found += kept
        owners += [image] * len(kept)
    changed = dataset.category_list
    cat_ids = as_keys(objects(as_key(s.get("category_id")) for s in found))
    values: dict[str, Array] = {
        name: objects(s.get(name) for s in found) for name in ("area", "iscrowd")
    }
    for place, name in enumerate(_BOX):
        boxes = (s.get("bbox") for s in found)
        values[name] = objects(
            b[place] if isinstance(b, list) and len(b) == len(_BOX) else None for b in boxes
        )
    ids = changed.ids(cat_ids) if changed else cat_ids
    return _made(np.array(owners, np.int64), ids, values)


def _made(images: Numbers, cat_ids: Array, values: Mapping[str, Array]) -> Objects:
    nothing = np.full(len(images), np.nan)
    area, x, y, w, h = (_finite(values[name]) if name in values else nothing for name in _MEASURES)
    is_box = ~(np.isnan(x) | np.isnan(y) | np.isnan(w) | np.isnan(h))
    if not is_box.all():
        x, y, w, h = (np.where(is_box, side, np.nan) for side in (x, y, w, h))
    is_area = (area >= 0) & (area <= LARGEST)
    crowd = values.get("iscrowd")
    return Objects(
        images=images,
        cat_ids=cat_ids,
        is_crowd=np.zeros(len(images), np.bool_) if crowd is None else crowd.astype(np.bool_),
        area=area if is_area.all() else np.where(is_area, area, np.nan),
        **dict(zip("xywh", (x, y, w, h), strict=True)),
    )


def _finite(values: Array) -> Floats:
    found = values if values.dtype == np.float64 else as_floats(values)
    is_finite = np.isfinite(found)
    return found if is_finite.all() else np.where(is_finite, found, np.nan)


def distinct(keys: Numbers) -> Numbers:
    """Return the different values of a column of integers, ascending.

    A table of bytes is faster than sorting if the range is small.
    """
    if not len(keys):
        return keys
    low, high = int(keys.min()), int(keys.max())
    if high - low >= _TABLE:
        ranked = np.sort(keys)
        is_new = np.append(True, ranked[1:] != ranked[:-1])
        unique: Numbers = ranked[is_new]
        return unique
    is_there = np.zeros(high - low + 1, np.bool_)
    is_there[keys - low] = True
    return np.flatnonzero(is_there) + low


def codes_of(cat_ids: Array, known: Sequence[Id]) -> Numbers:
    """Return the place of each category id among known ids; -1 for others."""
    place_of = {cat_id: place for place, cat_id in enumerate(known)}
    if cat_ids.dtype != np.int64:
        found = (UNKNOWN if i is None else place_of.get(i, UNKNOWN) for i in cat_ids.tolist())
        return np.fromiter(found, np.int64, len(cat_ids))
    unique = distinct(cat_ids)
    places = np.array([place_of.get(i, UNKNOWN) for i in unique.tolist()], np.int64)
    return places[np.searchsorted(unique, cat_ids)] if len(unique) else unique


def pairs_in_images(images: Numbers, codes: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Return pairs of classes in one image, as ``first * count + second``, and the number of images
    of each pair.

    Args:
        images, codes: each class of each image once, ascending by image, then by class.
        count: number of classes.
    """
    found = [np.empty(0, np.int64)]
    counted = np.zeros(count * count if count * count <= _PAIR_TABLE else 0, np.int64)
    firsts, distance = np.arange(len(images), dtype=np.int64), 1
    while len(firsts := firsts[firsts + distance < len(images)]):
        firsts = firsts[images[firsts] == images[firsts + distance]]
        pairs = codes[firsts] * count + codes[firsts + distance]
        if len(counted):
            counted += np.bincount(pairs, minlength=len(counted))
        else:
            found.append(pairs)
        distance += 1
    if not len(counted):
        return np.unique(np.concatenate(found), return_counts=True)
    unique = np.flatnonzero(counted)
    return unique, counted[unique]


def medians(values: Floats, codes: Numbers, count: int) -> Floats:
    """Return the median of the finite values of each class; NaN for a class without any."""
    is_there = (codes >= 0) & np.isfinite(values)
    values, codes = values[is_there], codes[is_there]
    narrow = codes.astype(np.int16) if count < 1 << 15 else codes  # numpy has a radix sort for it
    ranked = values[np.argsort(narrow, kind="stable")]
    numbers = np.bincount(codes, minlength=count)
    stops = np.cumsum(numbers)
    found = np.full(count, np.nan)
    with np.errstate(over="ignore"):
        for place in np.flatnonzero(numbers).tolist():
            found[place] = np.median(ranked[stops[place] - numbers[place] : stops[place]])
    return found
