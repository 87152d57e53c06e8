"""What may be asked of a dataset: yes or no, of each image or of each annotation."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from cocosurgeon.errors import LevelError

if TYPE_CHECKING:
    from cocosurgeon.dataset import Dataset

Mask = npt.NDArray[np.bool_]
Level = Literal["images", "annotations"]
Order = Literal["file", "id"]
LEVELS: tuple[Level, ...] = ("images", "annotations")


_SHOWN = 6


class Readable:
    """A dataclass that shows itself as it would be written: defaults left out, long lists cut."""

    def __repr__(self) -> str:
        shown: list[str] = []
        for field in fields(cast(Any, self)):
            value = getattr(self, field.name)
            if value != field.default:
                text = _cut(value) if isinstance(value, tuple) else repr(value)
                shown.append(f"{field.name}={text}" if field.default is not MISSING else text)
        return f"{type(self).__name__}({', '.join(shown)})"


def _cut(values: tuple[object, ...]) -> str:
    more = [f"... {len(values) - _SHOWN:,} more"] if len(values) > _SHOWN else []
    return f"[{', '.join([*map(repr, values[:_SHOWN]), *more])}]"


@runtime_checkable
class Question(Protocol):
    """Something that each image, or each annotation, answers with yes or no."""

    @property
    def level(self) -> Level:
        """What is asked: images or annotations."""

    def mask(self, dataset: Dataset) -> Mask:
        """The answers, one for each kept image (or kept annotation), in file order."""

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        """What a reader of the result should know about the answers."""

    def slug(self) -> str:
        """A few words for a file name."""


@dataclass(frozen=True, repr=False)
class SeriesMask(Readable):
    """The numbers of images, or of annotations, that a boolean pandas Series marks.

    Attributes:
        level: which of the two.
        rows: index entries of ``Dataset.images`` or ``Dataset.annotations`` that are True.
    """

    level: Level
    rows: tuple[int, ...]

    @classmethod
    def of(cls, series: object) -> SeriesMask:
        """Read a boolean Series made from ``Dataset.images`` or ``Dataset.annotations``.

        Raises:
            LevelError: it is none.
        """
        import pandas as pd

        if isinstance(series, pd.Series) and series.dtype == bool:
            for level in LEVELS:
                if series.index.name == level:
                    return cls(level, tuple(sorted(series.index[series.to_numpy()].tolist())))
        raise LevelError(
            f"neither a filter nor a mask: {type(series).__name__}",
            hint="a mask is a boolean Series made from dataset.images or dataset.annotations, "
            "with the index that they have",
        )

    def mask(self, dataset: Dataset) -> Mask:
        """Which of the kept images or annotations are marked."""
        kept = dataset.image_numbers if self.level == "images" else dataset.annotation_rows
        return np.isin(kept, np.array(self.rows, dtype=np.int64), assume_unique=True)

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        """Nothing to note."""
        return ()

    def slug(self) -> str:
        """The number of those marked."""
        return f"mask{len(self.rows)}"


def as_question(thing: object) -> Question:
    """A question as it is; a boolean Series as the question that it answers.

    Raises:
        LevelError: neither.
    """
    return thing if isinstance(thing, Question) else SeriesMask.of(thing)
