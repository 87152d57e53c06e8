"""Values of an annotation that cannot be used, and the framework that fails on each.

Tried with pycocotools 2.0.11 (``COCOeval``, boxes); imports nothing of the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

_MISSING = object()


def unusable(annotation: Mapping[str, object], field: str) -> str | None:
    """Return the fault of a field's value, and what fails on it; None if it is usable or absent.

    Args:
        field: ``iscrowd``, ``area``, ``bbox`` or ``id``.
    """
    value = annotation.get(field, _MISSING)
    return None if value is _MISSING else _JUDGES[field](value)


def _iscrowd(value: object) -> str | None:
    if value is None:
        return "null: COCOeval raises TypeError"
    if isinstance(value, str):
        return "text: COCOeval ignores the object, or raises ValueError"
    if not _is_finite(value):
        return "not a number: COCOeval raises ValueError or TypeError"
    return None if value in (0, 1) else "neither 0 nor 1"


def _area(value: object) -> str | None:
    if value is None or not isinstance(value, (int, float)):
        kind = "null" if value is None else "not a number"
        return f"{kind}: COCOeval and MMDetection raise TypeError"
    return None if _is_finite(value) else "NaN: COCOeval counts it as small, medium and large"


def _bbox(value: object) -> str | None:
    if not isinstance(value, list) or len(value) != 4:
        return "not a list of four numbers: COCOeval and MMDetection raise"
    if not all(isinstance(number, (int, float)) for number in value):
        return "not four numbers: MMDetection raises TypeError, COCOeval may not"
    if not all(map(_is_finite, value)):
        return "not finite: it overlaps nothing"
    if min(value[2:]) <= 0:
        return "not wider and higher than 0: torchvision's detectors raise AssertionError"
    return None


def _id(value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "null or NaN: pycocotools treats all of these as one annotation"
    if isinstance(value, str):
        return "text: COCOeval raises ValueError unless it is a number"
    return None if _is_finite(value) else "not a number: pycocotools raises TypeError"


_JUDGES: Mapping[str, Callable[[object], str | None]] = {
    "iscrowd": _iscrowd,
    "area": _area,
    "bbox": _bbox,
    "id": _id,
}
FIELDS = tuple(_JUDGES)


def _is_finite(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
