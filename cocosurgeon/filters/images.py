"""Filters of images."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Literal

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.errors import LevelError, RequestError, UnknownIdError, UnknownNameError
from cocosurgeon.expression import columns_of, evaluate
from cocosurgeon.filters.base import ImageFilter
from cocosurgeon.filters.categories import category_ids, in_categories
from cocosurgeon.identity import UNKNOWN, Id, as_key, isin, objects
from cocosurgeon.nearest import did_you_mean
from cocosurgeon.question import Mask, Question, as_question

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset import Dataset


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
        wanted = category_ids(dataset, self.categories)
        return ~_having(dataset, in_categories(dataset, wanted))

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


def _having(dataset: Dataset, annotations: Mask) -> Mask:
    owners = dataset.annotation_owners[annotations]
    counts = np.bincount(owners[owners != UNKNOWN], minlength=len(dataset.image_numbers))
    return counts > 0


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
