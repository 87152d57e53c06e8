"""MMDetection 2.x: CocoDataset, read in 2.28.2.

Order of work: load images, filter (train mode), then the annotations of each sample that is left.
In test mode the framework's pipeline gets no annotations; these are what ``get_ann_info`` returns.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import numpy as np

from cocosurgeon.loaders import mmdet
from cocosurgeon.loaders.derived import (
    CLASSES,
    COCO,
    MISSING_IMAGE,
    MIXED_IDS,
    NO_URL,
    ClassName,
    class_of,
    default_classes,
)
from cocosurgeon.loaders.dropped import Drops, wanted_of
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import MODES, Loader, LoaderOptions, Mode
from cocosurgeon.loaders.view import Id, Instance, Record, Rule, Sample, View, fail, failure

MIN_SIZE = 32
"""``_filter_imgs(min_size=32)``: mmdet/datasets/coco.py:121; nothing sets another."""

RULES = (*mmdet.RULES, MISSING_IMAGE)
ERRORS = (
    *mmdet.ERRORS,
    MIXED_IDS,
    NO_URL,
    Rule(
        "bad-class-file",
        "`classes` is one text, and no file that can be read: FileNotFoundError, ...",
        "mmdet/datasets/custom.py:282",
    ),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDataset's own arguments and defaults; ``classes`` as one text is a file of names.

    Attributes:
        type: the class: CocoDataset, or one that derives from it.
    """

    classes: Sequence[str] | str | None = None
    img_prefix: str | None = ""
    test_mode: bool = False
    filter_empty_gt: bool = True
    type: ClassName = "CocoDataset"

    @property
    def picks_by_place(self) -> bool:
        # _filter_imgs pairs ids and records by their places, which differ once one is skipped
        return bool(CLASSES[self.type].skipped)

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> Options:
        return cls(classes=tuple(classes), test_mode=mode == "test")

    @classmethod
    def from_dump(cls, mode: Mode, classes: Sequence[str], options: Mapping[str, Any]) -> Options:
        filters = bool(options.get("filter_empty_gt", True))
        return cls(
            classes=classes,
            test_mode=mode == "test",
            filter_empty_gt=filters,
            type=class_of(options),
        )

    @classmethod
    @cache
    def settable(cls) -> dict[str, Any]:
        types = get_type_hints(cls)
        return {n: t for n, t in types.items() if n not in ("classes", "test_mode")}

    @property
    def sorts_categories(self) -> bool:
        return CLASSES[self.type].sorts_categories

    def chosen_classes(self) -> tuple[str, ...] | str | None:
        return self.classes if isinstance(self.classes, str) else tuple(self.classes or ())


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what 2.x loads from a parsed file; see ``registry.load``."""
    classes = _classes(options)
    kind = CLASSES[options.type]
    index = indexed(document)
    cat_ids = kind.cat_ids(index, classes)
    cat2label = {cat_id: label for label, cat_id in enumerate(cat_ids)}
    drops = Drops()
    images = dict[int, Record]()
    found: mmdet.Rows = []
    for img_id, row in index.image_rows.items():
        images[row] = image = kind.image(index, row)
        if "file_name" not in image:
            raise failure(KeyError("file_name"), "images", row, image, ["file_name"])
        if kind.skips(image):
            drops.drop_image(row, index.rows(img_id), MISSING_IMAGE.name)
        else:
            found.append((img_id, row))
    mmdet.require_unique_ids(index)
    wanted = wanted_of(index, only)
    samples = []
    with np.errstate(over="ignore"):
        for img_id, row in _filtered(index, found, options, cat_ids, drops):
            image = images[row]
            is_wanted = wanted is None or img_id in wanted
            kept = _instances(index, img_id, row, image, cat2label, drops, is_wanted)
            if is_wanted:
                path = image["file_name"]
                if options.img_prefix is not None:
                    path = posixpath.join(options.img_prefix, path)
                size = image.get("height"), image.get("width")
                samples.append(Sample(img_id, path, *size, tuple(kept)))
    return View(
        loader=LOADER.name,
        classes=tuple(classes),
        cat_ids=cat_ids,
        cat2label=cat2label,
        box_format="xyxy",
        single=True,
        samples=tuple(samples),
        dropped=drops.dropped(index, samples),
    )


def _classes(options: Options) -> Sequence[str]:
    """``get_classes``: mmdet/datasets/custom.py:264."""
    if not isinstance(options.classes, str):
        return default_classes(options.type) if options.classes is None else options.classes
    try:
        return mmdet.names_in(options.classes)
    except (OSError, ValueError) as error:
        fail(type(error).__name__, "bad-class-file", f"class names cannot be read: {error}")


def _filtered(
    index: Index, found: mmdet.Rows, options: Options, cat_ids: Collection[Id], drops: Drops
) -> mmdet.Rows:
    """``_filter_imgs``: mmdet/datasets/coco.py:121-143."""
    if options.test_mode:
        return found
    non_empty = mmdet.non_empty(index, cat_ids) if options.filter_empty_gt else None
    if non_empty is not None and len(found) < len(index.image_rows):
        # Its ids count the skipped images: of each image the id of another place is asked about.
        pairs = zip(found, index.image_rows, strict=False)
        non_empty = {img_id for (img_id, _), other in pairs if other in non_empty}
    if non_empty is not None and not index.is_unique:
        non_empty &= {index.annotations[row]["image_id"] for row in index.last_rows.values()}
    return mmdet.filtered(index, found, non_empty, MIN_SIZE, drops)


def _instances(
    index: Index,
    img_id: Id,
    image_row: int,
    image: Record,
    cat2label: Mapping[Id, int],
    drops: Drops,
    is_wanted: bool,
) -> list[Instance]:
    """``_parse_ann_info``: mmdet/datasets/coco.py:145-202. Crowds come last."""
    objects, crowds = list[tuple[int, Record]](), list[tuple[int, Record]]()
    for row in index.rows(img_id):
        ann = index.annotations[row]
        if rule := mmdet.rule_for(index, row, image, cat2label):
            drops.annotations[row] = rule
        else:
            (crowds if ann.get("iscrowd", False) else objects).append((row, ann))
    try:
        boxes = [*_single(objects), *_single(crowds)]
    except (TypeError, ValueError, OverflowError) as error:
        row, ann = (objects + crowds)[0]
        raise mmdet.unusable(error, row, ann, image) from error
    if not isinstance(image["file_name"], str):
        gone = AttributeError(f"{type(image['file_name']).__name__!r} has no 'rsplit'")
        raise failure(gone, "images", image_row, image, ["file_name"])
    if not is_wanted:
        return []
    return [
        Instance(ann["id"], box, cat2label[ann["category_id"]], False, ann.get("segmentation"), row)
        for (row, ann), box in zip(objects, boxes[: len(objects)], strict=True)
    ] + [
        Instance(ann["id"], box, None, True, None, row)
        for (row, ann), box in zip(crowds, boxes[len(objects) :], strict=True)
    ]


def _single(found: list[tuple[int, Record]]) -> list[tuple[float, ...]]:
    """Corners, rounded to float32 after the sums are made."""
    if not found:
        return []
    corners = [(x, y, x + w, y + h) for x, y, w, h in (ann["bbox"] for _, ann in found)]
    return [tuple(box) for box in np.array(corners, np.float32).tolist()]


LOADER = Loader(
    name="mmdet2",
    title="MMDetection 2.x, CocoDataset",
    version="2.28.2",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    turns_by_exif=True,
    view=view,
    modes=MODES,
    image_root="img_prefix",
    default_classes=COCO,
    real=mmdet.LIBRARY,
    is_usual=True,
)
