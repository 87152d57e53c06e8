"""Annotations by category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import AnnotationFilter
from cocosurgeon.steps.arguments import NAMES, plain_value
from cocosurgeon.steps.naming import with_names
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class InCategory(AnnotationFilter):
    """Annotations of these categories: ``InCategory("person", "car")``.

    A panoptic annotation is in a category if one of its segments is.

    Attributes:
        categories: names (str) or category ids (int), or one list of them.
    """

    is_by_record = True

    categories: tuple[str | int, ...]

    def __init__(self, *categories: str | int | Sequence[str | int]) -> None:
        listed = [i for c in categories for i in (c if isinstance(c, (list, tuple)) else (c,))]
        plain = tuple(map(plain_value, listed))
        if not plain or not all(isinstance(c, (str, int)) for c in plain):
            raise RequestError(
                "InCategory takes names of categories, or their ids", python='InCategory("dog", 17)'
            )
        object.__setattr__(self, "categories", plain)

    @classmethod
    def from_recipe(cls, values: Mapping[str, Any]) -> InCategory:
        return cls(*values["categories"])

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.select.categories import find_cat_ids, in_categories

        return FilterResult(in_categories(dataset, find_cat_ids(dataset, self.categories)))

    def words(self) -> str | None:
        return with_names("only", self.categories)

    def negated_words(self) -> str | None:
        return with_names("drop", self.categories)

    def __repr__(self) -> str:
        return f"InCategory({', '.join(map(repr, self.categories))})"


OPTIONS = (
    Option(
        "only",
        NAMES,
        "Keep only annotations of these categories. Images stay.",
        lambda names: InCategory(*names),
        "person",
    ),
    Option(
        "drop",
        NAMES,
        "Drop annotations of these categories. Images stay.",
        lambda names: ~InCategory(*names),
        "person",
    ),
)
