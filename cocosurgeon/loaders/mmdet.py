"""Rules that MMDetection 2.x and 3.x share, and their 80 class names.

Lines are those of ``mmdet/datasets/coco.py`` in 3.3.0 and, in brackets, in 2.28.2.
"""

from __future__ import annotations

import io
from collections.abc import Container, Iterable
from typing import TypeAlias

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, Drops
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import NO_CATEGORIES, Index
from cocosurgeon.loaders.loader import RealLibrary
from cocosurgeon.loaders.view import Id, Record, Rule, errors_for, fail, failure

Rows: TypeAlias = list[tuple[Id, int]]
"""Image ids, each with the row of its last record."""

LIBRARY = RealLibrary("mmdet", "mmdet", has_configs=True)
_FIELDS = ("bbox", "width", "height", "area", "category_id")
"""Fields that are read of an annotation and its image, in this order."""

IGNORED = Rule(
    "ignored", "its `ignore` is true in Python's sense", "mmdet/datasets/coco.py:139 [162]"
)
OUTSIDE = Rule(
    "outside",
    "its box does not overlap the image, by the JSON's `width` and `height` (also NaN)",
    "mmdet/datasets/coco.py:144 [167]",
)
NO_AREA = Rule(
    "no-area",
    "its `area` is 0 or negative, for any box",
    "mmdet/datasets/coco.py:146 [169]",
)
TINY = Rule("tiny", "its box is less than 1 wide or high", "mmdet/datasets/coco.py:146 [169]")
NOT_TAKEN = Rule(
    "category-not-taken",
    "its category is not among `cat_ids`: the file's categories whose names are in `classes`",
    "mmdet/datasets/coco.py:148 [171]",
    fault="category-unlisted",
)
FILTER_EMPTY_GT = Rule(
    "filter_empty_gt",
    "no annotation of a chosen category names the image, usable or not",
    "mmdet/datasets/coco.py:196 [137]",
)
MIN_SIZE = Rule(
    "min_size",
    "the smaller of the JSON's `width` and `height` is below `min_size`",
    "mmdet/datasets/coco.py:198 [139]",
)
DUPLICATE_IDS = Rule(
    "duplicate-ids",
    "two annotations of listed images have the same id: AssertionError",
    "mmdet/datasets/coco.py:94 [87]",
)
RULES = (
    SHADOWED,
    UNLISTED,
    IGNORED,
    OUTSIDE,
    NO_AREA,
    TINY,
    NOT_TAKEN,
    FILTER_EMPTY_GT,
    MIN_SIZE,
)
ERRORS = (
    *INDEX_ERRORS,
    NO_CATEGORIES,
    *errors_for("no", "name", "KeyError", "pycocotools/coco.py:171"),
    *errors_for("no", "file_name", "KeyError", "mmdet/datasets/coco.py:117 [83]"),
    *errors_for(
        "bad", "file_name", "TypeError (2.x: AttributeError)", "mmdet/datasets/coco.py:117 [193]"
    ),
    *errors_for("no", "bbox", "KeyError", "mmdet/datasets/coco.py:141 [164]"),
    *errors_for("bad", "bbox", "ValueError or TypeError", "mmdet/datasets/coco.py:141 [164]"),
    *errors_for("no", "height width", "KeyError", "mmdet/datasets/coco.py:127 [139,165]"),
    *errors_for("bad", "height width", "TypeError", "mmdet/datasets/coco.py:142,198 [139,165]"),
    *errors_for("no", "area", "KeyError", "mmdet/datasets/coco.py:146 [169]"),
    *errors_for("bad", "area", "TypeError", "mmdet/datasets/coco.py:146 [169]"),
    DUPLICATE_IDS,
)


def names_in(path: str) -> tuple[str, ...]:
    """Return the lines of a file, as ``list_from_file`` of mmcv and mmengine reads them."""
    with open(path, "rb") as file:  # noqa: PTH123 - Path takes '' for the current folder
        text = file.read().decode()
    return tuple(line.rstrip("\n\r") for line in io.StringIO(text))


def rule_for(index: Index, row: int, image: Record, cat_ids: Container[Id]) -> str | None:
    """Return the first rule that drops an annotation, in the framework's order; None if it is kept.

    Args:
        row: of the annotation.
        image: record of its image.
        cat_ids: ids of the categories that are taken.

    Raises:
        LoaderError: where the framework raises.
    """
    annotation = index.annotations[row]
    try:
        if annotation.get("ignore", False):
            return IGNORED.name
        x, y, w, h = annotation["bbox"]
        across = max(0, min(x + w, image["width"]) - max(x, 0))
        down = max(0, min(y + h, image["height"]) - max(y, 0))
        if across * down == 0:
            return OUTSIDE.name
        if annotation["area"] <= 0:
            return NO_AREA.name
        if w < 1 or h < 1:
            return TINY.name
        return None if annotation["category_id"] in cat_ids else NOT_TAKEN.name
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise unusable(error, row, annotation, image) from error


def unusable(error: Exception, row: int, annotation: Record, image: Record) -> LoaderError:
    """Return what is raised where a field of an annotation, or of its image, cannot be used."""
    return failure(error, "annotations", row, annotation, _FIELDS, image)


def non_empty(index: Index, cat_ids: Iterable[Id]) -> set[Id]:
    """Return ids that annotation records of these categories name as their images."""
    return set().union(*(index.images_of.get(cat_id, ()) for cat_id in cat_ids))


def filtered(
    index: Index, found: Rows, non_empty: set[Id] | None, min_size: float, drops: Drops
) -> Rows:
    """Return the images that the filter of train mode keeps.

    Args:
        found: all images.
        non_empty: ids of images that are not empty; None where empty ones stay, too.
        min_size: the least width and height, in pixels.
        drops: receives the others.
    """
    kept = []
    for img_id, row in found:
        if non_empty is not None and img_id not in non_empty:
            drops.drop_image(row, index.rows(img_id), FILTER_EMPTY_GT.name)
            continue
        image = index.images[row]
        try:
            is_large = min(image["width"], image["height"]) >= min_size
        except (KeyError, TypeError) as error:
            raise failure(error, "images", row, image, ["width", "height"]) from error
        if is_large:
            kept.append((img_id, row))
        else:
            drops.drop_image(row, index.rows(img_id), MIN_SIZE.name)
    return kept


def require_unique_ids(index: Index) -> None:
    """Fail where two annotations of listed images have the same id."""
    if index.is_unique:
        return
    seen = dict[Id, int]()
    for img_id in index.image_rows:
        for row in index.rows_of.get(img_id, ()):
            ann_id: Id = index.annotations[row]["id"]
            if ann_id in seen:
                what = f"annotation id {ann_id!r} is in the file more than once"
                where = f"annotations[{seen[ann_id]}] and annotations[{row}]"
                fail("AssertionError", DUPLICATE_IDS.name, what, where)
            seen[ann_id] = row
