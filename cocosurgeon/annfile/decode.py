"""Bytes to values, with errors that name the place.

What is accepted is what Python's standard ``json`` accepts in UTF-8 (bare NaN and Infinity too,
as pycocotools does). msgspec does the work; where it refuses, the standard library decides.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

import msgspec

from cocosurgeon.annfile.chunks import ABSENT, Absent, Chunk, column, extend
from cocosurgeon.annfile.kernel import MOST_DIGITS, Cells
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Span
from cocosurgeon.errors import EncodingError, JSONSyntaxError, StructureError

_STEP = min(4096, max(512, MOST_DIGITS - 128))
_decode_list = msgspec.json.Decoder(list[object]).decode


class ColumnDecoder:
    """Decoder of some columns of records, text after text; checks that every byte is valid JSON.

    Args:
        source, name: the source and the list's key, for messages.
        columns: names of the columns.

    Attributes:
        keys: keys of records whose values the columns need.
        chunks: for each column the values taken so far.
        nonfinite: number of bare NaN, Infinity and -Infinity so far.
    """

    def __init__(self, source: Source, name: str, columns: Iterable[str]) -> None:
        self._source = source
        self._name = name
        self._columns = [column(n) for n in columns]
        fields = {c.key: f"f{i}" for i, c in enumerate(self._columns)}
        record = msgspec.defstruct(
            "Record",
            [(f, object, ABSENT) for f in fields.values()],
            rename={f: key for key, f in fields.items()},
            gc=False,
        )
        self._decode: Callable[[bytes], list[object]] = msgspec.json.Decoder(
            list[record]  # type: ignore[valid-type]
        ).decode
        self._getters = [attrgetter(fields[c.key]) for c in self._columns]
        self.keys = tuple(key.encode() for key in fields)
        self.chunks: list[list[Chunk]] = [[] for _ in self._columns]
        self.nonfinite = 0

    def try_all(self, text: bytes) -> int:
        """Take a text of whole records, from the first one's ``{`` to the last one's ``}``.

        Returns:
            The number of records; 0, and nothing is taken, when the text is not plainly that.
        """
        if _may_hold_long_integer(text):
            return 0
        try:
            if not text.isascii():
                text.decode()
            records = self._decode(b"[%b]" % text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return 0
        self._take([map(get, records) for get in self._getters])
        return len(records)

    def each(self, text: bytes, spans: Sequence[Span], offset: int, first_row: int) -> None:
        """Take the records at these places of a text, each decoded by the standard library.

        Args:
            offset: where the text begins in the source.
            first_row: row of the first record.

        Raises:
            EncodingError, JSONSyntaxError: what is wrong, and where.
            StructureError: an element is no object.
        """
        records = [
            self._record(text[start:stop], offset + start, f"{self._name}[{first_row + i}]")
            for i, (start, stop) in enumerate(spans)
        ]
        self._take([[r.get(c.key, ABSENT) for r in records] for c in self._columns])

    def take(self, text: bytes, count: int, found: Sequence[Cells]) -> None:
        """Take what the kernel found for each of the keys in so many records of a text."""
        packed: dict[bytes, Chunk] = {}
        values: dict[bytes, list[object]] = {}
        for key, (numbers, are_integers) in zip(self.keys, found, strict=True):
            cells = array("q", numbers)
            if are_integers:
                packed[key] = cells[2::3]
            elif not cells:
                packed[key] = Absent(count)
            else:
                values[key] = _values(text, cells)
        for chunks, col in zip(self.chunks, self._columns, strict=True):
            key = col.key.encode()
            if key in packed and (col.take is None or isinstance(packed[key], Absent)):
                extend(chunks, packed[key])
            else:
                extend(chunks, col.pack(values[key] if key in values else list(packed[key])))

    def _take(self, columns: Sequence[Iterable[object]]) -> None:
        for chunks, values, col in zip(self.chunks, columns, self._columns, strict=True):
            extend(chunks, col.pack(list(values)))

    def _record(self, text: bytes, offset: int, where: str) -> dict[str, object]:
        value = decode_value(text, self._source, offset, where, self._met_nonfinite)
        if not isinstance(value, dict):
            raise StructureError(
                f"{where} is {json_kind(value)}, expected an object",
                where=f"{self._source.name}, byte {offset}",
                offset=offset,
            )
        return value

    def _met_nonfinite(self, literal: str) -> float:
        self.nonfinite += 1
        return float(literal)


def _may_hold_long_integer(text: bytes) -> bool:
    """Return False where no integer can have more digits than the standard library reads.

    So many digits cover at least one of the places that are checked, and 64 bytes on one side of
    it.
    """
    return any(
        text[at : at + 64].isdigit() or text[at - 64 : at].isdigit()
        for at in range(64, len(text), _STEP)
    )


def _values(text: bytes, cells: array[int]) -> list[object]:
    """Decode the values of a key; a record without it has ``ABSENT``."""
    places = list(zip(cells[::3], cells[1::3], strict=True))
    texts = b"[%b]" % b",".join([text[start:stop] for start, stop in places if stop])
    try:
        values = _decode_list(texts)
    except (msgspec.DecodeError, RecursionError):
        values = json.loads(texts)
    if len(values) == len(places):
        return values
    there = iter(values)
    return [next(there) if stop else ABSENT for _, stop in places]


def decode_value(
    text: bytes,
    source: Source,
    offset: int,
    where: str,
    nonfinite: Callable[[str], object] | None = None,
) -> object:
    """Decode one JSON value as the standard library does.

    Args:
        text: the value's bytes.
        source, offset, where: what an error names: the source, where the text begins in it, and
            what it is.
        nonfinite: called with each bare NaN, Infinity or -Infinity; gives its value.

    Raises:
        EncodingError: not UTF-8.
        JSONSyntaxError: not JSON.
    """
    try:
        value: object = json.loads(text.decode(), parse_constant=nonfinite)
    except UnicodeDecodeError as error:
        at = offset + error.start
        raise EncodingError(
            f"not UTF-8: byte 0x{text[error.start]:02x} at offset {at}, in {where}",
            where=f"{source.name}, byte {at}",
            hint="convert it: iconv -f ENCODING -t UTF-8 OLD > NEW (CP1252, GB18030, ...)",
            offset=at,
        ) from error
    except json.JSONDecodeError as error:
        at = offset + len(error.doc[: error.pos].encode())
        raise broken(source, at, error.msg, where) from error
    except RecursionError as error:
        raise broken(source, offset, "lists or objects nested too deeply", where) from error
    except ValueError as error:
        raise broken(source, offset, str(error).partition(";")[0], where) from error
    return value


def json_kind(value: object) -> str:
    """Return what JSON calls a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]


def broken(source: Source, offset: int, what: str, where: str) -> JSONSyntaxError:
    """Return the error for broken JSON text at an offset of the source."""
    return JSONSyntaxError.at(source.name, offset, source.place(offset), what, where)
