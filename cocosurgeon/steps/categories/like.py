"""The category list of another file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.categories.policy import Pairs, Unmapped, require_policy
from cocosurgeon.dataset.keys import Id
from cocosurgeon.select.plan import CategoryStep, Step, Unbound
from cocosurgeon.steps.arguments import PATH
from cocosurgeon.steps.categories.modifiers import ALIAS, UNMAPPED
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress


@dataclass(frozen=True, repr=False, eq=False)
class Like(CategoryStep):
    """Take ids and order of another file's categories, by their names: ``Like.of(other)``.

    Attributes:
        like: id, name and JSON text of each category of the other file, in order.
        unmapped: ``error``, ``drop`` or ``keep``, for names that the other file does not have.
        aliases: pairs of a name in this file and the name that it is treated as.
    """

    like: tuple[tuple[Id, str, str], ...]
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        require_policy(self.unmapped)

    @classmethod
    def of(cls, other: Dataset, unmapped: Unmapped = "error", aliases: Pairs = ()) -> Like:
        """Return the step that takes the categories of another file.

        Raises:
            RequestError: the other file has no categories.
            StructureError: a category of it has no id or name, or two have the same.
        """
        from cocosurgeon.categories.by_names import like_entries

        return cls(like_entries(other), unmapped, aliases)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.by_names import like

        return like(dataset, self.like, self.unmapped, self.aliases)


@dataclass(frozen=True, repr=False, eq=False)
class LikeFile(Unbound, CategoryStep):
    """``Like`` of a file that is read when the step is bound.

    Attributes:
        path: path of that file.
        unmapped, aliases: see ``Like``.
    """

    path: str
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,)

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.dataset.io import read

        return Like.of(read(self.path, progress), self.unmapped, self.aliases)


OPTIONS = (
    Option(
        "like",
        PATH.called("ANN_FILE"),
        "Take category ids and order from this file. Categories are matched by name.",
        LikeFile,
        modifiers=(UNMAPPED, ALIAS),
    ),
)
