"""Which object of one loader is which of another's: by their boxes, and by what they are.

Each object is looked up by where it is, so that an image with very many takes no longer than as
many images with one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import floor
from operator import itemgetter
from typing import TypeAlias

from cocosurgeon.verify.corners import Box, Nearness, is_large, largest_of

_FINE = 2.0**-40
"""The least size of a cell, of the largest number: more are not needed, and would not be told
apart."""


@dataclass(frozen=True)
class Placed:
    """An object, as far as it is paired.

    Attributes:
        box: absolute corners.
        what: what it is, the most telling first: of boxes that are alike those are paired first
            that have all of this in common, then those that have the first parts of it.
    """

    box: Box
    what: tuple[Hashable, ...] = ()


_Objects: TypeAlias = dict[int, Placed]
_Key: TypeAlias = tuple[Hashable, ...]


def paired(mine: Sequence[Placed], theirs: Sequence[Placed], nearness: Nearness) -> dict[int, int]:
    """Places in ``mine``, each with the place in ``theirs`` of its partner, if it has one.

    Boxes that are the same numbers come before those that are only alike; then the order decides.
    """
    found: dict[int, int] = {}
    left, right = dict(enumerate(mine)), dict(enumerate(theirs))
    depth = max((len(each.what) for each in mine), default=0)
    for level in range(depth, -1, -1):
        for search in (_Exact(level), _Near(level, nearness)):
            if left and right:
                pairs = search.pairs(left, right)
                found |= pairs
                taken = set(pairs.values())
                left = {place: each for place, each in left.items() if place not in pairs}
                right = {place: each for place, each in right.items() if place not in taken}
    return found


@dataclass(frozen=True)
class _Exact:
    """Pairs boxes of the same numbers that have so much of ``what`` in common."""

    level: int

    def pairs(self, mine: _Objects, theirs: _Objects) -> dict[int, int]:
        there: defaultdict[_Key, list[int]] = defaultdict(list)
        for place in reversed(theirs):
            there[self._key(theirs[place])].append(place)
        found: dict[int, int] = {}
        for place, each in mine.items():
            same = there.get(self._key(each))
            if same:
                found[place] = same.pop()
        return found

    def _key(self, each: Placed) -> _Key:
        return (*each.what[: self.level], *(None if x != x else x for x in each.box))


@dataclass(frozen=True)
class _Near:
    """Pairs boxes that are alike and have so much of ``what`` in common."""

    level: int
    nearness: Nearness

    def pairs(self, mine: _Objects, theirs: _Objects) -> dict[int, int]:
        mine, theirs = (
            {n: each for n, each in side.items() if not is_large(each.box)}
            for side in (mine, theirs)  # large ones are the same, or not alike
        )
        boxes = [each.box for side in (mine, theirs) for each in side.values()]
        reach = self.nearness.reach(boxes)
        if not reach:
            return {}
        grid = _Grid(reach, max(2 * reach, largest_of(boxes) * _FINE))
        there: defaultdict[_Key, dict[int, None]] = defaultdict(dict)
        for place, each in theirs.items():
            key = (*each.what[: self.level], *grid.cell(each.box))
            there[key][place] = None
        found: dict[int, int] = {}
        for place, each in mine.items():
            keys = [(*each.what[: self.level], *cell) for cell in grid.around(each.box)]
            nearby = [
                (other, key)
                for key in keys
                if key in there
                for other in islice(self._alike(each, there[key], theirs), 1)
            ]
            if nearby:
                found[place], key = min(nearby, key=itemgetter(0))
                del there[key][found[place]]
        return found

    def _alike(self, each: Placed, places: Iterable[int], theirs: _Objects) -> Iterator[int]:
        return (n for n in places if self.nearness.alike(each.box, theirs[n].box))


@dataclass(frozen=True)
class _Grid:
    """Cells in four dimensions, one for each number of a box; twice the reach, or larger."""

    reach: float
    size: float

    def cell(self, box: Box) -> _Key:
        """Where a box lies; those that have not four numbers lie together."""
        return tuple(self._step(x) for x in box) if len(box) == 4 else (len(box),)

    def around(self, box: Box) -> Iterable[_Key]:
        """Where boxes lie that may be alike."""
        if len(box) != 4:
            return [self.cell(box)]
        reach = self.reach
        return product(*({self._step(x - reach): 0, self._step(x + reach): 0} for x in box))

    def _step(self, number: float) -> int | None:
        return None if number != number else floor(number / self.size)
