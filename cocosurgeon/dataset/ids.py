"""Columns of ids, the distinct images of a file, and random ranks by id.

Ids are compared as in ``dataset.keys``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT
from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.keys import Id as Id
from cocosurgeon.dataset.keys import as_key as as_key

UNKNOWN = -1
_TABLE = 1 << 24


def as_keys(values: Array) -> Array:
    """Return a column as ids: int64 if all are whole numbers, else objects (None: no id)."""
    if values.dtype == np.int64:
        return values
    if values.dtype == np.float64:
        whole = np.isfinite(values) & (np.abs(values) < EXACT_IN_FLOAT)
        if whole.all() and (values == np.floor(values)).all():
            return values.astype(np.int64)
    return objects(as_key(v) for v in values.tolist())


def objects(values: Iterable[object]) -> Array:
    """Return an array of Python objects."""
    items = list(values)
    return np.fromiter(items, dtype=object, count=len(items))


def isin(values: Array, wanted: Sequence[Id]) -> npt.NDArray[np.bool_]:
    """Mark the ids of a column that are among those wanted, shape (values,)."""
    values = as_keys(values)
    keys = {as_key(w) for w in wanted} - {None}
    if values.dtype == np.int64:
        numbers = [k for k in keys if isinstance(k, int) and -(2**63) <= k < 2**63]
        return np.isin(values, np.array(numbers, dtype=np.int64))
    return np.fromiter((v in keys for v in values), dtype=bool, count=len(values))


def type_mismatch(field: str, unknown: Array, listed: Array) -> str | None:
    """Return why ids are unknown if a list has one of them as text instead of a number, or reverse.

    Args:
        field: the key of the ids, for the message.
        unknown: ids that are not in the list.
        listed: ids of the list.
    """
    known = {key for key in as_keys(listed).tolist() if key is not None}
    for value in as_keys(unknown).tolist():
        other = as_other_type(value)
        if other is not None and other in known:
            kinds = ("text", "numbers") if isinstance(value, str) else ("a number", "text")
            return f"{field} is {kinds[0]} ({value!r}), the list has {kinds[1]}"
    return None


def as_other_type(value: Id) -> Id | None:
    """Return a whole number as text, and text of digits as a number; None for any other id."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
    return str(value) if isinstance(value, int) else None


@dataclass(frozen=True, eq=False)
class Images:
    """The distinct images of a file, numbered from 0 in the order of their first records.

    Attributes:
        ids: shape (images,), int64 or objects. None: a record without a usable id, which counts as
            an image without annotations.
        image_of_row: image number of each record, shape (records,).
        row_of_image: row of each image's record, shape (images,). The last one if an id is
            repeated, as in pycocotools.
    """

    ids: Array
    image_of_row: Numbers
    row_of_image: Numbers

    def __post_init__(self) -> None:
        for array in (self.ids, self.image_of_row, self.row_of_image):
            array.flags.writeable = False

    @classmethod
    def of(cls, values: Array) -> Images:
        """Find the distinct images by the column of their ids, one value a record."""
        keys = as_keys(values)
        rows = np.arange(len(keys), dtype=np.int64)
        image_of_row = _grouped(keys)
        if image_of_row is None:
            return cls(keys, rows, rows)
        count = int(image_of_row.max()) + 1
        first = np.empty(count, dtype=np.int64)
        first[image_of_row[::-1]] = rows[::-1]
        last = np.empty(count, dtype=np.int64)
        last[image_of_row] = rows
        return cls(keys[first], image_of_row, last)

    @classmethod
    def of_detections(cls, values: Array) -> Images:
        """Find the images of detections by the column of their image ids."""
        keys = as_keys(values)
        groups = _grouped(keys)
        first = np.sort(np.unique(groups, return_index=True)[1]) if groups is not None else None
        ids = keys if first is None else keys[first]
        if ids.dtype != np.int64:
            ids = objects(k for k in ids if k is not None)
        return cls(ids, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    @property
    def count(self) -> int:
        """Number of distinct images."""
        return len(self.ids)

    def numbers(self, values: Array) -> Numbers:
        """Return the image number of each value of a column of image ids; -1 without one."""
        keys = as_keys(values)
        if keys.dtype == np.int64 and self.ids.dtype == np.int64 and self.count:
            return _look_up(self.ids, keys)
        table = self._table
        found = (UNKNOWN if k is None else table.get(k, UNKNOWN) for k in keys.tolist())
        return np.fromiter(found, dtype=np.int64, count=len(keys))

    @cached_property
    def _table(self) -> dict[Any, int]:
        return {k: n for n, k in enumerate(self.ids.tolist()) if k is not None}


def all_differ(keys: Array) -> bool:
    """Return True if keys are int64 and no two are equal; False for a column of objects."""
    if keys.dtype != np.int64:
        return False
    ranked = np.sort(keys)
    return not (ranked[1:] == ranked[:-1]).any()


def _grouped(keys: Array) -> Numbers | None:
    """Return the number of each key's group, by first appearance; None if all keys differ."""
    if all_differ(keys):
        return None
    if keys.dtype == np.int64:
        unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        by_appearance = np.empty(len(unique), dtype=np.int64)
        by_appearance[np.argsort(first)] = np.arange(len(unique))
        return by_appearance[inverse]
    seen: dict[object, int] = {}
    groups = [seen.setdefault((i,) if k is None else k, len(seen)) for i, k in enumerate(keys)]
    return np.array(groups, dtype=np.int64) if len(seen) < len(keys) else None


def _look_up(ids: Numbers, keys: Numbers) -> Numbers:
    low, high = int(ids.min()), int(ids.max())
    order = np.arange(len(ids), dtype=np.int64)
    if high - low < _TABLE:
        table = np.full(high - low + 1, UNKNOWN, dtype=np.int32)
        table[ids - low] = order
        known = (keys >= low) & (keys <= high)
        return np.where(known, table[np.where(known, keys - low, 0)], UNKNOWN).astype(np.int64)
    order = np.argsort(ids)
    ranked = ids[order]
    place = np.minimum(np.searchsorted(ranked, keys), len(ids) - 1)
    return np.where(ranked[place] == keys, order[place], UNKNOWN)


def random_ranks(ids: Sequence[Id | None], seed: int) -> Numbers:
    """Return a random rank for each id, shape (ids,).

    The ranks depend on the seed and on the ids alone, not on their order or the machine. Only equal
    ids (records without one) rank in the order of the file.
    """
    salt = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()

    def digest(row: int) -> bytes:
        return hashlib.blake2b(ascii(ids[row]).encode(), digest_size=16, salt=salt).digest()

    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=digest)] = np.arange(len(ids))
    return ranks
