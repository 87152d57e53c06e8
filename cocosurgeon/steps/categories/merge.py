"""Several categories as one, and other names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.categories.policy import names_once
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import MERGE, RENAME
from cocosurgeon.steps.naming import with_names
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Merge(CategoryStep):
    """Make several categories one: ``Merge("vehicle", ("car", "bus", "truck"))``.

    The new category has the place and the id of the first of them in the list.

    Attributes:
        name: name of the new category.
        of: names of the merged categories.
    """

    name: str
    of: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", names_once(self.of))

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import merge

        return merge(dataset, self.name, self.of)

    def words(self) -> str | None:
        return with_names("merge", (*self.of, "to", self.name))


@dataclass(frozen=True, repr=False, eq=False)
class Rename(CategoryStep):
    """Rename a category: ``Rename("tv", "television")``.

    Attributes:
        old, new: the names.
    """

    old: str
    new: str

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import rename

        return rename(dataset, self.old, self.new)

    def words(self) -> str | None:
        return with_names("rename", (self.old, "to", self.new))


OPTIONS = (
    Option(
        "merge",
        MERGE,
        "Merge several categories into one, with the id and place of the first.",
        lambda pair: Merge(*pair),
        "vehicle=car,bus",
    ),
    Option(
        "rename",
        RENAME,
        "Rename a category.",
        lambda pair: Rename(*pair),
        "dog=hound",
    ),
)
