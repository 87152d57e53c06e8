"""JSON values compared, and their differences."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from cocosurgeon.text import cut

NONE = object()
"""Value of a missing key."""


def same(a: object, b: object) -> bool:
    """Return True for equal values of equal JSON types: 1 is not 1.0, true or "1"; NaN is NaN."""
    if a is NONE or b is NONE:
        return a is b
    if type(a) is type(b) and isinstance(a, (int, str)) and a == b:
        return True
    return json.dumps(a) == json.dumps(b)


def has_same_values(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Return True if two records differ only in text: spelling, order of keys, white space."""
    return before.keys() == after.keys() and all(same(before[key], after[key]) for key in before)


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return a short text with the differences between two records, key by key."""
    parts: list[str] = []
    for key in {**before, **after}:
        if key not in after:
            parts.append(f"{key!r} is gone")
        elif key not in before:
            parts.append(f"{key!r} is new: {_short(after[key])}")
        elif not same(before[key], after[key]):
            parts.append(f"{key!r} is {_short(after[key])}, was {_short(before[key])}")
    return "; ".join(parts) or "the text only (a number's spelling, the order of keys, spacing)"


def _short(value: object) -> str:
    return cut(json.dumps(value), 60)


def shown(value: object) -> str:
    """Return a value of a loader as Python writes it, cut to 100 characters."""
    return cut(repr(value), 100)


def differ_in_type(a: object, b: object) -> bool:
    """Return True if two ids differ only in type: 1, 1.0 and "1"."""
    if type(a) is type(b) or key_of(a) is None or key_of(b) is None:
        return False
    return a == b or str(a) == str(b)


def key_of(value: object) -> int | float | str | None:
    """Return the key by which an id is compared; None if it is no id."""
    if isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return None


def of_other_type(value: object) -> int | float | str | None:
    """Return an id as the other type, text for a number; None if impossible."""
    if isinstance(value, (int, float)):
        return str(value)
    try:
        return key_of(json.loads(value)) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
