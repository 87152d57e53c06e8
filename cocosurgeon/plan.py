"""Steps in order: what is done to a dataset, as values that can be explained and saved."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.errors import RequestError
from cocosurgeon.question import Order, Question, Readable, as_question

if TYPE_CHECKING:
    import pandas as pd

    from cocosurgeon.dataset import Dataset

_LONGEST_SLUG = 60


class Step(ABC, Readable):
    """One operation: a dataset in, a dataset out."""

    @abstractmethod
    def apply(self, dataset: Dataset) -> Dataset:
        """The dataset after the step."""

    @abstractmethod
    def slug(self) -> str:
        """A few words for a file name."""


@dataclass(frozen=True, repr=False)
class Keep(Step):
    """Keep the images, or the annotations, that answer yes; see ``Dataset.keep``."""

    question: Question

    def __init__(self, question: Question | pd.Series) -> None:
        object.__setattr__(self, "question", as_question(question))

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.keep(self.question)

    def __repr__(self) -> str:
        return f"Keep({self.question!r})"

    def slug(self) -> str:
        return self.question.slug()


@dataclass(frozen=True, repr=False)
class First(Step):
    """Keep the first n images, by the file's order or by id."""

    n: int
    order: Order = "file"

    def __post_init__(self) -> None:
        _require_number_and_order(self.n, self.order)

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.first(self.n, self.order)

    def slug(self) -> str:
        return f"first{self.n}{_by(self.order)}"


@dataclass(frozen=True, repr=False)
class Last(Step):
    """Keep the last n images, by the file's order or by id."""

    n: int
    order: Order = "file"

    def __post_init__(self) -> None:
        _require_number_and_order(self.n, self.order)

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.last(self.n, self.order)

    def slug(self) -> str:
        return f"last{self.n}{_by(self.order)}"


@dataclass(frozen=True, repr=False)
class Skip(Step):
    """Leave out the first n images, by the file's order or by id."""

    n: int
    order: Order = "file"

    def __post_init__(self) -> None:
        _require_number_and_order(self.n, self.order)

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.skip(self.n, self.order)

    def slug(self) -> str:
        return f"skip{self.n}{_by(self.order)}"


@dataclass(frozen=True, repr=False)
class Sample(Step):
    """Keep n images drawn by a seed; see ``Dataset.sample``."""

    n: int
    seed: int = 0

    def __post_init__(self) -> None:
        _require_number_and_order(self.n, "file")

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.sample(self.n, self.seed)

    def slug(self) -> str:
        return f"sample{self.n}-seed{self.seed}"


@dataclass(frozen=True, repr=False)
class Cascade(Step):
    """Let a further top-level list follow the images; see ``Dataset.cascade``."""

    name: str

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.cascade(self.name)

    def slug(self) -> str:
        return ""


@dataclass(frozen=True, repr=False)
class Plan(Step):
    """Steps, done in the order in which they stand: ``Plan(First(100), Empty())``.

    A filter, or a mask made with pandas, stands for ``Keep`` of it. A plan is a step itself.
    """

    steps: tuple[Step, ...]

    def __init__(self, *steps: Step | Question | pd.Series) -> None:
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

    def slug(self) -> str:
        """What a file made by this plan is called after its source's name.

        Letters, digits, dots and hyphens; where that would be long or would lose something, a
        hash of the steps ends it, so that different plans have different names.
        """
        words = [s for step in self.steps if (s := step.slug())]
        plain = "_".join(words) or "all"
        safe = re.sub(r"[^\w.-]+", "-", plain).strip("-.")
        if safe == plain and len(safe) <= _LONGEST_SLUG:
            return safe
        digest = hashlib.blake2b(plain.encode(), digest_size=4).hexdigest()
        return f"{safe[:_LONGEST_SLUG].rstrip('-_.')}-{digest}"


def _by(order: Order) -> str:
    return "" if order == "file" else "-by-id"


def _require_number_and_order(n: int, order: str) -> None:
    if n < 0:
        raise RequestError(f"a number of images cannot be negative: {n}")
    if order not in ("file", "id"):
        raise RequestError(f"unknown order {order!r}", hint="file or id")
