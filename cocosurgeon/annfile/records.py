"""A list of JSON objects, known by where its records lie and by columns of their values.

Of the list's text only blocks of consecutive records are remembered. Where single records lie is
looked up in the few blocks where that matters, so memory follows the number of records.
"""

from __future__ import annotations

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
        """One column; see ``columns``."""
        return self.columns(name)[0]

    def columns(self, *names: str) -> tuple[Values, ...]:
        """The columns of these names; those not read yet are read in one pass."""
        missing = [n for n in dict.fromkeys(names) if n not in self._columns]
        if missing:
            decoder = ColumnDecoder(self.source, self.name, missing)
            for block in self.blocks:
                text = self.source.read(block.start, block.stop)
                if decoder.try_all(text) != block.count:
                    decoder.each(text, self._locate(block, text), block.start, block.first_row)
            self.source.require_unchanged()
            self._columns.update(zip(missing, map(join, decoder.runs), strict=True))
        return tuple(self._columns[n] for n in names)

    def located(self, index: int) -> tuple[bytes, list[Span]]:
        """The text of a block, and where its records lie in that text."""
        block = self.blocks[index]
        text = self.source.read(block.start, block.stop)
        return text, self._locate(block, text)

    def first_keys(self) -> tuple[str, ...]:
        """Keys of the first record, in its order."""
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
