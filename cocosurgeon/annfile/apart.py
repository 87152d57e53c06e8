"""Text of a document split into records, separators and the rest, and put together again.

Each piece has its offset, so that records can be stored in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.annfile.source import Source, source_of_places
from cocosurgeon.annfile.walk import Span

Marks = npt.NDArray[np.bool_]
_PIECE = 1 << 22


@dataclass(frozen=True, eq=False)
class Separated:
    """A list of records, and the text between them.

    Attributes:
        records: the list.
        usual: text between most pairs of records.
        unusual: other text before a record, by row. It is empty for the first one: the text before
            that belongs to the rest.
    """

    records: Records
    usual: bytes = b""
    unusual: Mapping[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Records) -> Separated:
        """Read the text between the records of a list."""
        if not records.count:
            return cls(records)
        starts, stops = records.spans()
        usual = records.separators()[1] or b""
        is_usual = starts[1:] - stops[:-1] == len(usual)
        for first, behind in _reads(stops):
            alike = first + np.flatnonzero(is_usual[first:behind])
            is_usual[alike] = _are_equal(records.source, stops[alike], usual)
        rows = (np.flatnonzero(~is_usual) + 1).tolist()
        read = records.source.read
        unusual = {row: read(int(stops[row - 1]), int(starts[row])) for row in rows}
        records.source.require_unchanged()
        return cls(records, usual, {0: b"", **unusual})


def _reads(stops: Numbers) -> Iterator[Span]:
    """Yield ranges of gaps that are read at once, as first and last + 1. Gap n follows row n."""
    first, last = 0, len(stops) - 1
    while first < last:
        behind = int(np.searchsorted(stops, stops[first] + _PIECE, "right"))
        yield first, (behind := min(max(behind, first + 1), last))
        first = behind


def _are_equal(source: Source, places: Numbers, usual: bytes) -> Marks:
    """Mark the offsets (ascending) at which the source has this text."""
    if not len(places):
        return np.empty(0, np.bool_)
    begin = int(places[0])
    text = np.frombuffer(source.read(begin, int(places[-1]) + len(usual)), np.uint8)
    found = text[(places - begin)[:, None] + np.arange(len(usual))]
    equal: Marks = (found == np.frombuffer(usual, np.uint8)).all(axis=1)
    return equal


def rest_of(document: Document, lists: Iterable[Records]) -> Iterator[tuple[int, bytes]]:
    """Yield the text outside the records of some lists, in pieces with their offsets."""
    at = 0
    source = document.source
    filled = sorted((each for each in lists if each.count), key=lambda each: each.start)
    ends = [(int(each.blocks.starts[0]), int(each.blocks.stops[-1])) for each in filled]
    for stop, after in [*ends, (source.size, source.size)]:
        for begin in range(at, stop, _PIECE):
            yield begin, source.read(begin, min(begin + _PIECE, stop))
        at = after


def put_together(pieces: Iterable[tuple[int, bytes]], size: int, name: str) -> Source:
    """Return a source of text whose pieces come with their offsets, in any order.

    Args:
        size: number of bytes of the text.
        name: name of the source, for messages.

    Raises:
        ValueError: a piece is outside the text.
        OutputError: there is no room for a copy of it.
    """
    return source_of_places(_joined(pieces, size), size, name)


def _joined(pieces: Iterable[tuple[int, bytes]], size: int) -> Iterator[tuple[int, bytes]]:
    """Yield pieces, with consecutive ones joined."""
    begin = end = 0
    found: list[bytes] = []
    for place, piece in pieces:
        if place < 0 or place + len(piece) > size:
            raise ValueError(f"a piece of the text is at {place:,}, outside its {size:,} bytes")
        if place != end or end - begin > _PIECE:
            yield begin, b"".join(found)
            begin = end = place
            found = []
        found.append(piece)
        end += len(piece)
    yield begin, b"".join(found)
