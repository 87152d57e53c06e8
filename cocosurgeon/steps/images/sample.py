"""A random sample of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import as_count
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import COUNT
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

SEED = Modifier(
    "seed",
    "seed",
    COUNT.called("S"),
    "Set the seed of --sample. The same ids give the same images on every machine.",
    default="0",
)


@dataclass(frozen=True, repr=False, eq=False)
class Sample(Step):
    """Keep n images drawn by a seed; see ``Dataset.sample``.

    Attributes:
        n: number of images.
        seed: any whole number.
    """

    n: int
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_count(self.n))

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.sample(self.n, self.seed)

    def words(self) -> str | None:
        return f"sample{self.n}-seed{self.seed}"


OPTIONS = (Option("sample", COUNT, "Draw N images by --seed.", Sample, "20", (SEED,)),)
