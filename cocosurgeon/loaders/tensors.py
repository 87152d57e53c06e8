"""Errors of torch for values of which it makes no tensor. Tried with torch 2.13."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cocosurgeon.loaders.view import NUMBERS


def scalar_error(values: Sequence[object]) -> str | None:
    """Return what ``torch.tensor(values)`` raises; None for nothing."""
    if isinstance(values[0], list):
        return (
            None
            if all(isinstance(v, list) and len(v) == len(values[0]) for v in values)
            else "ValueError"
        )
    most, beyond = 2**63, "ValueError"
    if any(isinstance(v, float) for v in values):
        most, beyond = 2**1023, "OverflowError"
    for i, value in enumerate(values):
        if isinstance(value, str):
            return "TypeError" if i else "ValueError"
        if not isinstance(value, NUMBERS):
            return "TypeError" if isinstance(value, list) else "RuntimeError"
        if isinstance(value, int) and not -most <= value < most:
            return beyond
    return None


def cast_error(values: Sequence[object]) -> str | None:
    """Return what ``torch.tensor(values, dtype=torch.int64)`` raises; None for nothing."""
    for i, value in enumerate(values):
        if isinstance(value, str):
            return "TypeError" if i else "ValueError"
        if not isinstance(value, NUMBERS):
            return "TypeError"
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return "ValueError"
        if isinstance(value, float) and not -(2.0**63) <= value < 2.0**63:
            return "RuntimeError"
    return None


def box_error(boxes: Sequence[Any], ragged_only: bool = False) -> str | None:
    """Return what is raised where float32 boxes are made, four numbers each, and used by row.

    Args:
        boxes: as the annotations have them; there is one at least.
        ragged_only: without what is raised only when rows are used: a tensor with fewer or more.
    """
    first = boxes[0]
    if _is_text(first):
        return "ValueError"
    width = len(first) if isinstance(first, list) else 1  # the first one says what they all are
    if width and (wrong := _value_error(boxes, width if isinstance(first, list) else None)):
        return wrong
    if width * len(boxes) % 4:
        return "RuntimeError"
    return "IndexError" if width != 4 and not ragged_only else None


def keypoint_error(values: Sequence[Any]) -> str | None:
    """Return what is raised where float32 keypoints are made, three numbers each; None: nothing."""
    nested = any(isinstance(v, list) and any(isinstance(i, list) for i in v) for v in values)
    first = values[0]
    if nested and not _is_text(first):
        return None  # lists of points are taken, too
    width = len(first) if isinstance(first, list) else None
    return float_error(values) or ("RuntimeError" if (width or 0) % 3 or width is None else None)


def float_error(values: Sequence[Any]) -> str | None:
    """Return what ``torch.tensor(values, dtype=torch.float32)`` raises; None for nothing."""
    first = values[0]
    if _is_text(first):
        return "ValueError"
    return _value_error(values, len(first) if isinstance(first, list) else None)


def _is_text(value: object) -> bool:
    return isinstance(value[0] if isinstance(value, list) and value else value, str)


def _value_error(boxes: Sequence[Any], width: int | None) -> str | None:
    """Return what is raised for a value unlike the first: so many numbers, or one number each."""
    for box in boxes:
        if width is not None and isinstance(box, (list, str, dict)) and len(box) != width:
            return "ValueError"
        if isinstance(box, list) == (width is None):
            return "TypeError"
        for value in [box] if width is None else box:
            if not isinstance(value, NUMBERS):
                return "TypeError"
            if isinstance(value, int) and abs(value) > 2**1023:
                return "OverflowError"
    return None
