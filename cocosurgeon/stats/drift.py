"""Shares of the classes in two files, the largest drift first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cocosurgeon.dataset.ids import Id
from cocosurgeon.stats.statistics import Stats


@dataclass(frozen=True)
class Drift:
    """Share of a class in two files.

    Attributes:
        name: name of the class, or its id without a name.
        counts: number of its objects in each file.
        shares: its share of the objects with a class in each file.
    """

    name: Id
    counts: tuple[int, int]
    shares: tuple[float, float]

    @property
    def change(self) -> float:
        """Second share minus the first."""
        return self.shares[1] - self.shares[0]


def drifts(first: Stats, second: Stats) -> tuple[Drift, ...]:
    """Compare the classes of two files by name (without a name, by id), the largest drift first.

    Classes with the same name in a file are counted together. A file without names, such as
    results, gets the names of the other file by id; see ``name_notes``.
    """
    counts = [_by_name(first, second), _by_name(second, first)]
    totals = [max(sum(each.values()), 1) for each in counts]
    found = []
    for name in dict.fromkeys([*counts[0], *counts[1]]):
        one, two = (each.get(name, 0) for each in counts)
        found.append(Drift(name, (one, two), (one / totals[0], two / totals[1])))
    return tuple(sorted(found, key=lambda d: -abs(d.change)))


def total_drift(found: Sequence[Drift]) -> float:
    """Return half the sum of all changes: 0 for equal shares, 1 without a common class."""
    return sum(abs(each.change) for each in found) / 2


def name_notes(first: Stats, second: Stats) -> Iterator[str]:
    """Yield assumptions about the names of classes."""
    for stats, other in ((first, second), (second, first)):
        if _has_names(other) and not _has_names(stats):
            yield f"{stats.name} has no class names: {other.name}'s names are used for its ids"


def _has_names(stats: Stats) -> bool:
    return any(name is not None for name in stats.names.values())


def _by_name(stats: Stats, other: Stats) -> Mapping[Id, int]:
    names = stats.names if _has_names(stats) else {i: other.names.get(i) for i in stats.names}
    counts: dict[Id, int] = {}
    for (cat_id, name), count in zip(
        names.items(), stats.counts["instances"].tolist(), strict=True
    ):
        key = cat_id if name is None else name
        counts[key] = counts.get(key, 0) + count
    return counts
