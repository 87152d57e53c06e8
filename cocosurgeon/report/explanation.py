"""What each step of a plan does to a dataset, told before anything is written."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass

import numpy as np

from cocosurgeon.dataset import Dataset
from cocosurgeon.identity import as_keys
from cocosurgeon.plan import Plan

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
    """What one step changes.

    Attributes:
        step: the step, as Python writes it.
        images, annotations: how many there are before and after.
        categories: annotations (panoptic: segments) by category, where the step changes it.
        notes: what the step wants known.
    """

    step: str
    images: Change
    annotations: Change
    categories: dict[str, Change]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The step for people."""
        lines = [self.step, f"  images {self.images}, annotations {self.annotations}"]
        shown = [f"{name} {change}" for name, change in self.categories.items()]
        if len(shown) > _CATEGORIES_SHOWN:
            shown[_CATEGORIES_SHOWN:] = [f"and {len(shown) - _CATEGORIES_SHOWN:,} more (--json)"]
        if shown:
            lines += textwrap.wrap(
                ", ".join(shown), 96, initial_indent="  ", subsequent_indent="  "
            )
        return lines + [f"  {note}" for note in self.notes]


def explain(plan: Plan, dataset: Dataset) -> tuple[list[StepChange], Dataset]:
    """What each step of a plan does, and the dataset after all of them."""
    changes: list[StepChange] = []
    counts = _by_category(dataset)
    for step, before, after in plan.trace(dataset):
        new_counts = _by_category(after)
        changes.append(
            StepChange(
                repr(step),
                Change(len(before.image_numbers), len(after.image_numbers)),
                Change(len(before.annotation_rows), len(after.annotation_rows)),
                {
                    name: Change(n, new_counts[name])
                    for name, n in counts.most_common()
                    if n != new_counts[name]
                },
                after.notes[len(before.notes) :],
            )
        )
        dataset, counts = after, new_counts
    return changes, dataset


def _by_category(dataset: Dataset) -> Counter[str]:
    records = dataset.annotation_records
    if records is None:
        return Counter()
    names = {c.id: c.name for c in dataset.categories}
    column = "segments_category_ids" if dataset.is_panoptic else "category_id"
    values = records.column(column).array[dataset.annotation_rows]
    if dataset.is_panoptic:
        ids = Counter(i for segments in values if segments for i in segments)
    elif values.dtype == np.int64:
        unique, counts = np.unique(values, return_counts=True)
        ids = Counter(dict(zip(unique.tolist(), counts.tolist(), strict=True)))
    else:
        ids = Counter(as_keys(values).tolist())
    by_name: Counter[str] = Counter()
    for i, n in ids.items():
        by_name[str(names.get(i) or f"category_id {i}")] += n
    return by_name
