"""Repairs of ids: written as numbers, on all sides at once, and annotations numbered anew."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cocosurgeon.annfile.edit import Place
from cocosurgeon.dataset.keys import Id
from cocosurgeon.dataset.references import LISTS_OF_IDS
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, repeated
from cocosurgeon.lint.repair import RecordOutcome, Repair, safe, unsafe

NO_NUMBER = "text that is no number, or two ids would become one"
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)

Places = Callable[[str, Record], Iterator[tuple[Place, Any]]]
"""Yields the places of ids of one kind, and their values, in a record of a list."""


def as_number(value: object) -> int | None:
    """Return the whole number that an id stands for which is text, or has a point."""
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else None
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _image_places(key: str, record: Record) -> Iterator[tuple[Place, Any]]:
    name = "id" if key == "images" else "image_id"
    if name in record:
        yield (name,), record[name]


def _category_places(key: str, record: Record) -> Iterator[tuple[Place, Any]]:
    name = "id" if key == "categories" else "category_id"
    if name in record:
        yield (name,), record[name]
    for part in LISTS_OF_IDS:
        if isinstance(ids := record.get(part), list):
            yield from (((part, n), value) for n, value in enumerate(ids))
    if isinstance(segments := record.get("segments_info"), list):
        for n, segment in enumerate(segments):
            if isinstance(segment, dict) and "category_id" in segment:
                yield ("segments_info", n, "category_id"), segment["category_id"]


def _as_numbers(
    file: AnnotationFile, kind: type, listed: str, places: Places
) -> Iterator[RecordOutcome]:
    """Yield what becomes of records with ids of a type.

    Args:
        kind: the type of the ids that change, str or float.
        listed: the list that has the ids; where two of them would become one, both stay.
    """
    reached: defaultdict[int, set[Id]] = defaultdict(set)
    for own in file.ids(listed):
        number = own if isinstance(own, int) else as_number(own)
        if own is not None and number is not None:
            reached[number].add(own)
    shared = {number for number, ids in reached.items() if len(ids) > 1}
    for key in file.lists:
        for each in file.records(key):
            found = [(p, v) for p, v in places(key, each.value) if isinstance(v, kind)]
            numbers = ((place, as_number(value)) for place, value in found)
            values = {p: n for p, n in numbers if n is not None and n not in shared}
            if found:
                yield RecordOutcome(key, each.row, values or None)


def as_numbers(of: str, kind: type) -> Repair:
    """Return the repair of ids that are text, or have a point.

    Args:
        of: ``images`` or ``categories``: the ids of these, wherever they are named.
        kind: str or float.
    """
    places = {"images": _image_places, "categories": _category_places}[of]
    find = partial(_as_numbers, kind=kind, listed=of, places=places)
    return safe(find, NO_NUMBER, of_file=True)


def _highest(ids: Iterable[Id | None]) -> int:
    numbers = (i if isinstance(i, int) else as_number(i) for i in ids)
    return max((n for n in numbers if n is not None), default=0)


def numbered(rows_of: Callable[[AnnotationFile, Sequence[Id | None]], Iterable[int]]) -> Any:
    """Return a function that gives some annotations new ids, above all that there are.

    Args:
        rows_of: takes the file and the ids of its annotations, and returns rows.
    """

    def find(file: AnnotationFile) -> Iterator[RecordOutcome]:
        ids = file.ids("annotations")
        for number, row in enumerate(sorted(rows_of(file, ids)), max(_highest(ids), 0) + 1):
            yield RecordOutcome("annotations", row, {("id",): number})

    return find


def _missing(file: AnnotationFile, ids: Sequence[Id | None]) -> list[int]:
    import numpy as np

    rows = np.array([row for row, i in enumerate(ids) if i is None], dtype=np.int64)
    found = file.records("annotations", rows)
    return [each.row for each in found if "segments_info" not in each.value]


def _repeated(_: AnnotationFile, ids: Sequence[Id | None]) -> list[int]:
    return [row for _, rows in repeated(ids) for row in rows[1:]]


def _text_as_numbers(file: AnnotationFile) -> Iterator[RecordOutcome]:
    """Text becomes its number; if another annotation has that already, a new one."""
    ids = file.ids("annotations")
    taken = {i for i in ids if isinstance(i, int)}
    new = max(_highest(ids), 0)
    for row, own in enumerate(ids):
        number = as_number(own) if isinstance(own, str) else None
        if number is None:
            continue
        if number in taken:
            number = new = new + 1
        taken.add(number)
        yield RecordOutcome("annotations", row, {("id",): number})


NUMBER_MISSING = safe(numbered(_missing), of_file=True)
NUMBER_REPEATED = safe(numbered(_repeated), of_file=True)
NUMBER_ZERO = safe(
    numbered(lambda _, ids: [row for row, i in enumerate(ids) if i == 0]), of_file=True
)
NUMBER_NAMED = unsafe(
    numbered(
        lambda _, ids: [
            row for row, i in enumerate(ids) if isinstance(i, str) and as_number(i) is None
        ]
    ),
    of_file=True,
)
TEXT_AS_NUMBERS = safe(_text_as_numbers, of_file=True)


def without_points(record: Record, _: AnnotationFile) -> dict[Place, int] | None:
    """Write the ids of an annotation that have a point without it."""
    found: dict[Place, int] = {}
    for key in ("id", "image_id", "category_id"):
        value = record.get(key)
        if isinstance(value, float) and (number := as_number(value)) is not None:
            found[(key,)] = number
    return found or None
