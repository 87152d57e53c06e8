"""Few units, with enough of each class."""

from __future__ import annotations

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.progress import progress_of
from cocosurgeon.sets.stratify import Units


def covering(units: Units, k: int) -> Numbers:
    """Choose units so that at least k of them have each class, or all units that have it.

    The greedy algorithm for set cover: the next unit is the one that helps most classes; in a tie,
    the one with most classes, then with the lowest lot. All classes get a first unit before any
    gets a second one, so a larger k contains the units of a smaller one.

    Returns:
        Numbers of units, in the order in which they are chosen.
    """
    count = len(units.sizes)
    order = np.lexsort((units.ranks, -np.bincount(units.units, minlength=count)))
    turn = np.empty(count, dtype=np.int64)
    turn[order] = np.arange(count)
    # Units are numbered by their turn from here on, so that argmax decides ties.
    by_unit = np.argsort(turn[units.units], kind="stable")
    owners, classes = turn[units.units][by_unit], units.classes[by_unit]
    starts = np.searchsorted(owners, np.arange(count + 1))
    by_class = owners[np.argsort(classes, kind="stable")]
    there = np.bincount(classes)
    ends = np.cumsum(there)
    have = np.zeros(len(there), dtype=np.int64)
    chosen: list[int] = []
    levels = min(k, int(there.max(initial=0)))
    with progress_of("choosing images of each class") as progress:
        for level in range(1, levels + 1):
            is_needed = (have < level) & (have < there)
            gain = np.bincount(owners[is_needed[classes]], minlength=count)
            gain[chosen] = 0
            while is_needed.any():
                best = int(gain.argmax())
                chosen.append(best)
                gain[best] = 0
                mine = classes[starts[best] : starts[best + 1]]
                have[mine] += 1
                for each in mine[is_needed[mine]].tolist():
                    gain[by_class[ends[each] - there[each] : ends[each]]] -= 1
                is_needed[mine] = False
            if progress is not None:
                progress(level, levels)
    return order[np.array(chosen, dtype=np.int64)]
