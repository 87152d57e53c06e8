"""Images with an object of some kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import LevelError
from cocosurgeon.select.filter import (
    Annotation,
    Columns,
    Filter,
    ImageFilter,
    MaskFilter,
    as_filter,
)
from cocosurgeon.steps.annotations.only import InCategory
from cocosurgeon.steps.arguments import NAMES
from cocosurgeon.steps.naming import with_names
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Having(ImageFilter):
    """Images with an annotation that a filter marks: ``Having(InCategory("dog"))``.

    Attributes:
        of: a filter of annotations.
    """

    is_by_record = True

    of: Filter[Annotation]

    def __init__(self, of: Filter[Annotation] | pd.Series) -> None:
        inner = as_filter(of)
        if inner.level != "annotations":
            is_mask = isinstance(inner, MaskFilter)
            raise LevelError(
                "Having needs a filter of annotations, not "
                + ("a mask of images" if is_mask else repr(inner)),
                hint="make the mask from dataset.annotations, or use it without Having"
                if is_mask
                else None,
            )
        object.__setattr__(self, "of", cast("Filter[Annotation]", inner))

    @property
    def columns(self) -> Columns:
        return self.of.columns

    def evaluate(self, dataset: Dataset) -> FilterResult:
        result = self.of.evaluate(dataset)
        return FilterResult(dataset.having(result.mask), result.notes)

    def words(self) -> str | None:
        return with_names("having", self.of.categories) if isinstance(self.of, InCategory) else None


OPTIONS = (
    Option(
        "having",
        NAMES,
        "Keep only images with an object of one of these categories.",
        lambda names: Having(InCategory(*names)),
        "person,dog",
    ),
)
