"""D-FINE: CocoDetection, RT-DETR's on faster-coco-eval in place of pycocotools.

Read, not run, in Peterande/D-FINE at 4a1f73a, ``src/data/dataset/coco_dataset.py``. Of
faster-coco-eval that is ``core/coco.py`` of 1.8.0, which was run, too. It makes integers of image
ids: ``"1"``, 1.5 and true are 1. Here, an image keeps the id that the file has. ``orig_size`` is
(width, height).

Masks are drawn by code of faster-coco-eval, whose errors are not known here: ``return_masks`` is no
option.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import rtdetr, torchvision
from cocosurgeon.loaders.detr import Item, conversion_errors, require_small
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED
from cocosurgeon.loaders.index import (
    NOT_AN_OBJECT,
    Index,
    indexed,
    record_list,
)
from cocosurgeon.loaders.loader import Loader, LoaderOptions, Mode
from cocosurgeon.loaders.view import Id, Record, Rule, View, errors_for, fail, failure

_INDEX = "faster_coco_eval/core/coco.py"
DROPPED_BY_INDEX = (
    replace(SHADOWED, source=f"{_INDEX}:129,139"),
    replace(UNLISTED, source=f"{_INDEX}:138,209"),
)
ITEM_ERRORS = (
    replace(NOT_AN_OBJECT, source=f"{_INDEX}:89"),
    *errors_for("bad", "images", "TypeError", f"{_INDEX}:125"),
    Rule(
        "odd-id",
        "no integer is made of an image's `id`, or of an `image_id`: ValueError for text and NaN, "
        "TypeError for null and lists, OverflowError for infinity",
        f"{_INDEX}:127,136,144",
    ),
    *errors_for("no", "id", "KeyError", f"{_INDEX}:126,139,162"),
    *errors_for("bad", "annotations", "TypeError", f"{_INDEX}:134,142"),
    *errors_for("no", "image_id", "KeyError", f"{_INDEX}:135,143"),
    *errors_for("bad", "id", "TypeError", f"{_INDEX}:139,147,162"),
    *errors_for("no", "category_id", "KeyError", f"{_INDEX}:140"),
    *errors_for("bad", "category_id", "TypeError", f"{_INDEX}:140"),
    *errors_for("bad", "categories", "TypeError", f"{_INDEX}:161"),
    *errors_for("no", "file_name", "KeyError", "torchvision/datasets/coco.py:42"),
    *errors_for("bad", "file_name", "TypeError", "torchvision/datasets/coco.py:43"),
    Rule(
        "odd-annotation-id",
        "an annotation of a listed image has an `id` that is not an integer (text and true are "
        "not): TypeError",
        f"{_INDEX}:51",
    ),
)
"""Why reading and torchvision's items raise, before the conversion does."""

_FILE = "src/data/dataset/coco_dataset.py"
RULES = (*DROPPED_BY_INDEX, *rtdetr.rules(_FILE, "139", "168"))
ERRORS = (
    *ITEM_ERRORS,
    *conversion_errors(
        _FILE,
        img_id=135,
        bbox=141,
        box="143,168",
        cat_id="150,152",
        label=154,
        keypoints=162,
        keypoint="163,166",
        area=186,
    ),
    rtdetr.not_of_coco(f"{_FILE}:150"),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``img_folder`` and ``remap_mscoco_category``.

    The last one is False by itself, and True in the configuration for COCO
    (``configs/dataset/coco_detection.yml:8``), which is the usual one; it is off in that for custom
    data.
    """

    img_folder: str = ""
    remap_mscoco_category: bool = False

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> Options:
        return cls(remap_mscoco_category=True)

    @classmethod
    def every_image(cls, classes: Sequence[str]) -> Options:
        return cls()

    @property
    def names_hint(self) -> str:
        return rtdetr.NAMES_HINT


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what D-FINE loads from a parsed file; see ``registry.load``."""
    return loaded(LOADER.name, document, options, only)


def loaded(
    name: str, document: object, options: Options, only: Collection[Id | None] | None
) -> View:
    """Return what is loaded through faster-coco-eval.

    Args:
        name: of the loader.
    """
    index = integer_indexed(document)
    found = items(index, options.img_folder)
    return rtdetr.remapped(name, index, found, only, options.remap_mscoco_category)


def integer_indexed(document: object) -> Index:
    """Index a parsed file as faster-coco-eval does, and fail where it fails: coco.py:124-162.

    Images whose ids are the same integer get the id of the last one, and so do their annotations.
    """
    with suppress(LoaderError):  # where pycocotools raises, this may not, or otherwise
        found = indexed(document)
        if all(type(i) is int for ids in (found.image_rows, found.rows_of) for i in ids):
            return found
    lists = _lists(document)
    images = record_list(lists, "images")
    last: dict[int, Id] = {}
    numbers = []
    for row, image in enumerate(images or ()):
        numbers.append(_integer("images", row, image, "id"))
        last[numbers[-1]] = image["id"]
    images = [
        _with(image, "id", last[number])
        for image, number in zip(images or (), numbers, strict=True)
    ]
    annotations = list(record_list(lists, "annotations") or ())
    fields = ["id", "category_id"] if "categories" in lists else ["id"]
    for row, ann in enumerate(annotations):
        number = _integer("annotations", row, ann, "image_id")
        try:
            for field in fields:
                hash(ann[field])
        except (KeyError, TypeError) as error:
            raise failure(error, "annotations", row, ann, fields) from error
        annotations[row] = _with(ann, "image_id", last.get(number, ann["image_id"]))
    return indexed({**lists, "images": images, "annotations": annotations})


def _lists(document: object) -> dict[str, Any]:
    if isinstance(document, Index):
        lists = {"images": document.images, "annotations": document.annotations}
        return lists | ({} if document.categories is None else {"categories": document.categories})
    if type(document) is not dict:
        fail("AssertionError", NOT_AN_OBJECT.name, "the file is not a JSON object")
    return document


def _integer(kind: str, row: int, record: Record, key: str) -> int:
    try:
        value = record[key]
    except (KeyError, TypeError) as error:
        raise failure(error, kind, row, record, [key]) from error
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        what = f"no integer can be made of the {key} {value!r}"
        fail(type(error).__name__, "odd-id", what, f"{kind}[{row}]")


def _with(record: Record, key: str, value: Any) -> Record:
    return record if record[key] == value else {**record, key: value}


def items(index: Index, root: str) -> Iterator[Item]:
    """Yield torchvision's items, in the order of the integers that ids are."""
    for img_id in sorted(index.image_rows, key=int):
        row = index.image_rows[img_id]
        image = index.images[row]
        path = torchvision.path_of(root, row, image)
        rows = index.rows_of.get(img_id, [])
        for each in rows:
            ann_id = index.annotations[each]["id"]
            if type(ann_id) is not int:
                what = f"the annotation id {ann_id!r} is not an integer"
                fail("TypeError", "odd-annotation-id", what, f"annotations[{each}]")
        require_small(int(img_id))
        yield img_id, image, path, index.loaded(rows)


LOADER = Loader(
    name="dfine",
    title="D-FINE, CocoDetection",
    version="4a1f73a",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="img_folder",
    traps=rtdetr.TRAPS,
    is_width_first=True,
)
