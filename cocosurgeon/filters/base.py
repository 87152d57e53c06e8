"""What a filter is, and how filters combine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from cocosurgeon.errors import LevelError
from cocosurgeon.question import Level, Mask, Question, Readable, as_question

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset import Dataset


class Image:
    """Marks filters that ask about images."""


class Annotation:
    """Marks filters that ask about annotations."""


L = TypeVar("L", Image, Annotation)


class Filter(ABC, Readable, Generic[L]):
    """A question that can be combined: ``a & b``, ``a | b``, ``~a``."""

    @property
    @abstractmethod
    def level(self) -> Level:
        """What is asked: images or annotations."""

    @abstractmethod
    def mask(self, dataset: Dataset) -> Mask:
        """The answers, one for each kept image or annotation, in file order."""

    @abstractmethod
    def slug(self) -> str:
        """A few words for a file name."""

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        """What a reader of the result should know about the answers."""
        return ()

    # A pandas Series on the left leaves the combination to us.
    __pandas_priority__ = 10_000

    def __and__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        return self._joined("and", other)

    def __or__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        return self._joined("or", other)

    __rand__ = __and__
    __ror__ = __or__

    def _joined(self, operator: Literal["and", "or"], other: object) -> Filter[L]:
        question = as_question(other)
        return self if question == self else Both(operator, self, question)

    def __invert__(self) -> Filter[L]:
        return Not(self)


class ImageFilter(Filter[Image]):
    """A question about an image."""

    @property
    def level(self) -> Level:
        """Images."""
        return "images"


class AnnotationFilter(Filter[Annotation]):
    """A question about an annotation."""

    @property
    def level(self) -> Level:
        """Annotations."""
        return "annotations"


@dataclass(frozen=True, repr=False)
class Both(Filter[L]):
    """Two questions of one level, joined by ``and`` or ``or``; written ``a & b``, ``a | b``."""

    operator: Literal["and", "or"]
    left: Question
    right: Question

    def __post_init__(self) -> None:
        if self.left.level != self.right.level:
            raise LevelError(
                f"{self.left!r} asks about {self.left.level}, {self.right!r} about "
                f"{self.right.level}: they cannot be combined",
                hint="Having(...) makes a question about images of one about annotations",
            )

    @property
    def level(self) -> Level:
        """What both ask about."""
        return self.left.level

    def mask(self, dataset: Dataset) -> Mask:
        left, right = self.left.mask(dataset), self.right.mask(dataset)
        return left & right if self.operator == "and" else left | right

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.left.notes(dataset) + self.right.notes(dataset)))

    def __repr__(self) -> str:
        return f"({self.left!r} {'&' if self.operator == 'and' else '|'} {self.right!r})"

    def slug(self) -> str:
        return f"{self.left.slug()}-{self.operator}-{self.right.slug()}"


@dataclass(frozen=True, repr=False)
class Not(Filter[L]):
    """The opposite; written ``~a``."""

    of: Question

    @property
    def level(self) -> Level:
        """What the question asks about."""
        return self.of.level

    def mask(self, dataset: Dataset) -> Mask:
        return ~self.of.mask(dataset)

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        return self.of.notes(dataset)

    def __repr__(self) -> str:
        return f"~{self.of!r}"

    def slug(self) -> str:
        return f"not-{self.of.slug()}"

    def __invert__(self) -> Filter[L]:
        return self.of if isinstance(self.of, Filter) else Not(self)
