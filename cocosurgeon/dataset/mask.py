"""Masks: images or annotations that a filter or a pandas Series marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from cocosurgeon.errors import LevelError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Mask: TypeAlias = "npt.NDArray[np.bool_]"
Level = Literal["images", "annotations"]

_A_MASK = (
    "a mask is a boolean Series made from dataset.images or dataset.annotations, "
    "with the index that they have"
)


@dataclass(frozen=True, eq=False)
class FilterResult:
    """A mask of the kept images, or of the kept annotations, in file order.

    Attributes:
        mask: shape (kept images,) or (kept annotations,).
        notes: facts about the result that the summary prints; see ``WarningNote``.
    """

    mask: Mask
    notes: tuple[str, ...] = ()


class WarningNote(str):
    """A note that is printed as a warning, which no option hides."""


class IndexName(str):
    """The name of a DataFrame's index: ``images`` or ``annotations``, with the source's identity.

    Pandas passes it on from frame to Series to comparison, so that a mask has it, too.
    """

    identity: tuple[int, ...]

    def __new__(cls, level: Level, identity: tuple[int, ...]) -> IndexName:
        """Return the name of a level, with the identity of a source."""
        name = super().__new__(cls, level)
        name.identity = identity
        return name

    def __reduce__(self) -> tuple[type[IndexName], tuple[str, tuple[int, ...]]]:
        """Return the parts for pickle, which needs both arguments."""
        return IndexName, (str(self), self.identity)


def marked_rows(series: object) -> tuple[Level, tuple[int, ...], tuple[int, ...]]:
    """Return the level of a boolean Series, the rows that it marks, and their source's identity.

    Raises:
        LevelError: it is no boolean Series made from a dataset's frames.
    """
    import pandas as pd

    if hasattr(series, "compute"):  # of Dask
        series = series.compute()
    if not isinstance(series, pd.Series):
        raise _neither(series)
    if not pd.api.types.is_bool_dtype(series.dtype):
        raise LevelError(f"a mask of {series.dtype}, expected booleans", hint=_A_MASK)
    if series.isna().any():
        raise LevelError("a mask with missing values", hint="say what they mean: fillna(False)")
    name = series.index.name
    if not isinstance(name, IndexName) or not series.index.is_unique:
        raise LevelError(
            "a mask without the index of the frame that it was made from", hint=_A_MASK
        )
    rows = series.index[series.to_numpy(dtype=bool)].tolist()
    level: Level = "images" if name == "images" else "annotations"
    return level, tuple(rows), name.identity


def _neither(thing: object) -> LevelError:
    """Return the error for a name, a class, a step or anything else in place of a filter."""
    what, hint = type(thing).__name__, _A_MASK
    if isinstance(thing, str):
        what = category = repr(thing)
        hint = (
            f"InCategory({category}) matches annotations of a category, "
            f"Having(InCategory({category})) images with one; First(100) is a step"
        )
    elif isinstance(thing, type):
        what = f"the class {thing.__name__}"
        example = re.search(rf"``({thing.__name__}\(.*?\))``", thing.__doc__ or "")
        hint = f"write {example[1] if example else f'{thing.__name__}(...)'}"
    elif hasattr(thing, "bind"):
        what = f"the step {thing!r}"
        hint = f"apply it: {thing!r}.apply(dataset); or put it into a Plan"
    return LevelError(f"neither a filter nor a mask: {what}", hint=hint)
