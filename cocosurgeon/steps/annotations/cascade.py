"""Further top-level lists that follow the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Cascade(Step):
    """Filter a further top-level list by ``image_id``, too: ``Cascade("captions")``.

    See ``Dataset.cascade``.

    Attributes:
        name: the key of the list.
    """

    name: str

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.cascade(self.name)

    def words(self) -> str | None:
        return f"cascade-{self.name}" if self.name.isalpha() else None


OPTIONS = (
    Option(
        "cascade",
        TEXT.called("NAME"),
        "Cut this top-level list, too: keep records whose image_id is a kept image.",
        Cascade,
    ),
)
