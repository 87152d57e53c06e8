"""Masks as MMDetection draws them: the bitmaps that its pipeline packs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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


def _bitmap(mask: object, height: int, width: int) -> NDArray[np.uint8]:
    from pycocotools import mask as mask_api

    rle = mask
    if isinstance(mask, list):
        rle = mask_api.merge(mask_api.frPyObjects(mask, height, width))
    elif isinstance(mask, dict) and isinstance(mask.get("counts"), list):
        rle = mask_api.frPyObjects(mask, height, width)
    found: NDArray[np.uint8] = mask_api.decode(rle)
    return found
