"""Several documents as one, whose lists follow each other: columns and records, but no text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers, Values, joined_values
from cocosurgeon.annfile.document import Blocks, Document, Member, Records
from cocosurgeon.annfile.source import Source
from cocosurgeon.errors import RequestError
from cocosurgeon.text import first_names

_OF_THE_FIRST = ("categories", "licenses")
"""Lists that all documents repeat; only those of the first one are used."""


class UnitedSource(Source):
    """The sources of several documents as one, without a common text."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self.name = first_names([source.name for source in sources], shown=2)
        self.path = None
        self.size = sum(source.size for source in sources)
        self.text_start = 0
        self.is_packed = False
        self.identity = tuple(number for source in sources for number in source.identity)

    def read(self, start: int, stop: int) -> bytes:
        """Raise RequestError, because there is no common text."""
        raise _no_text(self)

    def require_unchanged(self) -> None:
        """Raise SourceChangedError if one of them has changed."""
        for source in self._sources:
            source.require_unchanged()

    def sha256(self) -> str:
        """Return the SHA-256 of the SHA-256 of each, in order."""
        return hashlib.sha256("".join(s.sha256() for s in self._sources).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class UnitedRecords(Records):
    """Lists of several documents that follow each other.

    Attributes:
        parts: the list of each document that has it.
        firsts: first row of each part, then the number of all records.
    """

    parts: tuple[Records, ...] = ()
    firsts: Numbers = None  # type: ignore[assignment] # of has them

    @classmethod
    def of(cls, source: Source, parts: Sequence[Records]) -> UnitedRecords:
        """Return the lists of several documents as one."""
        nowhere = Blocks(np.empty(0, np.int64), np.empty(0, np.int64), None)
        firsts = np.cumsum([0, *(part.count for part in parts)])
        first = parts[0]
        return cls(source, first.name, -1, -1, nowhere, {}, first._options, tuple(parts), firsts)

    @property
    def count(self) -> int:
        return int(self.firsts[-1])

    def columns(self, *names: str) -> tuple[Values, ...]:
        missing = tuple(n for n in dict.fromkeys(names) if n not in self._columns)
        if missing:
            for part in self.parts:
                part.expect(*missing)
            found = [part.columns(*missing) for part in self.parts]
            for place, name in enumerate(missing):
                whole = joined_values([values[place] for values in found])
                self._columns[name] = whole
                self._share(name, whole)
        return tuple(self._columns[n] for n in names)

    def owner(self, row: int) -> Records:
        """Return the list that has a record."""
        return self.parts[int(np.searchsorted(self.firsts, row, "right")) - 1]

    def _share(self, name: str, whole: Values) -> None:
        """Replace the columns of the parts by views of the whole one, to save memory."""
        for part, first in zip(self.parts, self.firsts.tolist(), strict=False):
            own = part._columns[name]
            if own.array.dtype == whole.array.dtype and part.count:
                view = whole.array[first : first + part.count]
                part._columns[name] = Values(view, own.present)

    def texts(self, rows: Numbers) -> Iterator[tuple[int, int, bytes]]:
        owners = np.searchsorted(self.firsts, rows, "right") - 1
        bounds = np.flatnonzero(np.diff(owners)) + 1
        for some in np.split(rows, bounds):
            if not len(some):
                continue
            place = int(np.searchsorted(self.firsts, some[0], "right")) - 1
            first = int(self.firsts[place])
            for row, begin, text in self.parts[place].texts(some - first):
                yield row + first, begin, text

    def spans(self) -> tuple[Numbers, Numbers]:
        """Raise RequestError, because there is no common text."""
        raise _no_text(self.source)

    def first_keys(self) -> tuple[str, ...]:
        return next((part.first_keys() for part in self.parts if part.count), ())


def _no_text(source: Source) -> RequestError:
    return RequestError(
        "this step needs one file, and cannot be done on several files at once",
        where=source.name,
        hint="merge them first (cocosurgeon merge), or do this step on each file",
    )


def unite(documents: Sequence[Document]) -> Document:
    """Return several documents as one.

    Lists of records follow each other in the order of the documents. Categories, licenses and
    values that are no lists of records are those of the first document.

    Args:
        documents: annotation files, or results files.
    """
    source = UnitedSource([document.source for document in documents])
    nonfinite = sum(document.nonfinite for document in documents)
    lists = [document.results for document in documents if document.results is not None]
    if lists:
        return Document(source, (), UnitedRecords.of(source, lists), nonfinite)
    members: dict[str, Member] = {}
    for document in documents:
        for member in document.members:
            if member.key in members:
                continue
            records = [d.lists[member.key] for d in documents if member.key in d.lists]
            if member.records is None or member.key in _OF_THE_FIRST:
                members[member.key] = member
            else:
                members[member.key] = Member(member.key, -1, -1, UnitedRecords.of(source, records))
    return Document(source, tuple(members.values()), None, nonfinite)
