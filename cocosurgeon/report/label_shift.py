"""Labels that a cut shifts, for loaders that number the categories in use; and those that a shorter
category list shifts, for each loader."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.text import first_few, plural

_SHOWN = 4


def shifted_labels(dataset: Dataset, paths: Sequence[str]) -> Iterator[str]:
    """Yield what a result shifts, and what to do about it.

    A result with other category ids is not compared with its source: their labels are meant to
    differ.

    Args:
        paths: of the source, and of the result; a loader matters that reads one of them.
    """
    source_path, *result_paths = paths or ("",)
    listing = dataset.category_list
    if listing is not None and any(new not in (None, old) for old, new in listing.cat_ids.items()):
        return
    origin, index = dataset.origin, dataset.index
    used = _used(origin, np.arange(len(origin.image_of_annotation), dtype=np.int64))
    still_used = _used(index, dataset.annotation_rows)
    before, after = CategoryList.of(origin), listing or CategoryList.of(index)
    for loader in LOADERS.values():
        numbering = loader.numbering_by_use
        if numbering is None or not any(map(numbering.reads, paths)):
            continue
        source = _entries(origin, before)
        try:
            there = numbering.labels(source, used, source_path)
            entries = _entries(index, after)
            results = [numbering.labels(entries, still_used, path) for path in result_paths]
        except LoaderError:  # it is not trained on
            continue
        for here in results:
            moved = sum(label != there.get(cat_id) for cat_id, label in here.items())
            advice = numbering.advice(source, here, there)
            if moved and advice:
                what = plural(moved, "category", "categories")
                yield f"labels of {what} shift where {loader.name} trains on the result: {advice}"
                break


@dataclass(frozen=True)
class LabelShift:
    """Labels that some loaders read otherwise from a result than from its source.

    Attributes:
        loaders: their names.
        count: number of labels.
        labels: category name, label in the source, label in the result; None for no label.
    """

    loaders: tuple[str, ...]
    count: int
    labels: tuple[tuple[str, Id | None, Id | None], ...]

    def line(self) -> str:
        """Return the shift for people."""
        few = first_few(self.labels, _SHOWN, show=lambda s: f"{s[0]} {s[1]} -> {s[2]}")
        return f"{plural(self.count, 'label')} shift in {', '.join(self.loaders)}: {few}"


@dataclass(frozen=True)
class ListEffect:
    """Labels that each loader reads from a shorter category list, by its rules.

    Attributes:
        shifts: what differs from the source, one for all loaders with the same labels.
        same: loaders that read the same labels.
        raising: loaders that raise on the source's or the result's category ids.
    """

    shifts: tuple[LabelShift, ...]
    same: tuple[str, ...]
    raising: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset, ann_file: str) -> ListEffect | None:
        """Return the effect of a result's category list; None where no category was pruned.

        Args:
            ann_file: path of the source, for loaders that go by it.
        """
        listing = dataset.category_list
        if listing is None or not listing.is_pruned:
            return None
        origin, index = dataset.origin, dataset.index
        every = np.arange(len(origin.image_of_annotation), dtype=np.int64)
        still = _used(index, dataset.annotation_rows)
        # objects of the categories that stay first, so that both lists have them in the same rows
        places = {c.id: place for place, c in enumerate(origin.categories)}
        used = sorted(
            _used(origin, every),
            key=lambda i: (i not in still, places.get(i, len(places)), str(i)),
        )
        old = [i for i in used if i in still]
        new = [listing.cat_ids.get(i, i) for i in old]
        lists = _entries(origin, CategoryList.of(origin)), _entries(index, listing)
        names = {c.get("id"): c.get("name") for c in lists[1]}
        found: dict[tuple[tuple[str, Id | None, Id | None], ...], list[str]] = {}
        raising = []
        for loader in LOADERS:
            try:
                before = _labels(loader, lists[0], used, ann_file)
                after = _labels(loader, lists[1], new, ann_file)
            except LoaderError:
                raising.append(loader)
                continue
            labels = [(before.get(row), after.get(row)) for row in range(len(old))]
            moved = tuple(
                (str(names.get(i, i)), *pair)
                for i, pair in zip(new, labels, strict=True)
                if pair[0] != pair[1]
            )
            found.setdefault(moved, []).append(loader)
        same = tuple(found.pop((), ()))
        shifts = (LabelShift(tuple(who), len(moved), moved) for moved, who in found.items())
        return cls(tuple(shifts), same, tuple(raising))

    def lines(self) -> Iterator[str]:
        """Yield the effect for people."""
        yield from (shift.line() for shift in self.shifts)
        if not self.shifts:
            yield "no loader reads other labels"
        elif self.same:
            yield f"the same labels in {', '.join(self.same)}"
        if self.raising:
            yield f"labels not compared, since the loader raises: {', '.join(self.raising)}"

    def warnings(self) -> Iterator[str]:
        """Yield what no option hides."""
        if self.shifts:
            loaders = ", ".join(name for shift in self.shifts for name in shift.loaders)
            yield (
                f"labels shift in {loaders}: models and configs that were made for the whole list "
                "do not fit this one"
            )


def _labels(
    loader: str, categories: Sequence[object], cat_ids: Collection[object], ann_file: str
) -> Mapping[int, Id | None]:
    """Return the label of an object of each category, by its place.

    Raises:
        LoaderError: the loader raises.
    """
    names = [c.get("name") for c in categories if isinstance(c, dict)]
    classes = [name for name in names if isinstance(name, str)]
    corners = [10, 10, 30, 10, 30, 30, 10, 30]
    usual: dict[str, Any] = {"bbox": [10, 10, 20, 20], "area": 400, "segmentation": [corners]}
    document = {
        "info": {},
        # an image for each: Ultralytics drops one for any of its objects
        "images": [
            {"id": n, "file_name": f"{n}.jpg", "width": 100, "height": 100}
            for n in range(1, len(cat_ids) + 1)
        ],
        "annotations": [
            {"id": n, "image_id": n, "category_id": cat_id, "iscrowd": 0, **usual}
            for n, cat_id in enumerate(cat_ids, 1)
        ],
        "categories": list(categories),
    }
    [setting, *_] = settings_for(loader, ("train",), classes, ann_file=ann_file)
    view = load(loader, document, setting.options)
    return {i.row: i.label for sample in view.samples for i in sample.instances}


def _used(index: AnnotationIndex, rows: Numbers) -> set[Id]:
    of_rows, cat_ids = index.category_pairs
    return {i for i in cat_ids[np.isin(of_rows, rows)].tolist() if i is not None}


def _entries(index: AnnotationIndex, listing: CategoryList) -> list[dict[str, object]]:
    records = index.category_records
    return [] if records is None else [json.loads(text) for text in listing.texts(records)]
