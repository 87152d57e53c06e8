"""Values of a column, packed tightly and exactly.

No numpy here: the second process of a scan starts faster without it.

A column is named by the JSON key. Some look inside a value: ``bbox_x``, ``bbox_y``, ``bbox_w``,
``bbox_h`` (pixels, xywh as in the file), ``segments_category_ids`` (the category ids of a panoptic
annotation's ``segments_info``), ``segmentation_points`` (of its longest polygon; -1 for RLE) and
``segmentation_kind``. ``boolean_KEY`` has the values of a key that are true or false; the column of
the key itself has 1 and 0 for them. ``record_keys`` is of the whole record: its keys, sorted.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import Any, TypeAlias, cast

import msgspec

ABSENT = msgspec.UNSET
"""Value of a key that a record does not have; ``None`` is JSON's null."""

EXACT_IN_FLOAT = 2**53
"""Every integer below this is exact in float64; this is the first one that is not unique."""


RECORD_KEYS = "record_keys"
"""Name of the column of each record's keys."""
BOOLEAN = "boolean_"
"""Prefix of the name of a column of booleans."""


@dataclass(frozen=True)
class Column:
    """A column: the record's key, and the parts of its values that are read (None: all of it).

    Attributes:
        begin: two bytes; a value whose text begins with them need not be decoded.
        usual: value of the column for such a text.
        of_text: returns the value of the column for any other text.
        place: for a column of boxes, the index of its coordinate.
        has_integers: False if an integer value of the key gives no value in the column.
    """

    name: str
    key: str
    take: Callable[[list[object]], list[object]] | None = None
    begin: bytes = b""
    usual: object = None
    of_text: Callable[[bytes], object] | None = None
    place: int | None = None
    has_integers: bool = True

    def pack(self, values: list[object]) -> Chunk:
        """Return the chunk for the values of the key."""
        return pack(self.take(values) if self.take else values)


def column(name: str) -> Column:
    """Return the column with a name."""
    if name in _BBOX:
        place = _BBOX.index(name)
        return Column(name, "bbox", _coordinate(place), place=place)
    if name == "segments_category_ids":
        return Column(name, "segments_info", lambda values: list(map(_segment_categories, values)))
    if name == "segmentation_points":
        return Column(name, "segmentation", lambda values: list(map(_points, values)))
    if name == "segmentation_kind":
        return Column(name, "segmentation", _kinds_of_masks, b"[[", "polygons", _kind_of_text)
    if name.startswith(BOOLEAN):
        return Column(name, name.removeprefix(BOOLEAN), _booleans, has_integers=False)
    return Column(name, name)


def _coordinate(position: int) -> Callable[[list[object]], list[object]]:
    get: Callable[[Any], object] = itemgetter(position)

    def take(boxes: list[Any]) -> list[object]:
        if set(map(type, boxes)) == {list} and set(map(len, boxes)) == {4}:
            return list(map(get, boxes))
        return [get(b) if isinstance(b, list) and len(b) == 4 else ABSENT for b in boxes]

    return take


_BBOX = [f"bbox_{axis}" for axis in "xywh"]


def coordinates(boxes: Iterable[object]) -> list[tuple[object, ...]] | None:
    """Return x, y, w and h of all boxes at once; None if one of them is no list of four."""
    if set(map(type, boxes)) != {list}:
        return None
    try:
        found = list(zip(*cast("Iterable[list[object]]", boxes), strict=True))
    except ValueError:
        return None
    return found if len(found) == len(_BBOX) else None


def _booleans(values: list[object]) -> list[object]:
    return [v if isinstance(v, bool) else ABSENT for v in values]


def _segment_categories(segments: object) -> object:
    if not isinstance(segments, list):
        return ABSENT
    found = (s.get("category_id") for s in segments if isinstance(s, dict))
    return tuple(value for value in found if isinstance(value, (int, float, str)))


def _points(segmentation: object) -> object:
    """Return the number of complete points in the longest polygon."""
    if isinstance(segmentation, dict):
        return -1 if {"counts", "size"} <= segmentation.keys() else None
    if not isinstance(segmentation, list):
        return ABSENT if segmentation is ABSENT else None
    try:
        return max([len(p) // 2 for p in segmentation if len(p) % 2 == 0], default=0)
    except TypeError:
        return None


def _kinds_of_masks(values: list[object]) -> list[object]:
    return list(map(_kind_of_mask, values))


def _kind_of_mask(segmentation: object) -> object:
    """Return the kind of a segmentation by its form, even if it cannot be used."""
    if segmentation is None or segmentation is ABSENT:
        return segmentation
    if isinstance(segmentation, list):
        if not segmentation:
            return "empty"
        return "polygons" if isinstance(segmentation[0], list) else "other"
    counts = segmentation.get("counts") if isinstance(segmentation, dict) else None
    if isinstance(counts, (str, list)):
        return "RLE, compressed" if isinstance(counts, str) else "RLE, uncompressed"
    return "other"


_decode_dict = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _kind_of_text(text: bytes) -> object:
    """Return the kind of a segmentation by its text, without decoding long counts."""
    if not text:
        return ABSENT
    try:
        counts = _decode_dict(text).get("counts", b"") if text.startswith(b"{") else None
    except (msgspec.DecodeError, RecursionError):
        counts = None
    if counts is None:
        return _kind_of_mask(json.loads(text))
    begin = bytes(memoryview(counts)[:1])
    return {b'"': "RLE, compressed", b"[": "RLE, uncompressed"}.get(begin, "other")


@dataclass(frozen=True)
class Absent:
    """Consecutive records without the key."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[object]:
        return repeat(ABSENT, self.count)


Chunk: TypeAlias = "array[Any] | list[object] | Absent"
"""Consecutive values of a column: machine integers, doubles, objects, or none at all."""


def pack(values: Sequence[object]) -> Chunk:
    """Return the smallest chunk that is exact for every number (true is 1, false is 0)."""
    if values and values[0] is ABSENT and values.count(ABSENT) == len(values):
        return Absent(len(values))
    numbers = cast("Sequence[int]", values)  # array() raises if they are not
    try:
        return array("q", numbers)
    except (TypeError, OverflowError):
        pass
    try:
        floats = array("d", numbers)
    except (TypeError, OverflowError):
        return list(values)
    has_integers = int in set(map(type, values))
    if has_integers and any(type(v) is int and abs(v) >= EXACT_IN_FLOAT for v in values):
        return list(values)
    return floats


def extend(chunks: list[Chunk], more: Chunk) -> None:
    """Append a chunk to others; join it with the last one if both are of one kind."""
    last = chunks[-1] if chunks else None
    if isinstance(last, Absent) and isinstance(more, Absent):
        chunks[-1] = Absent(last.count + more.count)
    elif isinstance(last, (array, list)) and kind(last) == kind(more):
        last.extend(more)
    else:
        chunks.append(more)


def kind(chunk: Chunk) -> str:
    """Return the kind of a chunk: ``q`` (integers), ``d`` (doubles), ``O`` (objects), or ``-``
    for records without the key."""
    if isinstance(chunk, array):
        return chunk.typecode
    return "O" if isinstance(chunk, list) else "-"
