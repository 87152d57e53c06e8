"""Masks as bitmaps: as MMDetection draws them, and of two loaders in different forms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cocosurgeon.masks import rle_runs


def bitmaps_hash(masks: Sequence[object], height: int, width: int) -> tuple[str, list[int]]:
    """Return the SHA-256 of the bitmaps' bytes, and the number of pixels in each.

    ``_poly2mask`` and ``_load_masks`` of ``mmdet/datasets/transforms/loading.py`` (3.3.0), of
    ``mmdet/datasets/pipelines/loading.py`` (2.28.2).

    Args:
        masks: polygons, or RLE, compressed or not.
        height, width: of the opened image, in pixels.

    Raises:
        Exception: any error of pycocotools on a broken mask.
    """
    drawn = [_bitmap(mask, height, width) for mask in masks]
    stack = np.stack(drawn) if drawn else np.zeros((0, height, width), np.uint8)
    return hashlib.sha256(stack.tobytes()).hexdigest(), [int(m.sum()) for m in drawn]


def pixels_apart(a: object, b: object, height: int, width: int) -> int:
    """Return the number of pixels in which two masks (polygons or RLE) differ.

    Args:
        height, width: of the image, in pixels.

    Raises:
        ValueError: a mask is broken, or is for an image of another size.
        Exception: any error of pycocotools on broken polygons.
    """
    one, other = (_drawn(mask, height, width) for mask in (a, b))
    return int((one != other).sum())


def _drawn(mask: object, height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels of a mask, column by column.

    RLE is decoded here: pycocotools leaves pixels after the last run uninitialized.
    """
    if isinstance(mask, list) and mask:
        from pycocotools import mask as mask_api

        mask = mask_api.merge(mask_api.frPyObjects(mask, height, width))
    elif isinstance(mask, list):
        mask = {"size": [height, width], "counts": [height * width]}
    if not isinstance(mask, dict):
        raise ValueError("a mask is neither polygons nor RLE")
    if mask.get("size") != [height, width]:
        raise ValueError(f"a mask has the size {mask.get('size')}, its image {[height, width]}")
    counts = mask.get("counts")
    runs = counts if isinstance(counts, list) else rle_runs(counts)
    if sum(runs) != height * width or min(runs) < 0:
        raise ValueError(f"a mask has runs for {sum(runs)} of {height * width} pixels")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs)


def _bitmap(mask: object, height: int, width: int) -> NDArray[np.uint8]:
    from pycocotools import mask as mask_api

    rle = mask
    if isinstance(mask, list):
        rle = mask_api.merge(mask_api.frPyObjects(mask, height, width))
    elif isinstance(mask, dict) and isinstance(mask.get("counts"), list):
        rle = mask_api.frPyObjects(mask, height, width)
    found: NDArray[np.uint8] = mask_api.decode(rle)
    return found
