"""The entries of a recorded batch, checked for the form that docs/parity.md describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cocosurgeon.errors import DataError
from cocosurgeon.parity.recorded import Checkpoint
from cocosurgeon.text import plural

_WIDTHS = {
    "images": None,
    "boxes": 4,
    "labels": None,
    "masks": None,
    "img_shape": 2,
    "ori_shape": 2,
}
"""Entries with a value for each image, and how many numbers the rows of that value have."""


def batch_values(checkpoint: Checkpoint) -> Mapping[str, Any]:
    """Return the entries of a batch; None is the same as absent.

    Raises:
        DataError: an entry has another form than docs/parity.md says.
    """
    values = checkpoint.values
    if not isinstance(values, dict):
        raise _error(checkpoint, "is not a dict")
    batch = {key: value for key, value in values.items() if value is not None}
    count = len(checkpoint.img_ids) or len(batch.get("images", ()))
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for key, width in _WIDTHS.items():
        if key not in batch:
            continue
        if not isinstance(batch[key], list) and np.ndim(batch[key]) == 0:
            raise _error(checkpoint, f"has one value for {key}, not one for each image")
        if count and len(batch[key]) != count:
            raise _error(checkpoint, f"has {len(batch[key])} {key} for {plural(count, 'image')}")
        shapes[key] = [_shape(of_image) for of_image in batch[key]]
        for shape in shapes[key]:
            if width is not None and 0 not in shape and shape[-1:] != (width,):
                raise _error(checkpoint, f"has {key} of shape {shape}, not {width} numbers each")
    if any(len(shape) != 3 for shape in shapes.get("images", ())):
        shape = np.shape(batch["images"])
        raise _error(checkpoint, f"has images of shape {shape}, not (N, channels, height, width)")
    for key in ("labels", "masks"):
        if key in shapes and "boxes" in shapes:
            counts = [list(map(_rows, shapes[name])) for name in ("boxes", key)]
            if counts[0] != counts[1]:
                words = f"has {counts[0]} boxes and {counts[1]} {key} in its images"
                raise _error(checkpoint, words)
    return batch


def _error(checkpoint: Checkpoint, wrong: str) -> DataError:
    return DataError(
        f"the batch of step {checkpoint.step} {wrong}",
        where=str(checkpoint.path),
        hint="docs/parity.md says what a batch holds",
    )


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of a value of one image; (-1,) for lists of different lengths."""
    try:
        return np.shape(value)
    except ValueError:
        return (-1,)


def _rows(shape: tuple[int, ...]) -> int:
    """Return how many objects an array of one image has."""
    return shape[0] if shape and 0 not in shape[:1] else 0
