"""Errors of torch for values of which it makes no tensor. Tried with torch 2.13."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Literal

from cocosurgeon.loaders.view import NUMBERS

_NO_FLOAT = 2**1024
"""The first integer above all floats; made once, as it is compared with every coordinate."""


def scalar_error(values: Sequence[object]) -> str | None:
    """Return what ``torch.tensor(values)`` raises; None for nothing."""
    shape = shape_of(values)
    if shape is None:
        return "ValueError"
    for leaf in _leaves(values):
        if isinstance(leaf, str):
            return "TypeError"
        if not isinstance(leaf, NUMBERS):
            return "RuntimeError"
    return _store_error(values, shape, "float32" if dtype_of(values) == "float32" else "int64")


def cast_error(values: Sequence[object]) -> str | None:
    """Return what ``torch.tensor(values, dtype=torch.int64)`` raises; None for nothing."""
    shape = shape_of(values)
    return "ValueError" if shape is None else _store_error(values, shape, "int64")


def float_error(values: Sequence[object]) -> str | None:
    """Return what ``torch.tensor(values, dtype=torch.float32)`` raises; None for nothing."""
    shape = shape_of(values)
    return "ValueError" if shape is None else _store_error(values, shape, "float32")


def box_error(boxes: Sequence[Any], ragged_only: bool = False) -> str | None:
    """Return what is raised where float32 boxes are made, four numbers each, and used by row.

    Args:
        boxes: as the annotations have them; there is one at least.
        ragged_only: without what is raised only when rows are used: a tensor with fewer or more.
    """
    if wrong := float_error(boxes):
        return wrong
    count = prod(shape_of(boxes) or ())
    if count % 4:
        return "RuntimeError"
    return "IndexError" if count != 4 * len(boxes) and not ragged_only else None


def keypoint_error(values: Sequence[Any]) -> str | None:
    """Return what is raised where float32 keypoints are made, three numbers each; None: nothing."""
    wrong = float_error(values)
    return wrong or ("RuntimeError" if prod(shape_of(values) or ()) % (3 * len(values)) else None)


def dtype_of(values: Sequence[object]) -> Literal["bool", "int64", "float32"]:
    """Return the type of the numbers in ``torch.tensor(values)``."""
    types = {type(leaf) for leaf in _leaves(values)}
    return "float32" if float in types else "bool" if types == {bool} else "int64"


def shape_of(values: object) -> tuple[int, ...] | None:
    """Return the shape of a tensor, for which the first values count; None where they are text."""
    shape = []
    while isinstance(values, (list, tuple, str)):
        if values and isinstance(values, str):
            return None
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    return tuple(shape)


def _leaves(values: Sequence[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from _leaves(value or [0.0])  # an empty list is one of floats
        else:
            yield value


def _store_error(
    values: Any, shape: tuple[int, ...], dtype: Literal["int64", "float32"]
) -> str | None:
    """Return what is raised where values are written into a tensor; None for nothing."""
    if not shape:
        return _leaf_error(values, dtype)
    if 0 in shape:
        return None
    if not isinstance(values, (list, tuple, str, dict)):
        return "TypeError"
    if len(values) != shape[0]:
        return "ValueError"
    if len(shape) == 1:
        errors = (_leaf_error(value, dtype) for value in values)
    else:
        errors = (_store_error(value, shape[1:], dtype) for value in values)
    return next((error for error in errors if error), None)


def _leaf_error(value: object, dtype: Literal["int64", "float32"]) -> str | None:
    if not isinstance(value, NUMBERS):
        return "TypeError"
    if dtype == "float32":
        return "OverflowError" if isinstance(value, int) and abs(value) >= _NO_FLOAT else None
    if -(2**63) <= value < 2**63:
        return None
    return "ValueError" if isinstance(value, int) else "RuntimeError"
