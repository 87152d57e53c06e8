"""Images of a dataset, as units to distribute over parts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, as_keys, as_other_type, random_ranks
from cocosurgeon.dataset.keys import Id
from cocosurgeon.sets.stratify import Units


def image_units(dataset: Dataset, seed: int, *, stratified: bool = True) -> Units:
    """Return each kept image as a unit, with its objects of each class.

    Images without objects are a class of their own, so that each part has its share of them.

    Args:
        stratified: False to leave out objects, so that only sizes count.
    """
    images = dataset.image_indices
    ranks = random_ranks(dataset.index.images.ids[images].tolist(), seed)
    sizes = np.ones(len(images), dtype=np.int64)
    if not stratified:
        none = np.empty(0, dtype=np.int64)
        return Units(sizes, none, none, none, ranks)
    objects = Objects.of(dataset)
    # images without objects are a class of their own
    empty = np.setdiff1d(np.arange(len(images)), objects.images)
    return Units(
        sizes,
        np.concatenate([objects.images, empty]),
        np.concatenate([objects.classes, np.full(len(empty), len(objects.cat_ids))]),
        np.concatenate([objects.counts, np.ones(len(empty), dtype=np.int64)]),
        ranks,
    )


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects of kept images, by class. Crowds count; a panoptic segment is an object.

    Attributes:
        images, classes, counts: number of objects (1 or more) of a class in a kept image, shape
            (entries,), ascending by image, then by class.
        cat_ids: category id of each class, in the order of ids: all ids that objects of the file
            have. An id that is listed only as another type (``"1"`` for 1) has that type.
    """

    images: Numbers
    classes: Numbers
    counts: Numbers
    cat_ids: list[Id]

    @classmethod
    def of(cls, dataset: Dataset) -> Objects:
        """Return the objects of a dataset."""
        rows, ids = dataset.category_pairs
        place = np.full(dataset.index.images.count + 1, UNKNOWN, dtype=np.int64)
        place[dataset.image_indices] = np.arange(len(dataset.image_indices))
        is_kept = np.zeros(len(dataset.index.image_of_annotation), dtype=np.bool_)
        is_kept[dataset.annotation_rows] = True
        owners = place[dataset.index.image_of_annotation[rows]]
        classes, cat_ids = _numbered(as_keys(ids), {c.id for c in dataset.categories})
        used = is_kept[rows] & (owners != UNKNOWN) & (classes != UNKNOWN)
        count = max(len(cat_ids), 1)
        pairs, counts = np.unique(owners[used] * count + classes[used], return_counts=True)
        return cls(pairs // count, pairs % count, counts.astype(np.int64), cat_ids)


def _numbered(ids: Array, listed: Collection[Id | None]) -> tuple[Numbers, list[Id]]:
    """Return the class of each id (-1 for no id), and the ids of all classes, numbers first."""
    distinct: list[Id]
    if ids.dtype == np.int64:
        values, numbers = np.unique(ids, return_inverse=True)
        distinct = values.tolist()
    else:
        distinct = list({i: None for i in ids.tolist() if i is not None})
        number = {each: place for place, each in enumerate(distinct)}
        found = (number.get(i, UNKNOWN) for i in ids.tolist())
        numbers = np.fromiter(found, dtype=np.int64, count=len(ids))
    meant = [_listed(i, listed) for i in distinct]
    ranked = sorted(set(meant), key=lambda i: (isinstance(i, str), i))
    place = {each: number for number, each in enumerate(ranked)}
    classes = np.array([*(place[i] for i in meant), UNKNOWN], dtype=np.int64)  # -1: the last
    return classes[numbers], ranked


def _listed(cat_id: Id, listed: Collection[Id | None]) -> Id:
    other = None if cat_id in listed else as_other_type(cat_id)
    return cat_id if other is None or other not in listed else other
