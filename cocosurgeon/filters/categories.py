"""Categories by name or id, in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cocosurgeon.errors import UnknownIdError, UnknownNameError
from cocosurgeon.identity import Id, isin
from cocosurgeon.nearest import did_you_mean
from cocosurgeon.question import Mask

if TYPE_CHECKING:
    from cocosurgeon.dataset import Dataset


def in_categories(dataset: Dataset, wanted: tuple[Id, ...]) -> Mask:
    records = dataset.annotation_records
    rows = dataset.annotation_rows
    if records is None:
        return np.zeros(0, dtype=np.bool_)
    if not dataset.is_panoptic:
        return isin(records.column("category_id").array[rows], wanted)
    segments = records.column("segments_category_ids").array[rows]
    found = (bool(s) and not set(wanted).isdisjoint(s) for s in segments)
    return np.fromiter(found, dtype=np.bool_, count=len(rows))


def category_ids(dataset: Dataset, categories: tuple[str | int, ...]) -> tuple[Id, ...]:
    """Ids of categories given by name or id; all of the file's when none are given.

    Raises:
        UnknownNameError, UnknownIdError: the file has no such category.
    """
    known = dataset.categories
    if not known:
        raise UnknownNameError(
            "the file has no categories",
            where=dataset.document.source.name,
            hint="ask about category_id instead, with a where expression",
        )
    if not categories:
        return tuple(c.id for c in known if c.id is not None)
    found: list[Id] = []
    for wanted in categories:
        if isinstance(wanted, str):
            ids = [c.id for c in known if c.name == wanted and c.id is not None]
        else:
            ids = [c.id for c in known if c.id == wanted and c.id is not None]
        if not ids:
            raise _unknown_category(dataset, wanted)
        found += ids
    return tuple(found)


def _unknown_category(dataset: Dataset, wanted: str | int) -> UnknownNameError | UnknownIdError:
    where = dataset.document.source.name
    if isinstance(wanted, int):
        ids = ", ".join(str(c.id) for c in dataset.categories[:10])
        return UnknownIdError(f"no category has the id {wanted}", where=where, hint=f"ids: {ids}")
    names = [c.name for c in dataset.categories if c.name is not None]
    listing = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    hint = did_you_mean(wanted, names) or f"the file's categories are {listing}"
    return UnknownNameError(f"no category is named {wanted!r}", where=where, hint=hint)
