"""Numbers of images, shares of them, and the orders in which they are counted."""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import Literal, SupportsIndex

from cocosurgeon.errors import RequestError

Order = Literal["file", "id"]

_SHARE = r"0*(\d+)(?:\.(\d*?)0*)?\s*%"
_LONGEST = 20
"""Characters of a share."""


def as_count(n: SupportsIndex) -> int:
    """Return a number of images as an int.

    Raises:
        RequestError: it is no whole number, or is negative.
    """
    count = as_whole(n, "a number of images")
    if count < 0:
        raise RequestError(f"a number of images cannot be negative: {count}")
    return count


def as_whole(n: SupportsIndex, what: str = "a whole number") -> int:
    """Return a whole number as an int.

    Raises:
        RequestError: it is no whole number; a bool is none.
    """
    try:
        if isinstance(n, bool):
            raise TypeError
        return operator.index(n)
    except TypeError:
        raise RequestError(f"not {what}: {n!r}") from None


def as_amount(n: SupportsIndex | str) -> int | str:
    """Return a number of images as an int, or a share of them as text: ``10%``, ``2.5%``.

    Raises:
        RequestError: it is neither, or a share that is not above 0 % or is above 100 %.
    """
    if not isinstance(n, str):
        return as_count(n)
    match = re.fullmatch(_SHARE, n.strip(), re.ASCII)
    if match is None or len(n) > _LONGEST:
        raise RequestError(f"not a share of images: {n!r}", hint="as in 10% or 2.5%")
    share = f"{match[1]}.{match[2]}%" if match[2] else f"{match[1]}%"
    if not 0 < _fraction(share) <= 1:
        raise RequestError(
            f"a share of images is above 0% and at most 100%, not {share}",
            hint="a number of images is given without %",
        )
    return share


def count_of(amount: int | str, there: int) -> int:
    """Return the number of images that an amount means.

    A share is rounded to the nearest whole number, halves up, and is at least one image.

    Args:
        amount: a result of ``as_amount``.
        there: the number of images that a share is of.
    """
    if isinstance(amount, int):
        return amount
    exact = _fraction(amount) * there
    return min(max(int(exact + Fraction(1, 2)), 1), there)


def _fraction(share: str) -> Fraction:
    return Fraction(share.removesuffix("%")) / 100


def require_order(order: str) -> None:
    """Raise RequestError for an unknown order."""
    if order not in ("file", "id"):
        raise RequestError(f"unknown order {order!r}", hint="use file or id")
