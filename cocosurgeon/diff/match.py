"""Records of two files that are the same image, category or object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.annfile.compare import differing
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import UNKNOWN, all_differ, as_keys, objects
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.diff.records import decoded
from cocosurgeon.progress import progress_of

By = Literal["auto", "id", "content"]
Mask = npt.NDArray[np.bool_]

SAME_OBJECT = 0.5
"""IoU from which two boxes of one category are taken for one object."""
_SAME_BOX = 0.9
"""IoU from which two boxes of different categories are."""
_FEW = 20_000
"""So many records are decoded one by one; of more, columns are read."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Records of a list that are in both files, and those that are in one.

    Attributes:
        rows, other_rows: shape (pairs,): theirs, ascending by ``rows``.
        removed, added: rows of the records that only the first, or the second, file has.
    """

    rows: Numbers
    other_rows: Numbers
    removed: Numbers
    added: Numbers


class _Left:
    """Rows of two lists that are not paired yet."""

    def __init__(self, count: int, other_count: int) -> None:
        self._are_left = np.ones(count, np.bool_), np.ones(other_count, np.bool_)
        self._found = [(np.empty(0, np.int64), np.empty(0, np.int64))]

    @property
    def rows(self) -> Numbers:
        return np.flatnonzero(self._are_left[0])

    @property
    def other_rows(self) -> Numbers:
        return np.flatnonzero(self._are_left[1])

    def by_key(self, keys: Array, other_keys: Array) -> tuple[Numbers, Numbers]:
        """Return the rows that are left and have equal keys (None is no key), n-th with n-th."""
        rows, other_rows = self.rows, self.other_rows
        a, b = _equal(keys[rows], other_keys[other_rows])
        return rows[a], other_rows[b]

    def take(self, rows: Numbers, other_rows: Numbers) -> None:
        """Pair these rows."""
        self._found.append((rows, other_rows))
        for are_left, taken in zip(self._are_left, (rows, other_rows), strict=True):
            are_left[taken] = False

    def pairs(self) -> Pairs:
        """Return what was paired, and what is left."""
        rows, other_rows = (np.concatenate(side) for side in zip(*self._found, strict=True))
        order = np.argsort(rows, kind="stable")
        return Pairs(rows[order], other_rows[order], self.rows, self.other_rows)


def _equal(keys: Array, other_keys: Array) -> tuple[Numbers, Numbers]:
    """Return the places of equal keys in two columns, the n-th of each key with the n-th."""
    if keys.dtype == other_keys.dtype and keys.dtype != object:
        if np.array_equal(keys, other_keys):
            every = np.arange(len(keys), dtype=np.int64)
            return every, every
        if all_differ(keys) and all_differ(other_keys):
            _, a, b = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
            order = np.argsort(a)
            return a[order], b[order]
    places_of: defaultdict[object, list[int]] = defaultdict(list)
    for place, key in enumerate(other_keys.tolist()):
        if key is not None:
            places_of[key].append(place)
    for places in places_of.values():
        places.reverse()
    found = [
        (place, places_of[key].pop())
        for place, key in enumerate(keys.tolist())
        if key is not None and places_of.get(key)
    ]
    both = np.array(found, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


# ---- images, categories, other lists


def match_named(one: Records | None, other: Records | None, name: str, by: By) -> Pairs:
    """Match records that have an id and a name, such as images.

    By id where the names agree, then by name, by the name without folders, and by id.

    Args:
        name: the key of the name.
    """
    left = _Left(one.count if one else 0, other.count if other else 0)
    if one is None or other is None:
        return left.pairs()
    ids, other_ids = (as_keys(r.column("id").array) for r in (one, other))
    names, other_names = (_texts(r, name) for r in (one, other))
    if by == "auto":
        a, b = left.by_key(ids, other_ids)
        agree = _agree(names[a], other_names[b])
        left.take(a[agree], b[agree])
    if by != "id":
        left.take(*left.by_key(names, other_names))
        left.take(*left.by_key(*map(_without_folders, (names, other_names))))
    if by != "content":
        left.take(*left.by_key(ids, other_ids))
    return left.pairs()


def match_listed(one: Records, other: Records) -> Pairs:
    """Match records of a further list: by id where each has one of its own, else by place."""
    left = _Left(one.count, other.count)
    ids = [as_keys(r.column("id").array) for r in (one, other)]
    if any(len({*i.tolist()} - {None}) < len(i) for i in ids):
        places = np.arange(min(one.count, other.count), dtype=np.int64)
        left.take(places, places)
    else:
        left.take(*left.by_key(*ids))
    return left.pairs()


def _texts(records: Records, name: str) -> Array:
    values = records.column(name).array.tolist()
    return objects(v if isinstance(v, str) else None for v in values)


def _without_folders(names: Array) -> Array:
    """Return the last part of each name, where that is no other's."""
    last = [None if n is None else n.replace("\\", "/").rpartition("/")[2] for n in names]
    counts: defaultdict[str | None, int] = defaultdict(int)
    for each in last:
        counts[each] += 1
    return objects(each if counts[each] == 1 else None for each in last)


def _agree(names: Array, other_names: Array) -> Mask:
    """Return where two columns of names are equal, or one has none."""
    pairs = zip(names.tolist(), other_names.tolist(), strict=True)
    return np.fromiter((a == b or None in (a, b) for a, b in pairs), np.bool_, count=len(names))


# ---- annotations


@dataclass(frozen=True, eq=False)
class Partners:
    """Images and categories of the second file by those of the first.

    Attributes:
        images: shape (images + 1,): number of the image there, by the number of the image here;
            the last one is for annotations whose image is not listed.
        cat_ids: category id there, by category id here.
    """

    images: Numbers
    cat_ids: dict[object, object]


def match_annotations(
    one: AnnotationIndex, other: AnnotationIndex, partners: Partners, by: By
) -> tuple[Pairs, Mask]:
    """Match annotations, or detections.

    By id where image and object agree; what is left by image, category and box (IoU), then by image
    and box; then by id, if ids are worth something: most of them agree.

    Returns:
        The pairs, and which of them differ in their text.
    """
    records, others = one.annotation_records, other.annotation_records
    left = _Left(records.count if records else 0, others.count if others else 0)
    if records is None or others is None:
        return left.pairs(), np.zeros(0, np.bool_)
    images, other_images = partners.images[one.image_of_annotation], other.image_of_annotation
    if one.is_results:
        a, b = _by_place(left)
    else:
        ids = [as_keys(r.column("id").array) for r in (records, others)]
        a, b = left.by_key(*ids)
    # the number of its image may have stayed while the list of images got others
    named, named_there = (as_keys(r.column("image_id").array) for r in (records, others))
    are_of_one_image = (images[a] == other_images[b]) | _equal_values(named[a], named_there[b])
    a, b, of_any = a[are_of_one_image], b[are_of_one_image], len(a)
    with progress_of("comparing bytes") as progress:
        differ = differing(records, others, a, b, progress)
    equal = a[~differ], b[~differ]
    if by == "id":
        left.take(a, b)
        if not one.is_results:
            left.take(*left.by_key(*ids))
    elif len(equal[0]) < max(records.count, others.count):
        left.take(*equal)
        a, b = a[differ], b[differ]
        objects_here = _Objects.of(records, left.rows, images, partners.cat_ids)
        objects_there = _Objects.of(others, left.other_rows, other_images, None)
        if by == "auto":
            alike = _are_one_object(objects_here.at(a), objects_there.at(b))
            left.take(a[alike], b[alike])
            agreeing = len(equal[0]) + int(alike.sum())
        here, there = objects_here.at(left.rows), objects_there.at(left.other_rows)
        a, b = _equal(here.keys(), there.keys())
        left.take(here.rows[a], there.rows[b])
        left.take(*_by_box(objects_here.at(left.rows), objects_there.at(left.other_rows)))
        if by == "auto" and not one.is_results and 2 * agreeing >= of_any:
            left.take(*left.by_key(*ids))
    else:
        left.take(*equal)
    pairs = left.pairs()
    texts_differ = np.ones(records.count, np.bool_)
    texts_differ[equal[0]] = False
    return pairs, texts_differ[pairs.rows]


def _by_place(left: _Left) -> tuple[Numbers, Numbers]:
    """Return pairs of detections at the same place, where the files have equally many."""
    count = len(left.rows) if len(left.rows) == len(left.other_rows) else 0
    return left.rows[:count], left.other_rows[:count]


@dataclass(frozen=True, eq=False)
class _Objects:
    """Values by which objects are told apart.

    Attributes:
        rows: shape (objects,), ascending.
        images: number of the image in the second file; -1: not listed.
        categories: numbers of categories, alike in both files.
        boxes: shape (objects, 4), xywh; NaN where there is none.
        contents: what stands in place of a box, for records without one.
    """

    rows: Numbers
    images: Numbers
    categories: Array
    boxes: npt.NDArray[np.float64]
    contents: Array

    @classmethod
    def of(
        cls,
        records: Records,
        rows: Numbers,
        images: Numbers,
        cat_ids: dict[object, object] | None,
    ) -> _Objects:
        """Read objects.

        Args:
            cat_ids: by which category ids are replaced.
        """
        own = as_keys(records.column("category_id").array)[rows].tolist()
        categories = own if cat_ids is None else [cat_ids.get(i, i) for i in own]
        contents: list[object] = [None] * len(rows)
        if len(rows) <= _FEW:
            values = [value for _, _, value in decoded(records, rows)]
            boxes = np.array([_box(v.get("bbox")) for v in values], float).reshape(-1, 4)
            has_box = (~np.isnan(boxes[:, 0])).tolist()
            contents = [
                None if has else _content(v) for v, has in zip(values, has_box, strict=True)
            ]
        else:
            names = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
            columns = [as_floats(c.array[rows]) for c in records.columns(*names)]
            boxes = np.stack(columns, axis=1)
        return cls(rows, images[rows], objects(categories), boxes, objects(contents))

    def at(self, rows: Numbers) -> _Objects:
        """Return the objects of some of the rows."""
        at = np.searchsorted(self.rows, rows)
        return _Objects(
            rows, self.images[at], self.categories[at], self.boxes[at], self.contents[at]
        )

    def keys(self) -> Array:
        """Return what equal objects have in common: image, category, and box or content."""
        columns = (self.images.tolist(), self.categories.tolist(), self.boxes.tolist())
        boxes = zip(*columns, self.contents.tolist(), strict=True)
        return objects(
            (image, category, *(box if content is None else (content,)))
            for image, category, box, content in boxes
        )


def _box(value: Any) -> list[float]:
    is_box = isinstance(value, list) and len(value) == 4
    if is_box and all(isinstance(v, (int, float)) for v in value):
        return [float(v) for v in value]
    return [np.nan] * 4


def _content(record: dict[str, object]) -> str:
    """Return the values of a record, without its ids."""
    import json

    ids = ("id", "image_id", "category_id")
    return json.dumps({k: v for k, v in record.items() if k not in ids}, sort_keys=True)


def _are_one_object(here: _Objects, there: _Objects) -> Mask:
    """Return which pairs are one object: a box alike in one category, or nearly equal boxes."""
    iou = _paired_iou(here.boxes, there.boxes)
    same_category = _equal_values(here.categories, there.categories)
    contents = _equal_values(here.contents, there.contents)
    is_boxless = np.isnan(here.boxes[:, 0]) | np.isnan(there.boxes[:, 0])
    alike: Mask = ((iou >= SAME_OBJECT) & same_category) | (iou >= _SAME_BOX)
    alike |= is_boxless & (contents | same_category)
    return alike


def _equal_values(values: Array, others: Array) -> Mask:
    if values.dtype == others.dtype and values.dtype != object:
        same: Mask = values == others
        return same
    pairs = zip(values.tolist(), others.tolist(), strict=True)
    return np.fromiter((a == b for a, b in pairs), np.bool_, count=len(values))


def _by_box(here: _Objects, there: _Objects) -> tuple[Numbers, Numbers]:
    """Return the rows of objects of one image that have nearly one box, the nearest first."""
    of_image: defaultdict[int, list[int]] = defaultdict(list)
    for place, image in enumerate(there.images.tolist()):
        of_image[image].append(place)
    mine: defaultdict[int, list[int]] = defaultdict(list)
    for place, image in enumerate(here.images.tolist()):
        if image in of_image:
            mine[image].append(place)
    found: list[tuple[int, int]] = []
    with progress_of("matching objects") as progress:
        for done, (image, places) in enumerate(mine.items()):
            if progress is not None:
                progress(done, len(mine))
            found += _nearest_pairs(here, there, places, of_image[image])
    both = np.array(found, np.int64).reshape(-1, 2)
    return here.rows[both[:, 0]], there.rows[both[:, 1]]


def _nearest_pairs(
    here: _Objects, there: _Objects, mine: Sequence[int], others: Sequence[int]
) -> list[tuple[int, int]]:
    a, b = (m.ravel() for m in np.meshgrid(mine, others, indexing="ij"))
    iou = _paired_iou(here.boxes[a], there.boxes[b])
    same = _equal_values(here.categories[a], there.categories[b])
    contents = _equal_values(here.contents[a], there.contents[b])
    contents &= np.array([c is not None for c in here.contents[a]], np.bool_)
    score = np.where(contents, 1.0, iou)
    fits = (same & (score >= SAME_OBJECT)) | (score >= _SAME_BOX)
    order = np.lexsort((b, a, -score, ~same))
    found, used, others_used = [], set(), set()
    for place in order[fits[order]].tolist():
        pair = int(a[place]), int(b[place])
        if pair[0] not in used and pair[1] not in others_used:
            used.add(pair[0])
            others_used.add(pair[1])
            found.append(pair)
    return found


def _paired_iou(
    boxes: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the IoU of pairs of boxes, xywh; 1 for equal ones, also without area."""
    with np.errstate(all="ignore"):
        low = np.maximum(boxes[:, :2], others[:, :2])
        high = np.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
        inside = np.clip(high - low, 0, None).prod(axis=1)
        area = boxes[:, 2:].prod(axis=1) + others[:, 2:].prod(axis=1) - inside
        iou = np.where(area > 0, inside / area, 0.0)
    equal = (boxes == others).all(axis=1)
    return np.where(equal, 1.0, np.nan_to_num(iou))


def image_partners(one: AnnotationIndex, other: AnnotationIndex, pairs: Pairs) -> Numbers:
    """Return the number of each image in the second file; see ``Partners``."""
    found = np.full(one.images.count + 1, UNKNOWN, dtype=np.int64)
    if one.is_results or other.is_results:
        found[:-1] = other.images.numbers(one.images.ids)
    else:
        numbers = other.images.image_of_row[pairs.other_rows]
        found[one.images.image_of_row[pairs.rows]] = numbers
    return found
