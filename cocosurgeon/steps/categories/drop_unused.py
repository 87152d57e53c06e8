"""A category list without unused categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import FLAG
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class DropUnused(CategoryStep):
    """Drop categories without annotations from the list; the others keep their ids.

    Loaders that number labels by the list then load other labels; the summary lists them.
    """

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import drop_unused

        return drop_unused(dataset)

    def words(self) -> str | None:
        return "drop-unused"


OPTIONS = (
    Option(
        "drop-unused",
        FLAG,
        "Drop categories without annotations from the list. Ids stay, but labels shift in loaders "
        "that number them by the list. The summary names these loaders.",
        lambda _: DropUnused(),
    ),
)
