"""Types and checks of the arguments of category changes.

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
"""Names in a file, each with the name that it is treated as; empty: no class."""

BY_NAMES = "names"
"""Value in place of a label space: the file's category names say what its ids mean."""


def require_policy(unmapped: str) -> None:
    """Raise RequestError for an unknown way to treat unmapped ids."""
    if unmapped not in get_args(Unmapped):
        raise RequestError(f"--unmapped cannot be {unmapped!r}", hint="use error, drop or keep")


def names_once(names: Sequence[str]) -> tuple[str, ...]:
    """Return a list or tuple of different names as a tuple.

    Raises:
        RequestError: it is neither, is empty, or has a name twice.
    """
    is_list = isinstance(names, (tuple, list)) and names and all(isinstance(n, str) for n in names)
    if not is_list or len(set(names)) < len(names):
        raise RequestError(f"expected names of categories, each once, not {names!r}")
    return tuple(names)


def require_start(start: int) -> None:
    """Raise RequestError unless a first id is a whole number from 0 on."""
    try:
        number = index(start)
    except TypeError:
        raise RequestError(f"the first id cannot be {start!r}", hint="use a whole number") from None
    if number < 0:
        raise RequestError(f"ids cannot begin with {number}", hint="use a number from 0 on")
