"""Layout of a source: its lists of records, and everything else by its place.

Only blocks of consecutive records are remembered. Single records are located in the few blocks
where that matters, so memory follows the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.columns import Values, join
from cocosurgeon.annfile.decode import ColumnDecoder, decode_value
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Block, Span

_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


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
    blocks: tuple[Block, ...]
    _columns: dict[str, Values] = field(repr=False)

    @property
    def count(self) -> int:
        """Number of records."""
        return self.blocks[-1].first_row + self.blocks[-1].count if self.blocks else 0

    def column(self, name: str) -> Values:
        """Return one column; see ``columns``."""
        return self.columns(name)[0]

    def columns(self, *names: str) -> tuple[Values, ...]:
        """Return the columns of these names; those not read yet are read in one pass."""
        missing = [n for n in dict.fromkeys(names) if n not in self._columns]
        if missing:
            decoder = ColumnDecoder(self.source, self.name, missing)
            for block in self.blocks:
                text = self.source.read(block.start, block.stop)
                if decoder.try_all(text) != block.count:
                    decoder.each(text, self._locate(block, text), block.start, block.first_row)
            self.source.require_unchanged()
            self._columns.update(zip(missing, map(join, decoder.chunks), strict=True))
        return tuple(self._columns[n] for n in names)

    def located(self, index: int) -> tuple[bytes, list[Span]]:
        """Return the text of a block, and the span of each of its records in that text."""
        block = self.blocks[index]
        text = self.source.read(block.start, block.stop)
        return text, self._locate(block, text)

    def first_keys(self) -> tuple[str, ...]:
        """Return the keys of the first record, in its order."""
        if not self.count:
            return ()
        text, spans = self.located(0)
        record = decode_value(text[slice(*spans[0])], self.source, self.start, f"{self.name}[0]")
        self.source.require_unchanged()
        return tuple(record) if isinstance(record, dict) else ()

    def _locate(self, block: Block, text: bytes) -> list[Span]:
        spans = _spans_by_length(text)
        if len(spans) != block.count:
            spans = _spans_by_walking(text)
        if len(spans) != block.count:
            raise self.source.changed()  # even when its size and time say otherwise
        return spans


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


def _spans_by_walking(text: bytes) -> list[Span]:
    return walk.elements(text + b"]").spans


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
