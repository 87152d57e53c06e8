"""One pass over a source: its top-level keys, and the place of every record of its lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cocosurgeon.annfile import walk
from cocosurgeon.annfile.decode import broken, decode_value, json_kind
from cocosurgeon.annfile.document import Blocks, Document, Member, Records, joined
from cocosurgeon.annfile.listscan import ScannedPart, ScanOptions, ends_early, unexpected
from cocosurgeon.annfile.parallel import scan_list
from cocosurgeon.annfile.source import Source
from cocosurgeon.errors import JSONSyntaxError, StructureError
from cocosurgeon.progress import Progress

# What every command needs.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "images": ("id",),
    "annotations": ("id", "image_id", "category_id"),
    "categories": ("id", "name"),
}
_RESULT_COLUMNS = ("image_id", "category_id")
_OTHER_COLUMNS = ("image_id",)

RESULTS = "results"
"""Name of the one list of a results file, in messages."""

_TOP = "the top level"


def scan(
    source: Source,
    progress: Progress | None = None,
    options: ScanOptions = ScanOptions(),  # noqa: B008 - frozen
    columns: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Document:
    """Read an annotation file or a results file once, from its first byte to its last.

    Args:
        columns: further columns to read in the same pass, by list.

    Raises:
        EncodingError, JSONSyntaxError: the text is broken; the message has the place.
        StructureError: the text is JSON, but neither an annotation file nor a list of detections.
        SourceChangedError: somebody wrote to it meanwhile.
    """
    document = _Scan(source, progress, options, columns).document()
    source.require_unchanged()
    return document


class _Scan:
    def __init__(
        self,
        source: Source,
        progress: Progress | None,
        options: ScanOptions,
        wanted: Mapping[str, Iterable[str]],
    ) -> None:
        self._source = source
        self._progress = progress
        self._options = options
        self._wanted = wanted
        self._nonfinite = 0

    def document(self) -> Document:
        start = self._skip_space(self._source.text_start)
        lead = self._byte(start)
        members: tuple[Member, ...] = ()
        results = None
        if lead == b"{":
            members, stop = self._members(start)
        elif lead == b"[":
            wanted = self._wanted.get("annotations", ())
            results = self._records(start, RESULTS, (*_RESULT_COLUMNS, *wanted))
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
                raise unexpected(self._source, at, f"expected ':' after the key {key!r}", _TOP)
            at = self._skip_space(at + 1)
            member = self._member(key, at)
            members.append(member)
            at = self._skip_space(member.stop)
            mark = self._byte(at)
            if mark == b"}":
                return tuple(members), at + 1
            if mark != b",":
                raise unexpected(self._source, at, f"expected ',' or '}}' after {key!r}", _TOP)
            at = self._skip_space(at + 1)

    def _key(self, at: int) -> tuple[str, int]:
        if self._byte(at) != b'"':
            raise unexpected(self._source, at, "expected a key in double quotes", _TOP)
        text = self._value_text(at, "a top-level key")
        key = decode_value(text, self._source, at, "a top-level key")
        return str(key), at + len(text)

    def _member(self, key: str, at: int) -> Member:
        columns = _COLUMNS.get(key)
        if self._byte(at) == b"[":
            first = self._byte(self._skip_space(at + 1))
            if columns or first in (b"{", b"]"):
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
                hint="fix the file at that byte, or export it again",
                offset=at,
            )
        return Member(key, at, at + len(text), None)

    def _met_nonfinite(self, literal: str) -> float:
        self._nonfinite += 1
        return float(literal)

    def _records(self, start: int, name: str, columns: tuple[str, ...]) -> Records:
        source, options = self._source, self._options
        columns = tuple(dict.fromkeys((*columns, *self._wanted.get(name, ()))))
        at = self._skip_space(start + 1)
        stop = at + 1
        parts: list[ScannedPart] = []
        if self._byte(at) != b"]":
            parts = scan_list(source, name, columns, at, options, self._progress)
            stop = parts[-1].after
        self._nonfinite += sum(part.nonfinite for part in parts)
        values = joined(columns, parts)
        return Records(source, name, start, stop, Blocks.of(parts), values, options)

    def _byte(self, at: int) -> bytes:
        return self._source.read(at, min(at + 1, self._source.size))

    def _skip_space(self, at: int) -> int:
        window = 256
        while True:
            text = self._source.read(at, min(at + window, self._source.size))
            skipped = walk.skip_space(text, 0)
            at += skipped
            if skipped < len(text) or not text:
                return at
            window = self._options.window  # a long run of white space: read more at once

    def _value_text(self, at: int, where: str) -> bytes:
        """Return the text of the value at an offset, of any length."""
        window = self._options.window
        while True:
            stop = min(at + window, self._source.size)
            text = self._source.read(at, stop)
            end = walk.value_end(text, 0)
            if end == 0:
                raise unexpected(self._source, at, "expected a value", where)
            if end is not None:
                return text[:end]
            if stop == self._source.size:
                raise ends_early(self._source, text, at, where)
            window *= 2

    def _no_annotation_file(self, at: int) -> StructureError | JSONSyntaxError:
        text = self._source.read(at, min(at + self._options.window, self._source.size))
        value = decode_value(text, self._source, at, "the file")
        return StructureError(
            f"the file holds {json_kind(value)}, expected an annotation file (an object with "
            "'images') or a results file (a list of detections)",
            where=f"{self._source.name}, byte {at}",
            hint="name another file, or export this one again",
            offset=at,
        )
