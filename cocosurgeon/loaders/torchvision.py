"""torchvision: CocoDetection, which hands records on untouched. Read in 0.28.0.

Its items have no id and no size; the id is that of its ``ids`` at the same place.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cocosurgeon.loaders.failures import NUMBERS, errors_for, fail, failure
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import IMAGE_ERRORS, Index, Record, indexed
from cocosurgeon.loaders.leftovers import (
    SHADOWED,
    UNLISTED,
    UNREACHED,
    Drops,
    restricted,
    wanted_of,
)
from cocosurgeon.loaders.view import Id, Instance, Rule, Sample, View

RULES = (SHADOWED, UNLISTED, UNREACHED)
ERRORS = (
    *INDEX_ERRORS,
    Rule(
        "unsortable-ids",
        "image ids are text and numbers, which do not sort: TypeError",
        "torchvision/datasets/coco.py:39",
    ),
    *IMAGE_ERRORS,
    *errors_for("no", "file_name", "KeyError", "torchvision/datasets/coco.py:42"),
    *errors_for("bad", "file_name", "TypeError", "torchvision/datasets/coco.py:43"),
)


@dataclass(frozen=True)
class Options:
    """CocoDetection's ``root``: the folder of the images."""

    root: str = ""


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """What CocoDetection emits for a parsed file.

    Args:
        document: what ``json.load`` gives.
        options: as the dataset is made.
        only: emit these images only; all else is decided on the whole file.
    """
    index = indexed(document)
    wanted = wanted_of(index, only)
    reached = set[int]()
    samples = []
    for img_id, _, path, rows in items(index, options.root):
        reached.update(rows)
        if wanted is None or img_id in wanted:
            instances = tuple(_instance(row, index.annotations[row]) for row in rows)
            samples.append(Sample(img_id, path, None, None, instances))
    found = View(
        loader="torchvision",
        classes=(),
        cat_ids=(),
        cat2label={},
        box_format="xywh",
        single=False,
        samples=tuple(samples),
        dropped=Drops().dropped(index, samples, reached),
    )
    return restricted(found, only)


def items(index: Index, root: str) -> Iterator[tuple[Id, Record, str, list[int]]]:
    """Each item's image id, image record, path, and the rows of its annotations."""
    try:
        img_ids = sorted(index.image_rows)
    except TypeError as error:
        fail("TypeError", "unsortable-ids", f"image ids cannot be sorted: {error}")
    for img_id in img_ids:
        row, image = index.image(img_id)
        try:
            path = posixpath.join(root, image["file_name"])
        except (KeyError, TypeError) as error:
            raise failure(error, "images", row, image, ["file_name"]) from error
        if not isinstance(img_id, str):
            yield img_id, image, path, index.rows(img_id)
        else:
            named = (index.rows_of.get(letter, []) for letter in img_id)
            yield img_id, image, path, index.loaded(row for rows in named for row in rows)


def _instance(row: int, ann: Record) -> Instance:
    box = ann.get("bbox")
    is_sound = isinstance(box, list) and all(isinstance(v, NUMBERS) for v in box)
    label = ann.get("category_id")
    return Instance(
        ann_id=ann["id"],
        box=tuple(box) if isinstance(box, list) and is_sound else (),
        label=label if isinstance(label, (int, float, str)) else None,
        ignore=bool(ann.get("iscrowd", False)),
        mask=ann.get("segmentation"),
        row=row,
    )
