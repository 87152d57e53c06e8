"""The filter options of ``subset``, and the steps that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cocosurgeon.cli.lists import parse_ids, read_lines, split_list, unquoted
from cocosurgeon.errors import ExpressionError
from cocosurgeon.expression import columns_of
from cocosurgeon.filters import (
    AnnotationWhere,
    Area,
    Crowd,
    Empty,
    Having,
    Ids,
    ImageWhere,
    InCategory,
    Names,
)
from cocosurgeon.nearest import did_you_mean
from cocosurgeon.plan import Cascade, First, Keep, Last, Plan, Sample, Skip, Step
from cocosurgeon.question import Order

if TYPE_CHECKING:
    from cocosurgeon.dataset import Dataset

Binding = Callable[["Dataset"], Step]
"""Makes a step once the file is known: whether ``7`` is a number or a string is told by its ids."""


def bindings(options: Iterable[tuple[str, Any]], order: str, seed: int) -> list[Binding]:
    """The steps that filter options stand for, in their order; other options are passed over.

    What can be wrong without knowing the file is told here, before it is read.

    Args:
        options: names of parameters of ``subset`` with one value each.

    Raises:
        RequestError: an option makes no sense.
    """
    makers: Mapping[str, Callable[[Any], Binding]] = {
        "first": lambda n: _known(First(n, cast(Order, order))),
        "last": lambda n: _known(Last(n, cast(Order, order))),
        "skip": lambda n: _known(Skip(n, cast(Order, order))),
        "sample": lambda n: _known(Sample(n, seed)),
        "ids": lambda text: partial(_ids, split_list(text)),
        "ids_file": lambda where: partial(_ids, read_lines(where)),
        "names": lambda pattern: _known(Keep(Names(pattern))),
        "empty": lambda definition: _known(Keep(empty(definition))),
        "non_empty": lambda _: _known(Keep(~Empty())),
        "having": lambda names: _known(Keep(Having(InCategory(*_names(names))))),
        "only": lambda names: _known(Keep(InCategory(*_names(names)))),
        "drop": lambda names: _known(Keep(~InCategory(*_names(names)))),
        "min_area": lambda bound: _known(Keep(Area(min=bound))),
        "max_area": lambda bound: _known(Keep(Area(max=bound))),
        "crowd": lambda _: _known(Keep(Crowd())),
        "no_crowd": lambda _: _known(Keep(~Crowd())),
        "where": _where,
        "match": _match,
        "cascade": lambda name: _known(Cascade(name)),
    }
    return [makers[name](value) for name, value in options if name in makers]


def bind(made: Iterable[Binding], dataset: Dataset) -> Plan:
    """The plan for a file."""
    return Plan(*(binding(dataset) for binding in made))


def empty(definition: str) -> Empty:
    """The filter for ``raw``, ``category`` or ``category:NAMES``.

    Raises:
        RequestError: another definition.
    """
    kind, _, names = definition.partition(":")
    if kind == "category":
        return Empty("category", tuple(_names(names)) if names else ())
    return Empty(cast(Any, definition))


def _names(text: str) -> list[str]:
    return [unquoted(token) for token in split_list(text)]


def _known(step: Step) -> Binding:
    return lambda dataset: step


def _ids(tokens: list[str], dataset: Dataset) -> Step:
    known = dataset.all_images.ids.tolist()
    return Keep(Ids(parse_ids(tokens, known)))


def _where(text: str) -> Binding:
    level, _, rest = text.partition(":")
    if level in ("images", "annotations"):
        columns_of(rest)
        return _known(Keep((ImageWhere if level == "images" else AnnotationWhere)(rest)))
    columns_of(text)
    return partial(_where_it_belongs, text)


def _where_it_belongs(expression: str, dataset: Dataset) -> Step:
    columns = columns_of(expression)
    images, annotations = dataset.image_records, dataset.annotation_records
    of_images = all(images is not None and images.column(c).present for c in columns)
    of_annotations = all(annotations is not None and annotations.column(c).present for c in columns)
    if of_images and of_annotations:
        raise ExpressionError(
            f"images and annotations both have {', '.join(columns)}: which are meant?",
            hint=f"--where 'images: {expression}' or --where 'annotations: {expression}'",
        )
    if of_images:
        return Keep(ImageWhere(expression))
    if of_annotations:
        return Keep(AnnotationWhere(expression))
    raise _no_such_columns(expression, dataset)


def _no_such_columns(expression: str, dataset: Dataset) -> ExpressionError:
    records = [r for r in (dataset.image_records, dataset.annotation_records) if r is not None]
    keys = [r.first_keys() for r in records]
    known = [key for keys_of_list in keys for key in keys_of_list]
    missing = [c for c in columns_of(expression) if not any(r.column(c).present for r in records)]
    if not missing:
        return ExpressionError(
            f"the expression {expression!r} mixes columns of images and of annotations",
            hint="give two --where, one for each",
        )
    listing = "; ".join(f"{r.name}: {', '.join(k)}" for r, k in zip(records, keys, strict=True))
    return ExpressionError(
        f"the file has no column {missing[0]!r}",
        where=dataset.document.source.name,
        hint=did_you_mean(missing[0], known) or f"columns of {listing}",
    )


def _match(where: str) -> Binding:
    from cocosurgeon.files import read

    ids = [i for i in read(where).img_ids if i is not None]
    return _known(Keep(Ids(ids, unknown="ignore")))
