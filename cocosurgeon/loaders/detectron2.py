"""detectron2: load_coco_json with a dataset name, and get_detection_dataset_dicts.

Read in facebookresearch/detectron2 at 910b796 (``data/datasets/coco.py``) and 3ff5dd1
(``data/build.py``), both below ``detectron2/``. Compressing RLE is left to the framework: a mask is
passed on unchanged, without polygons of fewer than three points.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, Drops, wanted_of
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import NO_CATEGORIES, Index, box_as_it_is, indexed, sorted_ids
from cocosurgeon.loaders.loader import MODES, Loader, LoaderOptions, Mode
from cocosurgeon.loaders.view import (
    NOTHING_LEFT,
    Id,
    Instance,
    NothingLeftError,
    Record,
    Rule,
    Sample,
    View,
    errors_for,
    fail,
    failure,
)

NO_POLYGON = Rule(
    "no-valid-polygon",
    "none of its polygons has an even count of six numbers or more",
    "detectron2/data/datasets/coco.py:208",
)
FILTER_EMPTY = Rule(
    "filter_empty",
    "the image has only crowds left (`iscrowd` is not equal to 0)",
    "detectron2/data/build.py:62",
)
RULES = (SHADOWED, UNLISTED, NO_POLYGON, FILTER_EMPTY)
ERRORS = (
    *INDEX_ERRORS,
    NO_CATEGORIES,
    Rule(
        "unsortable-ids",
        "ids of categories or of images do not sort: TypeError",
        "detectron2/data/datasets/coco.py:87,112",
    ),
    *errors_for("no", "name", "KeyError", "detectron2/data/datasets/coco.py:90"),
    Rule("empty-categories", "no category: ValueError", "detectron2/data/datasets/coco.py:101"),
    Rule(
        "duplicate-ids",
        "two annotations of listed images have the same id: AssertionError",
        "detectron2/data/datasets/coco.py:151",
    ),
    *errors_for("no", "file_name", "KeyError", "detectron2/data/datasets/coco.py:170"),
    *errors_for("bad", "file_name", "TypeError", "detectron2/data/datasets/coco.py:170"),
    *errors_for("no", "height width", "KeyError", "detectron2/data/datasets/coco.py:171"),
    Rule("ignore", "`ignore` is not 0: AssertionError", "detectron2/data/datasets/coco.py:186"),
    *errors_for("bad", "bbox", "ValueError or TypeError", "detectron2/data/datasets/coco.py:191"),
    *errors_for("bad", "segmentation", "TypeError", "detectron2/data/datasets/coco.py:205"),
    Rule(
        "unlisted-category",
        "its category is not in the file's list: KeyError",
        "detectron2/data/datasets/coco.py:230",
    ),
    *errors_for(
        "bad", "name", "TypeError", "detectron2/data/build.py, print_instances_class_histogram"
    ),
    Rule(
        NOTHING_LEFT,
        "no image is left: AssertionError",
        "detectron2/data/build.py:266,292",
    ),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """``image_root`` of load_coco_json, ``filter_empty`` of get_detection_dataset_dicts.

    The training loader filters (``DATALOADER.FILTER_EMPTY_ANNOTATIONS``), the test loader does not.

    Attributes:
        json_file: path of the annotation file. One with "minival" in it may repeat annotation ids.
    """

    image_root: str = ""
    filter_empty: bool = True
    json_file: str = ""

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> Options:
        return cls(filter_empty=mode == "train")

    def of_file(self, ann_file: str) -> Options:
        return replace(self, json_file=self.json_file or ann_file)

    def for_framework(self) -> dict[str, Any]:
        return {name: v for name, v in super().for_framework().items() if name != "json_file"}


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what detectron2 loads from a parsed file; see ``registry.load``."""
    index = indexed(document)
    cat_ids, classes = _categories(index)
    id_map = {cat_id: label for label, cat_id in enumerate(cat_ids)}
    img_ids = sorted_ids(index.image_rows, "image")
    if "minival" not in options.json_file:  # detectron2/data/datasets/coco.py:148
        _require_unique_ids(index, img_ids)
    wanted = wanted_of(index, only)
    drops, samples, count = Drops(), [], 0
    for img_id in img_ids:
        row = index.image_rows[img_id]
        image = index.images[row]
        sample = _sample(index, row, image, options, id_map, drops)
        if options.filter_empty and all(
            index.annotations[i.row].get("iscrowd", 0) != 0 for i in sample.instances
        ):
            drops.drop_image(row, index.rows_of.get(img_id, []), FILTER_EMPTY.name)
            continue
        count += 1
        if wanted is None or img_id in wanted:
            samples.append(sample)
    found = View(
        loader=LOADER.name,
        classes=classes,
        cat_ids=cat_ids,
        cat2label=id_map,
        box_format="xywh",
        single=False,
        samples=tuple(samples),
        dropped=drops.dropped(index, samples, _rows_read(index)),
    )
    if img_ids and (wrong := [name for name in classes if not hasattr(name, "__len__")]):
        what = f"the class histogram takes the length of a name, and {wrong[0]!r} has none"
        fail("TypeError", "bad-name", what, "categories")
    if not count:
        what = "no image is left: the dataset is empty"
        raise NothingLeftError(what, exception="AssertionError", view=found)
    return found


def _categories(index: Index) -> tuple[tuple[Id, ...], tuple[str, ...]]:
    """Return ids sorted, and the names that go with them: data/datasets/coco.py:87-90."""
    last = {category["id"]: row for row, category in enumerate(index.listed_categories())}
    cat_ids = sorted_ids((c["id"] for c in index.listed_categories()), "category")
    names = []
    for cat_id in cat_ids:
        category = index.listed_categories()[last[cat_id]]
        if "name" not in category:
            gone = KeyError("name")
            raise failure(gone, "categories", last[cat_id], category, ["name"])
        names.append(category["name"])
    if not cat_ids:
        fail("ValueError", "empty-categories", "the list of categories is empty")
    return tuple(cat_ids), tuple(names)


def _require_unique_ids(index: Index, img_ids: list[Id]) -> None:
    if index.is_unique:
        return
    rows = [row for img_id in img_ids for row in index.rows_of.get(img_id, ())]
    if len({index.annotations[row]["id"] for row in rows}) != len(rows):
        fail("AssertionError", "duplicate-ids", "an annotation id is in the file more than once")


def _rows_read(index: Index) -> set[int] | None:
    """Return rows of the annotations that imgToAnns lists, where no record replaces another."""
    if index.is_unique:
        return None
    return {row for img_id in index.image_rows for row in index.rows_of.get(img_id, ())}


def _sample(
    index: Index,
    image_row: int,
    image: Record,
    options: Options,
    id_map: Mapping[Id, int],
    drops: Drops,
) -> Sample:
    """One record: data/datasets/coco.py:169-236."""
    try:
        path = posixpath.join(options.image_root, image["file_name"])
        height, width, img_id = image["height"], image["width"], image["id"]
    except (KeyError, TypeError) as error:
        fields = ["file_name", "height", "width"]
        raise failure(error, "images", image_row, image, fields) from error
    instances = []
    for row in index.rows_of.get(img_id, ()):
        ann = index.annotations[row]
        try:
            mask = _mask(row, ann)
        except (KeyError, TypeError) as error:
            fields = ["bbox", "segmentation"]
            raise failure(error, "annotations", row, ann, fields) from error
        if mask == []:
            drops.annotations[row] = NO_POLYGON.name
            continue
        if ann["category_id"] not in id_map:
            what = f"category_id {ann['category_id']!r} is not in the list of categories"
            fail("KeyError", "unlisted-category", what, f"annotations[{row}]")
        instances.append(
            Instance(
                ann_id=ann["id"],
                box=box_as_it_is(ann),
                label=id_map[ann["category_id"]],
                ignore=ann.get("iscrowd", 0) != 0,
                mask=mask,
                row=row,
            )
        )
    return Sample(img_id, path, height, width, tuple(instances))


def _mask(row: int, ann: Record) -> object:
    """Return the segmentation that is passed on; an empty list where the annotation is dropped."""
    if ann.get("ignore", 0) != 0:
        fail("AssertionError", "ignore", "`ignore` is not supported", f"annotations[{row}]")
    if "bbox" in ann and len(ann["bbox"]) == 0:
        fail("ValueError", "bad-bbox", "`bbox` is empty", f"annotations[{row}]")
    segm = ann.get("segmentation")
    if not segm:
        return None
    if isinstance(segm, dict):
        return segm if not isinstance(segm["counts"], list) else {**segm, "size": segm["size"]}
    return [polygon for polygon in segm if len(polygon) % 2 == 0 and len(polygon) >= 6]


LOADER = Loader(
    name="detectron2",
    title="detectron2, load_coco_json and get_detection_dataset_dicts",
    version="910b796",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    turns_by_exif=True,
    view=view,
    object_fields=("segmentation",),
    modes=MODES,
    order="id",
    image_root="image_root",
)
