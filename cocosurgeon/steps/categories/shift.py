"""Category ids moved by a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import as_whole
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import COUNT
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Shift(CategoryStep):
    """Add a number to every category id, listed or used: ``Shift(1)`` changes 0..79 to 1..80.

    Loaders that use ids as labels then load other labels; the summary lists them.

    Attributes:
        by: the number, which may be negative.
    """

    by: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", as_whole(self.by))

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import shift

        return shift(dataset, self.by)

    def words(self) -> str | None:
        return f"shift{self.by}"


OPTIONS = (
    Option(
        "shift",
        COUNT.called("K"),
        "Add K to every category id: 1 if results count classes from 0 and the ground truth from "
        "1. COCO's own ids have gaps: use --to coco91. In annotation files, labels shift in "
        "loaders that take ids as labels. The summary names these loaders.",
        Shift,
        "1",
    ),
)
