"""Scan of one list of records.

The kernel (see ``kernel``) takes plain records. Without it, a block of records ends at the last
place of its window that looks like the separator between two records. This is proven, not assumed:
the text before it must decode as a whole list, which it would not if it ended inside a string or a
nested list.

All other records are found one by one.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cocosurgeon.annfile import kernel, walk
from cocosurgeon.annfile.chunks import Chunk
from cocosurgeon.annfile.decode import ColumnDecoder, broken, decode_value
from cocosurgeon.annfile.kernel import IS_IN_USE
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Span
from cocosurgeon.errors import JSONSyntaxError
from cocosurgeon.progress import Progress

if TYPE_CHECKING:
    Integers = array[int]

_LARGEST_DIAGNOSIS = 1 << 24
_SIGNS_OF_TRUNCATION = ("a string has no end", "something follows")

# With windows as small as Python's, the calls of the kernel would take longer than its scan.
_KERNEL_WINDOW = 4


@dataclass(frozen=True)
class ScanOptions:
    """Settings of a scan, which change only its time, not its result.

    Attributes:
        window: bytes that are read at a time; four times as many with the kernel.
        shortcut: True to guess and prove separators; False to find every record one by one.
        kernel: True to use the kernel.
        parallel_from: least number of bytes of a list that all processors share.
    """

    window: int = 1 << 16
    shortcut: bool = True
    kernel: bool = IS_IN_USE
    parallel_from: int = 1 << 24 if IS_IN_USE else 1 << 27


class Separator(NamedTuple):
    """Text between two records: ``}``, comma, spaces, ``{`` and the second's first key.

    Attributes:
        mark: its bytes.
        gap: number of bytes between the first record's end and the second one's start.
    """

    mark: bytes
    gap: int


class BlockList:
    """Blocks of consecutive records during a scan.

    Attributes:
        starts, stops: offset of the first record of each block, and of the end of its last one.
        counts: number of records of each block; empty as long as all blocks have one record.
        count: number of all records.
    """

    def __init__(self) -> None:
        self.starts, self.stops, self.counts = array("q"), array("q"), array("q")
        self.count = 0

    def append(self, start: int, stop: int, count: int) -> None:
        """Add a block."""
        if count > 1 or self.counts:
            self.counts = self.counts or array("q", [1]) * len(self.starts)
            self.counts.append(count)
        self.starts.append(start)
        self.stops.append(stop)
        self.count += count

    def extend(self, starts: Integers, stops: Integers) -> None:
        """Add blocks of one record each."""
        if self.counts:
            self.counts.extend(array("q", [1]) * len(starts))
        self.starts.extend(starts)
        self.stops.extend(stops)
        self.count += len(starts)


@dataclass(frozen=True, eq=False)
class ScannedPart:
    """Consecutive records of a list.

    Attributes:
        blocks: places of the records.
        chunks: values by column.
        nonfinite: number of bare NaN, Infinity and -Infinity.
        after: offset of the byte after the list's ``]``, or of the next record.
        closed: True if the list ends here.
    """

    blocks: BlockList
    chunks: list[list[Chunk]]
    nonfinite: int
    after: int
    closed: bool


@dataclass
class _Found:
    """Values and places that a scan has found so far, and the separator, if known."""

    decoder: ColumnDecoder
    separator: Separator | None
    blocks: BlockList = field(default_factory=BlockList)


class _Taken(NamedTuple):
    """Records that were taken together.

    Attributes:
        n: number of records.
        after: offset at which to continue.
        closed: True if the list ends there.
        may_go_on: True if the next record may be plain, but is longer than the window.
    """

    n: int
    after: int
    closed: bool = False
    may_go_on: bool = False


class ListScan:
    """Scan of the records of one list, from any record on.

    Args:
        name: the list's key, for messages.
        columns: names of the columns to read in the same pass.
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
        """Return the separator of the first two records from an offset on; None if a window has
        none."""
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        return self._separator(text, walk.elements(text, most=2).spans)

    def next_start(self, at: int, separator: Separator) -> int | None:
        """Return the next offset where a record seems to begin; None if a window has none."""
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        found = text.find(separator.mark)
        return None if found < 0 else at + found + 1 + separator.gap

    def records(
        self, at: int, separator: Separator | None, until: int | None = None, row: int = 0
    ) -> ScannedPart:
        """Scan from the record that begins at an offset to the list's end.

        Args:
            separator: the text between two records, if known.
            until: offset where a record seems to begin after that separator; stop there if it does.
            row: the row of the first record, for messages.

        Raises:
            StructureError: an element is no object.
            EncodingError, JSONSyntaxError: the text is broken; the message has the place.
        """
        source, options = self._source, self._options
        found = _Found(ColumnDecoder(source, self._name, self._columns), separator)
        closed = False
        most = options.window * (_KERNEL_WINDOW if options.kernel else 1)
        window = most
        took = False  # True if the kernel took the record before this one
        while not closed and at != until:
            stop = min(at + window, source.size)
            # The guessed start of another part: reaching it exactly proves the guess.
            ends_at_guess = until is not None and at < until <= stop
            text = source.read(at, until if until is not None and ends_at_guess else stop)
            taken = _Taken(0, at)
            if options.kernel:
                taken = self._by_kernel(text, at, found)
                text, at = text[taken.after - at :], taken.after
                window = most if taken.may_go_on else options.window
            if not taken.n and not taken.may_go_on:
                is_whole = ends_at_guess and len(text) <= window
                taken = self._by_separator(text[:window], at, found, is_whole)
                window = options.window
            elif taken.n:
                took = True
            if taken.n:
                at, closed = taken.after, taken.closed
            elif ends_at_guess:
                until = None  # no record begins there, or the kernel does not take it
            elif taken.may_go_on and stop < source.size:
                window = max(most, 2 * (stop - at))  # a record longer than the window
            else:
                walked = self._one_by_one(text, at, found, row, most=1 if took else None)
                took = False
                window = options.window if walked.spans else 2 * len(text)
                at, closed = at + walked.after, walked.closed
            if self._progress:
                self._progress(at, source.size)
        return ScannedPart(found.blocks, found.decoder.chunks, found.decoder.nonfinite, at, closed)

    def _one_by_one(
        self, text: bytes, at: int, found: _Found, row: int, most: int | None
    ) -> walk.Elements:
        """Take records one by one, which always works, and learn the separator.

        Args:
            row: the row of the first record that the scan found.
            most: number of records after which to stop; None: no limit.
        """
        walked = walk.elements(text[: self._options.window], most)
        if not walked.spans and not walked.problem:
            walked = walk.elements(text)
        count = len(walked.spans)
        if count:
            stop = walked.spans[-1][1]
            if found.decoder.try_all(text[:stop]) != count:
                found.decoder.each(text, walked.spans, at, row + found.blocks.count)
            found.blocks.append(at, at + stop, count)
            found.separator = self._separator(text, walked.spans) or found.separator
        row += found.blocks.count
        if walked.problem:
            where = f"{self._name}, after {row} records"
            raise unexpected(self._source, at + walked.after, walked.problem, where)
        if not count and at + len(text) == self._source.size:
            raise self._ends(text, at, row)
        return walked

    def _ends(self, text: bytes, at: int, row: int) -> JSONSyntaxError:
        """Return the error for a file that ends within a list.

        Args:
            text: the rest of the file, within the record of that row, or empty.
        """
        last = row if text else row - 1
        where = f"{self._name}[{max(last, 0)}]"
        if last >= 0 and (not text or walk.value_end(text + b" ", 0) is not None):
            what = "the file ends after it, in the list: the file is truncated"
            return broken(self._source, self._source.size, what, where)
        return ends_early(self._source, text, at, where)

    def _by_kernel(self, text: bytes, at: int, found: _Found) -> _Taken:
        scanned = kernel.scan(text, at, found.decoder.keys)
        if scanned.n:
            cells = array("q", scanned.records)
            records = cells[0] - at, cells[-2] - at
            found.decoder.take(text, records, scanned.n, scanned.columns)
            found.blocks.extend(cells[::3], cells[1::3])
        return _Taken(scanned.n, scanned.after, scanned.is_closed, scanned.is_plain)

    def _by_separator(self, text: bytes, at: int, found: _Found, ends_at_guess: bool) -> _Taken:
        separator = found.separator
        if separator is None:
            return _Taken(0, at)
        stop = len(text) - separator.gap if ends_at_guess else text.rfind(separator.mark) + 1
        count = found.decoder.try_all(text[:stop]) if stop > 0 else 0
        if count:
            found.blocks.append(at, at + stop, count)
            return _Taken(count, at + stop + separator.gap)
        return _Taken(0, at)

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
    """Return the error for an unexpected byte at an offset."""
    if at >= source.size:
        what = f"the file ends here; {what}: it is truncated"
    return broken(source, at, what, where)


def ends_early(source: Source, text: bytes, at: int, where: str) -> JSONSyntaxError:
    """Return the error for a value without an end: a fault inside it if one is found, else that the
    file is truncated."""
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
