"""Kinds and checks of the values that a change of categories is asked for with.

Nothing heavy is imported here, so that the steps stay cheap to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Literal, get_args

from cocosurgeon.errors import RequestError

Unmapped = Literal["error", "drop", "keep"]
"""Ways to treat an id that a map does not mention."""

By = Literal["id", "name"]
"""Orders that a category list can be sorted into."""

Numbering = Literal["list", "id", "name"]
"""Orders in which categories can be numbered; ``list`` is the list's own."""

Pairs = tuple[tuple[str, str], ...]
"""Names in a file, each with the name that it stands for; an empty one: it stands for none."""

BY_NAMES = "names"
"""In place of a label space: the file's own names say what its ids mean."""


def require_policy(unmapped: str) -> None:
    """Refuse an unknown way to treat unmapped ids.

    Raises:
        RequestError: it is none of ``Unmapped``.
    """
    if unmapped not in get_args(Unmapped):
        raise RequestError(f"--unmapped cannot be {unmapped!r}", hint="error, drop or keep")


def names_once(names: Sequence[str]) -> tuple[str, ...]:
    """Return a list or tuple of different names as a tuple (a single string is none).

    Raises:
        RequestError: it is none.
    """
    if not isinstance(names, (tuple, list)) or not names or len(set(names)) < len(names):
        raise RequestError(f"expected names of categories, each once, not {names!r}")
    return tuple(names)


def require_start(start: int) -> None:
    """Refuse a first id that is no whole number from 0 on.

    Raises:
        RequestError: it is none.
    """
    try:
        number = index(start)
    except TypeError:
        raise RequestError(f"the first id cannot be {start!r}", hint="a whole number") from None
    if number < 0:
        raise RequestError(f"ids cannot begin with {number}", hint="a number from 0 on")


def require_order(order: str, orders: object) -> None:
    """Refuse an order that a category list cannot be sorted into.

    Args:
        orders: the ``Literal`` of those that there are.

    Raises:
        RequestError: it is none of them.
    """
    known = get_args(orders)
    if order not in known:
        *others, last = known
        raise RequestError(
            f"cannot sort categories by {order!r}", hint=f"{', '.join(others)} or {last}"
        )
