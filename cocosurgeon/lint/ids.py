"""Repairs of ids: written as numbers, on all sides at once, and annotations numbered again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cocosurgeon.annfile.edit import Place, Values
from cocosurgeon.dataset.keys import Id
from cocosurgeon.dataset.references import LISTS_OF_IDS
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, repeated
from cocosurgeon.lint.repair import RecordOutcome, Repair, safe, unsafe

_NO_NUMBERS = "not all of these ids are numbers, or two of them would become one"
_TOO_LARGE = "the numbers above all others are beyond 64 bits"
_LARGEST = 2**63 - 1
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)

_NEIGHBORS = ("prev_image_id", "next_image_id")
"""Keys of an image of a video that name the images before and after it."""

Places = Callable[[str, Record], Iterator[tuple[Place, Any]]]
"""Yields the places of ids of one kind, and their values, in a record of a list."""


def as_number(value: object) -> int | None:
    """Return the whole number that an id stands for which is text, or has a point."""
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else None
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _image_places(key: str, record: Record) -> Iterator[tuple[Place, Any]]:
    names = ("id", *_NEIGHBORS) if key == "images" else ("image_id",)
    for name in names:
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
    """Yield what becomes of records with ids of a type: all of them change, or none.

    Args:
        kind: the type of the ids that change, str or float.
        listed: the list that has the ids.
    """
    found: list[tuple[str, int, dict[Place, Any]]] = []
    for key in file.lists:
        for each in file.records(key):
            values = {p: v for p, v in places(key, each.value) if isinstance(v, kind)}
            if values:
                found.append((key, each.row, values))
    ids = {i for i in file.ids(listed) if i is not None}
    new = [as_number(i) if isinstance(i, kind) else i for i in ids]
    # "7" and "007" are two ids, and 7 may be a third one
    texts = {v for _, _, values in found for v in values.values() if isinstance(v, str)}
    numbers_of_texts = [n for n in map(as_number, texts) if n is not None]
    is_clear = None not in new and len(set(new)) == len(new)
    is_clear &= len(set(numbers_of_texts)) == len(numbers_of_texts)
    for key, row, values in found:
        numbers = {p: n for p, v in values.items() if (n := as_number(v)) is not None}
        yield RecordOutcome(key, row, (numbers or None) if is_clear else None)


def as_numbers(of: str, kind: type) -> Repair:
    """Return the repair of ids that are text, or have a point.

    Args:
        of: ``images`` or ``categories``: the ids of these, wherever they are named.
        kind: str or float.
    """
    places = {"images": _image_places, "categories": _category_places}[of]
    find = partial(_as_numbers, kind=kind, listed=of, places=places)
    does = "writes the ids as whole numbers, in all records that name them"
    return safe(does, find, left=_NO_NUMBERS, of_file=True, of_ids=True)


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
            values: Values | None = {("id",): number} if number <= _LARGEST else None
            yield RecordOutcome("annotations", row, values)

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
        values: Values | None = {("id",): number} if number <= _LARGEST else None
        yield RecordOutcome("annotations", row, values)


def _numbering(make: Callable[..., Repair], rows_of: Any) -> Repair:
    does = "gives the annotation a number above all others"
    return make(does, numbered(rows_of), left=_TOO_LARGE, of_file=True)


NUMBER_MISSING = _numbering(safe, _missing)
NUMBER_REPEATED = _numbering(safe, _repeated)
NUMBER_ZERO = _numbering(safe, lambda _, ids: [row for row, i in enumerate(ids) if i == 0])
NUMBER_NAMED = _numbering(
    unsafe,
    lambda _, ids: [
        row for row, i in enumerate(ids) if isinstance(i, str) and as_number(i) is None
    ],
)
TEXT_AS_NUMBERS = safe(
    "writes the text as a number; if that is taken, a number above all others",
    _text_as_numbers,
    left=_TOO_LARGE,
    of_file=True,
)


def without_points(record: Record, _: AnnotationFile) -> dict[Place, int] | None:
    """Write the ids of an annotation that have a point without it; None if one is not whole."""
    found: dict[Place, int] = {}
    for key in ("id", "image_id", "category_id"):
        if isinstance(value := record.get(key), float):
            if (number := as_number(value)) is None:
                return None
            found[(key,)] = number
    return found
