"""One pass over a source: what stands at the top level, and where the records of its lists lie.

A list of records is read in windows. A block of records usually ends at the last place of its
window that looks like the seam between two records. That it *is* one is proven, not assumed: the
text up to it must decode as a whole list, which it would not do if it ended inside a string or a
nested list. Where it does not decode, the records of that window are found one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.decode import (
    ColumnDecoder,
    Span,
    broken,
    decode_value,
    json_kind,
)
from cocosurgeon.annfile.document import Document, Member
from cocosurgeon.annfile.records import Block, Records
from cocosurgeon.annfile.source import Progress, Source
from cocosurgeon.errors import JSONSyntaxError, StructureError

IMAGE_COLUMNS = ("id", "file_name", "width", "height")
ANNOTATION_COLUMNS = ("id", "image_id", "category_id", "area", "iscrowd")

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "images": IMAGE_COLUMNS,
    "annotations": ANNOTATION_COLUMNS,
    "categories": ("id", "name"),
}
_RESULT_COLUMNS = ("image_id", "category_id")
_OTHER_COLUMNS = ("image_id",)

RESULTS = "results"
"""How the one list of a results file is called in messages."""

_LARGEST_DIAGNOSIS = 1 << 24
_SIGNS_OF_TRUNCATION = ("unterminated string", "extra data")


@dataclass(frozen=True)
class ScanOptions:
    """How a scan goes about it; its result does not depend on it.

    Attributes:
        window: bytes that are read at a time.
        shortcut: whether seams are guessed and proven, or every record is found one by one.
    """

    window: int = 1 << 16
    shortcut: bool = True


def scan(
    source: Source,
    progress: Progress | None = None,
    options: ScanOptions = ScanOptions(),
) -> Document:
    """Read an annotation file or a results file once, from its first byte to its last.

    Raises:
        EncodingError, JSONSyntaxError: the text is broken; says where.
        StructureError: JSON, but neither an annotation file nor a list of detections.
        SourceChangedError: somebody wrote to it meanwhile.
    """
    document = _Scan(source, progress, options).document()
    source.require_unchanged()
    return document


class _Seam(NamedTuple):
    """What stands between two records: ``}``, comma, spaces, ``{`` and the second's first key."""

    mark: bytes
    gap: int


def _seam(text: bytes, spans: list[Span]) -> _Seam | None:
    """The seam between the first two records of a text; None without two, or without a key."""
    if len(spans) < 2:
        return None
    stop, start = spans[0][1], spans[1][0]
    key_start = walk.skip_space(text, start + 1)
    key_stop = walk.value_end(text, key_start)
    if key_stop is None or text[key_start : key_start + 1] != b'"':
        return None
    return _Seam(text[stop - 1 : key_stop], start - stop)


class _Scan:
    def __init__(self, source: Source, progress: Progress | None, options: ScanOptions) -> None:
        self._source = source
        self._progress = progress
        self._options = options
        self._nonfinite = 0

    def document(self) -> Document:
        start = self._skip_space(self._source.text_start)
        lead = self._byte(start)
        members: tuple[Member, ...] = ()
        results = None
        if lead == b"{":
            members, stop = self._members(start)
        elif lead == b"[":
            results = self._records(start, RESULTS, _RESULT_COLUMNS)
            stop = results.stop
        else:
            raise self._no_annotation_file(start)
        end = self._skip_space(stop)
        if end != self._source.size:
            raise broken(
                self._source, end, "something follows the end of the JSON text", "the file"
            )
        return Document(self._source, members, results, self._nonfinite)

    def _members(self, start: int) -> tuple[tuple[Member, ...], int]:
        members: list[Member] = []
        at = self._skip_space(start + 1)
        if self._byte(at) == b"}":
            return (), at + 1
        while True:
            key, key_stop = self._key(at)
            at = self._skip_space(key_stop)
            if self._byte(at) != b":":
                raise self._unexpected(at, f"expected ':' after the key {key!r}")
            at = self._skip_space(at + 1)
            member = self._member(key, at)
            members.append(member)
            at = self._skip_space(member.stop)
            mark = self._byte(at)
            if mark == b"}":
                return tuple(members), at + 1
            if mark != b",":
                raise self._unexpected(at, f"expected ',' or '}}' after {key!r}")
            at = self._skip_space(at + 1)

    def _key(self, at: int) -> tuple[str, int]:
        if self._byte(at) != b'"':
            raise self._unexpected(at, "expected a key in double quotes")
        text = self._value_text(at, "a top-level key")
        key = decode_value(text, self._source, at, "a top-level key")
        return str(key), at + len(text)

    def _member(self, key: str, at: int) -> Member:
        columns = _COLUMNS.get(key)
        if self._byte(at) == b"[":
            first = self._byte(self._skip_space(at + 1))
            if columns or first == b"{":
                try:
                    records = self._records(at, key, columns or _OTHER_COLUMNS)
                    return Member(key, at, records.stop, records)
                except StructureError:
                    if columns:
                        raise
        text = self._value_text(at, f"{key!r}")
        value = decode_value(text, self._source, at, f"{key!r}", self._met_nonfinite)
        if columns:
            raise StructureError(
                f"{key!r} is {json_kind(value)}, expected a list of objects",
                where=f"{self._source.name}, byte {at}",
                offset=at,
            )
        return Member(key, at, at + len(text), None)

    def _met_nonfinite(self, literal: str) -> float:
        self._nonfinite += 1
        return float(literal)

    def _records(self, start: int, name: str, columns: Iterable[str]) -> Records:
        decoder = ColumnDecoder(self._source, name, columns)
        blocks: list[Block] = []
        row = 0
        at = self._skip_space(start + 1)
        closed = self._byte(at) == b"]"
        if closed:
            at += 1
        seam: _Seam | None = None
        window = self._options.window
        while not closed:
            text = self._source.read(at, min(at + window, self._source.size))
            if seam and (cut := text.rfind(seam.mark) + 1):
                count = decoder.try_all(text[:cut])
                if count:
                    blocks.append(Block(at, at + cut, row, count))
                    row += count
                    at = self._advance(at + cut + seam.gap)
                    continue
            found = walk.elements(text)
            if found.spans:
                stop = found.spans[-1][1]
                if decoder.try_all(text[:stop]) != len(found.spans):
                    decoder.each(text, found.spans, at, row)
                blocks.append(Block(at, at + stop, row, len(found.spans)))
                row += len(found.spans)
                seam = _seam(text, found.spans) if self._options.shortcut else None
                window = self._options.window
            elif not found.problem:
                if at + len(text) == self._source.size:
                    raise self._ends_early(text, at, f"{name}[{row}]")
                window *= 2
            if found.problem:
                raise self._unexpected(
                    at + found.after, found.problem, f"{name}, after {row} records"
                )
            at = self._advance(at + found.after)
            closed = found.closed
        self._nonfinite += decoder.nonfinite
        return Records(
            self._source, name, start, at, tuple(blocks), decoder.nonfinite, decoder.values()
        )

    def _advance(self, at: int) -> int:
        if self._progress:
            self._progress(at, self._source.size)
        return at

    def _byte(self, at: int) -> bytes:
        return self._source.read(at, min(at + 1, self._source.size))

    def _skip_space(self, at: int) -> int:
        while True:
            text = self._source.read(at, min(at + 256, self._source.size))
            skipped = walk.skip_space(text, 0)
            at += skipped
            if skipped < len(text) or not text:
                return at

    def _value_text(self, at: int, where: str) -> bytes:
        """The text of the value at an offset, however long."""
        window = self._options.window
        while True:
            stop = min(at + window, self._source.size)
            text = self._source.read(at, stop)
            end = walk.value_end(text, 0)
            if end == 0:
                raise self._unexpected(at, "expected a value", where)
            if end is not None:
                return text[:end]
            if stop == self._source.size:
                raise self._ends_early(text, at, where)
            window *= 2

    def _unexpected(self, at: int, what: str, where: str = "the top level") -> JSONSyntaxError:
        if at >= self._source.size:
            what = f"the file ends here; {what}: it is truncated"
        return broken(self._source, at, what, where)

    def _ends_early(self, text: bytes, at: int, where: str) -> JSONSyntaxError:
        """The error for a value that has no end: what is wrong inside it, else a truncation."""
        if len(text) < _LARGEST_DIAGNOSIS:
            try:
                decode_value(text, self._source, at, where)
            except JSONSyntaxError as error:
                inside = error.offset is not None and error.offset < self._source.size
                if inside and not any(hint in error.what for hint in _SIGNS_OF_TRUNCATION):
                    return error
        return broken(
            self._source,
            self._source.size,
            f"the file ends inside it; it begins at byte {at}: the file is truncated",
            where,
        )

    def _no_annotation_file(self, at: int) -> StructureError | JSONSyntaxError:
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        value = decode_value(text, self._source, at, "the file")
        return StructureError(
            f"the file holds {json_kind(value)}, expected an annotation file (an object with "
            "'images') or a results file (a list of detections)",
            where=f"{self._source.name}, byte {at}",
            offset=at,
        )
