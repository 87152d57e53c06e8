"""Masks as bitmaps: as MMDetection draws them, and those of two loaders in two forms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cocosurgeon.masks import rle_runs


def bitmaps_hash(masks: Sequence[object], height: int, width: int) -> tuple[str, list[int]]:
    """SHA-256 of the bitmaps' bytes, and how many pixels each has.

    ``_poly2mask`` and ``_load_masks`` of ``mmdet/datasets/transforms/loading.py`` (3.3.0), of
    ``mmdet/datasets/pipelines/loading.py`` (2.28.2).

    Args:
        masks: polygons, or RLE, packed or not.
        height, width: of the image that was read, in pixels.

    Raises:
        Exception: whatever pycocotools raises on a broken mask.
    """
    drawn = [_bitmap(mask, height, width) for mask in masks]
    stack = np.stack(drawn) if drawn else np.zeros((0, height, width), np.uint8)
    return hashlib.sha256(stack.tobytes()).hexdigest(), [int(m.sum()) for m in drawn]


def pixels_apart(a: object, b: object, height: int, width: int) -> int:
    """In how many pixels two masks differ, each of them polygons, or RLE, packed or not.

    Args:
        height, width: of the image, in pixels.

    Raises:
        ValueError: a mask is broken, or of an image of another size.
        Exception: whatever pycocotools raises on broken polygons.
    """
    one, other = (_drawn(mask, height, width) for mask in (a, b))
    return int((one != other).sum())


def _drawn(mask: object, height: int, width: int) -> NDArray[np.bool_]:
    """Pixels column by column. Run lengths are added up here: pycocotools leaves what they do not
    reach as it was in memory."""
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
        raise ValueError(f"a mask tells {sum(runs)} pixels of {height * width}")
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
