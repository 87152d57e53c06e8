"""SplitReport: images and objects of each part, by class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import UnknownNameError
from cocosurgeon.page import Report
from cocosurgeon.sets.parts import Groups
from cocosurgeon.sets.split import Split
from cocosurgeon.sets.units import Objects
from cocosurgeon.text import first_few, first_names, one_line, plural, table_lines

_CLASSES_SHOWN = 10
_PARTS_SHOWN = 4
_WIDEST = 24


@dataclass(frozen=True)
class Amount:
    """Images and objects, of all classes or of one.

    Attributes:
        images: number of all images; for one class, of images with it.
        objects: number of objects.
        share: share of the objects of the whole file; None if it has none.
    """

    images: int
    objects: int
    share: float | None


@dataclass(frozen=True)
class PartAmount(Amount):
    """Images and objects of a part.

    Attributes:
        image_share: share of the images of the whole file; None if it has none.
        without_objects: number of images without objects.
        groups: number of groups with images in the part; None: images are not grouped.
        absent: names (or ids) of classes that the file has objects of, but the part has not.
    """

    image_share: float | None
    without_objects: int
    groups: int | None
    absent: tuple[str, ...]


@dataclass(frozen=True)
class ClassAmount(Amount):
    """Images and objects of a class, in the file and in each part.

    Attributes:
        id, name: id and name of the category; None for the name of an unlisted category.
        parts: amounts by name of the part.
    """

    id: Id
    name: str | None
    parts: Mapping[str, Amount]


@dataclass(frozen=True, repr=False)
class SplitReport(Report):
    """Images and objects of the parts of a split.

    Attributes:
        parts: amounts by name of the part.
        classes: amounts of the classes that the file has objects of, by id.
        apart: names of parts that have each image exactly once: all, or the val of each fold.
        shared_file_names: names of parts by file name, for file names in several parts.
    """

    parts: Mapping[str, PartAmount]
    classes: tuple[ClassAmount, ...]
    apart: tuple[str, ...]
    shared_file_names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, dataset: Dataset, split: Split, parts: Mapping[str, Dataset]) -> SplitReport:
        """Return the report on the parts of a dataset."""
        objects, count = Objects.of(dataset), len(dataset.image_indices)
        groups = Groups.of(dataset, split.group_by).numbers if split.group_by else None
        names = {category.id: category.name for category in dataset.categories}
        labels = [names.get(i) or str(i) for i in objects.cat_ids]
        whole = _ByClass.of(objects, np.arange(count))
        amounts: dict[str, PartAmount] = {}
        inside = {
            name: np.flatnonzero(np.isin(dataset.image_indices, part.image_indices))
            for name, part in parts.items()
        }
        by_part = {name: _ByClass.of(objects, images) for name, images in inside.items()}
        for name, images in inside.items():
            of_part = by_part[name]
            absent = np.flatnonzero((of_part.objects == 0) & (whole.objects > 0))
            total = int(of_part.objects.sum())
            amounts[name] = PartAmount(
                len(images),
                total,
                _share(total, int(whole.objects.sum())),
                _share(len(images), count),
                len(np.setdiff1d(images, objects.images)),
                None if groups is None else len(np.unique(groups[images])),
                tuple(labels[number] for number in absent),
            )
        classes = tuple(
            ClassAmount(
                *whole.amount(number, whole),
                cat_id,
                names.get(cat_id),
                {name: Amount(*of_part.amount(number, whole)) for name, of_part in by_part.items()},
            )
            for number, cat_id in enumerate(objects.cat_ids)
            if whole.objects[number]
        )
        shared = _shared_names(dataset, {name: inside[name] for name in split.apart})
        return cls(amounts, classes, split.apart, shared)

    def lines(self, width: int | None = None) -> list[str]:
        """Return the report as text: one line for each part, and the classes with the worst shares.

        Args:
            width: most characters of a line; None: no limit.
        """
        with_groups = any(part.groups is not None for part in self.parts.values())
        rows = [
            ["part", "images", "", "objects", "", "no objects", "classes absent"]
            + (["groups"] if with_groups else [])
        ]
        rows += [
            [
                name,
                f"{part.images:,}",
                _percent(part.image_share),
                f"{part.objects:,}",
                _percent(part.share),
                f"{part.without_objects:,}",
                f"{len(part.absent):,} of {len(self.classes):,}",
            ]
            + ([f"{part.groups:,}"] if with_groups else [])
            for name, part in self.parts.items()
        ]
        lines = table_lines(rows, frozenset(range(1, 8)), width)
        lines += [
            f"absent from {name}: {first_few(part.absent, 12, show=one_line)}"
            for name, part in self.parts.items()
            if part.absent
        ]
        return [*lines, *self._class_lines(width)]

    def warnings(self) -> list[str]:
        """Return lines about file names that are in several parts."""
        if not self.shared_file_names:
            return []
        names = list(self.shared_file_names)
        return [
            f"{plural(len(names), 'file name')} in several parts, on images with different ids: "
            f"{first_names(names)}; group-by file_name keeps them together"
        ]

    def _class_lines(self, width: int | None) -> list[str]:
        shown = [
            n for n in self.parts if not n.endswith("_train") or f"{n[:-6]}_val" not in self.parts
        ]
        shown = shown[:_PARTS_SHOWN]

        def distance(each: ClassAmount) -> float:
            return max(
                abs((amount.share or 0.0) - (self.parts[name].image_share or 0.0))
                for name, amount in each.parts.items()
            )

        furthest = sorted(self.classes, key=distance, reverse=True)[:_CLASSES_SHOWN]
        if not furthest:
            return []
        rows = [["furthest from its share", "objects", *(cell for n in shown for cell in (n, ""))]]
        for each in furthest:
            name = one_line(each.name or str(each.id))
            cells = (
                cell
                for part in shown
                for cell in (f"{each.parts[part].objects:,}", _percent(each.parts[part].share))
            )
            rows.append(
                [
                    name if len(name) <= _WIDEST else f"{name[:_WIDEST]}...",
                    f"{each.objects:,}",
                    *cells,
                ]
            )
        more = len(self.classes) - len(furthest)
        tail = [f"and {plural(more, 'class', 'classes')} more"] if more else []
        return [*table_lines(rows, frozenset(range(1, len(rows[0]))), width), *tail]


@dataclass(frozen=True, eq=False)
class _ByClass:
    """Number of images with objects of each class, and of these objects; shape (classes,)."""

    images: Numbers
    objects: Numbers

    @classmethod
    def of(cls, objects: Objects, images: Numbers) -> _ByClass:
        """Return the numbers for some images."""
        mine, size = np.isin(objects.images, images), len(objects.cat_ids)
        counts = np.zeros(size, dtype=np.int64)
        np.add.at(counts, objects.classes[mine], objects.counts[mine])
        return cls(np.bincount(objects.classes[mine], minlength=size), counts)

    def amount(self, number: int, whole: _ByClass) -> tuple[int, int, float | None]:
        """Return images and objects of a class, and its share of the objects of the whole file."""
        objects = int(self.objects[number])
        return int(self.images[number]), objects, _share(objects, int(whole.objects[number]))


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _shared_names(dataset: Dataset, inside: Mapping[str, Numbers]) -> dict[str, tuple[str, ...]]:
    try:
        [names] = dataset.image_columns("file_name")
    except UnknownNameError:
        return {}
    counts = Counter(name for name in names.tolist() if isinstance(name, str))
    repeated = {name for name, count in counts.items() if count > 1}
    parts: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for part, images in inside.items():
        for name in repeated.intersection(names[images].tolist() if repeated else ()):
            parts[name][part] = None
    return {name: tuple(parts[name]) for name in sorted(parts) if len(parts[name]) > 1}
