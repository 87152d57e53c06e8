"""The options that filter, and the steps that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from cocosurgeon.dataset.dataset import Dataset, Order
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError
from cocosurgeon.select.annotations import Area, Crowd, InCategory
from cocosurgeon.select.filter import AnyFilter
from cocosurgeon.select.images import Empty, Having, Ids, Names
from cocosurgeon.select.plan import Cascade, First, Keep, Last, Plan, Sample, Skip, Step
from cocosurgeon.steps.lists import names_in, parse_ids, read_lines, split_list
from cocosurgeon.steps.where import parse_where

Binding = Callable[[Dataset], Step]
"""Makes a step once the file is known: whether ``7`` is a number or a string is told by its ids."""


Maker = Callable[[Any], Binding]
"""Makes a binding of an option's value."""

Makers = Mapping[str, Maker]
"""Options by their parameters' names, and what each makes of its value."""


def bindings(options: Iterable[tuple[str, Any]], makers: Makers) -> list[Binding]:
    """The steps that options stand for, in their order; other options are passed over.

    What can be wrong without knowing the file is told here, before it is read.

    Args:
        options: names of a verb's parameters with one value each, as they were written.

    Raises:
        RequestError: an option makes no sense.
    """
    written = list(_merged((name, value) for name, value in options if name in makers))
    return [makers[name](value) for name, value in written]


def filters(written: Collection[str], order: str | None, seed: int | None) -> Makers:
    """The options that filter.

    Args:
        written: names of the parameters that were given.
        order: what the first, last and skipped images go by.
        seed: of samples.

    Raises:
        RequestError: the order or the seed is for nothing.
    """
    if order is not None and not _COUNTING.keys() & set(written):
        raise RequestError("--order orders nothing without --first, --last or --skip")
    if seed is not None and "sample" not in written:
        raise RequestError("--seed seeds nothing without --sample")
    return {
        **_MAKERS,
        **{name: _counting(kind, order or "file") for name, kind in _COUNTING.items()},
        "sample": lambda n: step(Sample(n, seed or 0)),
    }


def bind(made: Iterable[Binding], dataset: Dataset) -> tuple[Plan, Dataset]:
    """The plan for a file, and the file."""
    return Plan(*(binding(dataset) for binding in made)), dataset


def parse_empty(definition: str) -> Empty:
    """The filter for ``raw``, ``category``, ``category:NAMES`` or ``effective:LOADER``.

    Raises:
        RequestError: another definition.
    """
    kind, _, names = definition.partition(":")
    if kind == "category":
        return Empty("category", names_in(names) if names else ())
    return Empty(definition)


def _merged(options: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Options in their order; the values of a repeated list of ids together, at its first place."""
    lists: dict[str, list[str]] = {}
    for name, value in options:
        if name not in _LISTS:
            yield name, value
        elif name in lists:
            lists[name].append(value)
        else:
            lists[name] = [value]
            yield name, lists[name]


def step(made: Step) -> Binding:
    """The binding of a step that needs to know no file."""
    return lambda dataset: made


def _keep(question: AnyFilter) -> Binding:
    return step(Keep(question))


def _counting(kind: Callable[[int, Order], Step], order: str) -> Callable[[int], Binding]:
    return lambda n: step(kind(n, cast(Order, order)))  # refuses what it does not know


def _ids(tokens: list[str]) -> Binding:
    return lambda dataset: Keep(Ids(parse_ids(tokens, dataset.index.images.ids.tolist())))


def _where(text: str) -> Binding:
    question = parse_where(text)
    return lambda dataset: Keep(question(dataset))


def _match(where: str) -> Binding:
    ids = [i for i in read(where).img_ids if i is not None]
    return _keep(Ids(ids, unknown="ignore"))


_LISTS = ("ids", "ids_file")

_COUNTING: dict[str, Callable[[int, Order], Step]] = {"first": First, "last": Last, "skip": Skip}

_MAKERS: dict[str, Callable[[Any], Binding]] = {
    "ids": lambda texts: _ids([token for text in texts for token in split_list(text)]),
    "ids_file": lambda files: _ids([line for where in files for line in read_lines(where)]),
    "match": _match,
    "names": lambda pattern: _keep(Names(pattern)),
    "empty": lambda definition: _keep(parse_empty(definition)),
    "non_empty": lambda _: _keep(~Empty()),
    "having": lambda names: _keep(Having(InCategory(*names_in(names)))),
    "only": lambda names: _keep(InCategory(*names_in(names))),
    "drop": lambda names: _keep(~InCategory(*names_in(names))),
    "min_area": lambda bound: _keep(Area(min=bound)),
    "max_area": lambda bound: _keep(Area(max=bound)),
    "crowd": lambda _: _keep(Crowd()),
    "no_crowd": lambda _: _keep(~Crowd()),
    "where": _where,
    "cascade": lambda name: step(Cascade(name)),
}
