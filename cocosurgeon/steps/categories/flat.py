"""A category list without groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import FLAG
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Flat(CategoryStep):
    """Set the ``supercategory`` of every category to ``none``; no other value changes."""

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import flatten

        return flatten(dataset)

    def words(self) -> str | None:
        return "flat"


OPTIONS = (
    Option(
        "flat",
        FLAG,
        'Set `supercategory` of every category to "none", so that RF-DETR skips no category.',
        lambda _: Flat(),
    ),
)
