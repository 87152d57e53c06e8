"""A random sample of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import as_amount
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import AMOUNT, COUNT, FLAG
from cocosurgeon.steps.naming import with_amount
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

SEED = Modifier(
    "seed",
    "seed",
    COUNT.called("S"),
    "Set the seed of what is drawn. The same ids give the same images on every machine.",
    default="0",
)
STRATIFY = Modifier(
    "stratify",
    "stratify",
    FLAG,
    "Draw so that each class keeps its share of the objects.",
)


@dataclass(frozen=True, repr=False, eq=False)
class Sample(Step):
    """Keep n images drawn by a seed; see ``Dataset.sample``.

    Attributes:
        n: number of images, or a share of those that are there: ``10%``.
        seed: any whole number.
    """

    n: int | str
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_amount(self.n))

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.sample(self.n, self.seed)

    def words(self) -> str | None:
        return f"{with_amount('sample', self.n)}-seed{self.seed}"


OPTIONS = (
    Option("sample", AMOUNT, "Draw N images, or N percent, by --seed.", Sample, "20", (SEED,)),
)
