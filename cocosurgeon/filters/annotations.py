"""Filters of annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cocosurgeon.annfile.columns import as_floats
from cocosurgeon.errors import RequestError
from cocosurgeon.expression import columns_of, evaluate
from cocosurgeon.filters.base import AnnotationFilter
from cocosurgeon.filters.categories import category_ids, in_categories
from cocosurgeon.question import Mask

if TYPE_CHECKING:
    from cocosurgeon.dataset import Dataset


@dataclass(frozen=True, repr=False)
class InCategory(AnnotationFilter):
    """Annotations of these categories: ``InCategory("person", "car")``.

    A panoptic annotation is in a category when one of its segments is.

    Attributes:
        categories: names (str) or category ids (int).
    """

    categories: tuple[str | int, ...]

    def __init__(self, *categories: str | int) -> None:
        if not categories:
            raise RequestError("no category given")
        object.__setattr__(self, "categories", categories)

    def mask(self, dataset: Dataset) -> Mask:
        return in_categories(dataset, category_ids(dataset, self.categories))

    def __repr__(self) -> str:
        return f"InCategory({', '.join(map(repr, self.categories))})"

    def slug(self) -> str:
        return "only-" + "-".join(map(str, self.categories))


@dataclass(frozen=True, repr=False)
class Area(AnnotationFilter):
    """Annotations whose ``area`` (square pixels, as the file says) lies in a range.

    One without a number for its area lies in none.

    Attributes:
        min, max: the bounds, both included; None: no bound.
    """

    min: float | None = None
    max: float | None = None

    def mask(self, dataset: Dataset) -> Mask:
        area = as_floats(dataset.annotation_column("area"))
        low = -np.inf if self.min is None else self.min
        high = np.inf if self.max is None else self.max
        with np.errstate(invalid="ignore"):
            inside: Mask = (area >= low) & (area <= high)
        return inside

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        lacking = int(np.isnan(as_floats(dataset.annotation_column("area"))).sum())
        return (f"{lacking:,} annotations have no number for an area",) * bool(lacking)

    def slug(self) -> str:
        parts = [("minarea", self.min), ("maxarea", self.max)]
        return "-".join(f"{name}{bound:g}" for name, bound in parts if bound is not None) or "area"


@dataclass(frozen=True, repr=False)
class Crowd(AnnotationFilter):
    """Annotations that a loader takes for a crowd: ``iscrowd`` is true in Python's sense.

    That is how loaders read it (``mmdet/datasets/coco.py``, ``parse_data_info``): absent is no
    crowd, the string "0" is one.
    """

    def mask(self, dataset: Dataset) -> Mask:
        records = dataset.annotation_records
        values = records.column("iscrowd").array if records else np.empty(0, dtype=np.int64)
        return values[dataset.annotation_rows].astype(np.bool_)

    def slug(self) -> str:
        return "crowd"


@dataclass(frozen=True, repr=False)
class AnnotationWhere(AnnotationFilter):
    """Annotations for which an expression over their columns holds (``area < 1024``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    def mask(self, dataset: Dataset) -> Mask:
        return evaluate(self.expression, dataset.annotation_column)

    def slug(self) -> str:
        return f"where-{self.expression}"
