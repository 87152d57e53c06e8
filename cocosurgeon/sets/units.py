"""Images of a dataset as what is distributed over parts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, as_keys
from cocosurgeon.dataset.keys import Id
from cocosurgeon.dataset.lots import lots
from cocosurgeon.sets.stratify import Units


def image_units(dataset: Dataset, seed: int, *, stratified: bool = True) -> Units:
    """Return each kept image as a unit, with its objects of each class, crowds among them.

    Args:
        stratified: with objects; without, sizes alone count.
    """
    images = dataset.image_indices
    ranks = lots(dataset.index.images.ids[images].tolist(), seed)
    none = np.empty(0, dtype=np.int64)
    units, classes, counts = objects_by_class(dataset) if stratified else (none, none, none)
    return Units(np.ones(len(images), dtype=np.int64), units, classes, counts, ranks)


def objects_by_class(dataset: Dataset) -> tuple[Numbers, Numbers, Numbers]:
    """Return units, classes and counts as ``Units`` has them, of kept images and annotations.

    A class is a category id that an object has, listed or not, numbered in the order of ids.
    """
    rows, ids = dataset.category_pairs
    place = np.full(dataset.index.images.count + 1, UNKNOWN, dtype=np.int64)
    place[dataset.image_indices] = np.arange(len(dataset.image_indices))
    kept = np.zeros(len(dataset.index.image_of_annotation), dtype=np.bool_)
    kept[dataset.annotation_rows] = True
    owners = place[dataset.index.image_of_annotation[rows]]
    classes, count = _numbered(as_keys(ids))
    used = kept[rows] & (owners != UNKNOWN) & (classes != UNKNOWN)
    pairs, counts = np.unique(owners[used] * count + classes[used], return_counts=True)
    return pairs // max(count, 1), pairs % max(count, 1), counts.astype(np.int64)


def class_ids(dataset: Dataset) -> list[Id]:
    """Return the category id of each class, as ``objects_by_class`` numbers them."""
    return in_order(as_keys(dataset.category_pairs[1]).tolist())


def in_order(ids: Iterable[Id | None]) -> list[Id]:
    """Return distinct ids in an order that no file decides: numbers, then text."""
    numbers = {i for i in ids if i is not None}
    return sorted(numbers, key=lambda i: (isinstance(i, str), i))


def _numbered(ids: Array) -> tuple[Numbers, int]:
    """Return the number of each id among all of them (-1: it is none), and how many there are."""
    if ids.dtype == np.int64:
        distinct, numbers = np.unique(ids, return_inverse=True)
        return numbers.astype(np.int64), len(distinct)
    place = {each: number for number, each in enumerate(in_order(ids.tolist()))}
    found = (UNKNOWN if i is None else place[i] for i in ids.tolist())
    return np.fromiter(found, dtype=np.int64, count=len(ids)), len(place)
