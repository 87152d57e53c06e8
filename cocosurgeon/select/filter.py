"""Questions: what may be asked of each image, or of each annotation, and how questions combine.

A question is a value that knows no file. It is about images or about annotations; a mix is a type
error, for type checkers and at run time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

from cocosurgeon.dataset.mask import FilterResult, Level, marked_rows
from cocosurgeon.errors import LevelError, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset.dataset import Dataset

_SHOWN = 6


class ReprMixin:
    """A dataclass that shows itself as it would be written: defaults left out, long lists cut."""

    def __repr__(self) -> str:
        shown: list[str] = []
        for each in fields(cast(Any, self)):
            value = getattr(self, each.name)
            if each.repr and value != each.default:
                text = _cut(value) if isinstance(value, tuple) else repr(value)
                shown.append(f"{each.name}={text}" if each.default is not MISSING else text)
        return f"{type(self).__name__}({', '.join(shown)})"


def _cut(values: tuple[object, ...]) -> str:
    more = [f"... {len(values) - _SHOWN:,} more"] if len(values) > _SHOWN else []
    return f"[{', '.join([*map(repr, values[:_SHOWN]), *more])}]"


class Image:
    """Marks filters that ask about images."""


class Annotation:
    """Marks filters that ask about annotations."""


L = TypeVar("L", Image, Annotation)


class Filter(ABC, ReprMixin, Generic[L]):
    """A question that can be combined: ``a & b``, ``a | b``, ``~a``."""

    @property
    @abstractmethod
    def level(self) -> Level:
        """What is asked: images or annotations."""

    @abstractmethod
    def evaluate(self, dataset: Dataset) -> FilterResult:
        """Ask each image, or each annotation, that a dataset keeps."""

    # A pandas Series on the left leaves the combination to us.
    __pandas_priority__ = 10_000

    def __and__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        question = as_filter(other)
        return self if question == self else And(self, cast("Filter[L]", question))

    def __or__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        question = as_filter(other)
        return self if question == self else Or(self, cast("Filter[L]", question))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Filter[L]:
        return Not(self)


AnyFilter: TypeAlias = "Filter[Image] | Filter[Annotation]"


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
class _Pair(Filter[L]):
    left: Filter[L]
    right: Filter[L]

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


@dataclass(frozen=True, repr=False)
class And(_Pair[L]):
    """Both; written ``a & b``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask & right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


@dataclass(frozen=True, repr=False)
class Or(_Pair[L]):
    """Either, or both; written ``a | b``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask | right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, repr=False)
class Not(Filter[L]):
    """The opposite; written ``~a``."""

    of: Filter[L]

    @property
    def level(self) -> Level:
        """What the question asks about."""
        return self.of.level

    def evaluate(self, dataset: Dataset) -> FilterResult:
        answer = self.of.evaluate(dataset)
        return FilterResult(~answer.mask, answer.notes)

    def __repr__(self) -> str:
        return f"~{self.of!r}"

    def __invert__(self) -> Filter[L]:
        return self.of


@dataclass(frozen=True, repr=False)
class MaskFilter(Filter[L]):
    """Images, or annotations, that a boolean pandas Series marks.

    Attributes:
        of: what it marks.
        rows: numbers of those that are True, as the source counts its images or annotations.
        identity: the source that they are numbers of; empty where that is not known.
    """

    of: Level
    rows: tuple[int, ...]
    identity: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if any(not 0 <= row < 2**63 for row in self.rows):
            raise RequestError("a mask marks rows by number, from 0")
        object.__setattr__(self, "rows", tuple(sorted(set(self.rows))))

    @property
    def level(self) -> Level:
        """What the Series marks."""
        return self.of

    def evaluate(self, dataset: Dataset) -> FilterResult:
        return FilterResult(dataset.marked(self.of, self.rows, self.identity))


def as_filter(thing: object) -> AnyFilter:
    """A filter as it is; a boolean Series made from a dataset's frames as the filter that it is.

    Raises:
        LevelError: neither.
    """
    if isinstance(thing, Filter):
        return thing
    return MaskFilter(*marked_rows(thing))
