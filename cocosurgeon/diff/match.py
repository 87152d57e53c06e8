"""Matches of annotations, or detections, that are the same object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.compare import differing
from cocosurgeon.dataset.ids import UNKNOWN, as_keys
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.diff.objects import (
    Objects,
    are_one_object,
    pairs_by_box,
    pairs_without_boxes,
)
from cocosurgeon.diff.pairs import By, Left, Mask, Pairs, equal_places, equal_values
from cocosurgeon.progress import progress_of


@dataclass(frozen=True, eq=False)
class Partners:
    """Images and categories of the second file, by those of the first.

    Attributes:
        images: image number in the second file by image number in the first, shape (images + 1,);
            the last one is for annotations whose image is not listed.
        cat_ids: category id in the second file by category id in the first.
    """

    images: Numbers
    cat_ids: Mapping[object, object]


def match_annotations(
    one: AnnotationIndex, other: AnnotationIndex, partners: Partners, by: By
) -> tuple[Pairs, Mask]:
    """Match annotations, or detections.

    In this order: the same id and equal text; the same image, category and box (or content), the
    same id first; the same id and a similar object; the same image and a similar box (IoU); for
    objects without a box, the same place in the image; the same id, if most ids agree.

    Returns:
        The pairs, and a mask of those whose texts differ.
    """
    records, others = one.annotation_records, other.annotation_records
    left = Left(records.count if records else 0, others.count if others else 0)
    if records is None or others is None:
        return left.pairs(), np.zeros(0, np.bool_)
    images, other_images = images_of_annotations(one, other, partners.images)
    if one.is_results:
        a, b = _by_place(left)
    else:
        ids = [as_keys(r.column("id").array) for r in (records, others)]
        a, b = left.by_key(*ids)
        if not len(a) and by == "id" and not any(r.column("id").present for r in (records, others)):
            by = "content"  # there are no ids
            a, b = _by_place(left)
    # an equal image_id is enough: it may be stale, if only the list of images was renumbered
    named, named_there = (as_keys(r.column("image_id").array) for r in (records, others))
    are_of_one_image = (images[a] == other_images[b]) | equal_values(named[a], named_there[b])
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
        here = Objects.of(records, left.rows, images, partners.cat_ids, codes)
        there = Objects.of(others, left.other_rows, other_images, {}, codes)
        a, b = a[differ], b[differ]
        for by_content in (True, False):
            if by == "auto":
                a, b = left.still(a, b)
                keys, others_keys = (
                    each.keys(by_content=by_content) for each in (here.at(a), there.at(b))
                )
                exact = equal_values(keys, others_keys) & (keys != None)  # noqa: E711
                left.take(a[exact], b[exact])
                agreeing += int(exact.sum())
            some, some_there = here.at(left.rows), there.at(left.other_rows)
            keys, others_keys = (e.keys(by_content=by_content) for e in (some, some_there))
            found = equal_places(keys, others_keys)
            left.take(some.rows[found[0]], some_there.rows[found[1]])
        if by == "auto":
            a, b = left.still(a, b)
            alike = are_one_object(here.at(a), there.at(b))
            left.take(a[alike], b[alike])
            agreeing += int(alike.sum())
        left.take(*pairs_by_box(here.at(left.rows), there.at(left.other_rows)))
        left.take(*pairs_without_boxes(here.at(left.rows), there.at(left.other_rows)))
        if by == "auto" and not one.is_results and 2 * agreeing >= of_any:
            left.take(*left.by_key(*ids))
    else:
        left.take(*equal)
    pairs = left.pairs()
    texts_differ = np.ones(records.count, np.bool_)
    texts_differ[equal[0]] = False
    return pairs, texts_differ[pairs.rows]


def images_of_annotations(
    one: AnnotationIndex, other: AnnotationIndex, numbers: Numbers
) -> tuple[Numbers, Numbers]:
    """Return the image number in the second file for each annotation.

    Unlisted images have negative numbers, by id.

    Args:
        numbers: numbers of images in the second file; see ``Partners``.
    """
    found = numbers[one.image_of_annotation], other.image_of_annotation.copy()
    unlisted: dict[object, int] = {}
    for index, of_rows in zip((one, other), found, strict=True):
        assert index.annotation_records is not None
        rows = np.flatnonzero(of_rows == UNKNOWN)
        if len(rows):
            named = as_keys(index.annotation_records.column("image_id").array)[rows].tolist()
            of_rows[rows] = [unlisted.setdefault(i, -2 - len(unlisted)) for i in named]
    return found


def _by_place(left: Left) -> tuple[Numbers, Numbers]:
    """Return pairs of detections at the same place, if the files have equally many."""
    count = len(left.rows) if len(left.rows) == len(left.other_rows) else 0
    return left.rows[:count], left.other_rows[:count]


def image_partners(one: AnnotationIndex, other: AnnotationIndex, pairs: Pairs) -> Numbers:
    """Return the number of each image in the second file; see ``Partners``."""
    found = np.full(one.images.count + 1, UNKNOWN, dtype=np.int64)
    if one.is_results or other.is_results:
        found[:-1] = other.images.numbers(one.images.ids)
    else:
        numbers = other.images.image_of_row[pairs.other_rows]
        found[one.images.image_of_row[pairs.rows]] = numbers
    return found
