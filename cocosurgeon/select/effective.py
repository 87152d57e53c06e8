"""Images without an object that a loader would train on.

The loader's rules decide, on blocks of images. An image with an object that no loader drops is not
empty; columns show that, so that the slower rules are applied to few images.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping

import msgspec
import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers, Values, as_floats
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.united import UnitedSource
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, all_differ
from cocosurgeon.dataset.mask import Mask
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.progress import progress_of
from cocosurgeon.select.filter import Columns

_BLOCK = 2000
"""Images that a loader loads at a time."""
_ROWS = 1 << 15
"""Annotations that are judged together: few enough for the processor's cache."""
_MOST = 1e5
"""Largest coordinate in pixels; up to it, float32, which some loaders use, is exact enough here."""

_MOST_AREA = 2.0**53

_IMAGES = ("file_name", "width", "height")
_BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
_ANNOTATIONS = ("id", "image_id", "category_id", *_BOX, "area", "iscrowd", "ignore")
_POINTS = "segmentation_points"
_LEAST_POINTS = 3
"""Least points of a polygon (``detectron2/data/datasets/coco.py:205``)."""
_RLE = -1
"""Value of ``segmentation_points`` for RLE."""


def effective_columns(loader: str) -> Columns:
    """Return the columns that decide for a loader."""
    return {"images": _IMAGES, "annotations": (*_ANNOTATIONS, *_further_columns(loader))}


def _further_columns(loader: str) -> tuple[str, ...]:
    names = {"segmentation": _POINTS}
    return tuple(names.get(field, field) for field in LOADERS[loader].object_fields)


def is_effectively_empty(dataset: Dataset, loader: str) -> Mask:
    """Mark the kept images without an object that a loader would train on, shape (kept images,).

    Annotations that the loader drops or marks as ignored (crowds) do not count
    (``mmdet/datasets/coco.py``, ``parse_data_info``). The loader's filter of images is not applied,
    because it counts unusable records, too.

    Raises:
        LoaderError: the loader raises on the file.
    """
    is_asked = _is_asked(dataset, loader)
    if is_asked is None:
        return _is_empty(dataset, loader)
    numbers = dataset.image_indices
    found = np.zeros(len(numbers), dtype=np.bool_)
    asked = np.flatnonzero(is_asked)
    # at least one block: the loader may refuse the categories
    starts = range(0, max(len(asked), 1), _BLOCK)
    try:
        with progress_of(f"asking {loader}") as progress:
            for start in starts:
                block = asked[start : start + _BLOCK]
                found[block] = _is_empty(dataset.with_images(numbers[block]), loader)
                if progress is not None:
                    progress(min(start + _BLOCK, len(asked)), len(asked))
    except LoaderError:
        # load the whole file: the error then names the first such record and its place
        return _is_empty(dataset, loader)
    return found


def _is_empty(dataset: Dataset, loader: str) -> Mask:
    """Mark the kept images that are empty by the loader's rules."""
    document = _document(dataset)
    names = tuple(c.name for c in dataset.categories if c.name is not None)
    try:
        view = load(loader, document, LOADERS[loader].options.every_image(names))
    except LoaderError as error:
        raise LoaderError(
            f"{loader} raises {error.exception}: {error.what}",
            exception=error.exception,
            rule=error.rule,
            where=", ".join(filter(None, (dataset.source.name, error.where))),
            hint=f"see what else it raises on: cocosurgeon lint FILE --loader {loader}",
        ) from error
    usable = {s.img_id for s in view.samples if any(not i.ignore for i in s.instances)}
    ids = dataset.img_ids
    return np.fromiter((i not in usable for i in ids), dtype=np.bool_, count=len(ids))


def _document(dataset: Dataset) -> object:
    """Return what is kept, as JSON; of several files that are one dataset, the lists of records."""
    index = dataset.index
    if not isinstance(dataset.source, UnitedSource) or dataset.category_list is not None:
        return _parsed(b"".join(dataset.text()).removeprefix(codecs.BOM_UTF8))
    lists = [(records.name, records.texts(rows)) for records, rows in dataset.rows_kept()]
    if (records := index.category_records) is not None:
        lists.append((records.name, records.texts(np.arange(records.count))))
    return {name: _parsed(b"[%b]" % b",".join(text for *_, text in each)) for name, each in lists}


def _parsed(text: bytes) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # NaN or a lone surrogate, which Python's json accepts
        return json.loads(text)


def _is_asked(dataset: Dataset, loader: str) -> Mask | None:
    """Mark the kept images to which the loader's rules must be applied; None: to the whole file.

    They must be applied to an image if none of its annotations is certainly an object, or if the
    loader may raise on one of its records. They are applied to the whole file if ids are no numbers
    or are repeated: then one image's annotations may replace another's.
    """
    index = dataset.index
    images, annotations = index.image_records, index.annotation_records
    if images is None or annotations is None or not images.count:
        return None
    if LOADERS[loader].mixes_records:
        return None
    found = dict(zip(_ANNOTATIONS, annotations.columns(*_ANNOTATIONS), strict=True))
    if annotations.count and found["image_id"].array.dtype != np.int64:
        return None
    if not all(map(_has_ids, (images, annotations))):
        return None
    further = dict(zip(names := _further_columns(loader), annotations.columns(*names), strict=True))
    points = further.pop(_POINTS, None)
    if any(values.present for values in further.values()):
        return np.ones(len(dataset.image_indices), dtype=np.bool_)
    sides, is_plain_image = _sizes(images, index.images.row_of_image)
    is_usable = _not_ignored(found["ignore"])[dataset.annotation_rows] & _listed(dataset)
    rows, owners = dataset.annotation_rows, index.image_of_annotation
    judged = [
        _judged(found, points, sides, rows[at : at + _ROWS], owners, is_usable[at : at + _ROWS])
        for at in range(0, max(len(rows), 1), _ROWS)
    ]
    is_plain, is_object = (np.concatenate(parts) for parts in zip(*judged, strict=True))
    if (~is_plain & (owners[rows] == UNKNOWN)).any():
        return None  # such a record has no known image, so no block of images has it
    has_object, has_odd = dataset.having(is_object), dataset.having(~is_plain)
    return ~has_object | has_odd | ~is_plain_image[dataset.image_indices]


def _judged(
    found: Mapping[str, Values],
    points: Values | None,
    sides: tuple[Array, Array],
    rows: Numbers,
    owners: Numbers,
    is_usable: Mask,
) -> tuple[Mask, Mask]:
    """Mark annotations that no loader raises on, and those of them that every loader keeps.

    Args:
        found: columns of all annotations, by name.
        points: points of their longest polygons; None: the loader does not read polygons.
        sides: widths and heights in pixels, by image number.
        rows: rows of the annotations.
        owners: image numbers of all annotations.
        is_usable: True for those that have a category and are not ignored, shape (rows,).
    """
    x, y, w, h = (_numbers(found[name].array[rows]) for name in _BOX)
    area, iscrowd = (as_floats(found[name].array[rows]) for name in ("area", "iscrowd"))
    across, down = (
        np.minimum(start + extent, side[owners[rows]]) - np.maximum(start, 0)
        for start, extent, side in zip((x, y), (w, h), sides, strict=True)
    )
    is_plain = ~np.isnan(x + y + w + h) & (np.abs(area) < _MOST_AREA)
    is_plain &= (iscrowd == 0) | (iscrowd == 1)
    is_plain &= is_usable
    is_object = (np.minimum(w, h) >= 1) & (area > 0) & (iscrowd == 0)
    is_object &= (across >= 1) & (down >= 1)
    if points is not None and points.present:
        count = as_floats(points.array[rows])
        is_plain &= ~np.isnan(count)
        is_object &= (count >= _LEAST_POINTS) | (count == _RLE)
    return is_plain, is_object & is_plain


def _has_ids(records: Records) -> bool:
    """Return True if all ids of records are integers, and no two are equal."""
    return not records.count or all_differ(records.column("id").array)


def _not_ignored(ignore: Values) -> Mask:
    """Mark annotations without ``ignore``, or with 0; a null makes some loaders raise."""
    count = len(ignore.array)
    if not ignore.present:
        return np.ones(count, np.bool_)
    is_none = np.fromiter((value is None for value in ignore.array), np.bool_, count)
    has_null = ignore.present != count - np.count_nonzero(is_none)
    is_zero: Mask = as_floats(ignore.array) == 0
    return is_zero if has_null else is_zero | is_none


def _sizes(images: Records, row_of_image: Array) -> tuple[tuple[Array, Array], Mask]:
    """Return widths and heights by image number, and a mask of images that no loader raises on."""
    names, *sizes = images.columns(*_IMAGES)
    width, height = (_numbers(values.array)[row_of_image] for values in sizes)
    is_name = np.fromiter((type(n) is str for n in names.array), np.bool_, len(names.array))
    return (width, height), is_name[row_of_image] & (width >= 1) & (height >= 1)


def _listed(dataset: Dataset) -> Mask:
    """Mark the kept annotations that have the id of a category with a name."""
    named = [c.id for c in dataset.categories if c.name is not None and type(c.id) is int]
    rows, ids = dataset.category_pairs
    marked = np.zeros(len(dataset.index.image_of_annotation), dtype=np.bool_)
    if ids.dtype == np.int64:
        marked[rows[np.isin(ids, named)]] = True
    return marked[dataset.annotation_rows]


def _numbers(values: Array) -> Array:
    """Return a column as numbers; NaN for other values, and for numbers above ``_MOST``."""
    found = as_floats(values)
    return np.where(np.abs(found) <= _MOST, found, np.nan)
