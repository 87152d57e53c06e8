"""Space: what each index means, in one of the field's many numberings of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cocosurgeon.dataset.category_list import BACKGROUND, FILLER
from cocosurgeon.errors import UnknownNameError
from cocosurgeon.text import did_you_mean

Index = Literal["id", "id - 1", "position", "position + 1"]


@dataclass(frozen=True)
class Space:
    """A numbering of classes: what an index means as a category id, a label, a row of a head.

    Attributes:
        name, aliases: what it is called here.
        framework: whose it is.
        defined_in: where that is to be read.
        outputs: rows of the head that goes with it, background included; None for numbers that
            stand in annotation files only.
        index: what an index is: the original category id, that minus 1, or the position in the
            list of classes (from 0, or from 1).
        background: the background's row; None without one.
        classes: class names by index, ascending.
        unused: indices that mean nothing, and what would be there.
        is_named: whether the names are known; if not, classes have numbers for names.
        note: what else to know.
    """

    name: str
    aliases: tuple[str, ...]
    framework: str
    defined_in: str
    outputs: int | None
    index: Index
    background: int | None
    classes: Mapping[int, str]
    unused: Mapping[int, str]
    is_named: bool
    note: str

    def __repr__(self) -> str:
        return f"<Space {self.name}: {len(self.classes):,} classes, index = {self.index}>"

    def __str__(self) -> str:
        return self.name

    @property
    def has_gaps(self) -> bool:
        """Whether it is a head with unused rows: without them, places would not be indices."""
        return self.outputs is not None and bool(self.unused)

    @cached_property
    def index_of(self) -> Mapping[str, int]:
        """Index by class name."""
        return {name: index for index, name in self.classes.items()}

    def class_of(self, index: object) -> str | None:
        """The name of the class that an id means; None: it means none."""
        return self.classes.get(index) if isinstance(index, int) else None

    def find(self, name: str) -> int:
        """The index of a class.

        Raises:
            UnknownNameError: there is none of exactly that name.
        """
        if name not in self.index_of:
            hint = did_you_mean(name, self.index_of)
            raise UnknownNameError(f"{self.name} has no class {name!r}", hint=hint)
        return self.index_of[name]

    def names_in_list(self) -> list[str]:
        """Names for a category list in which place == index: of classes, and of what fills gaps.

        A background in the last row is no part of it.
        """
        count = self.outputs or max(self.classes) + 1
        return [self.name_at(i) for i in range(count - (self.background == count - 1))]

    def name_at(self, index: int) -> str:
        """The name of an index in a category list."""
        if index == self.background:
            return BACKGROUND
        return self.classes.get(index, FILLER)
