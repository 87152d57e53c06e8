"""The entries of a recorded batch, checked for the form that docs/parity.md describes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from cocosurgeon.parity.recorded import Checkpoint
from cocosurgeon.text import plural

_WIDTHS = {
    "images": None,
    "boxes": 4,
    "labels": None,
    "masks": None,
    "img_shape": 2,
    "ori_shape": 2,
    "batch_input_shape": None,
}
"""Entries that have a form, and how many numbers the rows of the value of an image have."""


def batch_values(checkpoint: Checkpoint) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the entries of a batch, and by name what is wrong with those of another form.

    None is the same as absent.
    """
    values = checkpoint.values
    if not isinstance(values, dict):
        return {}, {"": "is not a dict"}
    batch = {key: value for key, value in values.items() if value is not None}
    count = len(checkpoint.img_ids)
    faults = {}
    for key in _WIDTHS:
        if key in batch:
            fault = _fault(key, batch, count)
            if fault is not None:
                faults[key] = fault
                del batch[key]
            elif key == "images":  # a list of images of one size is one array
                batch[key] = np.asarray(batch[key])
                count = len(batch[key])
    return batch, faults


def _fault(key: str, batch: Mapping[str, Any], count: int) -> str | None:
    """Return what is wrong with the form of an entry.

    Args:
        batch: entries that come before it are right.
        count: images of the batch; 0: not known.
    """
    value, width = batch[key], _WIDTHS[key]
    if key == "batch_input_shape":
        return (
            None if _shape(value) == (2,) else f"has {key} of shape {_shape(value)}, not 2 numbers"
        )
    if isinstance(value, (str, dict)) or (not isinstance(value, list) and np.ndim(value) == 0):
        return f"has one value for {key}, not one for each image"
    if count and len(value) != count:
        return f"has {len(value)} {key} for {plural(count, 'image')}"
    shapes = [_shape(of_image) for of_image in value]
    for shape in shapes:
        if width is not None and 0 not in shape and shape[-1:] != (width,):
            return f"has {key} of shape {shape}, not {width} numbers each"
    if key == "images" and len(_shape(value)) != 4:
        return f"has images of shape {_shape(value)}, not (N, channels, height, width)"
    if key in ("labels", "masks") and "boxes" in batch:
        counts = [_rows(_shape(boxes)) for boxes in batch["boxes"]], list(map(_rows, shapes))
        if counts[0] != counts[1]:
            return f"has {counts[0]} boxes and {counts[1]} {key} in its images"
    return None


def as_array(value: Any, dtype: str | None = None) -> np.ndarray[Any, Any]:
    """Return a value as an array.

    Raises:
        ValueError: lists have different lengths; numpy before 1.24 only warns.
        TypeError, ValueError: a value is not of the type.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return np.asarray(value, dtype)
    except Warning as warning:
        raise ValueError(str(warning)) from warning


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of a value of one image; (-1,) for lists of different lengths."""
    try:
        shape: tuple[int, ...] = as_array(value).shape
        return shape
    except ValueError:
        return (-1,)


def _rows(shape: tuple[int, ...]) -> int:
    """Return how many objects an array of one image has."""
    return shape[0] if shape and 0 not in shape[:1] else 0
