"""Layout of a source: its lists of records, and its other top-level values.

With the kernel, the place of every record is known. Without it, only blocks of consecutive records
are stored, and single records are located in the few blocks where they are needed.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.chunks import Chunk, extend
from cocosurgeon.annfile.columns import Numbers, Values, join
from cocosurgeon.annfile.decode import decode_value
from cocosurgeon.annfile.listscan import ScannedPart, ScanOptions
from cocosurgeon.annfile.parallel import scan_list
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Span
from cocosurgeon.errors import DataError

_BLOCK = 1 << 22
_GAP = 1 << 14

_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of consecutive records, in file order.

    Attributes:
        starts, stops: offset of the first record of each block, and of the end of its last one.
        first_rows: row of the first record of each block, then the number of all records; None:
            each block is one record.
    """

    starts: Numbers
    stops: Numbers
    first_rows: Numbers | None

    @classmethod
    def of(cls, parts: Sequence[ScannedPart]) -> Blocks:
        """Join the blocks of consecutive parts of a list."""
        found = [part.blocks for part in parts]
        starts, stops = _joined([b.starts for b in found]), _joined([b.stops for b in found])
        if not any(b.counts for b in found):
            return cls(starts, stops, None)
        counts = [b.counts or np.ones(len(b.starts), np.int64) for b in found]
        return cls(starts, stops, np.cumsum(np.concatenate([[0], *counts])))

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.starts) if self.first_rows is None else int(self.first_rows[-1])


def _joined(parts: Sequence[array[int]]) -> Numbers:
    if len(parts) == 1:
        return np.asarray(parts[0], np.int64)
    return np.concatenate([np.empty(0, np.int64), *parts])


class Run(NamedTuple):
    """Consecutive kept records.

    Attributes:
        start: offset of the end of the record before; for the first record of the list, its own.
        stop: offset of the end of the last record.
        n: number of records.
    """

    start: int
    stop: int
    n: int


@dataclass(frozen=True, eq=False)
class Records:
    """A list of records in a source.

    Attributes:
        name: the list's key, for messages.
        start, stop: offsets of the list, with brackets.
        blocks: places of the records; rows are numbered from 0 in file order.
    """

    source: Source
    name: str
    start: int
    stop: int
    blocks: Blocks
    _columns: dict[str, Values] = field(repr=False)
    _options: ScanOptions = field(repr=False)

    @property
    def count(self) -> int:
        """Number of records."""
        return self.blocks.count

    @property
    def rows(self) -> Numbers:
        """All rows, ascending."""
        return np.arange(self.count, dtype=np.int64)

    def column(self, name: str) -> Values:
        """Return the column with a name; see ``columns``."""
        return self.columns(name)[0]

    def columns(self, *names: str) -> tuple[Values, ...]:
        """Return the columns with these names; all that are not cached are read in one pass."""
        missing = tuple(n for n in dict.fromkeys(names) if n not in self._columns)
        if missing:
            self._columns.update(joined(missing, self._scanned_again(missing)))
        return tuple(self._columns[n] for n in names)

    def expect(self, *names: str) -> None:
        """Begin to read columns that will be wanted, where something else reads them."""

    def _scanned_again(self, columns: tuple[str, ...]) -> list[ScannedPart]:
        if not self.count:
            return []
        first = int(self.blocks.starts[0])
        try:
            parts = scan_list(self.source, self.name, columns, first, self._options)
        except DataError as error:  # the first scan found no error
            raise self.source.changed() from error
        self.source.require_unchanged()
        if sum(part.blocks.count for part in parts) != self.count:
            raise self.source.changed()  # although its size and time are the same
        return parts

    def spans(self) -> tuple[Numbers, Numbers]:
        """Return the start and the end of each record, as two arrays of offsets."""
        if self.blocks.first_rows is None:
            return self.blocks.starts, self.blocks.stops
        spans = [span for index in range(len(self.blocks.starts)) for span in self._located(index)]
        starts, stops = np.array(spans, np.int64).reshape(-1, 2).T
        return starts, stops

    def texts(self, rows: Numbers) -> Iterator[tuple[int, int, bytes]]:
        """Yield row, offset and text of each record.

        Args:
            rows: rows of the records; those near each other are read together.

        Raises:
            SourceChangedError: the source has changed since it was read.
        """
        starts, stops = self.spans()
        begins, ends = starts[rows], stops[rows]
        # Reading rows together reads the text between them, too: not for rows that are far apart.
        is_apart = (np.diff(rows) <= 0) | (begins[1:] - ends[:-1] > _GAP)
        breaks = np.flatnonzero(is_apart) + 1
        for first_row, behind in pairwise([0, *breaks.tolist(), len(rows)]):
            at = first_row
            while at < behind:
                start = int(begins[at])
                until = at + int(np.searchsorted(ends[at:behind], start + _BLOCK, "right"))
                until = max(at + 1, until)
                text = self.source.read(start, int(ends[until - 1]))
                for row, begin, end in zip(
                    rows[at:until].tolist(),
                    begins[at:until].tolist(),
                    ends[at:until].tolist(),
                    strict=True,
                ):
                    yield row, begin, text[begin - start : end - start]
                at = until
        self.source.require_unchanged()

    def runs(self, rows: Numbers, longest: int) -> Iterator[Run]:
        """Yield runs of consecutive kept records.

        Args:
            rows: rows of the kept records, ascending; at least one.
            longest: number of bytes; a longer run is split between records.
        """
        first_rows = self.blocks.first_rows
        if first_rows is None:
            yield from _runs(self.blocks.starts, self.blocks.stops, rows, longest)
            return
        bounds = np.searchsorted(rows, first_rows)
        for index in np.flatnonzero(np.diff(bounds)).tolist():
            first, stop = first_rows[index : index + 2]
            before = self.blocks.stops[index - 1] if index else self.blocks.starts[0]
            kept = rows[bounds[index] : bounds[index + 1]]
            if len(kept) == stop - first:
                yield Run(int(before), int(self.blocks.stops[index]), len(kept))
            else:
                starts, stops = np.array(self._located(index), np.int64).T
                starts[0] = before
                yield from _runs(starts, stops, kept - first, longest)

    def _located(self, index: int) -> list[Span]:
        start, stop = int(self.blocks.starts[index]), int(self.blocks.stops[index])
        first_rows = self.blocks.first_rows
        count = 1 if first_rows is None else first_rows[index + 1] - first_rows[index]
        if count == 1:
            return [(start, stop)]
        spans = record_spans(self.source.read(start, stop), count)
        if len(spans) != count:
            raise self.source.changed()  # although its size and time are the same
        return [(start + first, start + last) for first, last in spans]

    def separators(self) -> tuple[bytes, bytes | None, bytes]:
        """Return the text before the first record, between the first two, and after the last one.

        There must be a record. Brackets are not included. With one record, the second text is None.
        """
        spans = self._located(0)
        if len(spans) < 2 and len(self.blocks.starts) > 1:
            spans += self._located(1)[:1]
        read = self.source.read
        between = read(spans[0][1], spans[1][0]) if len(spans) > 1 else None
        last = int(self.blocks.stops[-1])
        return read(self.start + 1, spans[0][0]), between, read(last, self.stop - 1)

    def first_keys(self) -> tuple[str, ...]:
        """Return the keys of the first record, in its order."""
        if not self.count:
            return ()
        first = self._located(0)[0]
        text = self.source.read(*first)
        record = decode_value(text, self.source, self.start, f"{self.name}[0]")
        self.source.require_unchanged()
        return tuple(record) if isinstance(record, dict) else ()


def _runs(starts: Numbers, stops: Numbers, rows: Numbers, longest: int) -> Iterator[Run]:
    """Yield runs of records; the text of a run may begin at the first of ``starts``."""
    pieces = stops[rows] // longest
    breaks = np.flatnonzero((np.diff(rows) != 1) | (np.diff(pieces) != 0)) + 1
    firsts, behind = np.append(0, breaks), np.append(breaks, len(rows))
    first_rows = rows[firsts]
    begins = np.where(first_rows > 0, stops[first_rows - 1], starts[0])
    ends = stops[rows[behind - 1]]
    return map(Run, begins.tolist(), ends.tolist(), (behind - firsts).tolist())


def record_spans(text: bytes, count: int) -> list[Span]:
    """Return the places of records in text from the first record to the last one.

    Args:
        count: number of records that there must be.
    """
    spans = _spans_by_length(text)
    return spans if len(spans) == count else walk.elements(text + b"]").spans


def _spans_by_length(text: bytes) -> list[Span]:
    try:
        lengths = [len(memoryview(raw)) for raw in _raw_list.decode(b"[%b]" % text)]
    except (msgspec.DecodeError, RecursionError):
        return []
    spans: list[Span] = []
    at = 0
    for length in lengths:
        spans.append((at, at + length))
        at = walk.skip_comma(text, at + length) or at
    return spans


def joined(columns: Sequence[str], parts: Sequence[ScannedPart]) -> dict[str, Values]:
    """Join the columns of consecutive parts of a list. The parts lose them, to save memory."""
    found: dict[str, Values] = {}
    for place, column in enumerate(columns):
        chunks: list[Chunk] = []
        for part in parts:
            for chunk in part.chunks[place]:
                extend(chunks, chunk)
            part.chunks[place] = []
        found[column] = join(chunks)
    return found


@dataclass(frozen=True, eq=False)
class Member:
    """One key of the top-level object.

    Attributes:
        key: the key.
        start, stop: offsets of its value.
        records: the value as records if it is a list of objects, or an empty list of a key that
            has objects; else None.
    """

    key: str
    start: int
    stop: int
    records: Records | None


@dataclass(frozen=True, eq=False)
class Document:
    """The layout of an annotation file, or of a results file (a bare list of detections).

    Attributes:
        members: the top-level keys in file order; none in a results file.
        results: the detections of a results file.
        nonfinite: number of bare NaN, Infinity and -Infinity in the text.
    """

    source: Source
    members: tuple[Member, ...]
    results: Records | None
    nonfinite: int

    def on(self, source: Source) -> Document:
        """Return the same layout of another source, which has the same bytes."""

        def moved(records: Records | None) -> Records | None:
            return None if records is None else replace(records, source=source)

        members = tuple(replace(m, records=moved(m.records)) for m in self.members)
        return Document(source, members, moved(self.results), self.nonfinite)

    @property
    def lists(self) -> Mapping[str, Records]:
        """Lists of records by key. If a key appears twice, the last one counts, as in ``json``."""
        last = {m.key: m for m in self.members}
        return {key: m.records for key, m in last.items() if m.records}

    @property
    def repeated_keys(self) -> tuple[str, ...]:
        """Top-level keys that appear more than once."""
        counts = Counter(m.key for m in self.members)
        return tuple(key for key, count in counts.items() if count > 1)
