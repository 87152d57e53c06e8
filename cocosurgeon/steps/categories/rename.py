"""Another name for a category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import RENAME
from cocosurgeon.steps.naming import with_names
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class Rename(CategoryStep):
    """Give a category another name: ``Rename("tv", "television")``."""

    old: str
    new: str

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import rename

        return rename(dataset, self.old, self.new)

    def words(self) -> str | None:
        return with_names("rename", (self.old, "to", self.new))


OPTIONS = (
    Option(
        "rename",
        RENAME,
        "Give a category another name.",
        lambda pair: Rename(*pair),
        "dog=hound",
    ),
)
