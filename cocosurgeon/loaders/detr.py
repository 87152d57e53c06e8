"""DETR; and what the frameworks that copied its conversion have in common with it. Samples before
any transform.

Read in facebookresearch/detr at 9a4b93a, ``datasets/coco.py``.

Items are torchvision's. Boxes are clipped to the image itself; here, to the JSON's ``width`` and
``height``, and not at all on the side where that is no number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cocosurgeon.loaders import torchvision
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, Drops, wanted_of
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.tensors import box_error, cast_error, keypoint_error, scalar_error
from cocosurgeon.loaders.view import (
    NUMBERS,
    Dropped,
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
    "crowd",
    "its `iscrowd` is not equal to 0 (also text and null)",
    "datasets/coco.py:62",
)
DEGENERATE = Rule(
    "degenerate",
    "after clipping, in float32, its box is not x2 > x1 and y2 > y1 (also NaN)",
    "datasets/coco.py:86",
)
RULES = (SHADOWED, UNLISTED, CROWD, DEGENERATE)


def conversion_errors(file: str, **lines: int | str) -> tuple[Rule, ...]:
    """Return why a copy of ConvertCocoPolysToMask raises.

    Args:
        file: where it is.
        lines: those of what is read there: ``img_id``, ``bbox``, ``box`` (used by rows), ``cat_id``
            and ``label`` (its tensor), ``keypoints``, ``keypoint`` (their tensor) and ``area``;
            ``segmentation`` and ``mask`` where it can return masks.
    """
    at = {name: f"{file}:{line}" for name, line in lines.items()}
    many = "ValueError, TypeError, ..."
    masks: tuple[Rule, ...] = ()
    if "mask" in at:
        masks = (
            *errors_for("no", "segmentation", "KeyError (with return_masks)", at["segmentation"]),
            *errors_for(
                "bad", "segmentation", "Exception, ValueError, ... (with return_masks)", at["mask"]
            ),
        )
    return (
        Rule("huge-id", "an image id is beyond int64: ValueError", at["img_id"]),
        *errors_for("no", "bbox", "KeyError", at["bbox"]),
        *errors_for("bad", "bbox", many, at["box"]),
        *errors_for("no", "category_id", "KeyError", at["cat_id"]),
        *errors_for("bad", "category_id", many, at["label"]),
        *masks,
        *errors_for("no", "keypoints", "KeyError (where the first has them)", at["keypoints"]),
        *errors_for("bad", "keypoints", "TypeError, ValueError, RuntimeError", at["keypoint"]),
        *errors_for("no", "area", "KeyError", at["area"]),
        *errors_for("bad", "area", "RuntimeError, ...", at["area"]),
    )


ERRORS = (
    *torchvision.ERRORS,
    *conversion_errors(
        "datasets/coco.py",
        img_id=58,
        bbox=64,
        box="66,88",
        cat_id=71,
        label=72,
        area=104,
        segmentation=75,
        mask=34,
        keypoints=80,
        keypoint=81,
    ),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``img_folder`` and ``return_masks``."""

    img_folder: str = ""
    return_masks: bool = False

    @property
    def needs_masks(self) -> bool:
        return self.return_masks


Item: TypeAlias = tuple[Id, Record, str, list[int]]
"""An image's id, its record, its path, and the rows of its annotations."""
Kept: TypeAlias = list[tuple[int, Record]]
"""Annotations of an image, each with its row."""
Prepare: TypeAlias = Callable[[Record, Kept], tuple[Sequence[int], Sequence[object]]]
"""Takes an image and its annotations, at least one; returns their labels and masks, or raises."""
Convert: TypeAlias = Callable[[Index, Record, list[int], Drops], list[Instance]]
"""Takes a file, an image and the rows of its annotations; returns what is loaded of these."""


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what DETR loads from a parsed file; labels are category ids; see ``registry.load``."""
    index = indexed(document)
    items = integer_items(torchvision.items(index, options.img_folder))
    convert = conversion(preparation(options.return_masks))
    samples, dropped = converted(index, items, only, convert)
    return View(
        loader=LOADER.name, box_format="xyxy", single=True, samples=samples, dropped=dropped
    )


def integer_items(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items; fail at an id of which no tensor is made: datasets/coco.py:58."""
    for item in items:
        if isinstance(item[0], str):
            what = f"the image id {item[0]!r} is text, which no tensor holds"
            fail("ValueError", "text-id", what)
        require_small(item[0])
        yield item


def require_small(img_id: Id) -> None:
    """Fail for a number that is beyond int64."""
    if exception := scalar_error([img_id]):
        fail(exception, "huge-id", f"the image id {img_id!r} is too large for a tensor")


def category_ids(kept: Kept) -> list[int]:
    """Return labels that are category ids."""
    cat_ids = column(kept, "category_id")
    require(kept, "category_id", cast_error(cat_ids))
    return [int(cat_id) for cat_id in cat_ids]


def preparation(
    return_masks: bool = False, labels: Callable[[Kept], list[int]] = category_ids
) -> Prepare:
    """Return ``ConvertCocoPolysToMask`` up to the clipping: datasets/coco.py:54-112.

    Args:
        labels: gives the labels of annotations.
    """

    def prepare(image: Record, kept: Kept) -> tuple[Sequence[int], Sequence[object]]:
        boxes = column(kept, "bbox")
        require(kept, "bbox", box_error(boxes, ragged_only=True))
        found = labels(kept)
        masks: list[Any] = [None] * len(kept)
        if return_masks:
            masks = column(kept, "segmentation")
            require_masks(kept, image)
        if "keypoints" in kept[0][1]:
            require(kept, "keypoints", keypoint_error(column(kept, "keypoints")))
        require(kept, "bbox", box_error(boxes))
        require(kept, "area", scalar_error(column(kept, "area")))
        return found, masks

    return prepare


def converted(
    index: Index,
    items: Iterable[Item],
    only: Collection[Id | None] | None,
    convert: Convert,
    drops: Drops | None = None,
) -> tuple[tuple[Sample, ...], tuple[Dropped, ...]]:
    """Return what is made of items by converting each, and what is dropped.

    Args:
        drops: what the items leave out.
    """
    wanted = wanted_of(index, only)
    drops = Drops() if drops is None else drops
    reached, samples = set[int](), []
    with np.errstate(over="ignore", invalid="ignore"):
        for img_id, image, path, rows in items:
            reached.update(rows)
            instances = convert(index, image, rows, drops)
            if wanted is None or img_id in wanted:
                size = image.get("height"), image.get("width")
                samples.append(Sample(img_id, path, *size, tuple(instances)))
    return tuple(samples), drops.dropped(index, samples, reached)


def conversion(prepare: Prepare) -> Convert:
    """Return the conversion that leaves out crowds and degenerate boxes."""

    def convert(index: Index, image: Record, rows: list[int], drops: Drops) -> list[Instance]:
        kept = without_crowds(index, rows, drops)
        if not kept:
            return []
        labels, masks = prepare(image, kept)
        return with_area(kept, image, labels, masks, drops)

    return convert


def without_crowds(index: Index, rows: list[int], drops: Drops) -> Kept:
    """Return an image's annotations but for crowds, each with its row."""
    kept = []
    for row in rows:
        ann = index.annotations[row]
        if "iscrowd" not in ann or ann["iscrowd"] == 0:
            kept.append((row, ann))
        else:
            drops.annotations[row] = CROWD.name
    return kept


def with_area(
    kept: Kept,
    image: Record,
    labels: Sequence[int | None],
    masks: Sequence[object],
    drops: Drops,
) -> list[Instance]:
    """Return annotations whose boxes, clipped to the image, are not degenerate."""
    instances = []
    corners = _clipped(column(kept, "bbox"), image)
    for (row, ann), box, label, mask in zip(kept, corners, labels, masks, strict=True):
        if box[3] > box[1] and box[2] > box[0]:
            instances.append(Instance(ann["id"], tuple(box), label, False, mask, row))
        else:
            drops.annotations[row] = DEGENERATE.name
    return instances


def require_masks(kept: Kept, image: Record) -> None:
    """Fail where ``convert_coco_poly_to_mask`` does, datasets/coco.py:31-47: by the same calls."""
    from pycocotools import mask as mask_api

    masks = column(kept, "segmentation")
    size = image.get("height"), image.get("width")
    if not all(type(side) is int for side in size):
        return  # DETR takes the size of the image itself
    shapes = set()
    for (row, ann), mask in zip(kept, masks, strict=True):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of pycocotools, about NumPy 2
                shapes.add(mask_api.decode(mask_api.frPyObjects(mask, *size)).shape[:2])
        except Exception as error:  # pycocotools raises it as such
            raise failure(error, "annotations", row, ann, ["segmentation"]) from error
    if len(shapes) > 1:
        rows = ", ".join(str(row) for row, _ in kept)
        what = "the masks of an image's annotations have several sizes, so they cannot be stacked"
        fail("RuntimeError", "bad-segmentation", what, f"annotations, rows {rows}")


def _clipped(boxes: list[Any], image: Record) -> list[list[float]]:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    for first, key in enumerate(("width", "height")):
        size = image.get(key)
        most = size if isinstance(size, NUMBERS) and _fits(size) else np.inf
        # as np.clip, which before NumPy 2 warns of NaN
        corners[:, first::2] = np.minimum(np.maximum(corners[:, first::2], 0), most)
    clipped: list[list[float]] = corners.tolist()
    return clipped


def _fits(size: float) -> bool:
    """Return whether a number fits into floating point; of the image itself it always does."""
    return not abs(size) >= 2**1023


def column(kept: Kept, key: str) -> list[Any]:
    """Return a value of each annotation; an error where one has none."""
    try:
        return [ann[key] for _, ann in kept]
    except KeyError as error:
        row, ann = next((row, ann) for row, ann in kept if key not in ann)
        raise failure(error, "annotations", row, ann, [key]) from error


def require(kept: Kept, key: str, exception: str | None) -> None:
    """Fail where a tensor of a value of each annotation raises an exception."""
    if exception:
        rows = ", ".join(str(row) for row, _ in kept)
        what = f"no tensor can be made of the {key!r} of an image's annotations"
        fail(exception, f"bad-{key.replace('_', '-')}", what, f"annotations, rows {rows}")


LOADER = Loader(
    name="detr",
    title="DETR, CocoDetection",
    version="9a4b93a",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="img_folder",
)
