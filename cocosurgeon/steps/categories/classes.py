"""A category list of given names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cocosurgeon.categories.policy import (
    Pairs,
    Unmapped,
    names_once,
    require_policy,
    require_start,
)
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import NAMES
from cocosurgeon.steps.categories.modifiers import ALIAS, START, UNMAPPED
from cocosurgeon.steps.naming import with_names, with_policy
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class Classes(CategoryStep):
    """Make these the categories, in this order: ``Classes(("person", "car"))``.

    Attributes:
        names: category names of the file, or names that ``aliases`` gives them.
        start: the id of the first category.
        unmapped: ``error``, ``drop`` or ``keep``, for other categories. Kept ones come last, with
            their ids.
        aliases: pairs of a name in the file and the name that it is treated as.
    """

    recipe_name: ClassVar[str] = "with_names"

    names: tuple[str, ...]
    start: int = 0
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", names_once(self.names))
        require_start(self.start)
        require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.by_names import with_names

        return with_names(dataset, self.names, self.start, self.unmapped, self.aliases)

    def words(self) -> str | None:
        named = with_names("classes", self.names)
        if named is None or self.start != 0 or self.aliases:
            return None
        return with_policy([named], self.unmapped)


OPTIONS = (
    Option(
        "classes",
        NAMES,
        "Make these the categories, in this order, with ids from 0 (or --start).",
        Classes,
        "person,dog",
        (START, UNMAPPED, ALIAS),
    ),
)
