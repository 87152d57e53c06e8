"""Annotations of crowds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.select.filter import AnnotationFilter, Columns
from cocosurgeon.steps.arguments import FLAG
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Crowd(AnnotationFilter):
    """Crowd annotations: ``iscrowd`` is true in Python's sense.

    Loaders read it in this way (``mmdet/datasets/coco.py``, ``parse_data_info``): an absent value
    is no crowd, the string "0" is one.
    """

    is_by_record = True

    @property
    def columns(self) -> Columns:
        return {"annotations": ("iscrowd",)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        import numpy as np

        records = dataset.index.annotation_records
        values = records.column("iscrowd").array if records else np.empty(0, dtype=np.int64)
        return FilterResult(values[dataset.annotation_rows].astype(np.bool_))

    def words(self) -> str | None:
        return "crowd"

    def negated_words(self) -> str | None:
        return "no-crowd"


OPTIONS = (
    Option("crowd", FLAG, "Keep only crowd annotations. Images stay.", lambda _: Crowd()),
    Option("no-crowd", FLAG, "Drop crowd annotations. Images stay.", lambda _: ~Crowd()),
)
