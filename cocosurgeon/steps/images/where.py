"""Images, or annotations, by an expression over their columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import ExpressionError
from cocosurgeon.select.filter import AnnotationFilter, AnyFilter, Columns, ImageFilter
from cocosurgeon.select.plan import Keep, Step, Unbound
from cocosurgeon.select.where import columns_of, counts_of
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import did_you_mean, plural

if TYPE_CHECKING:
    from cocosurgeon.annfile.columns import Array
    from cocosurgeon.annfile.document import Records
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.mask import Mask
    from cocosurgeon.progress import Progress


OBJECTS, CATEGORIES = "objects", "categories"
"""Names of counts, in files whose image records have no such keys."""


@dataclass(frozen=True, repr=False, eq=False)
class ImageWhere(ImageFilter):
    """Images for which an expression holds: ``width > 640``, ``count(dog) == 1``.

    Names are keys of image records. Counts are ``count(NAME)``, the image's objects of a category;
    ``objects`` or ``count()``, all its objects; ``categories``, their different categories. Crowds
    count; objects that an earlier step dropped do not. If records have a key ``objects`` or
    ``categories``, the name means that key.

    Attributes:
        expression: the expression.
        notes: facts about the expression, for the summary; no part of the filter.
    """

    is_by_record = True

    expression: str
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        columns_of(self.expression)

    @property
    def columns(self) -> Columns:
        return {"images": columns_of(self.expression)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.select.where import evaluate

        everywhere = evaluate(self.expression, lambda *names: self._columns(dataset, names))
        result = _result(everywhere[dataset.image_indices], self.expression, "image")
        own = [name for name in (OBJECTS, CATEGORIES) if name in self._keys(dataset)]
        notes = (*self.notes, *map(_own_key, own), *result.notes)
        return replace(result, notes=notes)

    def _keys(self, dataset: Dataset) -> tuple[str, ...]:
        """Return the names in the expression that are keys of records, not counts."""
        names = columns_of(self.expression)
        counts = [name for name in (OBJECTS, CATEGORIES) if name in names]
        there = _present(dataset.index.image_records, tuple(counts))
        absent = {name for name, is_there in zip(counts, there, strict=True) if not is_there}
        return tuple(name for name in names if name not in absent)

    def _columns(self, dataset: Dataset, names: tuple[str, ...]) -> tuple[Array, ...]:
        from cocosurgeon.select.counts import count_categories, count_objects

        keys, counts = self._keys(dataset), counts_of(self.expression)
        columns = dataset.index.image_columns(*keys) if keys else ()
        found = dict(zip(keys, columns, strict=True))
        for name in names:
            if name == CATEGORIES and name not in found:
                found[name] = count_categories(dataset)
            elif name not in found:
                found[name] = count_objects(dataset, counts.get(name))
        return tuple(found[name] for name in names)


@dataclass(frozen=True, repr=False, eq=False)
class AnnotationWhere(AnnotationFilter):
    """Annotations for which an expression holds: ``AnnotationWhere("area < 1024")``.

    Attributes:
        expression: the expression; names are keys of annotations, and ``bbox_x``, ``bbox_y``,
            ``bbox_w``, ``bbox_h`` (pixels, xywh).
    """

    is_by_record = True

    expression: str

    def __post_init__(self) -> None:
        for name in counts_of(self.expression):
            raise _no_count_of_annotations(name)

    @property
    def columns(self) -> Columns:
        return {"annotations": columns_of(self.expression)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.select.where import evaluate

        records = dataset.index.annotation_records
        for name in (OBJECTS, CATEGORIES):
            if name in columns_of(self.expression) and not all(_present(records, (name,))):
                raise _no_count_of_annotations(name)
        everywhere = evaluate(self.expression, dataset.source_annotation_columns)
        return _result(everywhere[dataset.annotation_rows], self.expression, "annotation")


def _own_key(name: str) -> str:
    way_out = "; count() counts objects" if name == OBJECTS else ""
    return f"--where: {name!r} is a key of the image records, not a count{way_out}"


def _no_count_of_annotations(name: str) -> ExpressionError:
    return ExpressionError(
        f"{name} counts objects of an image, not of an annotation",
        hint="remove 'annotations:', and give two --where, one for images",
    )


def _result(mask: Mask, expression: str, what: str) -> FilterResult:
    """Return the result of a mask, with a note if it marks nothing."""
    if not len(mask) or mask.any():
        return FilterResult(mask)
    return FilterResult(
        mask, (f"--where {expression!r} holds for none of {plural(len(mask), what)}",)
    )


@dataclass(frozen=True, repr=False, eq=False)
class GivenWhere(Unbound):
    """An expression about images or annotations, as the file's columns decide.

    Attributes:
        expression: the expression, which may begin with ``images:`` or ``annotations:``.
    """

    is_by_record = True

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
    columns, counts = columns_of(expression), counts_of(expression)
    images = _present(dataset.index.image_records, columns)
    images = [
        is_there or name in (OBJECTS, CATEGORIES)
        for name, is_there in zip(columns, images, strict=True)
    ]
    annotations = _present(dataset.index.annotation_records, columns)
    if set(columns) == {"id"} and all(images) and all(annotations):
        note = f"--where {expression!r}: id is the image's id; 'annotations: id ...' is the other"
        return ImageWhere(expression, (note,))
    if all(images) and all(annotations) and not counts:
        raise ExpressionError(
            f"images and annotations both have {', '.join(columns)}",
            where=dataset.source.name,
            hint=f"use --where 'images: {expression}' or --where 'annotations: {expression}'",
        )
    if all(images):
        return ImageWhere(expression)
    if all(annotations) and not counts:
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
        hint=did_you_mean(
            column, [*(k for of_list in keys.values() for k in of_list), OBJECTS, CATEGORIES]
        )
        or f"columns of {listing}",
    )


OPTIONS = (
    Option(
        "where",
        TEXT.called("EXPR"),
        "Keep only images or annotations for which this is true: 'width > 640 and "
        "height > 480', 'count(person) == 1', 'annotations: area < 1024'.",
        GivenWhere,
        "width > 300",
    ),
)
