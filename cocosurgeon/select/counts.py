"""Objects and categories of each image, counted over the kept annotations.

An object is an annotation (a crowd, too), or a segment of a panoptic annotation.
"""

from __future__ import annotations

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, as_keys, isin
from cocosurgeon.dataset.references import annotation_references
from cocosurgeon.select.categories import find_cat_ids


def count_objects(dataset: Dataset, category: str | int | None = None) -> Numbers:
    """Return the number of objects of each image of the source, shape (images,).

    Args:
        category: name or id; None: all objects, even those without a category.

    Raises:
        UnknownNameError, UnknownIdError: the file has no such category.
    """
    if category is not None:
        rows, ids = _kept_pairs(dataset)
        return _per_image(dataset, rows[isin(ids, find_cat_ids(dataset, (category,)))])
    records = dataset.index.annotation_records
    if records is not None and any(r.inside for r in annotation_references(records)):
        return _per_image(dataset, _kept_pairs(dataset)[0])
    return _per_image(dataset, dataset.annotation_rows)


def count_categories(dataset: Dataset) -> Numbers:
    """Return the number of different category ids in each image of the source, shape (images,).

    Ids that the category list lacks count, too.
    """
    import pandas as pd

    rows, ids = _kept_pairs(dataset)
    codes, different = pd.factorize(ids)
    count = max(len(different), 1)
    pairs = np.unique(dataset.index.image_of_annotation[rows] * count + codes)
    return _counted(dataset, pairs // count)  # an unknown image is -1 here, too


def _kept_pairs(dataset: Dataset) -> tuple[Numbers, Array]:
    """Return rows of kept annotations, each with a usable category id of it."""
    rows, ids = dataset.kept_category_pairs
    ids = as_keys(ids)
    if ids.dtype != object:
        return rows, ids
    is_id = np.fromiter((i is not None for i in ids), np.bool_, len(ids))
    return rows[is_id], ids[is_id]


def _per_image(dataset: Dataset, rows: Numbers) -> Numbers:
    return _counted(dataset, dataset.index.image_of_annotation[rows])


def _counted(dataset: Dataset, owners: Numbers) -> Numbers:
    images = dataset.index.images.count
    return np.bincount(owners[owners != UNKNOWN], minlength=images).astype(np.int64)
