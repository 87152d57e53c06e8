"""Category ids of a named label space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.categories.policy import BY_NAMES, Pairs, Unmapped, require_policy, require_start
from cocosurgeon.select.plan import CategoryStep
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.categories.modifiers import ALIAS, START, UNMAPPED
from cocosurgeon.steps.naming import with_policy
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

FROM = Modifier(
    "from",
    "from_",
    TEXT.called("SPACE"),
    "Set the label space of the input. names: use the file's own category names. Default: "
    "inferred from ids and names; an ambiguous file is an error.",
    is_of_one=True,
)


@dataclass(frozen=True, repr=False, eq=False)
class ToSpace(CategoryStep):
    """Change category ids to those of a label space: ``ToSpace("mmdet80")``.

    A label space says which class each label number means. Only ids change. For a head with unused
    rows (``detr91``), the list gets an entry for every row, in order, so that index == id: a loader
    that numbers labels by the list, such as MMDetection's (``mmdet/datasets/coco.py``,
    ``load_data_list``), then returns label == id.

    Attributes:
        to: the label space.
        from_: the label space of the file; ``names``: use the file's category names; None: inferred
            from its ids and names.
        start: the first id, in a space that counts positions; None: that of the space.
        unmapped: ``error``, ``drop`` or ``keep``, for ids that have no class in the space.
        aliases: pairs of a name in the file and the name that it is treated as; empty: no class.
    """

    to: str
    from_: str | None = None
    start: int | None = None
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        from cocosurgeon.categories.spaces import find_space

        space = find_space(self.to)
        if self.from_ is not None and self.from_ != BY_NAMES:
            find_space(self.from_)
        if self.start is not None:
            require_start(self.start)
            space.require_positions()
        require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.categories.to_space import to_space

        return to_space(dataset, self.to, self.from_, self.start, self.unmapped, self.aliases)

    def words(self) -> str | None:
        if self.aliases:
            return None
        source = [] if self.from_ is None else [f"from-{self.from_}"]
        start = [] if self.start is None else [f"start{self.start}"]
        return with_policy([self.to, *source, *start], self.unmapped)


OPTIONS = (
    Option(
        "to",
        TEXT.called("SPACE"),
        "Change category ids to this label space: mmdet80, coco91, detr91, ... (`cocosurgeon "
        "spaces` lists them).",
        ToSpace,
        "mmdet80",
        (FROM, START, UNMAPPED, ALIAS),
    ),
)
