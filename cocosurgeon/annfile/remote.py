"""Documents whose text another process reads: their columns are here, the rest is asked for.

A remote document is made where the text is, and pickled to where it is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from cocosurgeon.annfile.columns import Numbers, Values
from cocosurgeon.annfile.document import Blocks, Document, Records
from cocosurgeon.annfile.source import Source

_WITH_PLACES = "categories"
"""The list whose text is asked for: a short one."""
_NOWHERE = Blocks(np.empty(0, np.int64), np.empty(0, np.int64), None)


class Answer(Protocol):
    """The answer of another process, once it is there."""

    def result(self) -> Any:
        """Wait for the answer, and return it."""


Ask = Callable[..., Answer]
"""Takes a function and its arguments; the function is called with the document before them."""


class RemoteSource(Source):
    """A source that another process reads.

    Attributes:
        ask: asks that process; set by who received the document.
    """

    ask: Ask

    def __init__(self, source: Source) -> None:
        self.name, self.path, self.size = source.name, source.path, source.size
        self.text_start, self.is_packed = source.text_start, source.is_packed
        self.identity = source.identity

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts, not who is asked."""
        facts = {name: value for name, value in vars(self).items() if name != "ask"}
        return RemoteSource.__new__, (RemoteSource,), facts

    def read(self, start: int, stop: int) -> bytes:
        text: bytes = self.ask(_read, start, stop).result()
        return text

    def require_unchanged(self) -> None:
        """Do nothing: who reads it looks."""


@dataclass(frozen=True, eq=False)
class RemoteRecords(Records):
    """A list of records in a source that another process reads.

    Attributes:
        number: of the records.
    """

    number: int = 0
    _asked: dict[tuple[str, ...], Answer] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        return self.number

    def columns(self, *names: str) -> tuple[Values, ...]:
        self.expect(*names)
        while self._asked:
            self._columns.update(self._asked.popitem()[1].result())
        return tuple(self._columns[n] for n in names)

    def expect(self, *names: str) -> None:
        there = {*self._columns, *(name for asked in self._asked for name in asked)}
        missing = tuple(n for n in dict.fromkeys(names) if n not in there)
        if missing:
            self._asked[missing] = self._ask(_columns, self.name, missing)

    def texts(self, rows: Numbers) -> Iterator[tuple[int, int, bytes]]:
        yield from self._ask(_texts, self.name, rows).result()

    def first_keys(self) -> tuple[str, ...]:
        keys: tuple[str, ...] = self._ask(_first_keys, self.name).result()
        return keys

    def _ask(self, function: Callable[..., object], *args: object) -> Answer:
        assert isinstance(self.source, RemoteSource)
        return self.source.ask(function, *args)


def remote(document: Document) -> Document:
    """Return a document as another process may have it."""
    source = RemoteSource(document.source)

    def without_text(records: Records) -> Records:
        blocks = records.blocks if records.name == _WITH_PLACES else _NOWHERE
        place = (records.name, records.start, records.stop, blocks)
        columns = dict(records._columns)
        return RemoteRecords(source, *place, columns, records._options, records.count)

    members = tuple(
        m if m.records is None else replace(m, records=without_text(m.records))
        for m in document.members
    )
    results = None if document.results is None else without_text(document.results)
    return Document(source, members, results, document.nonfinite)


def records_of(document: Document, name: str) -> Records:
    """Return a list of a document by its key; the one list of a results file."""
    return document.results or document.lists[name]


def _read(document: Document, start: int, stop: int) -> bytes:
    return document.source.read(start, stop)


def _columns(document: Document, name: str, columns: Sequence[str]) -> dict[str, Values]:
    return dict(zip(columns, records_of(document, name).columns(*columns), strict=True))


def _texts(document: Document, name: str, rows: Numbers) -> list[tuple[int, int, bytes]]:
    return list(records_of(document, name).texts(rows))


def _first_keys(document: Document, name: str) -> tuple[str, ...]:
    return records_of(document, name).first_keys()
