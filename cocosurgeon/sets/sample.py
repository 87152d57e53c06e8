"""Samples in which each class keeps its share of the objects."""

from __future__ import annotations

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.progress import progress_of
from cocosurgeon.sets.cover import covering
from cocosurgeon.sets.stratify import UNSET, Units, stratify

_INSIDE, _OUTSIDE = 0, 1


def stratified(units: Units, n: int) -> Numbers:
    """Return n units, ascending, with all classes if ``covering`` needs no more units."""
    sizes = [n, len(units.sizes) - n]
    part = stratify(units, sizes)
    classes = units.classes[part[units.units] == _INSIDE]
    if len(np.unique(classes)) < len(np.unique(units.classes)):
        every = covering(units, 1)
        if len(every) <= n:
            fixed = np.full(len(part), UNSET, dtype=np.int64)
            fixed[every] = _INSIDE
            part = stratify(units, sizes, fixed)
    return np.flatnonzero(part == _INSIDE)


def nested(units: Units, n: int) -> Numbers:
    """Return n units, ascending, which contain the units of every smaller n.

    Half of all units are drawn, then half of that half or of the rest, and so on until there are
    n. The units that are already inside or outside take part as one fixed unit each, so that shares
    are always those of all units.
    """
    part = np.full(len(units.sizes), UNSET, dtype=np.int64)
    with progress_of("drawing a nested sample") as progress:
        while True:
            free = np.flatnonzero(part == UNSET)
            inside = int((part == _INSIDE).sum())
            if n == inside:
                return np.flatnonzero(part == _INSIDE)
            if n == inside + len(free):
                return np.flatnonzero(part != _OUTSIDE)
            if progress is not None:
                progress(len(part) - len(free), len(part))
            middle = inside + len(free) // 2
            groups, fixed = _with_groups(units, part, free)
            drawn = stratify(groups, [middle, len(part) - middle], fixed)[: len(free)]
            if n <= middle:
                part[free[drawn == _OUTSIDE]] = _OUTSIDE
            else:
                part[free[drawn == _INSIDE]] = _INSIDE


def _with_groups(units: Units, part: Numbers, free: Numbers) -> tuple[Units, Numbers]:
    """Return the free units, one unit of all inside and one of all outside; and their parts."""
    count, classes = len(free), int(units.classes.max(initial=0)) + 1
    place = np.where(part == _INSIDE, count, count + 1)
    place[free] = np.arange(count)
    pairs, entries = np.unique(place[units.units] * classes + units.classes, return_inverse=True)
    counts = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(counts, entries.reshape(-1), units.counts)
    fixed = np.array([*[UNSET] * count, _INSIDE, _OUTSIDE], dtype=np.int64)
    ranks = np.concatenate([units.ranks[free], [len(part), len(part) + 1]])
    sizes = np.bincount(place, minlength=count + 2)
    return Units(sizes, pairs // classes, pairs % classes, counts, ranks), fixed
