"""The order of the category list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from cocosurgeon.categories.policy import By
from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class SortCategories(CategoryStep):
    """Bring the category list into the order of ids, or of names; ids stay.

    Attributes:
        by: ``id`` or ``name``.
    """

    by: By = "id"

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise RequestError(f"cannot sort categories by {self.by!r}", hint="id or name")

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import sort_categories

        return sort_categories(dataset, self.by)

    def words(self) -> str | None:
        return f"sorted-by-{self.by}"


OPTIONS = (
    Option(
        "sort",
        TEXT.called("id|name"),
        "Sort the category list; ids stay. With --renumber: list, id or name, the order in which "
        "categories are numbered.",
        SortCategories,
        "name",
        modifies="renumber",
    ),
)
