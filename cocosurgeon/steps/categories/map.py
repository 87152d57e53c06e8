"""Category ids by a map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.categories.policy import Unmapped
from cocosurgeon.dataset.keys import Id
from cocosurgeon.select.plan import CategoryStep, Step, Unbound
from cocosurgeon.steps.arguments import PATH
from cocosurgeon.steps.categories.modifiers import UNMAPPED
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.categories.category_map import CategoryMap, Changes
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress


@dataclass(frozen=True, repr=False, eq=False)
class Remap(CategoryStep):
    """Change category ids by a map: ``Remap({1: 0, 90: None})``.

    The list keeps its order. Of merged entries, the first one stays.

    Attributes:
        pairs: id before, id after (None: dropped).
        unmapped: ``error``, ``drop`` or ``keep``, for other ids.
        refused: ids that are an error whatever ``unmapped`` is.
    """

    pairs: tuple[tuple[Id, Id | None], ...]
    unmapped: Unmapped = "error"
    refused: tuple[Id, ...] = ()

    def __init__(
        self,
        pairs: CategoryMap | Changes,
        unmapped: Unmapped = "error",
        refused: Iterable[Id] = (),
    ) -> None:
        from cocosurgeon.categories.category_map import CategoryMap

        if isinstance(pairs, CategoryMap):
            made = pairs
        else:
            made = CategoryMap(pairs, unmapped, refused=refused)
        object.__setattr__(self, "pairs", made.pairs)
        object.__setattr__(self, "unmapped", made.unmapped)
        object.__setattr__(self, "refused", tuple(sorted(made.refused, key=str)))

    @property
    def map(self) -> CategoryMap:
        """Map of the step."""
        from cocosurgeon.categories.category_map import CategoryMap

        return CategoryMap(self.pairs, self.unmapped, refused=self.refused)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.edit import remap

        return remap(dataset, self.map)


@dataclass(frozen=True, repr=False, eq=False)
class MapFile(Unbound, CategoryStep):
    """``Remap`` by a file that is read when the step is bound.

    Attributes:
        path: path of a CSV or JSON file; see ``read_map``.
        unmapped: see ``Remap``.
    """

    path: str
    unmapped: Unmapped = "error"

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,)

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.categories.category_map import read_map

        return Remap(read_map(self.path, self.unmapped))


OPTIONS = (
    Option(
        "map",
        PATH,
        "Change category ids as this file says: CSV (before,after) or JSON.",
        MapFile,
        modifiers=(UNMAPPED,),
    ),
)
