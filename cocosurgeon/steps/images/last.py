"""The last images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.steps.arguments import COUNT
from cocosurgeon.steps.images.first import ORDER, ByPosition
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class Last(ByPosition):
    """Keep the last n images."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.last(self.n, self.order)


OPTIONS = (Option("last", COUNT, "Keep the last N images.", Last, "10", (ORDER,)),)
