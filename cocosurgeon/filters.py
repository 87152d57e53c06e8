"""Filters: questions about an image or about an annotation, to be combined with ``& | ~``.

``Filter[Image]`` asks about images, ``Filter[Annotation]`` about annotations; a mix is a type
error. ``Having`` lifts: images that have an annotation of which something holds.

A filter is a value that knows no file. Names and ids are looked up when a dataset is asked, and
one that its file does not have is an error. What is asked is what is kept by then: after
``InCategory("person")``, ``Empty()`` are the images without a person.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from cocosurgeon.annfile.columns import Array, as_floats
from cocosurgeon.errors import LevelError, RequestError, UnknownIdError, UnknownNameError
from cocosurgeon.expression import columns_of, evaluate
from cocosurgeon.identity import UNKNOWN, Id, as_key, isin, objects
from cocosurgeon.nearest import did_you_mean
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


# ---- about images


@dataclass(frozen=True, repr=False)
class Ids(ImageFilter):
    """Images with these ids.

    Attributes:
        ids: numbers or strings; a string never equals a number, ``139.0`` equals ``139``.
        unknown: whether an id that the source does not have is an error, or passed over.
    """

    ids: tuple[Id, ...]
    unknown: Literal["error", "ignore"] = "error"

    def __init__(self, ids: Iterable[Id], unknown: Literal["error", "ignore"] = "error") -> None:
        keys = tuple(as_key(i) for i in ids)
        if None in keys:
            raise RequestError("an image id is a number or a string")
        object.__setattr__(self, "ids", tuple(dict.fromkeys(keys)))
        object.__setattr__(self, "unknown", unknown)

    def mask(self, dataset: Dataset) -> Mask:
        missing = self._missing(dataset)
        if missing and self.unknown == "error":
            raise _unknown_ids(missing, dataset)
        return isin(dataset.all_images.ids[dataset.image_numbers], self.ids)

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        missing = self._missing(dataset)
        return (f"{len(missing):,} of {len(self.ids):,} ids are not in the file",) * bool(missing)

    def slug(self) -> str:
        return "ids-" + "-".join(map(str, self.ids))

    def _missing(self, dataset: Dataset) -> list[Id]:
        numbers = dataset.all_images.numbers(objects(self.ids))
        return [i for i, n in zip(self.ids, numbers.tolist(), strict=True) if n == UNKNOWN]


@dataclass(frozen=True, repr=False)
class Names(ImageFilter):
    """Images whose ``file_name`` matches a glob (``*``, ``?``, ``[...]``; case counts).

    A pattern without a slash is held against the last part of the name. A pattern that matches no
    image of the source is an error.
    """

    pattern: str

    def mask(self, dataset: Dataset) -> Mask:
        records = dataset.image_records
        names = dataset.image_column("file_name")
        mask = self._matches(names)
        if (
            records
            and not mask.any()
            and not self._matches(records.column("file_name").array).any()
        ):
            raise UnknownNameError(
                f"no image has a file_name that matches {self.pattern!r}",
                where=dataset.document.source.name,
                hint=f"the first one is {names[0]!r}" if len(names) else None,
            )
        return mask

    def slug(self) -> str:
        return f"names-{self.pattern}"

    def _matches(self, names: Array) -> Mask:
        pattern = self.pattern.replace("\\", "/")
        matches = re.compile(translate(pattern)).match

        def answer(name: object) -> bool:
            if not isinstance(name, str):
                return False
            path = name.replace("\\", "/")
            return bool(matches(path if "/" in pattern else path.rpartition("/")[2]))

        return np.fromiter(map(answer, names), dtype=np.bool_, count=len(names))


@dataclass(frozen=True, repr=False)
class Empty(ImageFilter):
    """Images without objects.

    Attributes:
        definition: ``raw``: no annotation; ``category``: no annotation of ``categories``.
        categories: names or ids for ``category``; none given: every category of the file, which
            is what MMDetection's ``filter_empty_gt`` goes by (``mmdet/datasets/coco.py``,
            ``filter_data``).
    """

    definition: Literal["raw", "category"] = "raw"
    categories: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        if self.definition not in ("raw", "category"):
            raise _no_definition(self.definition)

    def mask(self, dataset: Dataset) -> Mask:
        if dataset.is_results:
            raise RequestError(
                "a results file lists no images, so none of them can be empty",
                where=dataset.document.source.name,
                hint="ask about the annotation file",
            )
        if self.definition == "raw":
            return ~_having(dataset, np.ones(len(dataset.annotation_rows), dtype=np.bool_))
        wanted = _category_ids(dataset, self.categories)
        return ~_having(dataset, _in_categories(dataset, wanted))

    def slug(self) -> str:
        if self.definition == "raw":
            return "empty"
        return "-".join(["empty-category", *map(str, self.categories)])


@dataclass(frozen=True, repr=False)
class Having(ImageFilter):
    """Images with at least one annotation of which something holds."""

    of: Question

    def __init__(self, of: Question | pd.Series) -> None:
        question = as_question(of)
        if question.level != "annotations":
            raise LevelError(f"Having needs a question about annotations, not {of!r}")
        object.__setattr__(self, "of", question)

    def mask(self, dataset: Dataset) -> Mask:
        return _having(dataset, self.of.mask(dataset))

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        return self.of.notes(dataset)

    def slug(self) -> str:
        return f"having-{self.of.slug().removeprefix('only-')}"


@dataclass(frozen=True, repr=False)
class ImageWhere(ImageFilter):
    """Images for which an expression over their columns holds (``width > 640``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    def mask(self, dataset: Dataset) -> Mask:
        return evaluate(self.expression, dataset.image_column)

    def slug(self) -> str:
        return f"where-{self.expression}"


# ---- about annotations


@dataclass(frozen=True, repr=False)
class InCategory(AnnotationFilter):
    """Annotations of these categories: ``InCategory("person", "car")``.

    A panoptic annotation is in a category when one of its segments is.

    Attributes:
        categories: names (str) or category ids (int).
    """

    categories: tuple[str | int, ...]

    def __init__(self, *categories: str | int) -> None:
        if not categories:
            raise RequestError("no category given")
        object.__setattr__(self, "categories", categories)

    def mask(self, dataset: Dataset) -> Mask:
        return _in_categories(dataset, _category_ids(dataset, self.categories))

    def __repr__(self) -> str:
        return f"InCategory({', '.join(map(repr, self.categories))})"

    def slug(self) -> str:
        return "only-" + "-".join(map(str, self.categories))


@dataclass(frozen=True, repr=False)
class Area(AnnotationFilter):
    """Annotations whose ``area`` (square pixels, as the file says) lies in a range.

    One without a number for its area lies in none.

    Attributes:
        min, max: the bounds, both included; None: no bound.
    """

    min: float | None = None
    max: float | None = None

    def mask(self, dataset: Dataset) -> Mask:
        area = as_floats(dataset.annotation_column("area"))
        low = -np.inf if self.min is None else self.min
        high = np.inf if self.max is None else self.max
        with np.errstate(invalid="ignore"):
            inside: Mask = (area >= low) & (area <= high)
        return inside

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        lacking = int(np.isnan(as_floats(dataset.annotation_column("area"))).sum())
        return (f"{lacking:,} annotations have no number for an area",) * bool(lacking)

    def slug(self) -> str:
        parts = [("minarea", self.min), ("maxarea", self.max)]
        return "-".join(f"{name}{bound:g}" for name, bound in parts if bound is not None) or "area"


@dataclass(frozen=True, repr=False)
class Crowd(AnnotationFilter):
    """Annotations that a loader takes for a crowd: ``iscrowd`` is true in Python's sense.

    That is how loaders read it (``mmdet/datasets/coco.py``, ``parse_data_info``): absent is no
    crowd, the string "0" is one.
    """

    def mask(self, dataset: Dataset) -> Mask:
        records = dataset.annotation_records
        values = records.column("iscrowd").array if records else np.empty(0, dtype=np.int64)
        return values[dataset.annotation_rows].astype(np.bool_)

    def slug(self) -> str:
        return "crowd"


@dataclass(frozen=True, repr=False)
class AnnotationWhere(AnnotationFilter):
    """Annotations for which an expression over their columns holds (``area < 1024``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    def mask(self, dataset: Dataset) -> Mask:
        return evaluate(self.expression, dataset.annotation_column)

    def slug(self) -> str:
        return f"where-{self.expression}"


# ---- what they share


def _having(dataset: Dataset, annotations: Mask) -> Mask:
    owners = dataset.annotation_owners[annotations]
    counts = np.bincount(owners[owners != UNKNOWN], minlength=len(dataset.image_numbers))
    return counts > 0


def _in_categories(dataset: Dataset, wanted: tuple[Id, ...]) -> Mask:
    records = dataset.annotation_records
    rows = dataset.annotation_rows
    if records is None:
        return np.zeros(0, dtype=np.bool_)
    if not dataset.is_panoptic:
        return isin(records.column("category_id").array[rows], wanted)
    segments = records.column("segments_category_ids").array[rows]
    found = (bool(s) and not set(wanted).isdisjoint(s) for s in segments)
    return np.fromiter(found, dtype=np.bool_, count=len(rows))


def _category_ids(dataset: Dataset, categories: tuple[str | int, ...]) -> tuple[Id, ...]:
    """Ids of categories given by name or id; all of the file's when none are given.

    Raises:
        UnknownNameError, UnknownIdError: the file has no such category.
    """
    known = dataset.categories
    if not known:
        raise UnknownNameError(
            "the file has no categories",
            where=dataset.document.source.name,
            hint="ask about category_id instead, with a where expression",
        )
    if not categories:
        return tuple(c.id for c in known if c.id is not None)
    found: list[Id] = []
    for wanted in categories:
        if isinstance(wanted, str):
            ids = [c.id for c in known if c.name == wanted and c.id is not None]
        else:
            ids = [c.id for c in known if c.id == wanted and c.id is not None]
        if not ids:
            raise _unknown_category(dataset, wanted)
        found += ids
    return tuple(found)


def _unknown_category(dataset: Dataset, wanted: str | int) -> UnknownNameError | UnknownIdError:
    where = dataset.document.source.name
    if isinstance(wanted, int):
        ids = ", ".join(str(c.id) for c in dataset.categories[:10])
        return UnknownIdError(f"no category has the id {wanted}", where=where, hint=f"ids: {ids}")
    names = [c.name for c in dataset.categories if c.name is not None]
    listing = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    hint = did_you_mean(wanted, names) or f"the file's categories are {listing}"
    return UnknownNameError(f"no category is named {wanted!r}", where=where, hint=hint)


def _unknown_ids(missing: list[Id], dataset: Dataset) -> UnknownIdError:
    shown = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
    count = f"{len(missing):,} image ids are" if len(missing) > 1 else "this image id is"
    known: list[Id] = [i for i in dataset.all_images.ids.tolist() if i is not None]
    return UnknownIdError(
        f"{count} not in the file: {shown}",
        where=dataset.document.source.name,
        hint=_nearest_id(missing[0], known),
    )


def _nearest_id(missing: Id, known: list[Id]) -> str | None:
    other_type = [k for k in known if str(k) == str(missing)]
    if other_type:
        kind = "a string" if isinstance(other_type[0], str) else "a number"
        return f"the file has {other_type[0]!r} as {kind}; a string never equals a number"
    if isinstance(missing, str):
        return did_you_mean(missing, [k for k in known if isinstance(k, str)])
    numbers = [k for k in known if isinstance(k, (int, float))]
    if not numbers:
        return None
    return f"the nearest id is {min(numbers, key=lambda k: abs(k - missing))}"


def _no_definition(definition: str) -> RequestError:
    if definition.startswith("effective"):
        return RequestError(
            f"the definition of empty {definition!r} needs a loader's rules, which this version "
            "does not have yet",
            hint="use raw (no annotation) or category (none of a known category)",
        )
    return RequestError(
        f"unknown definition of empty: {definition!r}",
        hint="raw (no annotation) or category (none of the given categories)",
    )
