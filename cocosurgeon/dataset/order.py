"""Counts of images, and the orders in which they are counted."""

from __future__ import annotations

import operator
from typing import Literal, SupportsIndex

from cocosurgeon.errors import RequestError

Order = Literal["file", "id"]


def as_count(n: SupportsIndex) -> int:
    """Return a number of images as an int.

    Raises:
        RequestError: it is none.
    """
    try:
        count = operator.index(n)
    except TypeError:
        raise RequestError(f"not a number of images: {n!r}") from None
    if count < 0:
        raise RequestError(f"a number of images cannot be negative: {count}")
    return count


def require_order(order: str) -> None:
    """Raise RequestError when images cannot be ordered so."""
    if order not in ("file", "id"):
        raise RequestError(f"unknown order {order!r}", hint="file or id")
