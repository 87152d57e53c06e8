"""The order of the category list, and new ids for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from cocosurgeon.categories.policy import By, Numbering, Unmapped, require_policy, require_start
from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import FLAG, TEXT
from cocosurgeon.steps.categories.modifiers import START, UNMAPPED
from cocosurgeon.steps.naming import with_policy
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class SortCategories(CategoryStep):
    """Sort the category list by id, or by name; ids stay.

    Attributes:
        by: ``id`` or ``name``.
    """

    by: By = "id"

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise RequestError(
                f"cannot sort categories by {self.by!r}",
                hint="use id or name; list goes with --renumber",
                python='use id or name; Renumber(sort="list") numbers in the order of the list',
            )

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import sort_categories

        return sort_categories(dataset, self.by)

    def words(self) -> str | None:
        return f"sorted-by-{self.by}"


@dataclass(frozen=True, repr=False, eq=False)
class Renumber(CategoryStep):
    """Number the file's own categories: start, start + 1, ...

    Attributes:
        start: the first id.
        sort: ``list`` for the order of the list; ``id`` or ``name`` sorts the list first.
        unmapped: ``error``, ``drop`` or ``keep``, for ids that are used but not listed.
    """

    start: int = 0
    sort: Numbering = "list"
    unmapped: Unmapped = "error"

    def __post_init__(self) -> None:
        require_start(self.start)
        require_policy(self.unmapped)
        if self.sort not in get_args(Numbering):
            raise RequestError(
                f"cannot number categories in the order of {self.sort!r}",
                hint="use list, id or name",
            )

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import renumber

        return renumber(dataset, self.start, self.sort, self.unmapped)

    def words(self) -> str | None:
        order = "" if self.sort == "list" else f"-by-{self.sort}"
        return with_policy([f"renumber-from{self.start}{order}"], self.unmapped)


OPTIONS = (
    Option(
        "renumber",
        FLAG,
        "Number the file's own categories from 0 (or --start), in the order of the list "
        "(or --sort).",
        lambda _, **given: Renumber(**given),
        modifiers=(START, UNMAPPED),
    ),
    Option(
        "sort",
        TEXT.called("list|id|name"),
        "Sort the category list by id or name. Ids stay. With --renumber: number categories in "
        "this order (default: list, the list's own).",
        SortCategories,
        "name",
        modifies="renumber",
    ),
)
