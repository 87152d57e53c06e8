"""Normalization layers with another eps, recognized by the factors that it makes."""

from __future__ import annotations

import numpy as np

from cocosurgeon.parity.arrays import Array, Pair, rms

_CLOSE = 0.03
"""Share of a difference that factors may leave unexplained."""
_TURNS = 30
_MOST_BY_EPS = 0.1
"""How far from 1 another eps moves a factor, unless the variance is as small as eps."""


def eps(pair: Pair) -> str | None:
    """Recognize a factor for each channel, position or image, all below 1 or all above."""
    last = len(pair.shape) - 1
    if last < 1 or not np.isfinite(pair.x + pair.y).all():
        return None
    # Zeros do not count: an activation may follow. What differs there is another activation.
    kept = (pair.x != 0) & (pair.y != 0)
    squares = (pair.y - pair.x) ** 2
    if squares[~kept].sum() > 0.1 * squares.sum():
        return None
    positions = tuple(range(last))
    for axes in dict.fromkeys(((1,), positions, (0, 1), (0,))):
        factors = _factors(pair, axes, kept)
        if factors is None and axes == positions:
            factors = _factors_around(pair, axes, kept)
        if factors is None:
            continue
        is_one_sided = bool((factors <= 1).all() or (factors >= 1).all())
        if is_one_sided and factors.min() > 0.3 and factors.max() < 3:
            low, high = sorted((float(factors.min()), float(factors.max())))
            larger = "B" if high <= 1 else "A"
            words = f"eps of {larger} may be larger"
            if max(1 - low, high - 1) > _MOST_BY_EPS:
                words += ", or its mean and variance are others (training against evaluation)"
            on = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
            return (
                f"B is {low:.6g} to {high:.6g} times A, one factor for each place on {on}: {words}"
            )
    return None


def _factors(pair: Pair, axes: tuple[int, ...], kept: Array) -> Array | None:
    """Return the factor of each group of elements; None where groups have no factors.

    B is ``factor * A + shift`` in each group: the shift of an affine normalization.

    Args:
        kept: which elements count.
    """
    x, y = pair.x[kept], pair.y[kept]
    group, groups = _groups(pair, axes, kept)
    count = np.bincount(group, minlength=groups).astype("float64")
    if groups < 2 or (count >= 4).sum() < max(2, groups // 2):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x = np.bincount(group, x, groups) / count
        mean_y = np.bincount(group, y, groups) / count
        apart_x, apart_y = x - mean_x[group], y - mean_y[group]
        squares = np.bincount(group, apart_x * apart_x, groups)
        factors = np.bincount(group, apart_x * apart_y, groups) / squares
    usable = (count >= 4) & (squares > 1e-12 * (squares.max() or 1)) & np.isfinite(factors)
    if usable.sum() < 2:
        return None
    chosen = usable[group]
    left = (apart_y - factors[group] * apart_x)[chosen]
    scaled = ((factors[group] - 1) * apart_x)[chosen]
    # A shift without a factor is a bias, not the eps of a normalization.
    is_shift = rms(scaled) < 0.1 * rms((y - x)[chosen])
    if is_shift or rms(left) > _CLOSE * rms(scaled):
        return None
    found: Array = factors[usable]
    return found


def _factors_around(pair: Pair, axes: tuple[int, ...], kept: Array) -> Array | None:
    """Return the factor of each group, where the last axis has shifts: layer norm with a bias.

    B - A is ``(factor - 1) * (A - shift)``, with a factor for each group and a shift for each place
    on the last axis. Each is fitted in turn while the other stays.
    """
    x, difference = pair.x[kept], (pair.y - pair.x)[kept]
    group, groups = _groups(pair, axes, kept)
    place, places = _groups(pair, (len(pair.shape) - 1,), kept)
    if len(x) < 4 * (groups + places):
        return None
    shift: Array = np.zeros(places)
    factor: Array = np.zeros(groups)
    for _ in range(_TURNS):
        apart = x - shift[place]
        squares = np.bincount(group, apart * apart, groups)
        factor = np.bincount(group, difference * apart, groups) / np.maximum(squares, 1e-30)
        own = factor[group]
        squares = np.bincount(place, own * own, places)
        shift = np.bincount(place, own * (own * x - difference), places)
        shift = shift / np.maximum(squares, 1e-30)
    left = difference - factor[group] * (x - shift[place])
    return factor + 1 if rms(left) <= _CLOSE * rms(difference) else None


def _groups(pair: Pair, axes: tuple[int, ...], kept: Array) -> tuple[Array, int]:
    """Return the group of each kept element, by its places on some axes, and how many there are."""
    coordinates = pair.coordinates()
    sizes = [pair.shape[axis] for axis in axes]
    group = np.ravel_multi_index([coordinates[axis][kept] for axis in axes], sizes)
    return group, int(np.prod(sizes))
