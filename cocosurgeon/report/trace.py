"""The effect of each step of a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.page import Report, Row, table, text
from cocosurgeon.select.filter import AnyFilter
from cocosurgeon.select.plan import Plan, Step
from cocosurgeon.text import cut, table_lines

_CATEGORIES_SHOWN = 20
_LONGEST = 46
"""Most characters of a step in the table of steps, which fits into 80 columns."""
_STEPS_SHOWN = 6
"""Most steps with a column of their own in the table of categories."""


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
        step: the step, as Python code.
        images, annotations: numbers before and after.
        categories: annotations (panoptic: segments) by category, for categories that the step
            changes.
        notes: facts from the step.
    """

    step: str
    images: Change
    annotations: Change
    categories: Mapping[str, Change]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PlanTrace(Report):
    """The effect of a plan.

    Attributes:
        steps: the effect of each step, in order.
        result: the dataset after all steps.
    """

    steps: tuple[StepChange, ...]
    result: Dataset

    def lines(self, width: int | None = None) -> list[str]:
        """Return tables of the steps and of the categories, the greatest loss first, as text.

        Args:
            width: most characters of a line; None: no limit.
        """
        lines = table_lines(self._step_rows(), frozenset((2, 3)), width)
        if rows := self._category_rows():
            lines += ["", *table_lines(rows, frozenset(range(1, len(rows[0]))), width)]
        return lines + self._more()

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: the same tables."""
        parts = [table(self._step_rows(), (1,))]
        if rows := self._category_rows():
            parts.append(table(rows, (0,)))
        return "\n".join([*parts, *(f"<p>{text(line)}</p>" for line in self._more())])

    def _step_rows(self) -> list[Row]:
        rows: list[Row] = [("", "step", "images", "annotations")]
        if self.steps:
            first = self.steps[0]
            rows.append(("", "before", f"{first.images.before:,}", f"{first.annotations.before:,}"))
        for number, s in enumerate(self.steps, 1):
            counts = f"{s.images.after:,}", f"{s.annotations.after:,}"
            rows.append((str(number), cut(s.step, _LONGEST), *counts))
        return rows

    def _category_rows(self) -> list[Row]:
        has_each = len(self.steps) <= _STEPS_SHOWN
        heads = [str(number) for number in range(1, len(self.steps))] if has_each else []
        rows: list[Row] = [("category", "before", *heads, "after", "change")]
        for name, values in self._categories()[:_CATEGORIES_SHOWN]:
            shown = values if has_each else [values[0], values[-1]]
            rows.append((name, *(f"{n:,}" for n in shown), f"{values[-1] - values[0]:+,}"))
        return rows if len(rows) > 1 else []

    def _more(self) -> list[str]:
        hidden = len(self._categories()) - _CATEGORIES_SHOWN
        return [f"... {hidden:,} more"] if hidden > 0 else []

    def _categories(self) -> list[tuple[str, list[int]]]:
        """Return annotations by category, before and after each step, the greatest loss first."""
        names = dict.fromkeys(name for step in self.steps for name in step.categories)
        found = {}
        for name in names:
            changes = [step.categories.get(name) for step in self.steps]
            values = [next(change.before for change in changes if change is not None)]
            for change in changes:
                values.append(values[-1] if change is None else change.after)
            found[name] = values
        return sorted(found.items(), key=lambda item: item[1][-1] - item[1][0])


def trace_plan(plan: Step | AnyFilter, dataset: Dataset) -> PlanTrace:
    """Apply a plan, step or filter to a dataset, and return the effect of each step.

    Raises:
        RequestError: see ``Step.apply``.
    """
    changes: list[StepChange] = []
    counts = _by_category(dataset)
    for step, before, after in Plan(plan).trace(dataset):
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
    names = {c.id: c.name for c in dataset.categories}
    by_name: Counter[str] = Counter({str(c.name): 0 for c in dataset.categories})
    for cat_id, n in Counter(dataset.kept_category_pairs[1].tolist()).items():
        by_name[str(names.get(cat_id) or f"category_id {cat_id}")] += n
    return by_name
