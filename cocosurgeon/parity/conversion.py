"""Recorded batches, converted into what the train_step of a detector of MMDetection takes.

All in numpy: neither torch nor MMDetection is imported. docs/parity.md says what a batch holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cocosurgeon.errors import RequestError
from cocosurgeon.parity.arrays import Array
from cocosurgeon.parity.boxes import BoxForm, Sizes, absolute
from cocosurgeon.parity.label_map import LabelMap
from cocosurgeon.parity.record_steps import BOX_FORMATS, FRAMES
from cocosurgeon.text import plural
from cocosurgeon.version import DOCS

Shape = tuple[int, int]
"""Height and width."""

MaskShape = Literal["img_shape", "pad_shape", "batch_input_shape"]
_EACH = (
    *("img_ids", "boxes", "labels", "masks", "ignored_boxes", "ori_shape", "img_shape"),
    *("pad_shape", "scale_factor", "flip"),
)
"""Entries of a batch that have a value for each image."""
_NO_BOXES = np.zeros((0, 4))


@dataclass(frozen=True)
class Sample:
    """One image of a batch, with its objects.

    Attributes:
        img_id: as recorded.
        img_shape, pad_shape, batch_input_shape: height and width: of the image, of the image with
            its own padding, of the batch.
        ori_shape: that of the image in its file; None where it is not known.
        scale_factor: width and height, each of ``img_shape`` divided by that of ``ori_shape``; None
            where it is not known.
        flip: whether it is mirrored.
        boxes: float32, shape (n, 4): xyxy in pixels of the batch.
        labels: int64, shape (n,): labels of the model.
        masks: uint8, shape (n, height, width); None where the model takes none.
        ignored_boxes: boxes of objects that are not trained on; like ``boxes``.
    """

    img_id: int | str
    img_shape: Shape
    pad_shape: Shape
    batch_input_shape: Shape
    ori_shape: Shape | None
    scale_factor: tuple[float, float] | None
    flip: bool
    boxes: Array
    labels: Array
    masks: Array | None
    ignored_boxes: Array


@dataclass(frozen=True)
class Batch:
    """A batch as a detector takes it.

    Attributes:
        images: shape (batch, channels, height, width), as recorded.
        samples: an image each.
    """

    images: Array
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Conversion:
    """Recorded batches -> those that a model expects.

    Attributes:
        form: that of the recorded boxes.
        labels: recorded labels -> the model's.
        pad_size_divisor: where the ``pad_shape`` of an image is not recorded, it is its size,
            rounded up to a multiple of this; None where that is not known.
        masks: the shape that masks have; None: the model takes no masks.
    """

    form: BoxForm
    labels: LabelMap
    pad_size_divisor: int | None
    masks: MaskShape | None

    def __str__(self) -> str:
        return f"boxes are {self.form}; {self.labels}"

    def convert(self, recorded: object, where: str) -> Batch:
        """Return a recorded batch as the model expects it.

        Args:
            recorded: values of the checkpoint ``batch``; None is the same as absent.
            where: the recording and the step, for messages.

        Raises:
            RequestError: something is missing, or cannot be converted.
        """
        entries = recorded.items() if isinstance(recorded, Mapping) else ()
        values = {key: value for key, value in entries if value is not None}
        for key in ("images", "img_ids", "boxes", "labels", "img_shape"):
            if key not in values:
                raise RequestError(
                    f"the batch has no {key}", where=where, hint=f"record it; see {DOCS}/parity.md"
                )
        images = _images(values["images"], where)
        columns = {
            key: _each(key, values[key], len(images), where) for key in _EACH if key in values
        }
        ids = columns.pop("img_ids")
        samples = []
        for place, img_id in enumerate(np.asarray(ids).tolist()):
            at = f"{where}, image {img_id}"
            of_image = {key: _numbers(key, column[place], at) for key, column in columns.items()}
            samples.append(self._sample(img_id, of_image, images.shape[2:], at))
        return Batch(images, tuple(samples))

    def _sample(
        self, img_id: int | str, recorded: Mapping[str, Array], padded: Shape, where: str
    ) -> Sample:
        ori_shape, size, pad_shape = (
            _shape(key, recorded.get(key), where) for key in ("ori_shape", "img_shape", "pad_shape")
        )
        assert size is not None, "convert() refuses such"
        pad_shape = pad_shape or self._pad_shape(size, padded, where)
        if any(a > b or b > c for a, b, c in zip(size, pad_shape, padded, strict=True)):
            raise RequestError(
                f"img_shape {size} and pad_shape {pad_shape} do not fit in images of {padded}",
                where=where,
                hint="shapes are (height, width)",
            )
        sizes = Sizes(
            None if ori_shape is None else np.array(ori_shape), np.array(size), np.array(padded)
        )
        boxes, ignored = (
            _boxes(recorded.get(key, _NO_BOXES), self.form, sizes, where)
            for key in ("boxes", "ignored_boxes")
        )
        labels = self.labels.convert(np.ravel(recorded["labels"]), where)
        if len(labels) != len(boxes):
            raise RequestError(
                f"{plural(len(boxes), 'box', 'boxes')} and {plural(len(labels), 'label')}",
                where=where,
            )
        masks = None
        if self.masks is not None:
            wanted = {"img_shape": size, "pad_shape": pad_shape, "batch_input_shape": padded}
            masks = _masks(recorded.get("masks"), len(boxes), padded, wanted[self.masks], where)
        return Sample(
            img_id=img_id,
            img_shape=size,
            pad_shape=pad_shape,
            batch_input_shape=padded,
            ori_shape=ori_shape,
            scale_factor=_scale_factor(recorded.get("scale_factor"), size, ori_shape, where),
            flip=bool(recorded.get("flip", np.zeros(1)).any()),
            boxes=boxes,
            labels=labels,
            masks=masks,
            ignored_boxes=ignored,
        )

    def _pad_shape(self, size: Shape, padded: Shape, where: str) -> Shape:
        if size == padded:
            return padded
        divisor = self.pad_size_divisor
        if divisor is None:
            raise RequestError(
                "the padding of an image before batching (pad_shape) is not known",
                where=where,
                hint="record pad_shape; or give pad_size_divisor=32, as Pad in the model's "
                "pipeline has it, 1 without Pad",
            )
        height, width = (
            min(math.ceil(a / divisor) * divisor, b) for a, b in zip(size, padded, strict=True)
        )
        return height, width


def form_of(header: Mapping[str, Any], where: str) -> BoxForm:
    """Return the form of boxes that a recording's header names.

    Raises:
        RequestError: it does not name it in full.
    """
    for key, known in (("box_format", BOX_FORMATS), ("frame", FRAMES)):
        if header[key] is None:
            raise RequestError(
                f"boxes in an unknown {key.replace('_', ' ')}",
                where=where,
                hint=f"record with {key}={' or '.join(map(repr, known))}",
            )
    return BoxForm.of(header)


def _boxes(recorded: Array, form: BoxForm, sizes: Sizes, where: str) -> Array:
    """Return boxes as xyxy in pixels of the batch; padding is to the right and below."""
    if not recorded.size:
        return np.zeros((0, 4), np.float32)
    if recorded.ndim != 2 or recorded.shape[1] != 4:
        raise RequestError(f"boxes of shape {recorded.shape}: expected (n, 4)", where=where)
    corners = absolute(recorded, form, sizes, "resized")
    if corners is None:
        raise RequestError(
            "boxes are in pixels of the original image, and its size is not recorded",
            where=where,
            hint="record ori_shape",
        )
    problem = None
    if not np.isfinite(corners).all():
        problem = "boxes have numbers that are not finite"
    elif (corners[:, 2:] < corners[:, :2]).any():
        problem = "a box ends before it begins"
    elif form.normalised and (np.abs(recorded) > 2).any():
        problem = "boxes have numbers above 2: they are not normalised"
    elif not form.normalised and (np.abs(recorded) <= 1).all():
        problem = "no box has a number above 1: they are not in pixels"
    if problem is not None:
        raise RequestError(problem, where=where, hint=f"check the header: it says {form}")
    return corners.astype(np.float32)


def _images(recorded: Any, where: str) -> Array:
    """Return the images, a batch of one shape."""
    images = recorded if isinstance(recorded, np.ndarray) else np.zeros(0)
    if images.ndim != 4 or images.dtype.kind != "f":
        kind = f"{images.dtype} of shape {images.shape}" if images is recorded else "no array"
        raise RequestError(
            f"the images of the batch are {kind}: no model takes these",
            where=where,
            hint="record what the model gets: N x 3 x height x width, normalized and padded",
        )
    return images


def _each(key: str, column: Any, count: int, where: str) -> Any:
    """Return values for each image."""
    found = len(column) if isinstance(column, list) or np.ndim(column) else 0
    if found != count:
        raise RequestError(
            f"{key} of {plural(found, 'image')}, and {count} in the batch", where=where
        )
    return column


def _numbers(key: str, value: Any, where: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    if array.dtype.kind not in "buif":
        raise RequestError(f"{key} of an image is not an array of numbers", where=where)
    return array


def _shape(key: str, size: Array | None, where: str) -> Shape | None:
    """Return a recorded height and width."""
    if size is None:
        return None
    if size.shape != (2,) or (size < 1).any() or (size % 1).any():
        raise RequestError(f"{key}: expected height and width, found {size.tolist()}", where=where)
    return int(size[0]), int(size[1])


def _scale_factor(
    recorded: Array | None, size: Shape, ori_shape: Shape | None, where: str
) -> tuple[float, float] | None:
    if recorded is None:
        return None if ori_shape is None else (size[1] / ori_shape[1], size[0] / ori_shape[0])
    if recorded.shape != (2,):
        raise RequestError(
            f"scale_factor: expected one of the width and one of the height, found {recorded}",
            where=where,
        )
    return float(recorded[0]), float(recorded[1])


def _masks(masks: Array | None, count: int, padded: Shape, wanted: Shape, where: str) -> Array:
    """Return bitmaps, cut to the shape that the model expects."""
    if masks is None:
        raise RequestError(
            "masks are missing: the model has a mask head, and the batch has no masks",
            where=where,
            hint="record them, one bitmap for each box",
        )
    if count == 0:
        return np.zeros((0, *wanted), np.uint8)
    if masks.shape != (count, *padded):
        raise RequestError(
            f"masks of shape {masks.shape}, expected {(count, *padded)}",
            where=where,
            hint="record bitmaps of the padded image, one for each box",
        )
    if not np.isin(masks, (0, 1)).all():
        raise RequestError("masks have other numbers than 0 and 1", where=where)
    return masks[:, : wanted[0], : wanted[1]].astype(np.uint8)
