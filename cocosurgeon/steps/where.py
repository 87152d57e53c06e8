"""What a ``--where`` expression asks about: images, or annotations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import ExpressionError
from cocosurgeon.select.annotations import AnnotationWhere
from cocosurgeon.select.filter import AnyFilter
from cocosurgeon.select.images import ImageWhere
from cocosurgeon.select.where import columns_of
from cocosurgeon.text import did_you_mean

_PREFIXES: dict[str, Callable[[str], AnyFilter]] = {
    "images": ImageWhere,
    "annotations": AnnotationWhere,
}


def parse_where(text: str) -> Callable[[Dataset], AnyFilter]:
    """The filter for an expression, once the file is known.

    Args:
        text: the expression, perhaps behind ``images:`` or ``annotations:``.

    Raises:
        ExpressionError: it is no expression that is accepted.
    """
    prefix, _, rest = text.partition(":")
    if prefix in _PREFIXES:
        named = _PREFIXES[prefix](rest)
        return lambda dataset: named
    columns_of(text)
    return partial(_where_it_belongs, text)


def _where_it_belongs(expression: str, dataset: Dataset) -> AnyFilter:
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
    found = zip(columns, images, annotations, strict=True)
    missing = [
        column for column, in_images, in_annotations in found if not in_images | in_annotations
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
