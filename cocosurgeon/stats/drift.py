"""Shares of the classes in two files, the largest drift first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cocosurgeon.dataset.ids import Id
from cocosurgeon.stats.statistics import Stats


@dataclass(frozen=True)
class Drift:
    """Share of a class in two files.

    Attributes:
        name: of the class; or its id, where it has no name.
        counts: number of objects in each.
        shares: of all objects of each that have a class.
    """

    name: Id
    counts: tuple[int, int]
    shares: tuple[float, float]

    @property
    def change(self) -> float:
        """The second share less the first."""
        return self.shares[1] - self.shares[0]


def drifts(first: Stats, second: Stats) -> tuple[Drift, ...]:
    """Compare the classes of two files by name (by id, where a class has none).

    Classes of one name in a file are taken together.
    """
    counts = [_by_name(stats) for stats in (first, second)]
    totals = [max(sum(each.values()), 1) for each in counts]
    found = []
    for name in dict.fromkeys([*counts[0], *counts[1]]):
        one, two = (each.get(name, 0) for each in counts)
        found.append(Drift(name, (one, two), (one / totals[0], two / totals[1])))
    return tuple(sorted(found, key=lambda d: -abs(d.change)))


def total_drift(found: Sequence[Drift]) -> float:
    """Return half the sum of all changes: 0 for equal shares, 1 without a common class."""
    return sum(abs(each.change) for each in found) / 2


def _by_name(stats: Stats) -> Mapping[Id, int]:
    counts: dict[Id, int] = {}
    for (cat_id, name), count in zip(
        stats.names.items(), stats.counts["instances"].tolist(), strict=True
    ):
        key = cat_id if name is None else name
        counts[key] = counts.get(key, 0) + count
    return counts
