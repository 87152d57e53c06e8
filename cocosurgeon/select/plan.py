"""Steps in order: what is done to a dataset, as values that can be explained and saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.dataset.dataset import Dataset, Order, as_count, require_order
from cocosurgeon.select.filter import AnyFilter, ReprMixin, as_filter

if TYPE_CHECKING:
    import pandas as pd


class Step(ABC, ReprMixin):
    """One operation: a dataset in, a dataset out."""

    @abstractmethod
    def apply(self, dataset: Dataset) -> Dataset:
        """The dataset after the step."""


@dataclass(frozen=True, repr=False)
class Keep(Step):
    """Keep the images, or the annotations, that answer yes; see ``Dataset.keep``."""

    question: AnyFilter

    def __init__(self, question: AnyFilter | pd.Series) -> None:
        object.__setattr__(self, "question", as_filter(question))

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.keep(self.question)


@dataclass(frozen=True, repr=False)
class _ByPosition(Step):
    """A step that counts images.

    Attributes:
        n: how many.
        order: ``file``, or ``id`` as loaders that sort see them.
    """

    n: int
    order: Order = "file"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_count(self.n))
        require_order(self.order)


@dataclass(frozen=True, repr=False)
class First(_ByPosition):
    """Keep the first n images."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.first(self.n, self.order)


@dataclass(frozen=True, repr=False)
class Last(_ByPosition):
    """Keep the last n images."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.last(self.n, self.order)


@dataclass(frozen=True, repr=False)
class Skip(_ByPosition):
    """Leave out the first n images."""

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.skip(self.n, self.order)


@dataclass(frozen=True, repr=False)
class Sample(Step):
    """Keep n images drawn by a seed; see ``Dataset.sample``."""

    n: int
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_count(self.n))

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.sample(self.n, self.seed)


@dataclass(frozen=True, repr=False)
class Cascade(Step):
    """Let a further top-level list follow the images; see ``Dataset.cascade``."""

    name: str

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.cascade(self.name)


@dataclass(frozen=True, repr=False)
class Plan(Step):
    """Steps, done in the order in which they stand: ``Plan(First(100), Empty())``.

    A filter, or a mask made with pandas, stands for ``Keep`` of it. A plan is a step itself.
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

    def apply(self, dataset: Dataset) -> Dataset:
        for step in self.steps:
            dataset = step.apply(dataset)
        return dataset

    def trace(self, dataset: Dataset) -> Iterator[tuple[Step, Dataset, Dataset]]:
        """Each step with the dataset before and after it."""
        for step in self.steps:
            after = step.apply(dataset)
            yield step, dataset, after
            dataset = after
