"""Rows of two lists that are the same records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.ids import all_differ

By = Literal["auto", "id", "content"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Records of a list that are in both files, and those that are in one.

    Attributes:
        rows, other_rows: rows of the pairs, shape (pairs,), ascending by ``rows``.
        removed, added: rows of the records that only the first, or the second, file has.
    """

    rows: Numbers
    other_rows: Numbers
    removed: Numbers
    added: Numbers


class Left:
    """Rows of two lists that are not paired yet."""

    def __init__(self, count: int, other_count: int) -> None:
        self._are_left = np.ones(count, np.bool_), np.ones(other_count, np.bool_)
        self._found = [(np.empty(0, np.int64), np.empty(0, np.int64))]

    @property
    def rows(self) -> Numbers:
        """Unpaired rows of the first list, ascending."""
        return np.flatnonzero(self._are_left[0])

    @property
    def other_rows(self) -> Numbers:
        """Unpaired rows of the second list, ascending."""
        return np.flatnonzero(self._are_left[1])

    def by_key(self, keys: Array, other_keys: Array) -> tuple[Numbers, Numbers]:
        """Return unpaired rows with equal keys (None is no key), the n-th of each with the n-th."""
        rows, other_rows = self.rows, self.other_rows
        a, b = equal_places(keys[rows], other_keys[other_rows])
        return rows[a], other_rows[b]

    def take(self, rows: Numbers, other_rows: Numbers) -> None:
        """Pair these rows."""
        self._found.append((rows, other_rows))
        for are_left, taken in zip(self._are_left, (rows, other_rows), strict=True):
            are_left[taken] = False

    def still(self, rows: Numbers, other_rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return those of some pairs whose rows are both unpaired."""
        both = self._are_left[0][rows] & self._are_left[1][other_rows]
        return rows[both], other_rows[both]

    def pairs(self) -> Pairs:
        """Return the pairs, and the unpaired rows."""
        rows, other_rows = (np.concatenate(side) for side in zip(*self._found, strict=True))
        order = np.argsort(rows, kind="stable")
        return Pairs(rows[order], other_rows[order], self.rows, self.other_rows)


def equal_places(keys: Array, other_keys: Array) -> tuple[Numbers, Numbers]:
    """Return the places of equal keys in two columns, the n-th of each key with the n-th."""
    if keys.dtype == other_keys.dtype and keys.dtype != object:
        if np.array_equal(keys, other_keys):
            every = np.arange(len(keys), dtype=np.int64)
            return every, every
        if all_differ(keys) and all_differ(other_keys):
            _, a, b = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
            order = np.argsort(a)
            return a[order], b[order]
    places_of: defaultdict[object, list[int]] = defaultdict(list)
    for place, key in enumerate(other_keys.tolist()):
        if key is not None:
            places_of[key].append(place)
    for places in places_of.values():
        places.reverse()
    found = [
        (place, places_of[key].pop())
        for place, key in enumerate(keys.tolist())
        if key is not None and places_of.get(key)
    ]
    both = np.array(found, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def equal_values(values: Array, others: Array) -> Mask:
    """Mark the places where two columns of equal length have equal values."""
    if values.dtype == others.dtype and values.dtype != object:
        same: Mask = values == others
        return same
    pairs = zip(values.tolist(), others.tolist(), strict=True)
    return np.fromiter((a == b for a, b in pairs), np.bool_, count=len(values))
