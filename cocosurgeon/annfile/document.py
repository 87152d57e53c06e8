"""Layout of a source: its lists of records, and everything else by its place.

Only blocks of consecutive records are remembered. Single records are located in the few blocks
where that matters, so memory follows the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from cocosurgeon.annfile import kernel, walk
from cocosurgeon.annfile.chunks import Chunk, extend
from cocosurgeon.annfile.columns import Numbers, Values, join
from cocosurgeon.annfile.decode import decode_value
from cocosurgeon.annfile.listscan import ScannedPart, ScanOptions
from cocosurgeon.annfile.parallel import scan_list
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Span

_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of consecutive records, in file order.

    Attributes:
        starts, stops: where the first record of each begins, and where its last one ends.
        first_rows: the row of each one's first record.
        counts: records of each.
    """

    starts: Numbers
    stops: Numbers
    first_rows: Numbers
    counts: Numbers

    @classmethod
    def of(cls, parts: Sequence[ScannedPart]) -> Blocks:
        """Join the blocks of consecutive parts of a list."""
        table = np.concatenate([np.empty(0, np.int64), *(part.blocks for part in parts)])
        starts, stops, counts = table.reshape(-1, 3).T.copy()
        return cls(starts, stops, np.cumsum(counts) - counts, counts)

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, eq=False)
class Records:
    """A list of records in a source.

    Attributes:
        name: the list's key, for messages.
        start, stop: where the list lies, brackets included.
        blocks: where the records lie; rows are numbered from 0 in file order.
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
        return int(self.blocks.counts.sum())

    def column(self, name: str) -> Values:
        """Return one column; see ``columns``."""
        return self.columns(name)[0]

    def columns(self, *names: str) -> tuple[Values, ...]:
        """Return the columns of these names; those not read yet are read in one pass."""
        missing = tuple(n for n in dict.fromkeys(names) if n not in self._columns)
        if missing:
            parts: list[ScannedPart] = []
            if self.count:
                first = int(self.blocks.starts[0])
                parts = scan_list(self.source, self.name, missing, first, self._options)
            self.source.require_unchanged()
            self._columns.update(joined(missing, parts))
        return tuple(self._columns[n] for n in names)

    def located(self, index: int) -> tuple[bytes, list[Span]]:
        """Return the text of a block, and the span of each of its records in that text."""
        start, stop = int(self.blocks.starts[index]), int(self.blocks.stops[index])
        text = self.source.read(start, stop)
        count = self.blocks.counts[index]
        spans = kernel.spans(text) if self._options.kernel else _spans_by_length(text)
        if len(spans) != count:
            spans = walk.elements(text + b"]").spans
        if len(spans) != count:
            raise self.source.changed()  # even when its size and time say otherwise
        return text, spans

    def first_keys(self) -> tuple[str, ...]:
        """Return the keys of the first record, in its order."""
        if not self.count:
            return ()
        text, spans = self.located(0)
        record = decode_value(text[slice(*spans[0])], self.source, self.start, f"{self.name}[0]")
        self.source.require_unchanged()
        return tuple(record) if isinstance(record, dict) else ()


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
    """Join the columns of consecutive parts of a list."""
    found: dict[str, Values] = {}
    for place, column in enumerate(columns):
        chunks: list[Chunk] = []
        for part in parts:
            for chunk in part.chunks[place]:
                extend(chunks, chunk)
        found[column] = join(chunks)
    return found


@dataclass(frozen=True, eq=False)
class Member:
    """One key of the top-level object.

    Attributes:
        key: the key.
        start, stop: where its value lies.
        records: the value as records, when it is a list of objects (or empty, where a list of
            objects is expected).
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

    @property
    def lists(self) -> Mapping[str, Records]:
        """Lists of records by key. Of a key that appears twice the last counts, as in ``json``."""
        last = {m.key: m for m in self.members}
        return {key: m.records for key, m in last.items() if m.records}

    @property
    def repeated_keys(self) -> tuple[str, ...]:
        """Top-level keys that appear more than once."""
        counts = Counter(m.key for m in self.members)
        return tuple(key for key, count in counts.items() if count > 1)
