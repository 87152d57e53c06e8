"""Filters of images and of annotations, and their combination with ``& | ~``.

A filter is a value without a file. It is about images or about annotations; mixing them is a type
error, for type checkers and at run time. Names and ids are looked up when a filter is evaluated:
after ``InCategory("person")``, ``Empty()`` keeps the images without a person.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar, cast

from cocosurgeon.dataset.mask import FilterResult, Level, marked_rows
from cocosurgeon.errors import LevelError, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset.dataset import Dataset

_SHOWN = 6

Columns: TypeAlias = Mapping[str, tuple[str, ...]]
"""Names of columns, by the keys of their lists."""


def all_columns(parts: Iterable[PlanPart]) -> Columns:
    """Return the columns that any of these steps and filters reads."""
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for name, columns in part.columns.items():
            found[name] = (*found.get(name, ()), *columns)
    return found


class PlanPart:
    """A step or a filter: a frozen dataclass with a form in recipes, in file names and in Python.

    Attributes:
        recipe_name: its name in recipes; empty: the class name in lower case.
        recipe_keys: keys of its fields in recipes, where they differ from the fields' names.
        is_by_record: True if its answer about a record depends only on records of the same image.
    """

    recipe_name: ClassVar[str] = ""
    recipe_keys: ClassVar[Mapping[str, str]] = {}
    is_by_record: ClassVar[bool] = False

    @classmethod
    def from_recipe(cls, values: Mapping[str, Any]) -> Any:
        """Return the step or filter with these values of its fields."""
        return cls(**values)

    @property
    def columns(self) -> Columns:
        """Keys of records that it reads, by list, as far as known before the file is read.

        The columns of a whole plan are read in one pass.
        """
        return {}

    def words(self) -> str | None:
        """Return words for an output's file name that describe it completely; None without any."""
        return None

    # Written once, not made by each ``@dataclass``: that would make ``--help`` slower.
    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, f.name) for f in fields(cast(Any, self)) if f.compare)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PlanPart)
            and type(other) is type(self)
            and self._values() == other._values()
        )

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        # As in Python code; defaults are omitted, long lists cut.
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
    """Type parameter of filters of images: ``Filter[Image]``."""


class Annotation:
    """Type parameter of filters of annotations: ``Filter[Annotation]``."""


L = TypeVar("L", Image, Annotation)


class Filter(PlanPart, ABC, Generic[L]):
    """A filter of images or of annotations. Combine filters with ``a & b``, ``a | b``, ``~a``."""

    @property
    @abstractmethod
    def level(self) -> Level:
        """``images`` or ``annotations``."""

    @abstractmethod
    def evaluate(self, dataset: Dataset) -> FilterResult:
        """Return a mask of the kept images, or of the kept annotations, of a dataset.

        Raises:
            RequestError: the file lacks a name, id or column of the filter.
        """

    def negated_words(self) -> str | None:
        """Return words for its negation; see ``words``."""
        return None

    # Lets ``series & filter`` call ``__rand__`` here instead of pandas' ``__and__``.
    __pandas_priority__ = 10_000

    def __and__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        right = as_filter(other)
        return self if right == self else And(self, cast("Filter[L]", right))

    def __or__(self, other: Filter[L] | pd.Series) -> Filter[L]:
        right = as_filter(other)
        return self if right == self else Or(self, cast("Filter[L]", right))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Filter[L]:
        return Not(self)


AnyFilter: TypeAlias = Filter[Image] | Filter[Annotation]


class ImageFilter(Filter[Image]):
    """Base of filters of images."""

    @property
    def level(self) -> Level:
        """``images``."""
        return "images"


class AnnotationFilter(Filter[Annotation]):
    """Base of filters of annotations."""

    @property
    def level(self) -> Level:
        """``annotations``."""
        return "annotations"


@dataclass(frozen=True, repr=False, eq=False)
class _Pair(Filter[L]):
    left: Filter[L]
    right: Filter[L]

    def __post_init__(self) -> None:
        if self.left.level != self.right.level:
            raise LevelError(
                f"{self.left!r} filters {self.left.level}, {self.right!r} filters "
                f"{self.right.level}: they cannot be combined",
                hint="Having(...) makes a filter of images from a filter of annotations",
            )

    @property
    def level(self) -> Level:
        """Level of both filters."""
        return self.left.level

    @property
    def columns(self) -> Columns:
        return all_columns((self.left, self.right))


class And(_Pair[L]):
    """Both filters: ``a & b``."""

    is_by_record = True

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask & right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


class Or(_Pair[L]):
    """Either filter, or both: ``a | b``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask | right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, repr=False, eq=False)
class Not(Filter[L]):
    """Negation of a filter: ``~a``."""

    is_by_record = True

    of: Filter[L]

    @property
    def level(self) -> Level:
        """Level of the filter."""
        return self.of.level

    @property
    def columns(self) -> Columns:
        return self.of.columns

    def evaluate(self, dataset: Dataset) -> FilterResult:
        result = self.of.evaluate(dataset)
        return FilterResult(~result.mask, result.notes)

    def words(self) -> str | None:
        return self.of.negated_words()

    def __repr__(self) -> str:
        return f"~{self.of!r}"

    def __invert__(self) -> Filter[L]:
        return self.of


@dataclass(frozen=True, repr=False, eq=False)
class MaskFilter(Filter[L]):
    """Images, or annotations, that a boolean pandas Series marks.

    Attributes:
        of: ``images`` or ``annotations``.
        rows: numbers of the marked images, or rows of the marked annotations, in the source.
        identity: identity of that source; empty if unknown.
    """

    recipe_name: ClassVar[str] = "marked"

    of: Level
    rows: tuple[int, ...]
    identity: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if any(not 0 <= row < 2**63 for row in self.rows):
            raise RequestError("a mask marks rows by number, from 0")
        object.__setattr__(self, "rows", tuple(sorted(set(self.rows))))

    @property
    def level(self) -> Level:
        """``images`` or ``annotations``, whichever the Series marks."""
        return self.of

    def evaluate(self, dataset: Dataset) -> FilterResult:
        return FilterResult(dataset.marked(self.of, self.rows, self.identity))


def as_filter(thing: object) -> AnyFilter:
    """Return a filter unchanged, and a boolean Series made from a dataset's frames as a filter.

    Raises:
        LevelError: it is neither.
    """
    if isinstance(thing, Filter):
        return thing
    return MaskFilter(*marked_rows(thing))
