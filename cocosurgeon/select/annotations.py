"""Filters of annotations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import as_floats
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError
from cocosurgeon.select.categories import find_cat_ids, in_categories
from cocosurgeon.select.filter import AnnotationFilter
from cocosurgeon.select.where import columns_of, evaluate


@dataclass(frozen=True, repr=False)
class InCategory(AnnotationFilter):
    """Annotations of these categories: ``InCategory("person", "car")``.

    A panoptic annotation is in a category when one of its segments is.

    Attributes:
        categories: names (str) or category ids (int).
    """

    categories: tuple[str | int, ...]

    def __init__(self, *categories: str | int) -> None:
        categories = tuple(c.item() if isinstance(c, np.generic) else c for c in categories)
        if not categories or not all(isinstance(c, (str, int)) for c in categories):
            raise RequestError("InCategory takes names of categories, or their ids")
        object.__setattr__(self, "categories", categories)

    def evaluate(self, dataset: Dataset) -> FilterResult:
        return FilterResult(in_categories(dataset, find_cat_ids(dataset, self.categories)))

    def __repr__(self) -> str:
        return f"InCategory({', '.join(map(repr, self.categories))})"


@dataclass(frozen=True, repr=False)
class Area(AnnotationFilter):
    """Annotations whose ``area`` (square pixels, as the file says) lies in a range.

    One without a number for its area lies in none.

    Attributes:
        min, max: the bounds, both included; None: no bound.
    """

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if any(bound is not None and np.isnan(bound) for bound in (self.min, self.max)):
            raise RequestError("an area cannot be compared with NaN")

    def evaluate(self, dataset: Dataset) -> FilterResult:
        area = as_floats(dataset.annotation_columns("area")[0])
        low = -np.inf if self.min is None else self.min
        high = np.inf if self.max is None else self.max
        lacking = int(np.isnan(area).sum())
        note = f"annotations without a number for an area: {lacking:,}"
        return FilterResult((area >= low) & (area <= high), (note,) if lacking else ())


@dataclass(frozen=True, repr=False)
class Crowd(AnnotationFilter):
    """Annotations that a loader takes for a crowd: ``iscrowd`` is true in Python's sense.

    That is how loaders read it (``mmdet/datasets/coco.py``, ``parse_data_info``): absent is no
    crowd, the string "0" is one.
    """

    def evaluate(self, dataset: Dataset) -> FilterResult:
        records = dataset.index.annotation_records
        values = records.column("iscrowd").array if records else np.empty(0, dtype=np.int64)
        return FilterResult(values[dataset.annotation_rows].astype(np.bool_))


@dataclass(frozen=True, repr=False)
class AnnotationWhere(AnnotationFilter):
    """Annotations for which an expression over their columns holds (``area < 1024``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    def evaluate(self, dataset: Dataset) -> FilterResult:
        everywhere = evaluate(self.expression, dataset.source_annotation_columns)
        return FilterResult(everywhere[dataset.annotation_rows])
