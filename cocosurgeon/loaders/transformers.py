"""transformers: DetrImageProcessor's annotations, read in 5.24.0.

Items are torchvision's, as users feed them: a subclass of CocoDetection gives the processor each
image with ``{"image_id": id, "annotations": target}``. Samples are those of
``prepare_coco_detection_annotation``, before images and boxes are resized.

The processor is that of ``image_processing_detr.py``, the default where torchvision is installed.
DetrImageProcessorPil (``image_processing_pil_detr.py``, ``backend="pil"``) drops crowds before it
makes masks, so masks with a crowd do not raise there; it takes keypoints where the first object has
them, and numbers that are text; and it raises other exceptions, NumPy's.

Boxes are clipped to the image itself; here, to the JSON's ``width`` and ``height``, and not at all
on the side where that is no number.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from math import prod

from cocosurgeon.loaders import detr, torchvision
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, Drops
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.tensors import box_error, cast_error, float_error, shape_of
from cocosurgeon.loaders.view import (
    NUMBERS,
    Id,
    Instance,
    Record,
    Rule,
    View,
    errors_for,
    fail,
    failure,
)
from cocosurgeon.text import plural

CROWD = Rule(
    detr.CROWD.name,
    detr.CROWD.what,
    "image_processing_detr.py:285",
)
DEGENERATE = Rule(
    detr.DEGENERATE.name,
    detr.DEGENERATE.what,
    "image_processing_detr.py:301",
)
RULES = (SHADOWED, UNLISTED, CROWD, DEGENERATE)
ERRORS = (
    *torchvision.ERRORS,
    Rule("huge-id", "an image id is beyond int64: ValueError", "image_processing_detr.py:276"),
    *errors_for("no", "category_id", "KeyError", "image_processing_detr.py:286"),
    *errors_for("no", "area", "KeyError", "image_processing_detr.py:287"),
    *errors_for("no", "bbox", "KeyError", "image_processing_detr.py:288"),
    *errors_for("bad", "category_id", "ValueError, TypeError, ...", "image_processing_detr.py:292"),
    *errors_for("bad", "area", "ValueError, TypeError, ...", "image_processing_detr.py:293"),
    *errors_for("bad", "bbox", "ValueError, TypeError, ...", "image_processing_detr.py:296,305"),
    *errors_for("bad", "keypoints", "TypeError, RuntimeError, ...", "image_processing_detr.py:313"),
    Rule(
        "no-keypoints",
        "only some of an image's objects have `keypoints`: IndexError",
        "image_processing_detr.py:315",
    ),
    *errors_for(
        "no",
        "segmentation",
        "KeyError (of crowds, too; with return_segmentation_masks)",
        "image_processing_detr.py:321",
    ),
    *errors_for(
        "bad",
        "segmentation",
        "Exception, ValueError, ... (of crowds, too; with return_segmentation_masks)",
        "image_processing_detr.py:248",
    ),
    Rule(
        "crowd-with-masks",
        "crowds have masks, but no boxes: IndexError (with return_segmentation_masks)",
        "image_processing_detr.py:323",
    ),
    Rule(
        "no-objects-with-masks",
        "an image has no object left, so no mask to resize: RuntimeError (with "
        "return_segmentation_masks)",
        "image_processing_detr.py:581",
    ),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``root``, and the processor's ``return_segmentation_masks``."""

    root: str = ""
    return_segmentation_masks: bool = False

    @property
    def needs_masks(self) -> bool:
        return self.return_segmentation_masks


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what the processor prepares of a parsed file; labels are category ids; see
    ``registry.load``."""
    index = indexed(document)
    items = detr.integer_items(torchvision.items(index, options.root))
    convert = partial(_instances, options.return_segmentation_masks)
    samples, dropped = detr.converted(index, items, only, convert)
    return View(
        loader=LOADER.name, box_format="xyxy", single=True, samples=samples, dropped=dropped
    )


def _instances(
    with_masks: bool, index: Index, image: Record, rows: list[int], drops: Drops
) -> list[Instance]:
    """``prepare_coco_detection_annotation``: image_processing_detr.py:264-325."""
    kept = detr.without_crowds(index, rows, drops)
    for row, ann in kept:
        try:
            ann["category_id"], ann["area"], ann["bbox"]
        except KeyError as error:
            fields = ["category_id", "area", "bbox"]
            raise failure(error, "annotations", row, ann, fields) from error
    instances = list[Instance]()
    if kept:
        detr.require(kept, "category_id", cast_error(detr.column(kept, "category_id")))
        detr.require(kept, "area", float_error(detr.column(kept, "area")))
        detr.require(kept, "bbox", box_error(detr.column(kept, "bbox")))
        cat_ids = detr.column(kept, "category_id")
        labels = [int(i) if isinstance(i, NUMBERS) else None for i in cat_ids]
        masks = [ann.get("segmentation") if with_masks else None for _, ann in kept]
        instances = detr.with_area(kept, image, labels, masks, drops)
        _require_keypoints(kept, len(instances))
    if with_masks:
        _require_masks([(row, index.annotations[row]) for row in rows], image, len(kept))
        if not instances:
            what = f"the image {image['id']!r} has no object, so it has no mask to resize"
            fail("RuntimeError", "no-objects-with-masks", what)
    return instances


def _require_keypoints(kept: list[tuple[int, Record]], count: int) -> None:
    """Fail where no keypoints are made, of the objects that have them: :312-318.

    Args:
        count: how many objects are not degenerate; keypoints of these only have to be triples.
    """
    keypoints = [ann["keypoints"] for _, ann in kept if "keypoints" in ann]
    if not keypoints:
        return
    detr.require(kept, "keypoints", float_error(keypoints))
    if len(keypoints) != len(kept):
        what = f"{len(keypoints)} of {len(kept)} objects of an image have keypoints"
        fail("IndexError", "no-keypoints", what, f"annotations[{kept[0][0]}]")
    numbers = count * prod((shape_of(keypoints) or ())[1:])
    detr.require(kept, "keypoints", "RuntimeError" if numbers % 3 else None)


def _require_masks(all_of_image: list[tuple[int, Record]], image: Record, objects: int) -> None:
    """Fail where masks of all annotations do not fit the boxes of those that are no crowds."""
    if all_of_image:
        detr.require_masks(all_of_image, image)
    if len(all_of_image) != objects:
        what = f"the image {image['id']!r} has {plural(len(all_of_image), 'mask')}, and "
        what += plural(objects, "box", "boxes")
        fail("IndexError", "crowd-with-masks", what, f"annotations[{all_of_image[0][0]}]")


LOADER = Loader(
    name="transformers",
    title="transformers, DetrImageProcessor on CocoDetection",
    version="5.24.0",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="root",
)
