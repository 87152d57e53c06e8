"""Bytes to values, with errors that name the place.

Accepted is all that Python's standard ``json`` accepts in UTF-8, even bare NaN and Infinity, as in
pycocotools. msgspec decodes; if it refuses, the standard library decides.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

import msgspec

from cocosurgeon.annfile.chunks import (
    ABSENT,
    RECORD_KEYS,
    Absent,
    Chunk,
    Column,
    column,
    coordinates,
    extend,
    pack,
)
from cocosurgeon.annfile.kernel import MOST_DIGITS, Cells
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.walk import Span
from cocosurgeon.errors import EncodingError, JSONSyntaxError, StructureError

_STEP = min(4096, max(512, MOST_DIGITS - 128))
_COLON_BLOCK = 1 << 18
"""Bytes that are compared at a time: few enough to stay in the processor's cache."""
_decode_list = msgspec.json.Decoder(list[object]).decode
_decode_keys = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


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
        wanted = tuple(columns)
        self._columns = [column(n) for n in wanted if n != RECORD_KEYS]
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
        self.chunks: list[list[Chunk]] = [[] for _ in wanted]
        self._own_chunks = [
            chunks for n, chunks in zip(wanted, self.chunks, strict=True) if n != RECORD_KEYS
        ]
        self._key_chunks = self.chunks[wanted.index(RECORD_KEYS)] if RECORD_KEYS in wanted else None
        self._has_sides = any(c.place is not None for c in self._columns)
        self._known_keys: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.nonfinite = 0

    def try_all(self, text: bytes) -> int:
        """Take a text of whole records, from the first one's ``{`` to the last one's ``}``.

        Returns:
            The number of records; 0, and nothing is taken, if the text is anything else.
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
        self._take_keys_of(text)
        return len(records)

    def each(self, text: bytes, spans: Sequence[Span], offset: int, first_row: int) -> None:
        """Take the records at these places of a text, each decoded by the standard library.

        Args:
            offset: offset of the text in the source.
            first_row: row of the first record.

        Raises:
            EncodingError, JSONSyntaxError: the text is broken; the message has the place.
            StructureError: an element is no object.
        """
        records = [
            self._record(text[start:stop], offset + start, f"{self._name}[{first_row + i}]")
            for i, (start, stop) in enumerate(spans)
        ]
        self._take([[r.get(c.key, ABSENT) for r in records] for c in self._columns])
        self._take_keys(records)

    def take(self, text: bytes, records: Span, count: int, found: Sequence[Cells]) -> None:
        """Take the cells that the kernel found for each key in some records of a text.

        Args:
            records: start of the first record, and end of the last one.
            count: number of the records.
        """
        packed: dict[bytes, Chunk] = {}
        values: dict[bytes, list[object]] = {}
        long, objects = array("q"), list[bytes]()
        everywhere: list[str] = []  # keys that all of the records have
        for key, (numbers, are_integers) in zip(self.keys, found, strict=True):
            cells = array("q", numbers)
            if cells and (are_integers or not cells[1::3].count(0)):
                everywhere.append(key.decode())
            if are_integers:
                packed[key] = cells[2::3]
            elif not cells:
                packed[key] = Absent(count)
            elif (by_begin := self._by_begin(key)) is not None:
                long, others = cells, _other_begins(text, cells, by_begin.begin)
                objects = [text[cells[3 * n] : cells[3 * n + 1]] for n in others]
                packed[key] = pack(_values_by_begin(count, by_begin, others, objects))
            else:
                values[key] = _values(text, cells)
        if self._key_chunks is not None:
            # Each key has a colon: without further colons there is no further key.
            inside = sum(each.count(b":") for each in objects)
            if _colons(text, records) - inside == len(everywhere) * count:
                chunk: list[object] = [self._sorted(tuple(everywhere))] * count
                extend(self._key_chunks, chunk)
            else:
                self._take_keys_of(_without(text, records, long))
        sides = coordinates(values[b"bbox"]) if b"bbox" in values and self._has_sides else None
        for chunks, col in zip(self._own_chunks, self._columns, strict=True):
            key = col.key.encode()
            is_done = col.take is None or col.begin or isinstance(packed.get(key), Absent)
            if key in packed and is_done:
                extend(chunks, packed[key])
            elif key in packed and not col.has_integers:
                extend(chunks, Absent(count))
            elif sides is not None and col.place is not None:
                extend(chunks, pack(sides[col.place]))
            else:
                extend(chunks, col.pack(values[key] if key in values else list(packed[key])))

    def _take(self, columns: Sequence[Iterable[object]]) -> None:
        for chunks, values, col in zip(self._own_chunks, columns, self._columns, strict=True):
            extend(chunks, col.pack(list(values)))

    def _take_keys_of(self, text: bytes) -> None:
        """Take the keys of records from the text of a list without its brackets."""
        if self._key_chunks is None:
            return
        try:
            self._take_keys(_decode_keys(b"[%b]" % text))
        except (msgspec.DecodeError, RecursionError):
            self._take_keys(json.loads(b"[%b]" % text))

    def _take_keys(self, records: Iterable[Iterable[str]]) -> None:
        if self._key_chunks is not None:
            extend(self._key_chunks, list(map(self._sorted, map(tuple, records))))

    def _sorted(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return sorted keys; the same object for the same keys."""
        if keys not in self._known_keys:
            ranked = tuple(sorted(keys))
            self._known_keys[keys] = self._known_keys.setdefault(ranked, ranked)
        return self._known_keys[keys]

    def _by_begin(self, key: bytes) -> Column | None:
        """Return the column that needs only the beginning of a key's values; None without one, or
        if another column needs the whole values."""
        first, *others = (c for c in self._columns if c.key.encode() == key)
        return first if first.begin and not others else None

    def _record(self, text: bytes, offset: int, where: str) -> dict[str, object]:
        value = decode_value(text, self._source, offset, where, self._met_nonfinite)
        if not isinstance(value, dict):
            raise StructureError(
                f"{where} is {json_kind(value)}, expected an object",
                where=f"{self._source.name}, byte {offset}",
                hint="fix the file at that byte, or export it again",
                offset=offset,
            )
        return value

    def _met_nonfinite(self, literal: str) -> float:
        self.nonfinite += 1
        return float(literal)


def _may_hold_long_integer(text: bytes) -> bool:
    """Return False if no integer can have more digits than the standard library reads.

    That many digits include at least one of the checked offsets, and 64 bytes on one side of it.
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


def _other_begins(text: bytes, cells: array[int], begin: bytes) -> list[int]:
    """Return the indices of values with another beginning, and of records without the key."""
    import numpy as np  # not loaded by the second process of a scan

    characters = np.frombuffer(text, np.uint8)
    starts = np.frombuffer(cells, np.int64)[::3]
    is_other = np.zeros(len(starts), np.bool_)
    for place, character in enumerate(begin):
        is_other |= characters[starts + place] != character
    places: list[int] = np.flatnonzero(is_other).tolist()
    return places


def _colons(text: bytes, span: Span) -> int:
    """Return the number of colons in a part of a text."""
    import numpy as np

    blocks = range(span[0], span[1], _COLON_BLOCK)
    characters = np.frombuffer(text, np.uint8)[: span[1]]
    return sum(
        int(np.count_nonzero(characters[at : at + _COLON_BLOCK] == ord(":"))) for at in blocks
    )


def _values_by_begin(
    count: int, of: Column, others: Sequence[int], texts: Sequence[bytes]
) -> list[object]:
    """Return the values of a column for ``count`` records.

    Args:
        others: indices of values with an unusual beginning.
        texts: their texts.
    """
    found = [of.usual] * count
    for place, text in zip(others, texts, strict=True):
        assert of.of_text
        found[place] = of.of_text(text)
    return found


def _without(text: bytes, span: Span, cells: array[int]) -> bytes:
    """Return a part of a text with zeros in place of some values."""
    pieces: list[bytes] = []
    at, last = span
    for start, stop in zip(cells[::3], cells[1::3], strict=True):
        if stop:
            pieces.append(text[at:start])
            at = stop
    return b"0".join([*pieces, text[at:last]])


def decode_value(
    text: bytes,
    source: Source,
    offset: int,
    where: str,
    nonfinite: Callable[[str], object] | None = None,
) -> object:
    """Decode one JSON value as the standard library does.

    Args:
        text: bytes of the value.
        source, offset, where: source, offset and name of the value, for errors.
        nonfinite: called with each bare NaN, Infinity or -Infinity; returns its value.

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
    """Return the JSON name of a decoded value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]


def broken(source: Source, offset: int, what: str, where: str) -> JSONSyntaxError:
    """Return the error for broken JSON text at an offset of the source."""
    return JSONSyntaxError.at(source.name, offset, source.place(offset), what, where)
