"""Filters of images and of annotations, and how they combine with ``& | ~``.

A filter is a value that knows no file. It is about images or about annotations; a mix is a type
error, for type checkers and at run time. Names and ids are looked up when a filter is evaluated:
after ``InCategory("person")``, ``Empty()`` are the images without a person.
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
    """Return the columns that any of these will read."""
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
    """

    recipe_name: ClassVar[str] = ""
    recipe_keys: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_recipe(cls, values: Mapping[str, Any]) -> Any:
        """Return the one with these values of its fields."""
        return cls(**values)

    @property
    def columns(self) -> Columns:
        """Return the columns that it will read, as far as they are known before the file is:
        they are read with all others, not in a pass of their own."""
        return {}

    def words(self) -> str | None:
        """Return words that name it completely in a file's name; None: there are none."""
        return None

    # Written once, not made by each ``@dataclass``: ``--help`` waits for all of the classes.
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
        # as Python writes it: without defaults, long lists cut
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


class Filter(PlanPart, ABC, Generic[L]):
    """A filter, which can be combined: ``a & b``, ``a | b``, ``~a``."""

    @property
    @abstractmethod
    def level(self) -> Level:
        """Return what it asks about: images or annotations."""

    @abstractmethod
    def evaluate(self, dataset: Dataset) -> FilterResult:
        """Answer for each image, or each annotation, that a dataset keeps."""

    def negated_words(self) -> str | None:
        """Return words for ``~`` of it; see ``words``."""
        return None

    # A pandas Series on the left leaves the combination to us.
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
    """A filter of images."""

    @property
    def level(self) -> Level:
        """Return ``images``."""
        return "images"


class AnnotationFilter(Filter[Annotation]):
    """A filter of annotations."""

    @property
    def level(self) -> Level:
        """Return ``annotations``."""
        return "annotations"


@dataclass(frozen=True, repr=False, eq=False)
class _Pair(Filter[L]):
    left: Filter[L]
    right: Filter[L]

    def __post_init__(self) -> None:
        if self.left.level != self.right.level:
            raise LevelError(
                f"{self.left!r} asks about {self.left.level}, {self.right!r} about "
                f"{self.right.level}: they cannot be combined",
                hint="Having(...) makes a filter of images from one of annotations",
            )

    @property
    def level(self) -> Level:
        """Return what both ask about."""
        return self.left.level

    @property
    def columns(self) -> Columns:
        return all_columns((self.left, self.right))


class And(_Pair[L]):
    """Both; written ``a & b``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask & right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


class Or(_Pair[L]):
    """Either, or both; written ``a | b``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        left, right = self.left.evaluate(dataset), self.right.evaluate(dataset)
        return FilterResult(left.mask | right.mask, left.notes + right.notes)

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, repr=False, eq=False)
class Not(Filter[L]):
    """The opposite; written ``~a``."""

    of: Filter[L]

    @property
    def level(self) -> Level:
        """Return what the filter asks about."""
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
        of: its level.
        rows: numbers of those that are True, as the source counts its images or annotations.
        identity: the source that they are numbers of; empty where that is not known.
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
        """Return what the Series marks."""
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
