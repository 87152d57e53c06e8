"""A few images of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cocosurgeon.dataset.order import as_count, as_whole
from cocosurgeon.dataset.placeholders import BACKGROUND, PLACEHOLDER
from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import COUNT
from cocosurgeon.steps.images.sample import NESTED, SEED
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import first_few, has, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.keys import Id
    from cocosurgeon.select.filter import Columns


@dataclass(frozen=True, repr=False, eq=False)
class PerClass(Step):
    """Keep at least k images of each class, and few others: ``PerClass(2)``.

    If a class has fewer images, all are kept, and a note has their number. The choice depends on
    ids and seed, not on the file's order. A larger k keeps the images of a smaller one, too.

    Attributes:
        k: number of images of each class.
        seed: any whole number.
    """

    k: int
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", as_count(self.k))
        object.__setattr__(self, "seed", as_whole(self.seed))
        if not self.k:
            raise RequestError("expected at least one image of each class, not 0")

    @property
    def columns(self) -> Columns:
        return {"annotations": ("category_id", "segments_category_ids")}

    def apply(self, dataset: Dataset) -> Dataset:
        import numpy as np

        from cocosurgeon.sets.cover import covering
        from cocosurgeon.sets.units import Objects, image_units

        objects = Objects.of(dataset)
        units = replace(
            image_units(dataset, self.seed, stratified=False),
            units=objects.images,
            classes=objects.classes,
            counts=objects.counts,
        )
        chosen = covering(units, self.k)
        images = np.bincount(objects.classes, minlength=len(objects.cat_ids)).tolist()
        there = {i: count for i, count in zip(objects.cat_ids, images, strict=True) if count}
        notes = self._notes(dataset, there)
        kept = dataset.with_images(dataset.image_indices[np.sort(chosen)])
        return replace(kept, notes=(*dataset.notes, *notes))

    def _notes(self, dataset: Dataset, images: Mapping[Id, int]) -> tuple[str, ...]:
        """Return notes on classes without images, and on those with fewer than k, fewest first."""
        names = {category.id: category.name for category in dataset.categories}
        classes = [
            (images.get(cat_id, 0), names.get(cat_id) or f"category_id {cat_id}")
            for cat_id in dict.fromkeys([*names, *images])
            if cat_id is not None and names.get(cat_id) not in (PLACEHOLDER, BACKGROUND)
        ]
        if not classes:
            return ("there is no object of a category",)
        count = plural(len(classes), "class", "classes")
        notes = []
        if none := [name for images, name in classes if not images]:
            notes.append(f"{len(none):,} of {count} {has(len(none))} no image: {first_few(none)}")
        few = sorted((each for each in classes if 0 < each[0] < self.k), key=lambda each: each[0])
        if few:
            shown = first_few(few, show=lambda each: f"{each[1]} ({each[0]:,})")
            notes.append(
                f"{len(few):,} of {count} {has(len(few))} fewer than "
                f"{plural(self.k, 'image')}, all kept: {shown}"
            )
        return tuple(notes)

    def words(self) -> str | None:
        return f"per-class{self.k}-seed{self.seed}"


OPTIONS = (
    Option(
        "per-class",
        COUNT.called("K"),
        "Keep at least K images of each class, and as few as possible. Draws with --seed.",
        lambda k, seed=0, nested=True: PerClass(k, seed),  # PerClass is always nested
        "2",
        (SEED, NESTED),
    ),
)
