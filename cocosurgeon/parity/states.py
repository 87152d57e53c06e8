"""Parameters compared: before the first step, and what one step of the optimizer changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cocosurgeon.parity.arrays import Array, Pair
from cocosurgeon.parity.causes import factor, order, precision
from cocosurgeon.parity.entry import Entry
from cocosurgeon.parity.recorded import Checkpoint
from cocosurgeon.text import plural
from cocosurgeon.weights.difference import TensorDiff, Values, diff
from cocosurgeon.weights.tensor import Tensor

_FLOOR = 1e-2
"""Part of the largest change by which smaller changes are judged."""
_SLIGHT = 1e-2
"""A difference up to which parameters are the same weights, converted otherwise."""
_NOISE = 0.01
"""Part of a gradient that may differ where it is more than rounding."""
_ROUNDING = 2.0**-22
"""Part of a parameter that float32 rounds off, twice."""

_FEWEST = 8
"""Elements below which changes have one size by chance."""
_ONE_SIZE = 0.05
_OF_ONE_OPTIMIZER = frozenset({"momentum", "beta1", "alpha", "rho", "lambd"})
"""Settings that one optimizer has, and another one lacks."""

Pairs = Mapping[str, Pair]
Tolerance = Callable[[str], float]


def initial_entries(pairs: Pairs, tolerance: Tolerance) -> list[Entry]:
    """Return the compared parameters before the first step, as ``weights diff --init`` does.

    Args:
        pairs: parameters by name; of large ones the elements that were sampled.
        tolerance: returns the tolerance of a name.
    """
    before = {name: Tensor.of(name, pair.x) for name, pair in pairs.items()}
    after = {name: Tensor.of(name, pair.y) for name, pair in pairs.items()}
    difference = diff(before, after, init=True)
    distributions = {each.name: each for each in difference.tensors}
    entries = []
    for name, pair in pairs.items():
        error = pair.error()
        is_same = error <= tolerance(name)
        code = None if is_same else "parity-initialization"
        message = _initial_words(pair, distributions[name], is_same)
        entries.append(Entry(name, error, tolerance(name), code, message))
    return entries


def _initial_words(pair: Pair, each: TensorDiff, is_same: bool) -> str:
    a, b = map(_spread, pair.samples, (each.before, each.after))
    if is_same:
        return f"mean {a[0]}, std {a[1]}"
    spread = f"mean {a[0]} and {b[0]}, std {a[1]} and {b[1]}"
    reason = precision(pair) or order(pair) or factor(pair)
    if reason is None and pair.dtypes[0] != pair.dtypes[1]:
        reason = f"A is {pair.dtypes[0]}, B {pair.dtypes[1]}"
    if reason is None and pair.error() > _SLIGHT:
        reason = f"the distributions {'differ' if each.is_other_distribution else 'are alike'}"
    return spread if reason is None else f"{spread}: {reason}"


def _spread(sample: Mapping[str, float | None], values: Values | None) -> tuple[str, str]:
    """Return mean and standard deviation: of all elements, also where they are sampled."""
    known = (sample["mean"], sample["std"]) if sample else (None, None)
    if not sample and values is not None:
        known = (values.mean, values.std)
    mean, std = ("-" if number is None else f"{number:.3g}" for number in known)
    return mean, std


def update_entries(
    before: Pairs, after: Pairs, gradients: Pairs, tolerance: Tolerance
) -> list[Entry]:
    """Return the compared changes of parameters in one step.

    Args:
        before, after: parameters by name; those that are in both are compared.
        gradients: of this step, by name; empty where they were not recorded. Elements whose
            gradient is nothing but rounding do not count: Adam makes whole steps of them.
        tolerance: returns the tolerance of a name.
    """
    names = [n for n in after if n in before and len(before[n].x) == len(after[n].x)]
    changes = {n: (after[n].x - before[n].x, after[n].y - before[n].y) for n in names}
    means = [float(np.abs(x).mean()) for x, _ in changes.values() if x.size]
    largest = max((mean for mean in means if np.isfinite(mean)), default=0.0)
    entries = []
    for name, (x, y) in changes.items():
        rounded = _ROUNDING * np.maximum(np.abs(after[name].x), np.abs(after[name].y))
        kept = ~_noise(gradients.get(name), x)
        x, y, rounded = x[kept], y[kept], rounded[kept]
        if not x.size:
            continue
        failed = ~np.isfinite(x), ~np.isfinite(y)
        if not np.array_equal(*failed):
            counts = [plural(int(side.sum()), "change") for side in failed]
            message = f"infinite or NaN: {counts[0]} of A, {counts[1]} of B"
            entries.append(Entry(name, np.inf, tolerance(name), "parity-update", message))
            continue
        x, y, rounded = x[~failed[0]], y[~failed[0]], rounded[~failed[0]]
        difference = np.maximum(np.abs(y - x) - rounded, 0.0)
        size = float(np.abs(x).mean()) if x.size else 0.0
        size = max(size, _FLOOR * largest) or float(np.abs(y).sum() / max(y.size, 1))
        moved = difference[(x != 0) | (y != 0)]
        error = float(np.median(moved)) / size if moved.size and size else 0.0
        if error <= tolerance(name):
            entries.append(Entry(name, error, tolerance(name)))
            continue
        code, message = _update_cause(x, y)
        entries.append(Entry(name, error, tolerance(name), code, message))
    return entries


def _noise(gradient: Pair | None, like: Array) -> Array:
    """Return which elements have a gradient that differs by a part that is no longer small."""
    if gradient is None or len(gradient.x) != len(like):
        return np.zeros(len(like), dtype=bool)
    size = np.maximum(np.abs(gradient.x), np.abs(gradient.y))
    noise: Array = np.abs(gradient.y - gradient.x) > _NOISE * size
    return noise


def _has_one_size(changes: Array) -> bool:
    """Return whether all changes have one size, as those of Adam's first step."""
    sizes = np.abs(changes)
    return sizes.size >= _FEWEST and bool(sizes.std() < _ONE_SIZE * sizes.mean())


def _update_cause(x: Array, y: Array) -> tuple[str, str]:
    for name, one, other in (("A", x, y), ("B", y, x)):
        if not one.any() and other.any():
            return "parity-update", f"{name} does not change it: frozen, or without a gradient"
    adam = [_has_one_size(side) for side in (x, y)]
    if adam[0] != adam[1]:
        side = "AB"[adam[1]]
        return "parity-update", f"changes of {side} have one size, as Adam's: another optimizer"
    ratio = float(x @ y / (x @ x))
    left = y - ratio * x
    if x.size > 1 and float(left @ left) < 1e-4 * float(y @ y):
        return "parity-learning-rate", f"B's change is {ratio:.5g} times A's"
    return "parity-update", f"mean change {np.abs(x).mean():.3g} and {np.abs(y).mean():.3g}"


def optimizer_entries(
    pairs: Pairs, tolerance: Tolerance, sides: tuple[Checkpoint, Checkpoint]
) -> list[Entry]:
    """Return the compared settings of the optimizer, each for each parameter.

    Another optimizer comes first; what else differs follows from it.

    Args:
        sides: the checkpoints of A and of B.
    """
    other = _other_optimizer(*sides)
    entries = [] if other is None else [Entry("name", None, 0.0, "parity-optimizer", other)]
    for path, pair in pairs.items():
        error = pair.error()
        if error <= tolerance(path):
            entries.append(Entry(path, error, tolerance(path)))
            continue
        is_rate = other is None and path.partition("/")[0] in ("lr", "initial_lr", "learning_rate")
        code = "parity-learning-rate" if is_rate else "parity-optimizer"
        message = f"{pair.x[0]:.6g} and {pair.y[0]:.6g}" if pair.x.size == 1 else ""
        entries.append(Entry(path, error, tolerance(path), code, message))
    return entries


def _other_optimizer(a: Checkpoint, b: Checkpoint) -> str | None:
    """Return by what two optimizers are not the same one; None where they may be.

    Recordings without the name of the optimizer have its settings.
    """
    one, other = (side.about["values"].get("name") for side in (a, b))
    if one is not None and other is not None:
        return None if one == other else f"{one} and {other}"
    here, there = (
        {path.partition("/")[0] for path in side.paths} & _OF_ONE_OPTIMIZER for side in (a, b)
    )
    only = [
        f"only {name} has {', '.join(sorted(own))}"
        for name, own in (("A", here - there), ("B", there - here))
        if own
    ]
    return ", ".join(only) or None
