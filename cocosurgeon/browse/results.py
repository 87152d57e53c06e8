"""Detections of a results file, in columns, by image and in the order of COCOeval's matching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.browse.file_data import Columns, find
from cocosurgeon.browse.values import box_of, finite
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.io import read
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import RequestError
from cocosurgeon.progress import progress_of
from cocosurgeon.text import are, plural

_KEYS = ("image_id", "category_id", "score", "bbox_x", "bbox_y", "bbox_w", "bbox_h")


@dataclass(frozen=True)
class Results:
    """Detections that the page shows.

    Attributes:
        fields: their columns.
        count: their number.
        skipped: number of detections that are not shown, by reason.
    """

    fields: Columns
    count: int
    skipped: Mapping[str, int]

    def notes(self) -> list[str]:
        """Return lines about detections that are not shown."""
        return [
            f"{plural(n, 'detection')} {are(n)} not shown: {why}" for why, n in self.skipped.items()
        ]


def read_results(
    path: str, places: Mapping[Id, int], cat_places: Mapping[Id, int], images: int
) -> Results:
    """Return the detections of a results file.

    Args:
        places: places of the shown images, by id.
        cat_places: places of the categories, by id.
        images: number of shown images.

    Raises:
        RequestError: it is no results file.
        SourceUnavailableError, DataError: it cannot be read.
    """
    with progress_of(f"reading {Path(path).name}") as progress:
        dataset = read(path, progress, {"annotations": _KEYS})
    if not dataset.index.is_results:
        raise RequestError(
            "not a results file (a list of detections)",
            where=path,
            hint="name the file that the evaluation reads (COCO.loadRes)",
        )
    skipped: Counter[str] = Counter()
    of_image: list[list[tuple[float, int, list[float]]]] = [[] for _ in range(images)]
    for img_id, cat_id, score, box in _detections(dataset):
        place, category = find(places, img_id), find(cat_places, cat_id)
        if place is None:
            skipped["their images are not on the page"] += 1
        elif category is None:
            skipped["the file has no such category"] += 1
        elif box is None or score is None:
            skipped["they have no box, or no score"] += 1
        else:
            of_image[place].append((score, category, box))
    ends, count = [], 0
    columns: Columns = {"category": [], "score": [], "box": []}
    for found in of_image:
        found.sort(key=lambda each: -each[0])  # stable, as COCOeval's sort
        count += len(found)
        ends.append(count)
        for score, category, box in found:
            columns["category"].append(category)
            columns["score"].append(score)
            columns["box"] += box
    return Results({"end": ends, **columns}, count, skipped)


def _detections(
    dataset: Dataset,
) -> Iterator[tuple[object, object, float | None, list[float] | None]]:
    records = dataset.index.annotation_records
    assert records is not None
    columns = dict(zip(_KEYS, (v.array.tolist() for v in records.columns(*_KEYS)), strict=True))
    boxes = zip(*(columns[name] for name in _KEYS[3:]), strict=True)
    rows = zip(columns["image_id"], columns["category_id"], columns["score"], boxes, strict=True)
    for img_id, cat_id, score, box in rows:
        yield img_id, cat_id, finite(score), box_of(list(box))
