"""The effect of each step of a plan, before anything is written."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.select.plan import Plan

_CATEGORIES_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """A count before and after a step."""

    before: int
    after: int

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.after:,}"
        return f"{self.before:,} -> {self.after:,}"


@dataclass(frozen=True)
class StepChange:
    """The effect of one step.

    Attributes:
        step: the step, as Python writes it.
        images, annotations: how many there are before and after.
        categories: annotations (panoptic: segments) by category, where the step changes it.
        notes: facts that the step adds.
    """

    step: str
    images: Change
    annotations: Change
    categories: Mapping[str, Change]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the step for people."""
        lines = [self.step, f"  images {self.images}, annotations {self.annotations}"]
        shown = [f"{name} {change}" for name, change in self.categories.items()]
        if len(shown) > _CATEGORIES_SHOWN:
            shown[_CATEGORIES_SHOWN:] = [f"and {len(shown) - _CATEGORIES_SHOWN:,} more (--json)"]
        if shown:
            text = ", ".join(shown)
            lines += textwrap.wrap(text, 96, initial_indent="  ", subsequent_indent="  ")
        return lines + [f"  {note}" for note in self.notes]


@dataclass(frozen=True, eq=False)
class PlanTrace:
    """The effect of a plan.

    Attributes:
        steps: each step's change, in order.
        result: the dataset after all of them.
    """

    steps: tuple[StepChange, ...]
    result: Dataset


def trace_plan(plan: Plan, dataset: Dataset) -> PlanTrace:
    """Return the effect of each step of a plan on a dataset."""
    changes: list[StepChange] = []
    counts = _by_category(dataset)
    for step, before, after in plan.trace(dataset):
        new_counts = _by_category(after)
        names = dict.fromkeys([*(name for name, _ in counts.most_common()), *new_counts])
        changes.append(
            StepChange(
                repr(step),
                Change(len(before.image_indices), len(after.image_indices)),
                Change(len(before.annotation_rows), len(after.annotation_rows)),
                {
                    name: Change(counts[name], new_counts[name])
                    for name in names
                    if counts[name] != new_counts[name]
                },
                after.notes[len(before.notes) :],
            )
        )
        dataset, counts = after, new_counts
    return PlanTrace(tuple(changes), dataset)


def _by_category(dataset: Dataset) -> Counter[str]:
    rows, cat_ids = dataset.category_pairs
    kept = np.zeros(len(dataset.index.image_of_annotation), dtype=np.bool_)
    kept[dataset.annotation_rows] = True
    names = {c.id: c.name for c in dataset.categories}
    by_name: Counter[str] = Counter({str(c.name): 0 for c in dataset.categories})
    for cat_id, n in Counter(cat_ids[kept[rows]].tolist()).items():
        by_name[str(names.get(cat_id) or f"category_id {cat_id}")] += n
    return by_name
