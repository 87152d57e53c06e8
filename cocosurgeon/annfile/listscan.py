"""Scan of one list of records: windows, separators, and the proof that a separator is one.

A block of records usually ends at the last place of its window that looks like the separator
between two records. That it *is* one is proven, not assumed: the text up to it must decode as a
whole list. It would not do so if it ended inside a string or a nested list. Where it does not
decode, the records of that window are found one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.chunks import Chunk
from cocosurgeon.annfile.decode import ColumnDecoder, broken, decode_value
from cocosurgeon.annfile.source import Progress, Source
from cocosurgeon.annfile.walk import Block, Span
from cocosurgeon.errors import JSONSyntaxError

_LARGEST_DIAGNOSIS = 1 << 24
_SIGNS_OF_TRUNCATION = ("a string has no end", "something follows")


@dataclass(frozen=True)
class ScanOptions:
    """Settings of a scan; its result does not depend on them.

    Attributes:
        window: bytes that are read at a time.
        shortcut: whether separators are guessed and proven, or every record is found one by one.
        parallel_from: bytes; from this size on a second process takes half of a list.
    """

    window: int = 1 << 16
    shortcut: bool = True
    parallel_from: int = 1 << 27


class Separator(NamedTuple):
    """Text between two records: ``}``, comma, spaces, ``{`` and the second's first key.

    Attributes:
        mark: its bytes.
        gap: bytes between the first record's end and the second one's start.
    """

    mark: bytes
    gap: int


@dataclass(frozen=True, eq=False)
class ScannedPart:
    """Consecutive records of a list.

    Attributes:
        blocks: where they lie, and their rows.
        chunks: for each column its values.
        nonfinite: bare NaN, Infinity and -Infinity met.
        after: the byte after the list's ``]``, or where the next record begins.
        closed: whether the list ends here.
    """

    blocks: list[Block]
    chunks: list[list[Chunk]]
    nonfinite: int
    after: int
    closed: bool


class ListScan:
    """Scan of the records of one list, from any of them on.

    Args:
        name: the list's key, for messages.
        columns: names of the columns to read on the way.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        columns: tuple[str, ...],
        options: ScanOptions,
        progress: Progress | None = None,
    ) -> None:
        self._source = source
        self._name = name
        self._columns = columns
        self._options = options
        self._progress = progress

    def first_separator(self, at: int) -> Separator | None:
        """Return the separator of the first two records from an offset on; None without one in a
        window."""
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        return self._separator(text, walk.elements(text).spans)

    def next_start(self, at: int, separator: Separator) -> int | None:
        """Return where a record seems to begin from an offset on; None without one in a window."""
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        found = text.find(separator.mark)
        return None if found < 0 else at + found + 1 + separator.gap

    def records(
        self, at: int, separator: Separator | None, until: int | None = None, row: int = 0
    ) -> ScannedPart:
        """Scan from the record that begins at an offset to the list's end.

        Args:
            row: the row of that record.
            separator: what stands between two records, if that is known.
            until: where a record is thought to begin, behind that separator: end there if it does.

        Raises:
            StructureError: an element is no object.
            EncodingError, JSONSyntaxError: what is wrong, and where.
        """
        source, window = self._source, self._options.window
        decoder = ColumnDecoder(source, self._name, self._columns)
        blocks: list[Block] = []
        closed = False
        gap = separator.gap if separator else 0
        while not closed and at != until:
            text = source.read(at, min(at + window, source.size))
            # The guessed start of the second half: reaching it exactly proves that the guess holds.
            if until is not None and at < until <= at + len(text):
                length = max(until - gap - at, 0)
                if count := decoder.try_all(text[:length]):
                    blocks.append(Block(at, at + length, row, count))
                    row += count
                    at = until
                    continue
                until = None  # no record begins there, or not plainly
            # The fast way: cut at the last separator of the window; decoding proves the cut.
            cut = text.rfind(separator.mark) + 1 if separator else 0
            if separator and cut and (count := decoder.try_all(text[:cut])):
                blocks.append(Block(at, at + cut, row, count))
                row += count
                at += cut + separator.gap
            else:  # the sure way: walk from record to record, and learn the separator
                found = walk.elements(text)
                if found.spans:
                    stop = found.spans[-1][1]
                    if decoder.try_all(text[:stop]) != len(found.spans):
                        decoder.each(text, found.spans, at, row)
                    blocks.append(Block(at, at + stop, row, len(found.spans)))
                    row += len(found.spans)
                    separator = self._separator(text, found.spans) or separator
                    window = self._options.window
                if found.problem:
                    where = f"{self._name}, after {row} records"
                    raise unexpected(source, at + found.after, found.problem, where)
                if not found.spans:
                    if at + len(text) == source.size:
                        raise ends_early(source, text, at, f"{self._name}[{row}]")
                    window *= 2  # a record longer than the window
                at += found.after
                closed = found.closed
            if self._progress:
                self._progress(at, source.size)
        return ScannedPart(blocks, decoder.chunks, decoder.nonfinite, at, closed)

    def _separator(self, text: bytes, spans: list[Span]) -> Separator | None:
        if len(spans) < 2 or not self._options.shortcut:
            return None
        stop, start = spans[0][1], spans[1][0]
        key = walk.skip_space(text, start + 1)
        key_stop = walk.value_end(text, key)
        if key_stop is None or text[key : key + 1] != b'"':
            return None
        return Separator(text[stop - 1 : key_stop], start - stop)


def unexpected(source: Source, at: int, what: str, where: str) -> JSONSyntaxError:
    """Return the error for a byte that cannot stand at an offset."""
    if at >= source.size:
        what = f"the file ends here; {what}: it is truncated"
    return broken(source, at, what, where)


def ends_early(source: Source, text: bytes, at: int, where: str) -> JSONSyntaxError:
    """Return the error for a value without an end: what is wrong inside it, where that can be
    seen, else that the file is truncated."""
    if len(text) < _LARGEST_DIAGNOSIS:
        try:
            decode_value(text, source, at, where)
        except JSONSyntaxError as error:
            inside = error.offset is not None and error.offset < source.size
            if inside and not any(sign in error.what for sign in _SIGNS_OF_TRUNCATION):
                return error
    return broken(
        source,
        source.size,
        f"the file ends inside it; it begins at byte {at}: the file is truncated",
        where,
    )
