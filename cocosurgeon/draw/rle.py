"""Run-length encoded masks, decoded only at drawn pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.masks import rle_runs


@dataclass(frozen=True, eq=False)
class Rle:
    """A mask in run lengths, column by column.

    Attributes:
        height, width: size in pixels.
        ends: end of each run, counted in pixels; runs of 0 and of 1 alternate.
    """

    height: int
    width: int
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, mask: Mapping[str, Any]) -> Rle | None:
        """Return the mask of a faultless value of ``segmentation``; None if it is too large."""
        height, width = mask["size"]
        if height * width >= 1 << 62:
            return None
        counts = mask["counts"]
        runs = counts if isinstance(counts, list) else rle_runs(counts)
        return cls(height, width, np.cumsum(np.array(runs, np.int64)))

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the corners of the smallest box around the mask; None for an empty mask."""
        starts, ends = self.ends[:-1:2], self.ends[1::2]
        is_run = starts < ends
        if not is_run.any():
            return None
        (left, top), (right, bottom) = (
            np.divmod(at[is_run], self.height) for at in (starts, ends - 1)
        )
        is_within_column = bool((left == right).all())
        y1, y2 = (top.min(), bottom.max() + 1) if is_within_column else (0, self.height)
        return float(left[0]), float(y1), float(right[-1] + 1), float(y2)

    def at(self, xs: npt.NDArray[np.int64], ys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return the mask at some columns and rows, shape (rows, columns)."""
        places = xs[:, None] * self.height + ys[None, :]
        is_inside: npt.NDArray[np.bool_] = np.searchsorted(self.ends, places, "right").T % 2 == 1
        return is_inside
