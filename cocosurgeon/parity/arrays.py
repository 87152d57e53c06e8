"""Two arrays of the same name, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from cocosurgeon.errors import DataError
from cocosurgeon.parity.record_steps import sampled_places
from cocosurgeon.parity.recorded import Checkpoint

Array: TypeAlias = np.ndarray[Any, Any]
_ROUNDING = 1e-6
"""Part of the largest value by which two means of the same values may differ."""


@dataclass(frozen=True)
class Values:
    """One array of a checkpoint: all elements, or those that were sampled.

    Attributes:
        numbers: the elements that are there, flat.
        shape: of the whole array.
        dtype: as it was recorded, ``bfloat16`` too.
        places: of the elements in the flat array; None: all.
        sample: statistics of the whole array; empty where all elements are there.
    """

    numbers: Array
    shape: tuple[int, ...]
    dtype: str
    places: Array | None
    sample: dict[str, Any]

    @classmethod
    def of(cls, checkpoint: Checkpoint, path: str) -> Values:
        """Return the array at a path of a checkpoint.

        Raises:
            DataError: it is not what was sampled of its shape.
        """
        array = checkpoint.arrays[path]
        dtype = checkpoint.about["dtypes"].get(path, str(array.dtype))
        sample = checkpoint.about["samples"].get(path)
        if sample is None:
            return cls(array.reshape(-1), array.shape, dtype, None, {})
        shape = tuple(sample["shape"])
        size = int(np.prod(shape))
        places = sampled_places(size, checkpoint.about["limit"])
        if array.shape != places.shape:
            raise DataError(
                f"{array.shape} elements of {shape}, and not {places.shape}",
                where=str(checkpoint.path),
            )
        return cls(array, shape, dtype, places, sample)


@dataclass(frozen=True)
class Pair:
    """Two arrays of one shape: the elements that both have.

    Attributes:
        x, y: elements of A and of B, flat, in double precision.
        places: where they are in the flat array.
        shape: of the whole arrays.
        dtypes: types of A and of B.
        samples: statistics of the whole arrays; empty where all elements are there.
    """

    x: Array
    y: Array
    places: Array
    shape: tuple[int, ...]
    dtypes: tuple[str, str]
    samples: tuple[dict[str, Any], dict[str, Any]] = ({}, {})

    @classmethod
    def of(cls, a: Values, b: Values) -> Pair:
        """Return the elements that are in both samples."""
        size = int(np.prod(a.shape))
        here = np.arange(size) if a.places is None else a.places
        there = np.arange(size) if b.places is None else b.places
        places, rows, others = np.intersect1d(here, there, assume_unique=True, return_indices=True)
        x, y = a.numbers[rows].astype("float64"), b.numbers[others].astype("float64")
        return cls(x, y, places, a.shape, (a.dtype, b.dtype), (a.sample, b.sample))

    @cached_property
    def scale(self) -> float:
        """Return the largest value of A."""
        sample = self.samples[0]
        bounds = [abs(sample[key]) for key in ("min", "max") if sample.get(key) is not None]
        finite = np.abs(self.x[np.isfinite(self.x)])
        return float(max([*bounds, finite.max(initial=0.0)]))

    def error(self, floor: float = 0.0) -> float:
        """Return the largest difference, divided by the largest value of A.

        Statistics of the whole arrays count, too, where only samples are there.

        Args:
            floor: the least that the difference is divided by.
        """
        finite = np.isfinite(self.x) & np.isfinite(self.y)
        if not np.array_equal(self.x[~finite], self.y[~finite], equal_nan=True):
            return float("inf")
        largest = float(np.abs(self.y[finite] - self.x[finite]).max(initial=0.0))
        a, b = self.samples
        if a and b:
            if a["not_finite"] != b["not_finite"]:
                return float("inf")
            for key in ("mean", "min", "max"):
                if a[key] is not None and b[key] is not None:
                    apart = abs(b[key] - a[key])
                    if key != "mean" or apart > _ROUNDING * self.scale:
                        largest = max(largest, apart)
        if largest == 0:
            return 0.0
        return largest / (max(self.scale, floor) or largest)

    @property
    def not_finite(self) -> tuple[int, int]:
        """Return how many elements of A and of B are infinite or NaN."""
        elements = (int((~np.isfinite(side)).sum()) for side in (self.x, self.y))
        a, b = (s.get("not_finite", n) for s, n in zip(self.samples, elements, strict=True))
        return a, b

    @cached_property
    def is_whole(self) -> bool:
        """Return whether no element is missing."""
        return len(self.places) == int(np.prod(self.shape))

    def coordinates(self) -> tuple[Array, ...]:
        """Return the place of each element on each axis."""
        return np.unravel_index(self.places, self.shape)


def finite(pair: Pair) -> tuple[Array, Array]:
    """Return the elements that are finite in both."""
    kept = np.isfinite(pair.x) & np.isfinite(pair.y)
    return pair.x[kept], pair.y[kept]


def rms(values: Array) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt((values * values).mean())) if values.size else 0.0
