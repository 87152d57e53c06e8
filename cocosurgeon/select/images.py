"""Filters of images."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, Id, as_key, isin, objects
from cocosurgeon.dataset.mask import FilterResult, Mask
from cocosurgeon.errors import LevelError, RequestError, UnknownIdError, UnknownNameError
from cocosurgeon.select.categories import find_cat_ids, in_categories
from cocosurgeon.select.effective import PREFIX, is_effectively_empty, require_loader
from cocosurgeon.select.filter import Annotation, Filter, ImageFilter, as_filter
from cocosurgeon.select.where import columns_of, evaluate
from cocosurgeon.text import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

Unknown = Literal["error", "ignore"]


@dataclass(frozen=True, repr=False)
class Ids(ImageFilter):
    """Images with these ids.

    Attributes:
        ids: numbers or strings; a string never equals a number, ``139.0`` equals ``139``.
        unknown: whether an id that the source does not have is an error, or passed over.
    """

    ids: tuple[Id, ...]
    unknown: Unknown = "error"

    def __init__(self, ids: Iterable[Id], unknown: Unknown = "error") -> None:
        values = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
        keys = tuple(as_key(i.item() if isinstance(i, np.generic) else i) for i in values)
        if None in keys or isinstance(ids, str):
            raise RequestError("Ids takes a list of ids, each a number or a string")
        if unknown not in ("error", "ignore"):
            raise RequestError(f"unknown={unknown!r}: an unknown id is an 'error', or 'ignore' it")
        object.__setattr__(self, "ids", tuple(dict.fromkeys(keys)))
        object.__setattr__(self, "unknown", unknown)

    def evaluate(self, dataset: Dataset) -> FilterResult:
        images = dataset.index.images
        numbers = images.numbers(objects(self.ids)).tolist()
        missing = [i for i, n in zip(self.ids, numbers, strict=True) if n == UNKNOWN]
        if missing and self.unknown == "error":
            raise _unknown_ids(missing, dataset)
        note = f"{len(missing):,} of {len(self.ids):,} ids are not in the file"
        mask = isin(images.ids[dataset.image_indices], self.ids)
        return FilterResult(mask, (note,) if missing else ())


@dataclass(frozen=True, repr=False)
class Names(ImageFilter):
    """Images whose ``file_name`` matches a glob (``*``, ``?``, ``[...]``; case counts).

    A pattern without a slash is held against the last part of the name; a backslash in names and
    patterns is a slash. A pattern that matches no image of the source is an error.
    """

    pattern: str

    def evaluate(self, dataset: Dataset) -> FilterResult:
        [names] = dataset.index.image_columns("file_name")
        everywhere = self._matches(names)
        if len(names) and not everywhere.any():
            raise UnknownNameError(
                f"no image has a file_name that matches {self.pattern!r}",
                where=dataset.source.name,
                hint=f"the first one is {names[0]!r}",
            )
        return FilterResult(everywhere[dataset.image_indices])

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
        definition: ``raw``: no annotation; ``category``: no annotation of ``categories``;
            ``effective:LOADER``: nothing that a loader would train on (no annotation that it emits,
            but for crowds).
        categories: names or ids for ``category``; none given: every category of the file, which
            is what MMDetection's ``filter_empty_gt`` goes by (``mmdet/datasets/coco.py``,
            ``filter_data``).
    """

    definition: str = "raw"
    categories: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        if self.definition.startswith(PREFIX):
            require_loader(self.definition)
        elif self.definition not in ("raw", "category"):
            raise RequestError(
                f"unknown definition of empty: {self.definition!r}",
                hint="raw (no annotation), category (none of the given categories), or "
                "effective:LOADER (nothing that a loader would train on)",
            )
        if self.categories and self.definition != "category":
            raise RequestError(
                f"{self.definition} asks about annotations of whatever category",
                hint="Empty('category', ...) are the images without these",
            )

    def evaluate(self, dataset: Dataset) -> FilterResult:
        if dataset.index.is_results:
            raise RequestError(
                "a results file lists no images, so none of them can be empty",
                where=dataset.source.name,
                hint="ask about the annotation file",
            )
        if self.definition.startswith(PREFIX):
            return FilterResult(is_effectively_empty(dataset, require_loader(self.definition)))
        if self.definition == "raw":
            objects_there = np.ones(len(dataset.annotation_rows), dtype=np.bool_)
        else:
            objects_there = in_categories(dataset, find_cat_ids(dataset, self.categories))
        return FilterResult(~dataset.having(objects_there))


@dataclass(frozen=True, repr=False)
class Having(ImageFilter):
    """Images with at least one annotation of which something holds."""

    of: Filter[Annotation]

    def __init__(self, of: Filter[Annotation] | pd.Series) -> None:
        question = as_filter(of)
        if question.level != "annotations":
            raise LevelError(f"Having needs a question about annotations, not {of!r}")
        object.__setattr__(self, "of", cast("Filter[Annotation]", question))

    def evaluate(self, dataset: Dataset) -> FilterResult:
        answer = self.of.evaluate(dataset)
        return FilterResult(dataset.having(answer.mask), answer.notes)


@dataclass(frozen=True, repr=False)
class ImageWhere(ImageFilter):
    """Images for which an expression over their columns holds (``width > 640``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    def evaluate(self, dataset: Dataset) -> FilterResult:
        everywhere = evaluate(self.expression, dataset.index.image_columns)
        return FilterResult(everywhere[dataset.image_indices])


def _unknown_ids(missing: list[Id], dataset: Dataset) -> UnknownIdError:
    shown = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
    count = f"{len(missing):,} image ids are" if len(missing) > 1 else "this image id is"
    known: list[Id] = [i for i in dataset.index.images.ids.tolist() if i is not None]
    return UnknownIdError(
        f"{count} not in the file: {shown}",
        where=dataset.source.name,
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
