"""Images of two batches compared: sizes, channels, normalization, pixels."""

from __future__ import annotations

import math
from itertools import starmap

import numpy as np

from cocosurgeon.parity.arrays import Array, Pair, Values
from cocosurgeon.parity.causes import precision
from cocosurgeon.parity.entry import Entry
from cocosurgeon.text import plural

_FIT = 1e-2
"""Share of the spread of a channel that a scale and a shift may leave unexplained."""


_SLIGHT = 1e-6
"""A shift, and a scale apart from 1, that is nothing but rounding."""


def image_entry(x: Array, y: Array, inside: Array | None, tolerance: float) -> Entry:
    """Return the compared images (N, C, height, width) of two batches.

    Args:
        inside: pixels that are no padding (N, height, width); None: all.
    """
    if x.shape != y.shape:
        message = f"{_size(x)} and {_size(y)}"
        return Entry("images", None, tolerance, "parity-image-size", message)
    failed = ~np.isfinite(x), ~np.isfinite(y)
    if not np.array_equal(_failures(x), _failures(y), equal_nan=True):
        counts = [plural(int(side.sum()), "value") for side in failed]
        message = f"infinite or NaN: {counts[0]} of A, {counts[1]} of B"
        return Entry("images", math.inf, tolerance, "parity-image", message)
    x, y = (np.where(failed[0], 0, side) for side in (x, y))
    difference = np.abs(y.astype("float64") - x)
    largest = float(np.abs(x).max(initial=0.0)) or 1.0
    error = float(difference.max(initial=0.0)) / largest
    if error <= tolerance:
        return Entry("images", error, tolerance, None, _size(x))
    if inside is None:
        inside = np.ones((len(x), *x.shape[2:]), dtype=bool)
    rounded = precision(Pair.of(*map(_values, (x, y))))
    if rounded is not None:
        return Entry("images", error, tolerance, "parity-precision", rounded)
    code, message = _cause(x, y, inside, difference)
    return Entry("images", error, tolerance, code, message)


def _failures(images: Array) -> Array:
    """Return images with 0 in place of each finite value."""
    found: Array = np.where(np.isfinite(images), 0, images)
    return found


def _values(images: Array) -> Values:
    return Values(images.reshape(-1), images.shape, str(images.dtype), None, {})


def _cause(x: Array, y: Array, inside: Array, difference: Array) -> tuple[str, str]:
    one, other = (np.moveaxis(v, 1, -1)[inside].astype("float64") for v in (x, y))
    channels = list(range(one.shape[1]))
    same = _fitted(one, other)
    if same is not None and not _is_same(same):
        return "parity-normalization", "by channel, B is " + ", ".join(starmap(_line, same))
    turned = _fitted(one[:, channels[::-1]], other) if len(channels) == 3 else None
    if turned is not None and same is None:
        extra = "" if _is_same(turned) else ", with another scale or shift for each channel"
        return "parity-channel-order", f"channels 0, 1, 2 of B are 2, 1, 0 of A{extra}"
    outside = float(difference.max(axis=1)[~inside].max(initial=0.0))
    if same is not None and outside > 0:
        return "parity-image", "only the padding differs: padded before or after normalization"
    if _is_mirrored(x, y, inside):
        return "parity-image", "an image is mirrored on one side"
    share = float((difference > 0).mean())
    return "parity-image", f"{share:.0%} of the values, by {difference.mean():.3g} on average"


def _fitted(x: Array, y: Array) -> list[tuple[float, float]] | None:
    """Return scale and shift of each channel, by which A becomes B; None if none fit."""
    found = []
    for a, b in zip(x.T, y.T, strict=True):
        centered, spread = a - a.mean(), float(b.std())
        squares = float(centered @ centered)
        if not squares or not spread:
            return None
        scale = float(centered @ (b - b.mean())) / squares
        shift = float(b.mean() - scale * a.mean())
        if float((b - scale * a - shift).std()) > _FIT * spread:
            return None
        found.append((scale, shift))
    return found


def _line(scale: float, shift: float) -> str:
    times = "A" if abs(scale - 1) < _SLIGHT else f"{scale:.5g} A"
    sign = "+" if shift > 0 else "-"
    return times if abs(shift) < _SLIGHT else f"{times} {sign} {abs(shift):.5g}"


def _is_same(fitted: list[tuple[float, float]]) -> bool:
    return all(abs(scale - 1) < 1e-4 and abs(shift) < 1e-4 for scale, shift in fitted)


def _is_mirrored(x: Array, y: Array, inside: Array) -> bool:
    for a, b, own in zip(x, y, inside, strict=True):
        height, width = int(own.any(axis=1).sum()), int(own.any(axis=0).sum())
        one, other = a[:, :height, :width], b[:, :height, :width]
        if not np.allclose(one, other, atol=1e-3):
            return bool(np.allclose(one[:, :, ::-1], other, atol=1e-3))
    return False


def _size(images: Array) -> str:
    return " x ".join(map(str, images.shape))
