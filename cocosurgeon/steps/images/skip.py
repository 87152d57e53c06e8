"""All but the first images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.steps.arguments import COUNT
from cocosurgeon.steps.images.first import ORDER, ByPosition
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class Skip(ByPosition):
    """Skip the first n images."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.skip(self.n, self.order)


OPTIONS = (Option("skip", COUNT, "Skip the first N images.", Skip, "20", (ORDER,)),)
