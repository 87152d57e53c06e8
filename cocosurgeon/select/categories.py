"""Categories by name or id, in a file."""

from __future__ import annotations

import numpy as np

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, isin
from cocosurgeon.dataset.mask import Mask
from cocosurgeon.errors import UnknownIdError, UnknownNameError
from cocosurgeon.text import did_you_mean


def in_categories(dataset: Dataset, cat_ids: tuple[Id, ...]) -> Mask:
    """Mark the kept annotations of some categories, shape (kept annotations,)."""
    rows, ids = dataset.category_pairs
    marked = np.zeros(len(dataset.index.image_of_annotation), dtype=np.bool_)
    marked[rows[isin(ids, cat_ids)]] = True
    return marked[dataset.annotation_rows]


def find_cat_ids(dataset: Dataset, categories: tuple[str | int, ...]) -> tuple[Id, ...]:
    """Return the ids of categories given by name or id; all ids of the file if none are given.

    Raises:
        UnknownNameError, UnknownIdError: the file has no such category.
    """
    known = dataset.categories
    if not known:
        raise UnknownNameError(
            "the file has no categories",
            where=dataset.source.name,
            hint=_without_categories(dataset),
        )
    if not categories:
        return tuple(c.id for c in known if c.id is not None)
    found: list[Id] = []
    for wanted in categories:
        keys = [c.name if isinstance(wanted, str) else c.id for c in known]
        ids = [c.id for c, k in zip(known, keys, strict=True) if k == wanted and c.id is not None]
        if not ids:
            raise _unknown_category(dataset, wanted)
        found += ids
    return tuple(found)


def _without_categories(dataset: Dataset) -> str | None:
    records = dataset.index.annotation_records
    if records is None or not records.column("category_id").present:
        return None
    return "use category_id instead, with a where expression"


def _unknown_category(dataset: Dataset, wanted: str | int) -> UnknownNameError | UnknownIdError:
    where = dataset.source.name
    if isinstance(wanted, int):
        ids = ", ".join(str(c.id) for c in dataset.categories[:10])
        return UnknownIdError(f"no category has the id {wanted}", where=where, hint=f"ids: {ids}")
    if any(c.name == wanted for c in dataset.categories):
        return UnknownNameError(f"the category {wanted!r} has no id", where=where)
    names = [c.name for c in dataset.categories if c.name is not None]
    listing = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    hint = did_you_mean(wanted, names) or f"the file's categories are {listing}"
    return UnknownNameError(f"no category is named {wanted!r}", where=where, hint=hint)
