"""Differences between two checkpoints: names, shapes, types, values, distributions of values.

Tensors are read a piece at a time. Nothing is printed or written here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.text import first_few, one_line, plural, table_lines
from cocosurgeon.weights.dtypes import DTYPES, Array
from cocosurgeon.weights.tensor import Tensor

_BLOCK = 1 << 18
_SAMPLE = 2048
_EDGES = 511
_CHANCE_DISTANCE = math.sqrt(math.log(2e6) / 2)
_CHANCE_MOMENT = 4.892
"""Two samples of one distribution exceed these once in a million: the distance of Kolmogorov and
Smirnov times the root of half the count, and a difference in standard errors."""
_ENOUGH = 100
"""Values from which on means and standard deviations have normal errors, about."""


@dataclass(frozen=True)
class Values:
    """Values of a tensor, counted.

    Attributes:
        mean, std, low, high: of the finite values (the standard deviation of all of them, not of
            a sample); NaN where there are none.
        nans, infinities: how many others there are.
    """

    mean: float
    std: float
    low: float
    high: float
    nans: int
    infinities: int


@dataclass(frozen=True)
class TensorDiff:
    """Two tensors of the same name.

    Attributes:
        name: their name.
        shapes, dtypes: of both.
        is_equal: whether all values are equal; NaN equals NaN. False for different shapes.
        before, after: their values, counted; None where they are equal byte for byte, or of
            different shapes, and no distributions were asked for.
        max_diff, mean_diff: of absolute differences where both are finite.
        relative: the mean difference, divided by the mean of both tensors' absolute values.
        cosine: between both as vectors; None where one is zero.
        non_finite: places where one is NaN or infinite, and the other is not the same.
        distance: largest difference of the shares of values up to some number (the statistic of
            Kolmogorov and Smirnov), at up to 511 numbers; None: not asked for.
        score: the largest of three statistics, each divided by what two samples of one distribution
            exceed once in a million: ``distance``, and from 100 values on the differences of the
            means and of the logarithms of the standard deviations.
        is_other_distribution: whether it is more than 1, or one tensor has one value many times,
            and the other is not the same.
    """

    name: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    dtypes: tuple[str, str]
    is_equal: bool
    before: Values | None = None
    after: Values | None = None
    max_diff: float = 0.0
    mean_diff: float = 0.0
    relative: float = 0.0
    cosine: float | None = None
    non_finite: int = 0
    distance: float | None = None
    score: float = 0.0
    is_other_distribution: bool = False

    @property
    def is_same_kind(self) -> bool:
        """Return whether both have the same shape and type."""
        return self.shapes[0] == self.shapes[1] and self.dtypes[0] == self.dtypes[1]


@dataclass(frozen=True)
class WeightsDiff:
    """Two checkpoints, compared.

    Attributes:
        only_before, only_after: tensors that only one has.
        tensors: those of both, the most different first.
        init: whether distributions count, and not values.
    """

    only_before: tuple[Tensor, ...]
    only_after: tuple[Tensor, ...]
    tensors: tuple[TensorDiff, ...]
    init: bool

    @property
    def is_difference(self) -> bool:
        """Return whether anything differs: of two initializations values may, by chance."""
        return bool(self.only_before or self.only_after) or any(map(self._differs, self.tensors))

    def fields(self) -> dict[str, object]:
        """Return the report as JSON values."""
        return {
            "only_a": [_kind(tensor) for tensor in self.only_before],
            "only_b": [_kind(tensor) for tensor in self.only_after],
            "compared": "distributions" if self.init else "values",
            "tensors": [asdict(each) for each in self.tensors],
            "differs": self.is_difference,
        }

    def lines(self, width: int | None = None) -> list[str]:
        """Return the report for people."""
        lines = []
        for which, only in (("A", self.only_before), ("B", self.only_after)):
            if only:
                names = [f"{tensor.name} {list(tensor.shape)}" for tensor in only]
                lines.append(f"only in {which}: {plural(len(only), 'tensor')}: {first_few(names)}")
        for each in self.tensors:
            if not each.is_same_kind:
                kinds = [f"{d} {list(s)}" for d, s in zip(each.dtypes, each.shapes, strict=True)]
                lines.append(f"{each.name}: {kinds[0]} in A, {kinds[1]} in B")
        differing = [each for each in self.tensors if not each.is_equal]
        same = len(self.tensors) - len(differing)
        in_both = f"{plural(len(self.tensors), 'tensor')} in both"
        lines.append(f"{in_both}: {same:,} equal, {len(differing):,} not")
        if self.init:
            others = sum(each.is_other_distribution for each in self.tensors)
            lines.append(f"{in_both}: {others:,} with another distribution in B (*)")
            single = [each.name for each in differing if math.prod(each.shapes[0]) == 1]
            if single:
                what = plural(len(single), "tensor")
                lines.append(f"{what} of one value with another one in B: {first_few(single)}")
        rows = list(self._distributions() if self.init else self._values())
        table = table_lines(rows, frozenset(range(1, len(rows[0]))), width) if rows[1:] else []
        return [*map(one_line, lines), *([""] if table else []), *table]

    def _differs(self, each: TensorDiff) -> bool:
        is_other = each.is_other_distribution if self.init else not each.is_equal
        return is_other or not each.is_same_kind

    def _values(self) -> Iterator[tuple[str, ...]]:
        yield "not equal", "max diff", "mean diff", "relative", "cosine", "NaN or inf"
        for each in self.tensors:
            if each.is_equal or each.before is None:
                continue
            numbers = map(_number, (each.max_diff, each.mean_diff, each.relative))
            cosine = "-" if each.cosine is None else f"{each.cosine:.6f}"
            yield (each.name, *numbers, cosine, f"{each.non_finite:,}" if each.non_finite else "")

    def _distributions(self) -> Iterator[tuple[str, ...]]:
        yield "tensor", "KS", "score", "mean A", "mean B", "std A", "std B", "range A", "range B"
        for each in self.tensors:
            a, b = each.before, each.after
            if a is None or b is None or each.distance is None:
                continue
            moments = map(_number, (a.mean, b.mean, a.std, b.std))
            ranges = (f"{_number(v.low)}..{_number(v.high)}" for v in (a, b))
            mark = " *" if each.is_other_distribution else ""
            yield (
                f"{each.name}{mark}",
                f"{each.distance:.3f}",
                f"{each.score:.1f}",
                *moments,
                *ranges,
            )


def diff_weights(
    before: Mapping[str, Tensor],
    after: Mapping[str, Tensor],
    *,
    init: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> WeightsDiff:
    """Compare two state dicts.

    Args:
        before, after: tensors by name; see ``checkpoint.read_checkpoint``.
        init: compare distributions of values: two initializations of one model by one rule have
            other values, and the same distributions.
        progress: is called with the bytes that are compared, and all of them.

    Returns:
        The difference. Tensors are ordered by ``score`` with ``init``, else by ``relative``, with
        other shapes first.
    """
    both = [name for name in before if name in after]
    total, done, found = sum(before[name].nbytes for name in both), 0, []
    for name in both:
        found.append(_compare(before[name], after[name], init))
        done += before[name].nbytes
        if progress is not None:
            progress(done, total)
    found.sort(key=_by_score if init else _by_relative)
    return WeightsDiff(
        only_before=tuple(t for name, t in before.items() if name not in after),
        only_after=tuple(t for name, t in after.items() if name not in before),
        tensors=tuple(found),
        init=init,
    )


def _by_score(each: TensorDiff) -> tuple[bool, bool, float]:
    return each.shapes[0] == each.shapes[1], not each.is_other_distribution, -each.score


def _by_relative(each: TensorDiff) -> tuple[bool, bool, float]:
    return each.shapes[0] == each.shapes[1], each.is_equal, -each.relative


def _compare(a: Tensor, b: Tensor, init: bool) -> TensorDiff:
    kinds = (a.shape, b.shape), (a.dtype, b.dtype)
    if a.shape != b.shape:
        return TensorDiff(a.name, *kinds, is_equal=False)
    if not init and a.dtype == b.dtype and _same_bytes(a, b):
        return TensorDiff(a.name, *kinds, is_equal=True)
    is_equal, pair = True, _Pair()
    sides = _Moments(a.count), _Moments(b.count)
    with np.errstate(over="ignore", invalid="ignore"):
        for one, other in zip(a.blocks(_BLOCK), b.blocks(_BLOCK), strict=True):
            is_equal = is_equal and _equal(one, other)
            x, y = _real(one), _real(other)
            pair.add(x, y)
            sides[0].add(x)
            sides[1].add(y)
        distance, score, is_other = _distance(a, b, sides) if init else (None, 0.0, False)
    return TensorDiff(
        a.name, *kinds, is_equal, sides[0].values(), sides[1].values(), pair.max_diff,
        pair.mean_diff, pair.relative, pair.cosine, pair.non_finite, distance, score, is_other,
    )  # fmt: skip


def _same_bytes(a: Tensor, b: Tensor) -> bool:
    size = _BLOCK * DTYPES[a.dtype].itemsize
    pieces = zip(a.chunks(size), b.chunks(size), strict=True)
    return all(np.array_equal(np.frombuffer(x, "u1"), np.frombuffer(y, "u1")) for x, y in pieces)


def _equal(one: Array, other: Array) -> bool:
    if one.dtype.kind in "fc" and other.dtype.kind in "fc":
        return bool(np.array_equal(one, other, equal_nan=True))
    return bool(np.array_equal(one, other))


def _real(block: Array) -> npt.NDArray[np.float64]:
    """Return values as float64; of complex ones the real and the imaginary parts in turn."""
    parts = block.view(block.real.dtype) if block.dtype.kind == "c" else block
    return parts.astype(np.float64)


class _Pair:
    """Differences of two tensors, piece by piece."""

    def __init__(self) -> None:
        self.max_diff, self.non_finite = 0.0, 0
        self._count, self._diff, self._size = 0, 0.0, 0.0
        self._dot, self._squares = 0.0, [0.0, 0.0]

    def add(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> None:
        finite = np.isfinite(x) & np.isfinite(y)
        if not finite.all():
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            self.non_finite += int(np.count_nonzero(~finite & ~same))
            x, y = x[finite], y[finite]
        if not len(x):
            return
        diff = np.abs(x - y)
        self.max_diff = max(self.max_diff, float(diff.max()))
        self._count += len(x)
        self._diff += float(diff.sum())
        self._size += float(np.abs(x).sum() + np.abs(y).sum()) / 2
        self._dot += float(x @ y)
        self._squares[0] += float(x @ x)
        self._squares[1] += float(y @ y)

    @property
    def mean_diff(self) -> float:
        return self._diff / self._count if self._count else 0.0

    @property
    def relative(self) -> float:
        if self.non_finite:
            return math.inf
        return self._diff / self._size if self._size else 0.0

    @property
    def cosine(self) -> float | None:
        norm = math.sqrt(self._squares[0]) * math.sqrt(self._squares[1])
        return self._dot / norm if 0 < norm < math.inf else None


class _Moments:
    """Mean, standard deviation and range of a tensor, piece by piece, and a sample of it."""

    def __init__(self, count: int) -> None:
        self._step = max(count // _SAMPLE, 1)
        self._sample: list[npt.NDArray[np.float64]] = []
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf
        self._nans = self._infinities = 0

    def add(self, block: npt.NDArray[np.float64]) -> None:
        self._sample.append(block[:: self._step].copy())
        finite = np.isfinite(block)
        if not finite.all():
            nans = int(np.count_nonzero(np.isnan(block)))
            self._nans += nans
            self._infinities += int(np.count_nonzero(~finite)) - nans
            block = block[finite]
        if not len(block):
            return
        self.low, self.high = min(self.low, float(block.min())), max(self.high, float(block.max()))
        # two parts' means and squares combined (Chan, Golub, LeVeque 1983)
        mean, count = float(block.mean()), self._count + len(block)
        apart = mean - self._mean
        self._squares += float(np.square(block - mean).sum())
        self._squares += apart * apart * self._count * len(block) / count
        self._mean += apart * len(block) / count
        self._count = count

    @property
    def is_constant(self) -> bool:
        return self.low == self.high and not self._nans + self._infinities

    def sample(self) -> npt.NDArray[np.float64]:
        return np.concatenate(self._sample) if self._sample else np.empty(0)

    def values(self) -> Values:
        if not self._count:
            nan = math.nan
            return Values(nan, nan, nan, nan, self._nans, self._infinities)
        std = math.sqrt(self._squares / self._count)
        return Values(self._mean, std, self.low, self.high, self._nans, self._infinities)


def _distance(a: Tensor, b: Tensor, sides: tuple[_Moments, _Moments]) -> tuple[float, float, bool]:
    """Return the distance of two distributions, the score, and whether it is more than chance."""
    values = np.unique(np.concatenate([side.sample() for side in sides]))
    values = values[~np.isnan(values)]
    if not len(values):
        return 0.0, 0.0, False
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), _EDGES)).astype(np.int64))
    edges = values[places]
    shares, fourths = [], []
    for tensor, side in zip((a, b), sides, strict=True):
        counts, fourth = _counts(tensor, edges, side.values().mean)
        shares.append(np.cumsum(counts) / max(int(counts.sum()), 1))
        fourths.append(fourth)
    distance = float(np.abs(shares[0] - shares[1]).max())
    scores = [distance * math.sqrt(a.count / 2) / _CHANCE_DISTANCE]
    one, other = (side.values() for side in sides)
    if a.count >= _ENOUGH and one.std > 0 and other.std > 0:
        error = math.hypot(one.std, other.std) / math.sqrt(a.count)
        scores.append(abs(one.mean - other.mean) / error / _CHANCE_MOMENT)
        # the error of a standard deviation depends on the tails: lighter than normal is not assumed
        kurtosis = max(3.0, fourths[0] / one.std**4, fourths[1] / other.std**4)
        error = math.sqrt((kurtosis - 1) / (2 * a.count))
        scores.append(abs(math.log(one.std / other.std)) / error / _CHANCE_MOMENT)
    score = max(each for each in scores if math.isfinite(each))
    is_constant = a.count > 1 and any(side.is_constant for side in sides)
    return distance, score, score > 1 or (is_constant and distance > 0)


def _counts(
    tensor: Tensor, edges: npt.NDArray[np.float64], mean: float
) -> tuple[npt.NDArray[Any], float]:
    """Return how many values are in each interval, and the fourth moment of the finite ones.

    The intervals end with the edges; the last one has what is above all of them, and NaN.
    """
    counts, fourth, finite = np.zeros(len(edges) + 1, np.int64), 0.0, 0
    for block in map(_real, tensor.blocks(_BLOCK)):
        counts += np.bincount(np.searchsorted(edges, block), minlength=len(counts))
        apart = (block - mean) ** 2
        apart = apart[np.isfinite(apart)]
        fourth, finite = fourth + float(apart @ apart), finite + len(apart)
    return counts, fourth / max(finite, 1)


def _kind(tensor: Tensor) -> dict[str, object]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape}


def _number(value: float) -> str:
    return f"{value:.4g}"
