"""Records of two files that are the same image, category or object."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
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

    def still(self, rows: Numbers, other_rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return those of some pairs whose rows are both left."""
        both = self._are_left[0][rows] & self._are_left[1][other_rows]
        return rows[both], other_rows[both]

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
    """Match records of a further list: by id where each has one of its own; else by text, and what
    is left by place."""
    left = _Left(one.count, other.count)
    ids = [as_keys(r.column("id").array) for r in (one, other)]
    if any(len({*i.tolist()} - {None}) < len(i) for i in ids):
        texts = (objects(text for _, _, text in r.texts(np.arange(r.count))) for r in (one, other))
        left.take(*left.by_key(*texts))
        rows, other_rows = left.rows, left.other_rows
        count = min(len(rows), len(other_rows))
        left.take(rows[:count], other_rows[:count])
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

    First records of one id and equal text; then objects with the same image, category and box (or
    content), of one id before others; then of one id, if they are nearly one object; then by image
    and box (IoU); then what has no box, by its place in the image; and last by id, if ids are worth
    something: most of them agree.

    Returns:
        The pairs, and which of them differ in their text.
    """
    records, others = one.annotation_records, other.annotation_records
    left = _Left(records.count if records else 0, others.count if others else 0)
    if records is None or others is None:
        return left.pairs(), np.zeros(0, np.bool_)
    images, other_images = _images(one, other, partners)
    if one.is_results:
        a, b = _by_place(left)
    else:
        ids = [as_keys(r.column("id").array) for r in (records, others)]
        a, b = left.by_key(*ids)
        if not len(a) and by == "id" and not any(r.column("id").present for r in (records, others)):
            by = "content"  # there are no ids
            a, b = _by_place(left)
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
        agreeing = len(equal[0])
        codes: dict[object, int] = {}
        here = _Objects.of(records, left.rows, images, partners.cat_ids, codes)
        there = _Objects.of(others, left.other_rows, other_images, {}, codes)
        a, b = a[differ], b[differ]
        for by_content in (True, False):
            if by == "auto":
                a, b = left.still(a, b)
                keys, others_keys = (
                    each.keys(by_content=by_content) for each in (here.at(a), there.at(b))
                )
                exact = _equal_values(keys, others_keys) & (keys != None)  # noqa: E711
                left.take(a[exact], b[exact])
                agreeing += int(exact.sum())
            some, some_there = here.at(left.rows), there.at(left.other_rows)
            keys, others_keys = (e.keys(by_content=by_content) for e in (some, some_there))
            found = _equal(keys, others_keys)
            left.take(some.rows[found[0]], some_there.rows[found[1]])
        if by == "auto":
            a, b = left.still(a, b)
            alike = _are_one_object(here.at(a), there.at(b))
            left.take(a[alike], b[alike])
            agreeing += int(alike.sum())
        left.take(*_by_box(here.at(left.rows), there.at(left.other_rows)))
        left.take(*_without_boxes(here.at(left.rows), there.at(left.other_rows)))
        if by == "auto" and not one.is_results and 2 * agreeing >= of_any:
            left.take(*left.by_key(*ids))
    else:
        left.take(*equal)
    pairs = left.pairs()
    texts_differ = np.ones(records.count, np.bool_)
    texts_differ[equal[0]] = False
    return pairs, texts_differ[pairs.rows]


def _images(
    one: AnnotationIndex, other: AnnotationIndex, partners: Partners
) -> tuple[Numbers, Numbers]:
    """Return the image of each annotation, by its number in the second file.

    An image that is not listed has a negative number, by its id.
    """
    found = partners.images[one.image_of_annotation], other.image_of_annotation.copy()
    unlisted: dict[object, int] = {}
    for index, numbers in zip((one, other), found, strict=True):
        assert index.annotation_records is not None
        rows = np.flatnonzero(numbers == UNKNOWN)
        if len(rows):
            named = as_keys(index.annotation_records.column("image_id").array)[rows].tolist()
            numbers[rows] = [unlisted.setdefault(i, -2 - len(unlisted)) for i in named]
    return found


def _by_place(left: _Left) -> tuple[Numbers, Numbers]:
    """Return pairs of detections at the same place, where the files have equally many."""
    count = len(left.rows) if len(left.rows) == len(left.other_rows) else 0
    return left.rows[:count], left.other_rows[:count]


@dataclass(frozen=True, eq=False)
class _Objects:
    """Values by which objects are told apart.

    Attributes:
        rows: shape (objects,), ascending.
        images: number of the image in the second file; negative: not listed.
        categories: shape (objects,), codes that are alike in both files.
        boxes: shape (objects, 4), xywh; NaN where there is none.
        contents: codes of all values but ids; -1 where they were not read, of a record with a box.
    """

    rows: Numbers
    images: Numbers
    categories: Numbers
    boxes: npt.NDArray[np.float64]
    contents: Numbers

    @classmethod
    def of(
        cls,
        records: Records,
        rows: Numbers,
        images: Numbers,
        cat_ids: Mapping[object, object],
        codes: dict[object, int],
    ) -> _Objects:
        """Read objects.

        Args:
            cat_ids: by which category ids are replaced.
            codes: of categories and contents, of both files.
        """
        own = as_keys(records.column("category_id").array)[rows].tolist()
        names = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
        if len(rows) > _FEW:
            boxes = np.stack([as_floats(c.array[rows]) for c in records.columns(*names)], axis=1)
        else:
            values = (value for _, _, value in decoded(records, rows))
            boxes = np.array([_box(v.get("bbox")) for v in values], float).reshape(-1, 4)
        is_boxless = np.isnan(boxes).any(axis=1)
        boxes[is_boxless] = np.nan
        contents = np.full(len(rows), -1, np.int64)
        read = np.flatnonzero(is_boxless) if len(rows) > _FEW else np.arange(len(rows))
        for place, (_, _, value) in zip(read, decoded(records, rows[read]), strict=True):
            contents[place] = codes.setdefault(("content", _content(value)), len(codes))
        categories = [codes.setdefault(("id", cat_ids.get(i, i)), len(codes)) for i in own]
        return cls(rows, images[rows], np.array(categories, np.int64), boxes, contents)

    def at(self, rows: Numbers) -> _Objects:
        """Return the objects of some of the rows."""
        at = np.searchsorted(self.rows, rows)
        return _Objects(
            rows, self.images[at], self.categories[at], self.boxes[at], self.contents[at]
        )

    def keys(self, *, by_content: bool) -> Array:
        """Return what equal objects have in common: image and category, and box or content.

        Args:
            by_content: None is the key of an object whose content was not read; else of one
                without a box.
        """
        places = zip(self.images.tolist(), self.categories.tolist(), strict=True)
        if by_content:
            pairs = zip(places, self.contents.tolist(), strict=True)
            return objects(None if code < 0 else (*place, code) for place, code in pairs)
        boxes = zip(places, self.boxes.tolist(), strict=True)
        return objects(None if box[0] != box[0] else (*place, *box) for place, box in boxes)


def _box(value: Any) -> list[float]:
    try:
        if isinstance(value, list) and len(value) == 4:
            box = [float(v) for v in value if isinstance(v, (int, float))]
            if len(box) == 4 and all(map(math.isfinite, box)):
                return box
    except OverflowError:  # an integer of hundreds of digits
        pass
    return [np.nan] * 4


def _content(record: dict[str, object]) -> str:
    """Return the values of a record, without its ids."""
    ids = ("id", "image_id", "category_id")
    return json.dumps({k: v for k, v in record.items() if k not in ids}, sort_keys=True)


def _are_one_object(here: _Objects, there: _Objects) -> Mask:
    """Return which pairs are one object: a box alike in one category, or nearly equal boxes."""
    iou = _paired_iou(here.boxes, there.boxes)
    same_category = _equal_values(here.categories, there.categories)
    is_boxless = np.isnan(here.boxes[:, 0]) | np.isnan(there.boxes[:, 0])
    alike: Mask = ((iou >= SAME_OBJECT) & same_category) | (iou >= _SAME_BOX)
    alike |= is_boxless & same_category
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
    same = here.categories[a] == there.categories[b]
    fits = (same & (iou >= SAME_OBJECT)) | (iou >= _SAME_BOX)
    a, b, iou, same = a[fits], b[fits], iou[fits], same[fits]
    found, used, others_used = [], set(), set()
    for place in np.lexsort((b, a, -iou, ~same)).tolist():
        pair = int(a[place]), int(b[place])
        if pair[0] not in used and pair[1] not in others_used:
            used.add(pair[0])
            others_used.add(pair[1])
            found.append(pair)
    return found


def _without_boxes(here: _Objects, there: _Objects) -> tuple[Numbers, Numbers]:
    """Return the rows of objects without a box, the n-th of each image with the n-th."""
    sides = []
    for each in (here, there):
        is_boxless = np.isnan(each.boxes[:, 0])
        sides.append((each.rows[is_boxless], each.images[is_boxless]))
    a, b = _equal(sides[0][1], sides[1][1])
    return sides[0][0][a], sides[1][0][b]


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
