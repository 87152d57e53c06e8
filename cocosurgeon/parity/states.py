"""Parameters compared: before the first step, and what one step of the optimizer changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log, sqrt

import numpy as np

from cocosurgeon.parity.arrays import Array, Pair
from cocosurgeon.parity.causes import factor, order, precision
from cocosurgeon.parity.entry import Entry

_FLOOR = 1e-2
"""Part of the largest change by which smaller changes are judged."""
_CHANCE = sqrt(log(2e3) / 2)
_ROUNDING = 2.0**-22
"""Part of a parameter that float32 rounds off, twice."""

Pairs = Mapping[str, Pair]
Tolerance = Callable[[str], float]


def initial_entries(pairs: Pairs, tolerance: Tolerance) -> list[Entry]:
    """Return the compared parameters before the first step.

    Args:
        pairs: parameters by name.
        tolerance: returns the tolerance of a name.
    """
    entries = []
    for name, pair in pairs.items():
        error = pair.error()
        if error <= tolerance(name):
            spread = f"mean {_mean(pair, 0)}, std {_std(pair, 0)}"
            entries.append(Entry(name, error, tolerance(name), None, spread))
        else:
            message = _initial_words(pair)
            entries.append(Entry(name, error, tolerance(name), "parity-initialization", message))
    return entries


def _initial_words(pair: Pair) -> str:
    spread = f"mean {_mean(pair, 0)} and {_mean(pair, 1)}, std {_std(pair, 0)} and {_std(pair, 1)}"
    if rounded := precision(pair):
        return f"{spread}: {rounded}"
    if known := order(pair) or factor(pair):
        return f"{spread}: {known}"
    if pair.error() < 1e-2:
        return spread
    is_one = _distance(pair) < _CHANCE
    return f"{spread}: the distributions {'are alike' if is_one else 'differ'}"


def _distance(pair: Pair) -> float:
    """Return the statistic of Kolmogorov and Smirnov, times the root of half the number of values.

    Two samples of one distribution exceed ``_CHANCE`` once in a thousand times.
    """
    every = np.concatenate([pair.x, pair.y])
    shares = [np.searchsorted(np.sort(v), every, "right") / v.size for v in (pair.x, pair.y)]
    return float(np.abs(shares[0] - shares[1]).max()) * sqrt(pair.x.size / 2)


def _mean(pair: Pair, side: int) -> str:
    sample = pair.samples[side]
    return f"{sample['mean'] if sample else (pair.x, pair.y)[side].mean():.3g}"


def _std(pair: Pair, side: int) -> str:
    sample = pair.samples[side]
    return f"{sample['std'] if sample else (pair.x, pair.y)[side].std():.3g}"


def update_entries(before: Pairs, after: Pairs, tolerance: Tolerance) -> list[Entry]:
    """Return the compared changes of parameters in one step.

    Args:
        before, after: parameters by name; those that are in both are compared.
        tolerance: returns the tolerance of a name.
    """
    names = [n for n in after if n in before and len(before[n].x) == len(after[n].x)]
    changes = {n: (after[n].x - before[n].x, after[n].y - before[n].y) for n in names}
    largest = max((float(np.abs(x).mean()) for x, _ in changes.values() if x.size), default=0.0)
    entries = []
    for name, (x, y) in changes.items():
        if not x.size:
            continue
        rounded = _ROUNDING * np.maximum(np.abs(after[name].x), np.abs(after[name].y))
        difference = np.maximum(np.abs(y - x) - rounded, 0.0)
        size = max(float(np.abs(x).mean()), _FLOOR * largest) or float(np.abs(y).mean())
        error = float(difference.mean()) / size if size else 0.0
        if error <= tolerance(name):
            entries.append(Entry(name, error, tolerance(name)))
            continue
        code, message = _update_cause(x, y)
        entries.append(Entry(name, error, tolerance(name), code, message))
    return entries


def _update_cause(x: Array, y: Array) -> tuple[str, str]:
    for name, one, other in (("A", x, y), ("B", y, x)):
        if not one.any() and other.any():
            return "parity-update", f"{name} does not change it: frozen, or without a gradient"
    ratio = float(x @ y / (x @ x))
    left = y - ratio * x
    if float(left @ left) < 1e-4 * float(y @ y):
        return "parity-learning-rate", f"B's change is {ratio:.5g} times A's"
    return "parity-update", f"mean change {np.abs(x).mean():.3g} and {np.abs(y).mean():.3g}"


def optimizer_entries(pairs: Pairs, tolerance: Tolerance) -> list[Entry]:
    """Return the compared settings of the optimizer, each for each parameter."""
    entries = []
    for path, pair in pairs.items():
        error = pair.error()
        if error <= tolerance(path):
            entries.append(Entry(path, error, tolerance(path)))
            continue
        is_rate = path.partition("/")[0] in ("lr", "initial_lr", "learning_rate")
        code = "parity-learning-rate" if is_rate else "parity-optimizer"
        message = f"{pair.x[0]:.6g} and {pair.y[0]:.6g}" if pair.x.size == 1 else ""
        entries.append(Entry(path, error, tolerance(path), code, message))
    return entries
