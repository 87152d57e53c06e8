"""Images without objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import Columns, ImageFilter
from cocosurgeon.steps.arguments import FLAG, TEXT, Kind, parse_names
from cocosurgeon.steps.naming import with_names
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

_EFFECTIVE = "effective:"
_RAW = "raw"


@dataclass(frozen=True, repr=False, eq=False)
class Empty(ImageFilter):
    """Images without objects: ``Empty()``, ``Empty("effective:mmdet3")``.

    Attributes:
        definition: ``raw``: no annotation. ``category``: no annotation of ``categories``.
            ``effective:LOADER``: no object that a loader would train on; annotations that it drops,
            and crowds, do not count.
        categories: names or ids for ``category``; without any, every category of the file, as
            MMDetection's ``filter_empty_gt`` does (``mmdet/datasets/coco.py``, ``filter_data``).
    """

    definition: str = _RAW
    categories: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        if self.definition.startswith(_EFFECTIVE):
            from cocosurgeon.loaders import find_loader

            find_loader(self.definition.removeprefix(_EFFECTIVE))
        elif self.definition not in (_RAW, "category"):
            raise RequestError(
                f"unknown definition of empty: {self.definition!r}",
                hint="use raw (no annotation), category (none of the given categories), or "
                "effective:LOADER (no object to train on)",
            )
        if self.categories and self.definition != "category":
            raise RequestError(
                f"{self.definition} counts annotations of any category",
                hint="use Empty('category', ...) for images without these categories",
            )

    @property
    def columns(self) -> Columns:
        if not self.definition.startswith(_EFFECTIVE):
            return {}
        from cocosurgeon.select.effective import effective_columns

        return effective_columns(self.definition.removeprefix(_EFFECTIVE))

    def evaluate(self, dataset: Dataset) -> FilterResult:
        import numpy as np

        from cocosurgeon.select.categories import find_cat_ids, in_categories
        from cocosurgeon.select.effective import is_effectively_empty

        if dataset.index.is_results:
            raise RequestError(
                "a results file lists no images, so no image is empty",
                where=dataset.source.name,
                hint="use the annotation file",
            )
        if self.definition.startswith(_EFFECTIVE):
            loader = self.definition.removeprefix(_EFFECTIVE)
            return FilterResult(is_effectively_empty(dataset, loader))
        if self.definition == _RAW:
            is_object = np.ones(len(dataset.annotation_rows), dtype=np.bool_)
        else:
            is_object = in_categories(dataset, find_cat_ids(dataset, self.categories))
        return FilterResult(~dataset.having(is_object))

    def words(self) -> str | None:
        if self.definition == _RAW:
            return "empty"
        if self.categories:
            return with_names("empty-category", self.categories)
        return f"empty-{self.definition.replace(':', '-')}"

    def negated_words(self) -> str | None:
        return "non-empty" if self.definition == _RAW else None


def parse_definition(text: str) -> Empty:
    """Return the filter for ``raw``, ``category``, ``category:NAMES`` or ``effective:LOADER``.

    Raises:
        RequestError: another definition.
    """
    kind, _, names = text.partition(":")
    if kind == "category":
        return Empty("category", parse_names(names) if names else ())
    return Empty(text)


_DEFINITION = Kind("[=DEFINITION]", str, lambda v: _RAW if v is True else TEXT.convert(v))

OPTIONS = (
    Option(
        "empty",
        _DEFINITION,
        "Keep only empty images: without annotations (raw, the default), without any of a listed "
        "category (category) or of these (category:NAMES), or without objects to train on "
        "(effective:LOADER).",
        parse_definition,
        "category:person",
        bare=_RAW,
        values=(_RAW, "category", "effective"),
    ),
    Option("non-empty", FLAG, "Keep only images with annotations.", lambda _: ~Empty()),
)
