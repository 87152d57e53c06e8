"""torchvision: CocoDetection in wrap_dataset_for_transforms_v2. Read in 0.28.0.

Targets are dicts of lists. For an image without annotations, the target has one key, ``image_id``,
whatever ``target_keys`` says: ``target["boxes"]`` is a KeyError. Records without a field are
skipped in its list: where some annotations of an image have no ``bbox``, ``boxes`` is shorter than
``labels``, and a box and a label at the same index are of two objects.

Boxes are int64 where all numbers of an image's boxes are whole, else float32; so are labels. Masks
have the size of the image itself; here, the JSON's ``width`` and ``height``.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from cocosurgeon.loaders import torchvision
from cocosurgeon.loaders.detr import require
from cocosurgeon.loaders.dropped import Drops, wanted_of
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.tensors import dtype_of, scalar_error, shape_of
from cocosurgeon.loaders.view import (
    NUMBERS,
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

DEFAULT_KEYS = frozenset(("image_id", "boxes", "labels"))
COPIED_KEYS = frozenset(("segmentation", "area", "iscrowd", "image_id", "bbox", "category_id"))
ALL_KEYS = COPIED_KEYS | {"boxes", "masks", "labels"}

RULES = torchvision.RULES
ERRORS = (
    *torchvision.ERRORS,
    Rule(
        "unknown-target-keys",
        "`target_keys` names a key that is not available: ValueError",
        "torchvision/tv_tensors/_dataset_wrapper.py:246",
    ),
    *errors_for(
        "no",
        "bbox",
        "KeyError (where no annotation of an image has one)",
        "torchvision/tv_tensors/_dataset_wrapper.py:391",
    ),
    *errors_for(
        "bad",
        "bbox",
        "ValueError, TypeError, ...",
        "torchvision/tv_tensors/_dataset_wrapper.py:390",
    ),
    *errors_for(
        "no",
        "segmentation",
        "KeyError (where no annotation of an image has one; with target_keys)",
        "torchvision/tv_tensors/_dataset_wrapper.py:403,412",
    ),
    *errors_for(
        "bad",
        "segmentation",
        "IndexError where it is empty, ValueError where it is null, ... (with target_keys)",
        "torchvision/tv_tensors/_dataset_wrapper.py:359-370",
    ),
    *errors_for(
        "no",
        "category_id",
        "KeyError (where no annotation of an image has one)",
        "torchvision/tv_tensors/_dataset_wrapper.py:409",
    ),
    *errors_for(
        "bad",
        "category_id",
        "ValueError, TypeError, ...",
        "torchvision/tv_tensors/_dataset_wrapper.py:409",
    ),
    *errors_for(
        "no",
        "area iscrowd",
        "KeyError (where no annotation of an image has one; with target_keys)",
        "torchvision/tv_tensors/_dataset_wrapper.py:412",
    ),
)


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``root``, and the wrapper's ``target_keys``: names, or ``all``."""

    root: str = ""
    target_keys: str | tuple[str, ...] | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Names of the keys of targets."""
        if self.target_keys == "all":
            return ALL_KEYS
        return DEFAULT_KEYS if self.target_keys is None else frozenset(self.target_keys)

    @property
    def note(self) -> str:
        return (
            "the target of an image without annotations has one key, image_id: "
            "target['boxes'] is a KeyError"
        )

    def note_on(self, view: View) -> str | None:
        return self.note if any(not s.instances for s in view.samples) else None

    @property
    def needs_masks(self) -> bool:
        return not self.keys.isdisjoint(("masks", "segmentation"))


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what the wrapper loads from a parsed file; labels are category ids; see
    ``registry.load``."""
    index = indexed(document)
    if extra := sorted(options.keys - ALL_KEYS):
        what = f"target keys {', '.join(map(repr, extra))} are not available"
        fail("ValueError", "unknown-target-keys", what)
    wanted = wanted_of(index, only)
    reached, samples = set[int](), []
    with np.errstate(over="ignore", invalid="ignore"):
        for img_id, image, path, rows in torchvision.items(index, options.root):
            reached.update(rows)
            instances = _instances(index, image, rows, options.keys) if rows else []
            if wanted is None or img_id in wanted:
                size = image.get("height"), image.get("width")
                samples.append(Sample(img_id, path, *size, tuple(instances)))
    return View(
        loader=LOADER.name,
        box_format="xyxy",
        single=True,
        samples=tuple(samples),
        dropped=Drops().dropped(index, samples, reached),
    )


def _instances(
    index: Index, image: Record, rows: list[int], keys: frozenset[str]
) -> list[Instance]:
    """``wrapper``: torchvision/tv_tensors/_dataset_wrapper.py:372-414."""
    records = [(row, index.annotations[row]) for row in rows]
    boxes = _boxes(records) if "boxes" in keys else []
    masks = _masks(records, image) if "masks" in keys else []
    labels = _labels(records) if "labels" in keys else []
    for key in sorted(keys & COPIED_KEYS):
        _batched(records, key)
    return [
        Instance(
            ann_id=ann["id"],
            box=tuple(box or ()),
            label=label,
            ignore="iscrowd" in keys and bool(ann.get("iscrowd")),
            mask=mask,
            row=row,
        )
        for (row, ann), box, label, mask in zip_longest(records, boxes, labels, masks)
    ]


def _boxes(records: list[tuple[int, Record]]) -> list[list[float]]:
    """Return corners; other than four numbers where torch adds such rows, too."""
    boxes = _batched(records, "bbox")
    require(records, "bbox", scalar_error(boxes))
    shape = shape_of(boxes) or ()
    if len(shape) > 2:
        require(records, "bbox", "ValueError")
    if shape[-1] not in (0, 1, 4):  # the last two are added to the first two
        require(records, "bbox", "RuntimeError")
    corners = np.atleast_2d(_array(boxes))
    if shape[-1] == 4:
        corners[:, 2:] += corners[:, :2]
    rows: list[list[float]] = corners.tolist()
    return rows


def _labels(records: list[tuple[int, Record]]) -> list[Id | None]:
    cat_ids = _batched(records, "category_id")
    require(records, "category_id", scalar_error(cat_ids))
    labels = _array(cat_ids).tolist()
    return [label if isinstance(label, NUMBERS) else None for label in labels]


def _array(values: list[Any]) -> np.ndarray[Any, Any]:
    """Return what ``torch.tensor`` makes of values."""
    shape = shape_of(values) or ()
    return np.zeros(shape) if 0 in shape else np.array(values, dtype_of(values))


def _masks(records: list[tuple[int, Record]], image: Record) -> list[Any]:
    """Return segmentations; fail where they are not drawn and stacked, by the same calls."""
    masks = _batched(records, "segmentation")
    size = image.get("height"), image.get("width")
    if not all(type(side) is int for side in size):
        return masks  # the size is that of the image itself
    shapes = set()
    with_mask = [(row, ann) for row, ann in records if "segmentation" in ann]
    for row, ann in with_mask:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of pycocotools, about NumPy 2
                shapes.add(_drawn_shape(ann["segmentation"], size))
        except Exception as error:  # pycocotools raises it as such
            raise failure(error, "annotations", row, ann, ["segmentation"]) from error
    if len(shapes) > 1:
        require(records, "segmentation", "RuntimeError")
    return masks


def _drawn_shape(segmentation: Any, size: tuple[Any, Any]) -> tuple[int, ...]:
    """Height and width of a mask: an RLE says them itself. Polygons are merged; none are not."""
    from pycocotools import mask as mask_api

    if isinstance(segmentation, list):
        segmentation = mask_api.merge(mask_api.frPyObjects(segmentation, *size))
    elif not isinstance(segmentation, dict):
        raise ValueError(f"a segmentation is a dict or a list, not {type(segmentation).__name__}")
    elif not isinstance(segmentation["counts"], str):
        segmentation = mask_api.frPyObjects(segmentation, *size)
    shape: tuple[int, ...] = mask_api.decode(segmentation).shape
    return shape


def _batched(records: list[tuple[int, Record]], key: str) -> list[Any]:
    """Return a field of the annotations that have it; fail where none has."""
    values = [ann[key] for _, ann in records if key in ann]
    if not values:
        row, ann = records[0]
        raise failure(KeyError(key), "annotations", row, ann, [key])
    return values


LOADER = Loader(
    name="torchvision2",
    title="torchvision, CocoDetection in wrap_dataset_for_transforms_v2",
    version="0.28.0",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    order="id",
    image_root="root",
    traps={
        "unknown-target-keys": "write names as a JSON list: "
        """`--option 'target_keys=["image_id", "boxes"]'`; """
        "a text other than all is read letter by letter"
    },
)
