"""torchvision: CocoDetection, which passes records on unchanged. Read in 0.28.0.

Its items have no id and no size; the id is that of its ``ids`` at the same index.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, UNREACHED, Drops, wanted_of
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import IMAGE_ERRORS, Index, box_as_it_is, indexed, sorted_ids
from cocosurgeon.loaders.loader import Loader, LoaderOptions, RealLibrary
from cocosurgeon.loaders.view import Id, Instance, Record, Rule, Sample, View, errors_for, failure

UNSORTABLE = Rule(
    "unsortable-ids",
    "image ids are text and numbers, which do not sort: TypeError",
    "torchvision/datasets/coco.py:39",
)
RULES = (SHADOWED, UNLISTED, UNREACHED)
ERRORS = (
    *INDEX_ERRORS,
    UNSORTABLE,
    *IMAGE_ERRORS,
    *errors_for("no", "file_name", "KeyError", "torchvision/datasets/coco.py:42"),
    *errors_for("bad", "file_name", "TypeError", "torchvision/datasets/coco.py:43"),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``root``: the folder of the images."""

    root: str = ""


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what CocoDetection loads from a parsed file; see ``registry.load``."""
    index = indexed(document)
    wanted = wanted_of(index, only)
    reached = set[int]()
    samples = []
    for img_id, _, path, rows in items(index, options.root):
        reached.update(rows)
        if wanted is None or img_id in wanted:
            instances = tuple(_instance(row, index.annotations[row]) for row in rows)
            samples.append(Sample(img_id, path, None, None, instances))
    return View(
        loader=LOADER.name,
        box_format="xywh",
        single=False,
        samples=tuple(samples),
        dropped=Drops().dropped(index, samples, reached),
    )


def items(index: Index, root: str) -> Iterator[tuple[Id, Record, str, list[int]]]:
    """Yield each item's image id, image record, path, and the rows of its annotations."""
    for img_id in sorted_ids(index.image_rows, "image"):
        yield item(index, root, img_id)


def item(index: Index, root: str, img_id: Id) -> tuple[Id, Record, str, list[int]]:
    """Return the item of an image."""
    row, image = index.image(img_id)
    path = path_of(root, row, image)
    if not isinstance(img_id, str):
        return img_id, image, path, index.rows(img_id)
    named = (index.rows_of.get(letter, []) for letter in img_id)
    return img_id, image, path, index.loaded(row for rows in named for row in rows)


def path_of(root: str, row: int, image: Record) -> str:
    """Return an image's path."""
    try:
        return posixpath.join(root, image["file_name"])
    except (KeyError, TypeError) as error:
        raise failure(error, "images", row, image, ["file_name"]) from error


def _instance(row: int, ann: Record) -> Instance:
    label = ann.get("category_id")
    return Instance(
        ann_id=ann["id"],
        box=box_as_it_is(ann),
        label=label if isinstance(label, (int, float, str)) else None,
        ignore=bool(ann.get("iscrowd", False)),
        mask=ann.get("segmentation"),
        row=row,
    )


LOADER = Loader(
    name="torchvision",
    title="torchvision, CocoDetection",
    version="0.28.0",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    order="id",
    image_root="root",
    real=RealLibrary("torchvision", "coco_detection", is_common=True),
)
