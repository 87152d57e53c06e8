"""Causes of a difference between two arrays, recognized by its form.

Each test looks at the values alone. What is recognized is what the values fit, which is no proof:
the advice of the code says where to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cocosurgeon.parity.arrays import Array, Pair, finite, rms
from cocosurgeon.parity.normalization import eps
from cocosurgeon.text import plural

Cause = tuple[str, str]
"""A code and a message."""
Test = Callable[[Pair], str | None]

_HALF = ("float16", "bfloat16")
_CLOSE = 0.03
"""Share of a difference that a form may leave unexplained."""
_LARGEST_ROUNDING = 2e-2
_NEAR_ONE = 0.02
_FEWEST = 8
"""Elements below which a form is chance."""


def cause_of(pair: Pair, earlier: Iterator[Pair] | None = None) -> Cause:
    """Return why two arrays of one shape differ.

    Args:
        earlier: arrays of checkpoints before this one, the nearest first: a map that was resized is
            looked for in them.
    """
    a, b = pair.not_finite
    if a != b:
        counts = plural(a, "value"), plural(b, "value")
        return "parity-value", f"infinite or NaN: {counts[0]} of A, {counts[1]} of B"
    for code, test in _TESTS.items():
        found = test(pair)
        if found is not None:
            return code, found
    mapped = align_corners(pair, earlier or iter(()))
    if mapped is not None:
        return "parity-align-corners", mapped
    rounded = rounding(pair)
    if rounded is not None:
        return "parity-precision", rounded
    return "parity-value", f"largest difference {np.abs(pair.y - pair.x).max(initial=0.0):.3g}"


def precision(pair: Pair) -> str | None:
    """Recognize values that were rounded to half precision, or to fewer bits than the others."""
    for name, dtype, other in (("A", *pair.dtypes), ("B", *reversed(pair.dtypes))):
        if dtype in _HALF and other not in _HALF:
            return f"{name} is {dtype}, the other {other}"
    x, y = finite(pair)
    spread = rms(x)
    if len(x) < _FEWEST or not 0 < rms(y - x) <= _LARGEST_ROUNDING * spread:
        return None
    for dtype in _HALF:
        is_rounded = [bool((_rounded(v, dtype) == v).all()) for v in (x, y)]
        if is_rounded[0] != is_rounded[1]:
            return f"all values of {'AB'[is_rounded[1]]} are {dtype}, kept as {pair.dtypes[0]}"
    return None


def _rounded(values: Array, dtype: str) -> Array:
    if dtype == "float16":
        with np.errstate(over="ignore"):
            return values.astype("float16").astype("float64")
    bits = values.astype("float32").view("uint32")
    cut: Array = (bits & np.uint32(0xFFFF0000)).view("float32").astype("float64")
    return cut


def dropout(pair: Pair) -> str | None:
    """Recognize values that one side sets to 0, scaling up the others."""
    found = _dropped(pair)
    # Dropout scales what is left: without that, it is another activation.
    if found is None or min(found[:2]) > 0 or abs(found[2] - 1) < 1e-3:
        return None
    side = "A" if found[0] else "B"
    return (
        f"{side} sets {max(found[:2]):.0%} of the values to 0 that the other keeps; the rest of B "
        f"is {found[2]:.4g} times A"
    )


def seed(pair: Pair) -> str | None:
    """Recognize random numbers of one distribution: other ones on each side."""
    found = _dropped(pair)
    if found is not None and min(found[:2]) > 0:
        return f"both set values to 0, but different ones ({found[0]:.0%} and {found[1]:.0%})"
    x, y = finite(pair)
    if len(x) < 4 * _FEWEST or not (x.std() and y.std()):
        return None
    is_alike = 0.8 < x.std() / y.std() < 1.25
    is_alike = is_alike and abs(x.mean() - y.mean()) < 0.2 * (x.std() + y.std())
    if is_alike and abs(float(np.corrcoef(x, y)[0, 1])) < 4 / len(x) ** 0.5:
        return "mean and spread are alike, but the values are not related"
    return None


def _dropped(pair: Pair) -> tuple[float, float, float] | None:
    """Return the shares of values that only A and only B sets to 0; None where that is no dropout.

    The third number is the ratio of all values that both keep: that of the two rates.
    """
    x, y = finite(pair)
    if len(x) < _FEWEST:
        return None
    only_x, only_y, both = (x == 0) & (y != 0), (x != 0) & (y == 0), (x != 0) & (y != 0)
    shares = float(only_x.mean()), float(only_y.mean())
    if max(shares) < 0.005 or both.sum() < _FEWEST:
        return None
    ratios = y[both] / x[both]
    is_one_ratio = np.ptp(ratios) < 1e-3 * abs(ratios.mean())
    return (*shares, float(ratios.mean())) if is_one_ratio else None


def order(pair: Pair) -> str | None:
    """Recognize the same values in other places."""
    x, y = finite(pair)
    if len(x) < _FEWEST or rms(y - x) < 1e-2 * rms(x):
        return None
    a, b = pair.samples
    if a and b:
        known = [(a[key], b[key]) for key in ("mean", "std", "min", "max")]
    else:
        known = list(zip(np.sort(x).tolist(), np.sort(y).tolist(), strict=True))
    if all(abs(one - other) <= 1e-6 * pair.scale for one, other in known):
        return "the same values are in other places"
    return None


def factor(pair: Pair) -> str | None:
    """Recognize one factor between all values."""
    x, y = finite(pair)
    if len(x) < 2 or not x.any():
        return None
    ratio = float(x @ y / (x @ x))
    if rms(y - ratio * x) > _CLOSE * rms(y - x):
        return None
    if abs(ratio - 1) < _NEAR_ONE and eps(pair) is not None:
        return None  # a normalization of channels that have nearly one variance
    return f"B is {ratio:.6g} times A"


def align_corners(pair: Pair, earlier: Iterator[Pair]) -> str | None:
    """Recognize a bilinear map whose corners are aligned on one side only."""
    if len(pair.shape) != 4 or min(pair.shape[2:]) < 4:
        return None
    if pair.is_whole:
        x, y = pair.x.reshape(pair.shape), pair.y.reshape(pair.shape)
        for before in earlier:
            is_map = len(before.shape) == 4 and before.shape[:2] == pair.shape[:2]
            if not is_map or not before.is_whole:
                continue
            small = before.x.reshape(before.shape)
            aligned, centered = (resized(small, pair.shape[2:], to) for to in (True, False))
            for name, one, other in (("A", x, y), ("B", y, x)):
                if _is_near(one, aligned) and _is_near(other, centered):
                    return f"{name} resizes with align_corners=True, the other without"
    _, _, row, column = pair.coordinates()
    height, width = pair.shape[2:]
    is_corner = np.isin(row, (0, height - 1)) & np.isin(column, (0, width - 1))
    difference = np.abs(pair.y - pair.x)
    corners = difference[is_corner]
    if len(corners) >= _FEWEST and corners.max() < 1e-4 * difference.max():
        return "only the corners of the maps agree"
    return None


def resized(maps: Array, size: tuple[int, ...], align_corners: bool) -> Array:
    """Return maps (N, C, height, width) resized bilinearly, as PyTorch does."""
    for axis, length in zip((2, 3), size, strict=True):
        old = maps.shape[axis]
        if align_corners:
            at = np.arange(length) * ((old - 1) / max(length - 1, 1))
        else:
            at = np.clip((np.arange(length) + 0.5) * (old / length) - 0.5, 0, old - 1)
        low = np.minimum(at.astype(int), old - 1)
        high = np.minimum(low + 1, old - 1)
        part = (at - low).reshape([-1 if a == axis else 1 for a in range(4)])
        maps = np.take(maps, low, axis) * (1 - part) + np.take(maps, high, axis) * part
    return maps


def _is_near(a: Array, b: Array) -> bool:
    return rms(a - b) <= 1e-4 * (rms(b) or 1)


def rounding(pair: Pair) -> str | None:
    """Recognize a small difference that is not related to the values: computed in fewer bits."""
    x, y = finite(pair)
    difference = y - x
    size = rms(difference) / (rms(x) or 1)
    if len(x) < 8 * _FEWEST or not 0 < size < 5e-3 or not (x.std() and difference.std()):
        return None
    related = abs(float(np.corrcoef(x, difference)[0, 1]))
    is_centered = abs(difference.mean()) < 0.2 * difference.std()
    is_everywhere = float((difference != 0).mean()) > 0.5
    if related < 0.2 and is_centered and is_everywhere:
        return f"a relative difference of {size:.1g}, not related to the values"
    return None


_TESTS: dict[str, Test] = {
    "parity-precision": precision,
    "parity-order": order,
    "parity-dropout": dropout,
    "parity-seed": seed,
    "parity-factor": factor,
    "parity-eps": eps,
}
