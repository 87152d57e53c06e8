"""YOLOX: COCODataset, read in 0.3.0. It knows no train and no test mode, and filters no images.

Boxes are those of ``clean_bbox``, in the image's own pixels; the framework scales them by
``min(img_size[0] / height, img_size[1] / width)`` as soon as it has them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, UNREACHED, Drops, wanted_of
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import IMAGE_ERRORS, NO_CATEGORIES, Index, indexed, sorted_ids
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.view import (
    Id,
    Instance,
    Record,
    Rule,
    Sample,
    View,
    errors_for,
    fail,
    failure,
)

CROWD = Rule(
    "crowd", "its `iscrowd` is not equal to 0 (also text and null)", "pycocotools/coco.py:150"
)
NO_AREA = Rule("no-area", "its `area` is not above 0", "yolox/data/datasets/coco.py:148")
DEGENERATE = Rule(
    "degenerate",
    "after clipping its box is not x2 >= x1 and y2 >= y1: it lies right of the image or below it",
    "yolox/data/datasets/coco.py:148",
)
RULES = (SHADOWED, UNLISTED, UNREACHED, CROWD, NO_AREA, DEGENERATE)
ERRORS = (
    *INDEX_ERRORS,
    Rule("no-images", "there is no list of images: KeyError", "yolox/data/datasets/coco.py:25"),
    NO_CATEGORIES,
    Rule(
        "unsortable-ids",
        "category ids do not sort: TypeError",
        "yolox/data/datasets/coco.py:67",
    ),
    *errors_for("no", "name", "KeyError", "yolox/data/datasets/coco.py:69"),
    *IMAGE_ERRORS,
    *errors_for("no", "width height", "KeyError", "yolox/data/datasets/coco.py:138"),
    *errors_for("bad", "width height", "TypeError, ...", "yolox/data/datasets/coco.py:146,161"),
    *errors_for("no", "iscrowd", "KeyError", "pycocotools/coco.py:150"),
    *errors_for("no", "bbox", "KeyError", "yolox/data/datasets/coco.py:144"),
    *errors_for("bad", "bbox", "IndexError, TypeError, ...", "yolox/data/datasets/coco.py:144"),
    *errors_for("no", "area", "KeyError", "yolox/data/datasets/coco.py:148"),
    *errors_for("bad", "area", "TypeError", "yolox/data/datasets/coco.py:148"),
    Rule(
        "unlisted-category",
        "its category is not in the file's list: ValueError",
        "yolox/data/datasets/coco.py:157",
    ),
    *errors_for("bad", "file_name", "TypeError", "yolox/data/datasets/coco.py:193"),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """COCODataset's ``img_size``: height and width that images are scaled to."""

    img_size: tuple[int, int] = (416, 416)


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what YOLOX loads from a parsed file; see ``registry.load``."""
    index = indexed(document)
    if not index.has_images:
        fail("KeyError", "no-images", "the file has no list of images")
    cat_ids, classes = _categories(index)
    cat2label = {cat_id: label for label, cat_id in reversed(list(enumerate(cat_ids)))}
    wanted = wanted_of(index, only)
    reached, drops, samples, paths = set[int](), Drops(), [], []
    for img_id in index.image_rows:
        image_row, image = index.image(img_id)
        try:
            size = image["width"], image["height"]
        except KeyError as error:
            raise failure(error, "images", image_row, image, ["width", "height"]) from error
        rows = _rows(index, img_id, drops)
        reached.update(rows)
        instances = _instances(index, image, size, rows, cat2label, drops)
        try:
            scale = min(options.img_size[0] / size[1], options.img_size[1] / size[0])
            int(size[1] * scale), int(size[0] * scale)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise failure(error, "images", image_row, image, ["width", "height"]) from error
        path = image.get("file_name", f"{img_id:012}.jpg")
        paths.append((image_row, path))
        if wanted is None or img_id in wanted:
            samples.append(Sample(img_id, path, size[1], size[0], tuple(instances)))
    for row, path in paths:
        if not isinstance(path, str):
            wrong = TypeError(f"not {type(path).__name__}")
            raise failure(wrong, "images", row, index.images[row], ["file_name"])
    return View(
        loader=LOADER.name,
        classes=classes,
        cat_ids=cat_ids,
        cat2label=cat2label,
        box_format="xyxy",
        single=False,
        samples=tuple(samples),
        dropped=drops.dropped(index, samples, reached),
    )


def _categories(index: Index) -> tuple[tuple[Id, ...], tuple[str, ...]]:
    """Return ids sorted, and names in the file's order: yolox/data/datasets/coco.py:67-69."""
    categories = index.listed_categories()
    cat_ids = sorted_ids((category["id"] for category in categories), "category")
    last = {category["id"]: category for category in categories}
    try:
        return tuple(cat_ids), tuple(last[category["id"]]["name"] for category in categories)
    except KeyError as error:
        row, category = next((r, c) for r, c in enumerate(categories) if "name" not in c)
        raise failure(error, "categories", row, category, ["name"]) from error


def _rows(index: Index, img_id: Id, drops: Drops) -> list[int]:
    """getAnnIds of the id as an int, without crowds, and loadAnns."""
    kept = []
    try:
        number = int(img_id)
    except ValueError:
        fail("ValueError", "text-id", f"the image id {img_id!r} is text that is not a number")
    for row in index.rows_of.get(number, ()):
        ann = index.annotations[row]
        try:
            if ann["iscrowd"] == False:  # noqa: E712 (as it is compared there)
                kept.append(row)
            else:
                drops.annotations[row] = CROWD.name
        except KeyError as error:
            raise failure(error, "annotations", row, ann, ["iscrowd"]) from error
    return index.loaded(kept)


def _instances(
    index: Index,
    image: Record,
    size: tuple[Any, Any],
    rows: list[int],
    cat2label: Mapping[Id, int],
    drops: Drops,
) -> list[Instance]:
    """``load_anno_from_ids``: yolox/data/datasets/coco.py:143-159."""
    kept = []
    for row in rows:
        ann = index.annotations[row]
        try:
            box = _clean(ann["bbox"], *size)
            has_area = ann["area"] > 0
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            fields = ["bbox", "width", "height", "area"]
            raise failure(error, "annotations", row, ann, fields, image) from error
        if not has_area:
            drops.annotations[row] = NO_AREA.name
        elif box[2] >= box[0] and box[3] >= box[1]:
            kept.append((row, ann, box))
        else:
            drops.annotations[row] = DEGENERATE.name
    for row, ann, _ in kept:
        if ann["category_id"] not in cat2label:
            what = f"category_id {ann['category_id']!r} is not in the list of categories"
            fail("ValueError", "unlisted-category", what, f"annotations[{row}]")
    instances = []
    for row, ann, box in kept:
        try:
            corners = tuple(float(v) for v in box)
        except OverflowError as error:
            raise failure(error, "annotations", row, ann, ["bbox"]) from error
        label = cat2label[ann["category_id"]]
        instances.append(Instance(ann["id"], corners, label, False, None, row))
    return instances


def _clean(bbox: Any, width: Any, height: Any) -> tuple[float, ...]:
    """Corners: the near one moves into the image, and the far one with it, up to the edge."""
    x, y = _most(bbox[0]), _most(bbox[1])
    return x, y, _least(width, x + _most(bbox[2])), _least(height, y + _most(bbox[3]))


def _most(value: Any) -> float:
    """``np.max((0, value))``; NaN stays."""
    if type(value) is int or type(value) is float:
        return 0 if value < 0 else value
    _require_even(value)
    return np.max((0, value))  # type: ignore[no-any-return]


def _least(edge: Any, value: float) -> float:
    """``np.min((edge, value))``; NaN stays."""
    if type(edge) is int and value == value:
        return edge if edge < value else value
    _require_even(edge)
    return np.min((edge, value))  # type: ignore[no-any-return]


def _require_even(value: object) -> None:
    """Raise for a list next to a number, as NumPy does since 1.24; before, it only warned."""
    if isinstance(value, list):
        raise ValueError("setting an array element with a sequence")


LOADER = Loader(
    name="yolox",
    title="YOLOX, COCODataset",
    version="0.3.0",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    turns_by_exif=True,
    view=view,
)
