"""The first and the last images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import Order, as_amount, require_order
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import AMOUNT, choice
from cocosurgeon.steps.naming import with_amount
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

ORDER = Modifier(
    "order",
    "order",
    choice("file", "id"),
    "Count images in the order of the file, or by id, as loaders that sort do.",
    default="file",
)


@dataclass(frozen=True, repr=False, eq=False)
class _ByPosition(Step):
    """Base of steps that count images.

    Attributes:
        n: number of images, or a share of the kept images: ``10%``.
        order: ``file``, or ``id`` as loaders that sort see the images.
    """

    n: int | str
    order: Order = "file"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_amount(self.n))
        require_order(self.order)

    def words(self) -> str | None:
        by = "" if self.order == "file" else "-by-id"
        return with_amount(type(self).__name__.lower(), self.n) + by


class First(_ByPosition):
    """Keep the first n images: ``First(100)``, ``First("10%", order="id")``."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.first(self.n, self.order)


class Last(_ByPosition):
    """Keep the last n images; see ``First``."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.last(self.n, self.order)


class Skip(_ByPosition):
    """Drop the first n images; see ``First``."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.skip(self.n, self.order)


OPTIONS = (
    Option("first", AMOUNT, "Keep the first N images, or N percent.", First, "100", (ORDER,)),
    Option("last", AMOUNT, "Keep the last N images, or N percent.", Last, "10", (ORDER,)),
    Option("skip", AMOUNT, "Skip the first N images, or N percent.", Skip, "20", (ORDER,)),
)
