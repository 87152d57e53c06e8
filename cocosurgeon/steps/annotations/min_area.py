"""Annotations by area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import AnnotationFilter, Columns
from cocosurgeon.steps.arguments import NUMBER, number
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Area(AnnotationFilter):
    """Annotations whose ``area`` is in a range: ``Area(min=400)``.

    The area is that of the file, in square pixels. An annotation without a number is in no range.

    Attributes:
        min, max: the bounds, both included; None: no bound.
    """

    is_by_record = True

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("min", "max")}
        bounds = {name: number(bound) for name, bound in given.items() if bound is not None}
        for name in (name for name in bounds if isinstance(given[name], str)):
            object.__setattr__(self, name, bounds[name])
        if any(map(math.isnan, bounds.values())):
            raise RequestError("an area cannot be compared with NaN")

    @property
    def columns(self) -> Columns:
        return {"annotations": ("area",)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        import numpy as np

        from cocosurgeon.annfile.columns import as_floats

        area = as_floats(dataset.annotation_columns("area")[0])
        low = -np.inf if self.min is None else self.min
        high = np.inf if self.max is None else self.max
        lacking = int(np.isnan(area).sum())
        note = f"annotations without a number for an area: {lacking:,}"
        return FilterResult((area >= low) & (area <= high), (note,) if lacking else ())

    def words(self) -> str | None:
        # only for one bound, and only if its short text is exact
        for word, bound, other in (("min", self.min, self.max), ("max", self.max, self.min)):
            if bound is not None and other is None and float(f"{bound:g}") == bound:
                return f"{word}area{bound:g}"
        return None


OPTIONS = (
    Option(
        "min-area",
        NUMBER.called("A"),
        "Keep only annotations of at least A square pixels. Images stay.",
        lambda bound: Area(min=bound),
        "400",
    ),
    Option(
        "max-area",
        NUMBER.called("A"),
        "Keep only annotations of at most A square pixels. Images stay.",
        lambda bound: Area(max=bound),
        "9000",
    ),
)
