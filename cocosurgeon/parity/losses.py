"""Losses of two recordings: each term by number of objects, and what it is divided by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import inf, log

import numpy as np

from cocosurgeon.parity.arrays import Array
from cocosurgeon.parity.batch_form import batch_values
from cocosurgeon.parity.recorded import Checkpoint

_MISS = 2e-3
"""Share by which a ratio may miss in the first step that differs."""


@dataclass(frozen=True)
class StepLoss:
    """The losses of one step.

    Attributes:
        boxes: number of objects of each image; empty where the batch was not recorded.
        a, b: terms of both sides by name: a number, or one for each image.
    """

    boxes: tuple[int, ...]
    a: Mapping[str, Array]
    b: Mapping[str, Array]

    @classmethod
    def of(
        cls, batch: Checkpoint | None, a: Mapping[str, Array], b: Mapping[str, Array]
    ) -> StepLoss:
        """Return the losses of a step with the objects of its batch."""
        boxes = () if batch is None else batch_values(batch)[0].get("boxes", ())
        return cls(tuple(len(of_image) for of_image in boxes), a, b)

    def divisors(self) -> dict[str, float]:
        """Return what a loss is usually divided by, in this batch."""
        total = float(max(sum(self.boxes), 1))
        with_boxes = float(max(sum(n > 0 for n in self.boxes), 1))
        return {
            "1": 1.0,
            "the number of images": float(len(self.boxes)),
            "the number of boxes": total,
            "4 times the number of boxes": 4 * total,
            "the number of images with boxes": with_boxes,
        }

    def ratio(self, term: str) -> float | None:
        """Return B divided by A; None where that is no number, or one for each image."""
        a, b = self.a.get(term), self.b.get(term)
        if a is None or b is None or a.size != 1 or b.size != 1 or not a.item():
            return None
        return float(b.item()) / float(a.item())


def reduction(term: str, steps: Sequence[StepLoss]) -> str | None:
    """Return what each side divides a loss by; None where no usual divisor fits.

    Args:
        steps: the first step in which the term differs, and those after it. Later ones only choose
            between divisors that fit the first: by then the parameters differ, too.
    """
    first = steps[0].ratio(term)
    if first is None or not steps[0].boxes or not 0 < first < inf:
        return None
    found = []
    divisors = steps[0].divisors()
    for one, other in permutations(divisors, 2):
        if divisors[one] == divisors[other]:
            continue  # explains no difference, and fits each ratio near 1
        first_miss, *later = _misses(term, steps, one, other)
        if first_miss <= _MISS:
            found.append((sum(later), f"A divides by {one}, B by {other}"))
    if not found:
        return None
    least = min(found)[0]
    fitting = [words for later, words in found if later <= 1.5 * least]
    return f"B is {first:.5g} times A: " + ", or ".join(fitting[:3])


def _misses(term: str, steps: Sequence[StepLoss], one: str, other: str) -> Iterator[float]:
    """Yield for each step by how much the ratio of two divisors misses that of the losses."""
    for step in steps:
        ratio = step.ratio(term)
        if ratio is not None and ratio > 0 and step.boxes:
            divisors = step.divisors()
            yield abs(log(ratio * divisors[other] / divisors[one]))


def by_objects(steps: Sequence[StepLoss]) -> list[tuple[str, int, int, float, float]]:
    """Return each term by number of objects: term, objects, samples, mean of A, mean of B.

    The number is that of an image where a term has a number for each image, else of the batch.
    """
    rows: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for step in steps:
        for term in step.a:
            a, b = step.a[term].reshape(-1), step.b.get(term, np.zeros(0)).reshape(-1)
            if len(a) != len(b) or not step.boxes:
                continue
            if len(a) == 1:
                counts: Sequence[int] = [sum(step.boxes)]
            elif len(a) == len(step.boxes):
                counts = step.boxes
            else:
                continue
            for count, x, y in zip(counts, a, b, strict=True):
                rows.setdefault((term, count), []).append((float(x), float(y)))
    found = []
    for (term, count), pairs in sorted(rows.items()):
        a_mean, b_mean = np.mean(pairs, axis=0).tolist()
        found.append((term, count, len(pairs), a_mean, b_mean))
    return found
