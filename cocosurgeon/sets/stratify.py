"""Distribution of images over parts, so that each part has its share of the objects of each class.

The first round is iterative stratification (Sechidis, Tsoumakas, Vlahavas: On the stratification of
multi-label data, 2011): the rarest class goes first, and each image to the part that lacks most
objects of that class. Full parts take no more, so that sizes are exact. After that, images of two
parts are exchanged as long as shares improve.

All arithmetic uses whole numbers, and ranks decide ties, so that the result does not depend on the
machine or on the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, compress

import numpy as np

from cocosurgeon.annfile.columns import Numbers

UNSET = -1
_SCALE = 1 << 28  # scale of weights: sums over 2 million images fit into 64 bits

# Limits for exchanges: 118,000 images then take seconds. Small files do not reach them.
_WORK = 8_000_000  # entries read
_TRIES = 60_000  # pairs tried
_RANKED = 4096  # units of a part that are tried, best first
_NEIGHBORS = 8  # partners tried for a unit
_MISSES = 8  # consecutive units without a partner after which a ranking is made again


@dataclass(frozen=True, eq=False)
class Units:
    """Images, or groups of images that stay together, to be distributed over parts.

    Attributes:
        sizes: number of images of each unit, shape (units,).
        units, classes, counts: number of objects of a class in a unit, shape (entries,). There is
            no entry without objects. Classes are numbered from 0. In a tie the lower number wins,
            so number them by id, not by the order of a file.
        ranks: random rank of each unit, shape (units,). In a tie the lower one wins.
    """

    sizes: Numbers
    units: Numbers
    classes: Numbers
    counts: Numbers
    ranks: Numbers

    def by_lot(self) -> tuple[Units, Numbers]:
        """Return the units in the order of their ranks, and their numbers here."""
        order = np.argsort(self.ranks, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        units = place[self.units]
        by = np.lexsort((self.classes, units))
        ranks = np.arange(len(order), dtype=np.int64)
        ranked = Units(self.sizes[order], units[by], self.classes[by], self.counts[by], ranks)
        return ranked, order


def stratify(units: Units, wanted: Sequence[int], fixed: Numbers | None = None) -> Numbers:
    """Return the part of each unit, shape (units,).

    Args:
        wanted: number of images of each part; their sum is that of all units.
        fixed: part of units that must not move, UNSET for all others, shape (units,).

    Units of one image give parts of exactly these sizes, unless more units are fixed in a part.
    Groups give similar sizes: the size of a part counts as much as all classes together. Without
    entries, only sizes count.
    """
    ranked, order = units.by_lot()
    start = np.full(len(order), UNSET, dtype=np.int64) if fixed is None else fixed[order]
    part = np.empty(len(order), dtype=np.int64)
    part[order] = _Parts(ranked, list(wanted), start).result()
    return part


class _Parts:
    """Parts during the distribution. A last class is added, whose objects are the images."""

    def __init__(self, units: Units, wanted: list[int], fixed: Numbers) -> None:
        count, classes = len(units.sizes), int(units.classes.max(initial=-1)) + 1
        self.k = len(wanted)
        self.sizes: list[int] = units.sizes.tolist()
        self.is_free = fixed == UNSET
        self.part: list[int] = fixed.tolist()
        # entries by unit; the last entry of each unit is its number of images
        rows = np.concatenate([units.units, np.arange(count, dtype=np.int64)])
        by = np.argsort(rows, kind="stable")
        self.units = rows[by]
        self.classes = np.concatenate([units.classes, np.full(count, classes)])[by]
        self.counts = np.concatenate([units.counts, units.sizes])[by]
        self.starts = np.searchsorted(self.units, np.arange(count + 1))
        self.total = sum(wanted)
        totals = np.zeros(classes + 1, dtype=np.int64)
        np.add.at(totals, self.classes, self.counts)
        # wanted objects of each class and part, times the number of images
        self.goal = totals[:, None] * np.array(wanted, dtype=np.int64)
        self.weight = _SCALE // np.maximum(totals, 1)
        self.weight[-1] *= max(classes, 1)
        self.absent = np.full(classes + 1, _SCALE * self.total // 2)
        self.absent[-1] = 0
        self.starts_list: list[int] = self.starts.tolist()
        self.classes_list: list[int] = self.classes.tolist()
        self.counts_list: list[int] = self.counts.tolist()

    def result(self) -> Numbers:
        self._fill()
        self._exchange()
        return np.array(self.part, dtype=np.int64)

    # ---- first round

    def _fill(self) -> None:
        lack: list[list[int]] = self.goal.tolist()
        room = [int(goal) // max(self.total, 1) for goal in self.goal[-1]]
        for unit, part in enumerate(self.part):
            if part != UNSET:
                self._note(unit, part, lack, room)
        left = np.zeros(len(self.goal), dtype=np.int64)
        free = self.is_free[self.units]
        np.add.at(left, self.classes[free], self.counts[free])
        owners, edges = self._units_by_class()
        never = np.iinfo(np.int64).max
        left[-1] = never - 1  # images without objects come last
        for _ in range(len(left)):
            rarest = int(left.argmin())
            for unit in owners[edges[rarest] : edges[rarest + 1]]:
                if self.part[unit] == UNSET:
                    self.part[unit] = part = self._choose(unit, lack[rarest], room)
                    self._note(unit, part, lack, room)
                    mine = slice(self.starts_list[unit], self.starts_list[unit + 1] - 1)
                    left[self.classes[mine]] -= self.counts[mine]
            left[rarest] = never

    def _units_by_class(self) -> tuple[list[int], list[int]]:
        by = np.argsort(self.classes, kind="stable")
        edges = np.searchsorted(self.classes[by], np.arange(len(self.goal) + 1))
        return self.units[by].tolist(), edges.tolist()

    def _choose(self, unit: int, lack: list[int], room: list[int]) -> int:
        size, best = self.sizes[unit], UNSET
        for part in range(self.k):
            if room[part] >= size and (
                best == UNSET or (lack[part], room[part]) > (lack[best], room[best])
            ):
                best = part
        return best if best != UNSET else max(range(self.k), key=room.__getitem__)

    def _note(self, unit: int, part: int, lack: list[list[int]], room: list[int]) -> None:
        room[part] -= self.sizes[unit]
        for entry in range(self.starts_list[unit], self.starts_list[unit + 1]):
            lack[self.classes_list[entry]][part] -= self.counts_list[entry] * self.total

    # ---- exchanges

    def _exchange(self) -> None:
        """Exchange units of two parts as long as shares improve."""
        part = np.array(self.part, dtype=np.int64)
        have = np.zeros_like(self.goal)
        np.add.at(have, (self.classes, part[self.units]), self.counts)
        self.have: list[list[int]] = (have * self.total).tolist()
        self.goal_list: list[list[int]] = self.goal.tolist()
        self.weight_list: list[int] = self.weight.tolist()
        self.absent_list: list[int] = self.absent.tolist()
        may_move = len(set(compress(self.sizes, self.is_free))) > 1
        pairs = list(combinations(range(self.k), 2))
        self.tries = self.work = quiet = 0
        while quiet < len(pairs):  # quiet: pairs tried since the last change
            for a, b in pairs:
                changed = (may_move and self._move(a, b)) | self._swap(a, b)
                quiet = 0 if changed else quiet + 1
                if quiet == len(pairs) or self.work > _WORK or self.tries > _TRIES:
                    return

    def _ranked(self, a: int, b: int, *, sized: bool) -> tuple[list[int], list[int]]:
        """Return the free units of part a, best first, and the cost of moving each to part b.

        Args:
            sized: include the cost of changed sizes; False for an exchange, which keeps sizes.
        """
        part = np.array(self.part, dtype=np.int64)
        have = np.array(self.have, dtype=np.int64)
        here = (part == a) & self.is_free
        entries = here[self.units]
        classes, change = self.classes[entries], self.counts[entries] * self.total
        costs = np.zeros(len(classes), dtype=np.int64)
        for j, step in ((a, -change), (b, change)):
            before, goal = have[:, j][classes], self.goal[:, j][classes]
            costs += self._costs(classes, before + step, goal) - self._costs(classes, before, goal)
        units = np.flatnonzero(here)
        if not sized:
            costs[classes == len(self.goal) - 1] = 0
        ends = np.cumsum(self.starts[units + 1] - self.starts[units])
        sums = np.diff(np.concatenate([[0], np.cumsum(costs)])[np.concatenate([[0], ends])])
        best = np.argsort(sums, kind="stable")[:_RANKED]
        self.work += len(classes)
        return units[best].tolist(), sums[best].tolist()

    def _costs(self, classes: Numbers, have: Numbers, goal: Numbers) -> Numbers:
        is_absent = (have == 0) & (goal > 0)
        costs: Numbers = self.weight[classes] * np.abs(have - goal)
        costs += self.absent[classes] * is_absent
        return costs

    def _move(self, a: int, b: int) -> bool:
        changed = False
        for start, end in ((a, b), (b, a)):
            for unit, cost in zip(*self._ranked(start, end, sized=True), strict=True):
                if cost >= 0:
                    break
                net = self._net(unit)
                if self._cost_of(start, end, net) < 0:
                    self._apply(start, end, net)
                    self.part[unit] = end
                    changed = True
        return changed

    def _swap(self, a: int, b: int) -> bool:
        there, back = self._ranked(a, b, sized=False), self._ranked(b, a, sized=False)
        others = list(zip(*back, strict=True))[::-1]  # the best one is the last
        changed, misses = False, 0
        for unit, cost in zip(*there, strict=True):
            # after so many misses the ranking is out of date
            if misses == _MISSES or not others or cost + others[-1][1] >= 0:
                break
            misses += 1
            for place in range(1, min(_NEIGHBORS, len(others)) + 1):
                other = others[-place][0]
                net = self._net(unit, other)
                self.tries += 1
                if self._cost_of(a, b, net) < 0:
                    self._apply(a, b, net)
                    self.part[unit], self.part[other] = b, a
                    del others[-place]
                    changed, misses = True, 0
                    break
        return changed

    def _net(self, unit: int, other: int | None = None) -> dict[int, int]:
        """Return the change of a part's objects of each class if it gets one unit for another."""
        net: dict[int, int] = {}
        for entry in range(self.starts_list[unit], self.starts_list[unit + 1]):
            net[self.classes_list[entry]] = self.counts_list[entry] * self.total
        if other is not None:
            for entry in range(self.starts_list[other], self.starts_list[other + 1]):
                name = self.classes_list[entry]
                net[name] = net.get(name, 0) - self.counts_list[entry] * self.total
        return net

    def _cost_of(self, a: int, b: int, net: dict[int, int]) -> int:
        """Return the cost of moving these objects from part a to part b."""
        cost = 0
        for name, change in net.items():
            have, goal, weight = self.have[name], self.goal_list[name], self.weight_list[name]
            for part, step in ((a, -change), (b, change)):
                before, wanted = have[part], goal[part]
                after = before + step
                cost += weight * (abs(after - wanted) - abs(before - wanted))
                if wanted:
                    cost += self.absent_list[name] * ((after == 0) - (before == 0))
        return cost

    def _apply(self, a: int, b: int, net: dict[int, int]) -> None:
        for name, change in net.items():
            self.have[name][a] -= change
            self.have[name][b] += change
