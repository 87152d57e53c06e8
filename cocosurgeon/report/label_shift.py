"""Labels that a cut shifts, for loaders that number the categories in use; and labels that another
category list shifts, for each loader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS
from cocosurgeon.loaders.labels import CategoryUse, LabelEffect
from cocosurgeon.loaders.view import Record
from cocosurgeon.text import plural


def shifted_labels(dataset: Dataset, paths: Sequence[str]) -> Iterator[str]:
    """Yield a line for each loader whose labels a cut shifts, with a fix.

    A result with other category ids is not compared with its source: its labels are meant to
    differ.

    Args:
        paths: paths of the source and of the result. Only loaders that read such a path count.
    """
    source_path, *result_paths = paths or ("",)
    listing = dataset.category_list
    if listing is not None and any(new not in (None, old) for old, new in listing.cat_ids.items()):
        return
    origin, index = dataset.origin, dataset.index
    used = _used(origin)
    still_used = _used(index, dataset.annotation_rows)
    before, after = CategoryList.of(origin), listing or CategoryList.of(index)
    for loader in LOADERS.values():
        numbering = loader.numbering_by_use
        if numbering is None or not any(map(numbering.reads, paths)):
            continue
        source = _entries(origin, before)
        try:
            there = numbering.labels(source, used, source_path)
            entries = _entries(index, after)
            results = [numbering.labels(entries, still_used, path) for path in result_paths]
        except LoaderError:  # the loader cannot train on this file
            continue
        for here in results:
            moved = sum(label != there.get(cat_id) for cat_id, label in here.items())
            advice = numbering.advice(source, here, there)
            if moved and advice:
                what = plural(moved, "category", "categories")
                yield f"labels of {what} shift where {loader.name} trains on the result: {advice}"
                break


def list_effect(dataset: Dataset, ann_file: str) -> LabelEffect | None:
    """Return the effect of another category list on labels; None if it is not to be compared.

    Args:
        dataset: see ``CategoryList.is_compared``.
        ann_file: path of the source, for loaders that depend on it.
    """
    listing = dataset.category_list
    if listing is None or not listing.is_compared or not listing.entries:
        return None
    origin, index = dataset.origin, dataset.index
    still = _used(index, dataset.annotation_rows)
    mapped = {old: listing.cat_ids.get(old, old) for old in still}
    new_ids = {old: new for old, new in mapped.items() if new is not None}
    lists = _entries(origin, CategoryList.of(origin)), _entries(index, listing)
    names = {c.get("id"): str(c.get("name")) for c in lists[1]}
    pairs = [(names.get(new, str(new)), old, new) for old, new in new_ids.items() if new in names]
    return LabelEffect.of(
        CategoryUse(lists[0], _used(origin), ann_file),
        CategoryUse(lists[1], set(new_ids.values()), ann_file),
        sorted(pairs, key=lambda pair: list(names).index(pair[2])),
    )


def effect_warnings(effect: LabelEffect | None) -> Iterator[str]:
    """Yield a warning if another category list shifts labels."""
    if effect is not None and effect.shifts:
        loaders = ", ".join(name for shift in effect.shifts for name in shift.loaders)
        yield (
            f"labels shift in {loaders}: models and configs made for the input do not fit the "
            f"output"
        )


def _used(index: AnnotationIndex, rows: Numbers | None = None) -> set[Id]:
    of_rows, cat_ids = index.category_pairs
    cat_ids = cat_ids if rows is None else cat_ids[np.isin(of_rows, rows)]
    return {i for i in cat_ids.tolist() if i is not None}


def _entries(index: AnnotationIndex, listing: CategoryList) -> list[Record]:
    records = index.category_records
    return [] if records is None else [json.loads(text) for text in listing.texts(records)]
