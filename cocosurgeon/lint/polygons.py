"""Polygons of many annotations, measured at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile import kernel
from cocosurgeon.annfile.columns import Array, Numbers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Polygons:
    """Polygons of annotations; each has at least one.

    Measures are of shape (annotations,). A number that is not finite makes its annotation's NaN.

    Attributes:
        x, y: of all points, in pixels.
        points: number of points of each polygon.
        parts: number of polygons of each annotation.
    """

    x: Array
    y: Array
    points: Numbers
    parts: Numbers

    @classmethod
    def of(cls, masks: Sequence[object]) -> tuple[Polygons, Flags]:
        """Take masks that are lists of polygons: of numbers, an even number, at least six.

        Returns:
            Those, and which masks they are.
        """
        numbers = array("d")
        lengths: list[int] = []
        parts: list[int] = []
        for mask in masks:
            size, first = len(numbers), len(lengths)
            try:
                for polygon in mask if isinstance(mask, list) else ():
                    numbers.fromlist(polygon)
                    lengths.append(_even(len(polygon)))
            except (TypeError, OverflowError):
                del numbers[size:], lengths[first:]
            parts.append(len(lengths) - first)
        pairs, counts = np.array(numbers).reshape(-1, 2), np.array(parts, np.int64)
        x, y = np.ascontiguousarray(pairs.T)
        points = np.array(lengths, np.int64) // 2
        return cls(x, y, points, counts[counts > 0]), counts > 0

    def chosen(self, which: Flags) -> Polygons:
        """Return those of some annotations."""
        if which.all():
            return self
        polygons = np.repeat(which, self.parts)
        points = np.repeat(polygons, self.points)
        return Polygons(self.x[points], self.y[points], self.points[polygons], self.parts[which])

    @cached_property
    def _starts(self) -> Numbers:
        starts: Numbers = np.cumsum(self.points) - self.points
        return starts

    @cached_property
    def _firsts(self) -> Numbers:
        firsts: Numbers = np.cumsum(self.parts) - self.parts
        return firsts

    def _next(self, values: Array) -> Array:
        """Return the value of each point's next one."""
        following = np.empty_like(values)
        following[:-1] = values[1:]
        following[self._starts + self.points - 1] = values[self._starts]
        return following

    def _sum(self, of_polygons: Array) -> Array:
        sums: Array = np.add.reduceat(of_polygons, self._firsts)
        return sums

    @cached_property
    def _corners(self) -> tuple[Array, Array, Array, Array]:
        """Least x and y, greatest x and y of each polygon."""
        low, high = np.minimum.reduceat, np.maximum.reduceat
        of = self._starts
        return low(self.x, of), low(self.y, of), high(self.x, of), high(self.y, of)

    @cached_property
    def corners(self) -> tuple[Array, Array, Array, Array]:
        """Least x and y, greatest x and y."""
        low, high = np.minimum.reduceat, np.maximum.reduceat
        x1, y1, x2, y2 = self._corners
        of = self._firsts
        return low(x1, of), low(y1, of), high(x2, of), high(y2, of)

    @cached_property
    def reach(self) -> Array:
        """Greatest absolute coordinate."""
        reach: Array = np.max(np.abs(self.corners), axis=0)
        return reach

    def are_inside(self, width: Array, height: Array) -> Flags:
        """Return of which annotations a polygon is not wholly outside of an image of that size."""
        x1, y1, x2, y2 = self._corners
        width, height = np.repeat(width, self.parts), np.repeat(height, self.parts)
        are_inside = (x2 > 0) & (y2 > 0) & (x1 < width) & (y1 < height)
        found: Flags = np.maximum.reduceat(are_inside, self._firsts)
        return found

    @cached_property
    def area(self) -> Array:
        """Sum of the areas of the polygons, in square pixels."""
        double = self.x * self._next(self.y) - self._next(self.x) * self.y
        return self._sum(np.abs(np.add.reduceat(double, self._starts))) / 2

    @cached_property
    def slack(self) -> Array:
        """Bound of what another order of the same operations changes in a measure."""
        many = self._sum(self.points).astype(np.float64)
        return 4e-15 * many * many * self.reach * np.maximum(self.reach, 1)

    @cached_property
    def outline(self) -> Array:
        """Length of the outlines in pixels, by the larger step of each side."""
        x, y = (np.abs(values - self._next(values)) for values in (self.x, self.y))
        return self._sum(np.add.reduceat(np.maximum(x, y), self._starts))

    @cached_property
    def are_turning(self) -> Flags:
        """True for several polygons, and for one that surely does not go one way round its mean."""
        sides = []
        for values in (self.x, self.y):
            means = np.add.reduceat(values, self._starts) / self.points
            sides.append(values - np.repeat(means, self.points))
        x, y = sides
        turns = x * self._next(y) - self._next(x) * y
        most = np.maximum.reduceat(turns, self._starts)[self._firsts]
        least = np.minimum.reduceat(turns, self._starts)[self._firsts]
        found: Flags = (self.parts > 1) | ((most > self.slack) & (least < -self.slack))
        return found

    def pixels(self, width: Array, height: Array, step: int) -> tuple[Array, Array]:
        """Return the least and the greatest number of pixels that pycocotools may draw.

        Args:
            width, height: of the images.
            step: 1 for the number itself; the larger, the faster and the farther apart.
        """
        sizes = np.repeat(np.ceil([height, width]).T.astype(np.int64), self.parts, axis=0)
        points = np.stack([self.x, self.y], axis=1)
        found = kernel.pixels(points.tobytes(), self.points.tobytes(), sizes.tobytes(), step)
        bounds = np.frombuffer(found, np.int64).reshape(-1, 2)
        return np.maximum.reduceat(bounds[:, 0], self._firsts), self._sum(bounds[:, 1])


def _even(length: int) -> int:
    """Return the length of a polygon that can be used; raise TypeError for others."""
    if length < 6 or length % 2:
        raise TypeError
    return length
