"""Images, or annotations, by an expression over their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import ExpressionError
from cocosurgeon.select.filter import AnnotationFilter, AnyFilter, Columns, ImageFilter
from cocosurgeon.select.plan import Keep, Step, Unbound
from cocosurgeon.select.where import columns_of
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import did_you_mean, plural

if TYPE_CHECKING:
    from cocosurgeon.annfile.document import Records
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.mask import Mask
    from cocosurgeon.progress import Progress


@dataclass(frozen=True, repr=False, eq=False)
class ImageWhere(ImageFilter):
    """Images for which an expression over their columns holds (``width > 640``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    @property
    def columns(self) -> Columns:
        return {"images": columns_of(self.expression)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.select.where import evaluate

        everywhere = evaluate(self.expression, dataset.index.image_columns)
        return _result(everywhere[dataset.image_indices], self.expression, "image")


@dataclass(frozen=True, repr=False, eq=False)
class AnnotationWhere(AnnotationFilter):
    """Annotations for which an expression over their columns holds (``area < 1024``)."""

    expression: str

    def __post_init__(self) -> None:
        columns_of(self.expression)

    @property
    def columns(self) -> Columns:
        return {"annotations": columns_of(self.expression)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.select.where import evaluate

        everywhere = evaluate(self.expression, dataset.source_annotation_columns)
        return _result(everywhere[dataset.annotation_rows], self.expression, "annotation")


def _result(mask: Mask, expression: str, what: str) -> FilterResult:
    """Return the answers; where all are no, a note says so."""
    if not len(mask) or mask.any():
        return FilterResult(mask)
    return FilterResult(
        mask, (f"--where {expression!r} holds for none of {plural(len(mask), what)}",)
    )


@dataclass(frozen=True, repr=False, eq=False)
class GivenWhere(Unbound):
    """An expression; the file's columns decide between images and annotations.

    Attributes:
        expression: perhaps with ``images:`` or ``annotations:`` before it.
    """

    expression: str

    def __post_init__(self) -> None:
        if self._named() is None:
            columns_of(self.expression)

    @property
    def columns(self) -> Columns:
        named = self._named()
        if named is not None:
            return named.columns
        return dict.fromkeys(("images", "annotations"), columns_of(self.expression))

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        return Keep(self._named() or _by_columns(self.expression, dataset))

    def _named(self) -> AnyFilter | None:
        prefix, _, rest = self.expression.partition(":")
        if prefix == "images":
            return ImageWhere(rest)
        return AnnotationWhere(rest) if prefix == "annotations" else None


def _by_columns(expression: str, dataset: Dataset) -> AnyFilter:
    columns = columns_of(expression)
    images = _present(dataset.index.image_records, columns)
    annotations = _present(dataset.index.annotation_records, columns)
    if all(images) and all(annotations):
        raise ExpressionError(
            f"images and annotations both have {', '.join(columns)}: which are meant?",
            where=dataset.source.name,
            hint=f"--where 'images: {expression}' or --where 'annotations: {expression}'",
        )
    if all(images):
        return ImageWhere(expression)
    if all(annotations):
        return AnnotationWhere(expression)
    missing = [
        column
        for column, in_images, in_annotations in zip(columns, images, annotations, strict=True)
        if not in_images | in_annotations
    ]
    if not missing:
        raise ExpressionError(
            f"the expression {expression!r} mixes columns of images and of annotations",
            where=dataset.source.name,
            hint="give two --where, one for each",
        )
    raise _no_such_column(missing[0], dataset)


def _present(records: Records | None, columns: tuple[str, ...]) -> list[bool]:
    if records is None:
        return [False] * len(columns)
    return [values.present > 0 for values in records.columns(*columns)]


def _no_such_column(column: str, dataset: Dataset) -> ExpressionError:
    lists = (dataset.index.image_records, dataset.index.annotation_records)
    keys = {records.name: records.first_keys() for records in lists if records is not None}
    listing = "; ".join(f"{name}: {', '.join(of_list)}" for name, of_list in keys.items())
    return ExpressionError(
        f"the file has no column {column!r}",
        where=dataset.source.name,
        hint=did_you_mean(column, [k for of_list in keys.values() for k in of_list])
        or f"columns of {listing}",
    )


OPTIONS = (
    Option(
        "where",
        TEXT.called("EXPR"),
        "Keep only images or annotations for which this is true: 'width > 640 and "
        "height > 480', 'annotations: area < 1024'.",
        GivenWhere,
        "width > 300",
    ),
)
