"""Steps and plans: changes of a dataset, as values that can be traced and saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from cocosurgeon.page import table
from cocosurgeon.select.filter import AnyFilter, Columns, PlanPart, all_columns, as_filter

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress


class Step(PlanPart, ABC):
    """One operation on a dataset, which returns a new dataset."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of files that ``bind`` reads."""
        return ()

    @abstractmethod
    def apply(self, dataset: Dataset) -> Dataset:
        """Return the dataset after the step.

        Raises:
            RequestError: the file lacks a name or id of the step.
        """

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        """Return the step with everything filled in that depends on the file or on other files.

        Args:
            progress: called with (bytes done, bytes in all) while another file is read.
        """
        return self


class Unbound(Step):
    """A step that depends on the file: ``7`` is a number or a string, as the file's ids are."""

    @abstractmethod
    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        """Return the step for this file."""

    def apply(self, dataset: Dataset) -> Dataset:
        return self.bind(dataset).apply(dataset)


class CategoryStep(Step):
    """A step that changes categories."""

    @property
    def columns(self) -> Columns:
        from cocosurgeon.dataset.references import CATEGORY_COLUMNS

        return dict.fromkeys(("images", "annotations"), CATEGORY_COLUMNS)


@dataclass(frozen=True, repr=False, eq=False)
class Keep(Step):
    """Keep the images, or the annotations, that a filter marks; see ``Dataset.keep``."""

    is_by_record = True

    recipe_keys: ClassVar[Mapping[str, str]] = {"filter": "question"}

    filter: AnyFilter

    def __init__(self, filter: AnyFilter | pd.Series) -> None:
        object.__setattr__(self, "filter", as_filter(filter))

    @property
    def columns(self) -> Columns:
        return self.filter.columns

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.keep(self.filter)

    def words(self) -> str | None:
        return self.filter.words()


@dataclass(frozen=True, repr=False, eq=False)
class Except(Unbound):
    """Keep what another step drops, and drop what it keeps.

    Attributes:
        of: that step; bound to a file, it is a ``Keep``.
    """

    of: Unbound

    @property
    def files(self) -> tuple[str, ...]:
        return self.of.files

    @property
    def columns(self) -> Columns:
        return self.of.columns

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        return Keep(~cast(Keep, self.of.bind(dataset, progress)).filter)


@dataclass(frozen=True, repr=False, eq=False)
class Plan(Step):
    """Steps that are applied in the order given: ``Plan(First(100), Empty())``.

    A filter, or a mask made with pandas, becomes a ``Keep`` step. A plan is a step, too.

    Attributes:
        steps: the steps, in order; those of plans among them one by one.
    """

    steps: tuple[Step, ...]

    def __init__(self, *steps: Step | AnyFilter | pd.Series) -> None:
        flat: list[Step] = []
        for step in steps:
            if isinstance(step, Plan):
                flat += step.steps
            else:
                flat.append(step if isinstance(step, Step) else Keep(step))
        object.__setattr__(self, "steps", tuple(flat))

    def __repr__(self) -> str:
        return f"Plan({', '.join(map(repr, self.steps))})"

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: the steps, numbered."""
        rows = [(str(number), repr(step)) for number, step in enumerate(self.steps, 1)]
        return table([("", "step"), *rows], (1,))

    @property
    def changes_categories(self) -> bool:
        """True if a step changes categories."""
        return any(isinstance(step, CategoryStep) for step in self.steps)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of files that ``bind`` of its steps reads."""
        return tuple(path for step in self.steps for path in step.files)

    @property
    def columns(self) -> Columns:
        return all_columns(self.steps)

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Plan:
        return Plan(*(step.bind(dataset, progress) for step in self.steps))

    def apply(self, dataset: Dataset) -> Dataset:
        for step in self.steps:
            dataset = step.apply(dataset)
        return dataset

    def trace(self, dataset: Dataset) -> Iterator[tuple[Step, Dataset, Dataset]]:
        """Yield each step with the dataset before and after it."""
        for step in self.steps:
            after = step.apply(dataset)
            yield step, dataset, after
            dataset = after
