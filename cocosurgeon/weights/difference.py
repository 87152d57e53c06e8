"""Differences between two checkpoints: names, shapes, types, values, distributions of values.

Tensors are read a piece at a time. Nothing is printed or written here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from os import PathLike

import numpy as np
import numpy.typing as npt

from cocosurgeon.progress import progress_of
from cocosurgeon.text import first_few, one_line, plural, table_lines
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.dtypes import DTYPES, Array
from cocosurgeon.weights.tensor import Tensor

State = str | PathLike[str] | Mapping[str, Tensor]
"""A checkpoint file, or tensors by name."""

_BLOCK = 1 << 16
_SAMPLE = 1 << 17
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
        relative: root mean square of the differences, divided by that of both tensors' values.
        cosine: between both as vectors; None where one is zero.
        non_finite: places where one is NaN or infinite, and the other is not the same.
        distance: largest difference of the shares of values up to some number (the statistic of
            Kolmogorov and Smirnov), in a sample of 131,072 values at least, or of all; None: not
            asked for.
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
                lines.append(f"{what} of one value with another value in B: {first_few(single)}")
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


def diff(before: State, after: State, *, init: bool = False) -> WeightsDiff:
    """Compare two checkpoints.

    Args:
        before, after: files, or tensors by name; see ``checkpoint.read_checkpoint``.
        init: compare distributions of values: two initializations of one model by one rule have
            other values, and the same distributions.

    Returns:
        The difference. Tensors are ordered by ``score`` with ``init``, else by ``relative``, with
        other shapes first.

    Raises:
        DataError: a file is no checkpoint.
    """
    before, after = _tensors(before), _tensors(after)
    both = [name for name in before if name in after]
    total, done, found = sum(before[name].nbytes for name in both), 0, []
    with progress_of("comparing") as progress:
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


def _tensors(state: State) -> Mapping[str, Tensor]:
    return read_checkpoint(state).tensors if isinstance(state, (str, PathLike)) else state


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
    sides = _Moments(a.count, init), _Moments(b.count, init)
    with np.errstate(over="ignore", invalid="ignore"):
        for one, other in zip(a.blocks(_BLOCK), b.blocks(_BLOCK), strict=True):
            is_equal = is_equal and _equal(one, other)
            x, y = _real(one), _real(other)
            finite = sides[0].add(x), sides[1].add(y)
            pair.add(x, y, all(finite))
        distance, score, is_other = _distance(*sides) if init else (None, 0.0, False)
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


def _dot(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    # not x @ y: on a busy machine, threads of a BLAS wait for each other 30 times as long
    return float(np.einsum("i,i->", x, y))


class _Pair:
    """Differences of two tensors, piece by piece."""

    def __init__(self) -> None:
        self.max_diff, self.non_finite = 0.0, 0
        self._count, self._sum = 0, 0.0
        self._dot, self._squares = 0.0, [0.0, 0.0, 0.0]

    def add(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], is_finite: bool) -> None:
        if not is_finite:
            finite = np.isfinite(x) & np.isfinite(y)
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            self.non_finite += int(np.count_nonzero(~finite & ~same))
            x, y = x[finite], y[finite]
        if not len(x):
            return
        diff = x - y
        np.abs(diff, out=diff)
        self.max_diff = max(self.max_diff, float(diff.max()))
        self._count += len(x)
        self._sum += float(diff.sum())
        self._dot += _dot(x, y)
        for place, each in enumerate((x, y, diff)):
            self._squares[place] += _dot(each, each)

    @property
    def mean_diff(self) -> float:
        return self._sum / self._count if self._count else 0.0

    @property
    def relative(self) -> float:
        one, other, diff = self._squares
        if self.non_finite:
            return math.inf
        return math.sqrt(2 * diff / (one + other)) if one + other else 0.0

    @property
    def cosine(self) -> float | None:
        norm = math.sqrt(self._squares[0]) * math.sqrt(self._squares[1])
        return self._dot / norm if 0 < norm < math.inf else None


class _Moments:
    """Mean, standard deviation and range of a tensor, piece by piece, and a sample of it."""

    def __init__(self, count: int, is_sampled: bool) -> None:
        # an odd step: lengths of rows are even, and a sample of one column would be none
        self._step = max(count // _SAMPLE, 1) - 1 | 1 if is_sampled else 0
        self._sample: list[npt.NDArray[np.float64]] = []
        self.count = count
        self._count, self._shift, self._sum, self._squares = 0, 0.0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf
        self._nans = self._infinities = 0

    def add(self, block: npt.NDArray[np.float64]) -> bool:
        """Add values; return whether all are finite."""
        if self._step:
            self._sample.append(block[:: self._step].copy())
        low, high = float(block.min()), float(block.max())
        is_finite = math.isfinite(low) and math.isfinite(high)  # NaN is the least and the largest
        if not is_finite:
            nans = int(np.count_nonzero(np.isnan(block)))
            finite = block[np.isfinite(block)]
            self._nans += nans
            self._infinities += len(block) - len(finite) - nans
            if not len(finite):
                return False
            block, low, high = finite, float(finite.min()), float(finite.max())
        if not self._count:
            self._shift = float(block[0])  # sums of what is near 0 are exact enough
        self.low, self.high = min(self.low, low), max(self.high, high)
        apart = block - self._shift
        self._sum += float(apart.sum())
        self._squares += _dot(apart, apart)
        self._count += len(block)
        return is_finite

    @property
    def is_constant(self) -> bool:
        """Return whether it is one finite value, several times."""
        return self._count > 1 and self.low == self.high and not self._nans + self._infinities

    def sample(self) -> npt.NDArray[np.float64]:
        """Return a sample, sorted, with NaN last."""
        return np.sort(np.concatenate(self._sample)) if self._sample else np.empty(0)

    def values(self) -> Values:
        if not self._count:
            nan = math.nan
            return Values(nan, nan, nan, nan, self._nans, self._infinities)
        mean = self._sum / self._count
        std = math.sqrt(max(self._squares / self._count - mean * mean, 0.0))
        return Values(self._shift + mean, std, self.low, self.high, self._nans, self._infinities)


def _distance(a: _Moments, b: _Moments) -> tuple[float, float, bool]:
    """Return the distance of two distributions, the score, and whether it is more than chance."""
    one, other, samples = a.values(), b.values(), (a.sample(), b.sample())
    count = len(samples[0])
    points = np.concatenate(samples)
    points = points[~np.isnan(points)]
    if not len(points):
        return 0.0, 0.0, False
    shares = [np.searchsorted(sample, points, side="right") / count for sample in samples]
    distance = float(np.abs(shares[0] - shares[1]).max())
    scores = [distance * math.sqrt(count / 2) / _CHANCE_DISTANCE]
    if count >= _ENOUGH and one.std > 0 and other.std > 0:
        error = math.hypot(one.std, other.std) / math.sqrt(a.count)
        scores.append(abs(one.mean - other.mean) / error / _CHANCE_MOMENT)
        # the error of a standard deviation depends on the tails: lighter than normal is not assumed
        tails = (_kurtosis(s, v) for s, v in zip(samples, (one, other), strict=True))
        error = math.sqrt((max(3.0, *tails) - 1) / (2 * a.count))
        scores.append(abs(math.log(one.std / other.std)) / error / _CHANCE_MOMENT)
    score = max(each for each in scores if math.isfinite(each))
    return distance, score, score > 1 or ((a.is_constant or b.is_constant) and distance > 0)


def _kurtosis(sample: npt.NDArray[np.float64], values: Values) -> float:
    squares = np.square((sample[np.isfinite(sample)] - values.mean) / values.std)
    return _dot(squares, squares) / max(len(squares), 1)


def _kind(tensor: Tensor) -> dict[str, object]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape}


def _number(value: float) -> str:
    return f"{value:.4g}"
