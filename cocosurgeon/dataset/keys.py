"""Ids as Python and pycocotools compare dictionary keys.

``139.0`` is ``139``, a string never is a number. Values that cannot be a key (null, NaN, a list, no
id at all) match nothing.
"""

from __future__ import annotations

import math
from typing import TypeAlias

Id: TypeAlias = int | float | str


def as_key(value: object) -> Id | None:
    """Return a JSON value as an id; None if it cannot be one."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    if isinstance(value, int):
        return int(value)  # true is 1, as in Python
    return value if isinstance(value, str) else None
