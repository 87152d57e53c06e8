"""A random sample of images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import as_amount, as_whole
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import AMOUNT, COUNT, FLAG
from cocosurgeon.steps.naming import with_amount
from cocosurgeon.steps.registry import Modifier, Option
from cocosurgeon.text import first_few, has, plural

if TYPE_CHECKING:
    from cocosurgeon.annfile.columns import Numbers
    from cocosurgeon.dataset.dataset import Dataset

SEED = Modifier(
    "seed",
    "seed",
    COUNT.called("S"),
    "Set the random seed. The same ids give the same images on every machine.",
    default="0",
)
STRATIFY = Modifier(
    "stratify",
    "stratify",
    FLAG,
    "Draw so that each class keeps its share of the objects.",
)
NESTED = Modifier(
    "nested",
    "nested",
    FLAG,
    "Make a larger sample with --stratify contain each smaller one of the same seed. Without "
    "--stratify, and with --per-class, it always does.",
)


@dataclass(frozen=True, repr=False, eq=False)
class Sample(Step):
    """Keep n images drawn by a seed: ``Sample(500, seed=1)``; see ``Dataset.sample``.

    Attributes:
        n: number of images, or a share of the kept images: ``10%``.
        seed: any whole number.
        stratify: True to keep the share of each class among the objects, and that of images without
            objects. Unless ``nested`` is set, every class has an object in the sample if n is more
            than the number of images that ``PerClass(1)`` keeps. A note names classes without one.
        nested: True to let a larger stratified sample contain a smaller one, which makes shares a
            little less exact. Without ``stratify`` every sample is nested.
    """

    n: int | str
    seed: int = 0
    stratify: bool = False
    nested: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", as_amount(self.n))
        object.__setattr__(self, "seed", as_whole(self.seed))
        object.__setattr__(self, "nested", self.nested and self.stratify)

    def apply(self, dataset: Dataset) -> Dataset:
        if not self.stratify:
            return dataset.sample(self.n, self.seed)
        result = dataset.pick(self.n, "sample of", lambda count: self._drawn(dataset, count))
        return replace(result, notes=(*result.notes, *_notes(dataset, result)))

    def _drawn(self, dataset: Dataset, count: int) -> Numbers:
        from cocosurgeon.sets.sample import nested, stratified
        from cocosurgeon.sets.units import image_units

        draw = nested if self.nested else stratified
        return dataset.image_indices[draw(image_units(dataset, self.seed), count)]

    def words(self) -> str | None:
        how = "-stratified" * self.stratify + "-nested" * self.nested
        return f"{with_amount('sample', self.n)}{how}-seed{self.seed}"


def _notes(before: Dataset, after: Dataset) -> tuple[str, ...]:
    """Return a note on classes that have no object left."""
    import numpy as np

    from cocosurgeon.sets.units import Objects

    there, left = Objects.of(before), Objects.of(after)
    if not len(there.classes):
        return ("nothing to stratify by: there is no object of a category",)
    gone = np.setdiff1d(there.classes, left.classes).tolist()
    if not gone:
        return ()
    names = {category.id: category.name for category in before.categories}
    ids = [there.cat_ids[each] for each in gone]
    shown = first_few([names.get(i) or f"category_id {i}" for i in ids])
    count = plural(len(np.unique(there.classes)), "class", "classes")
    return (f"{len(gone):,} of {count} {has(len(gone))} no object in the sample: {shown}",)


OPTIONS = (
    Option(
        "sample",
        AMOUNT,
        "Draw N images, or N percent, with --seed.",
        Sample,
        "20",
        (SEED, STRATIFY, NESTED),
    ),
)
