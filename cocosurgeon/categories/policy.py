"""Small checks that steps share."""

from __future__ import annotations

from operator import index
from typing import Literal, get_args

from cocosurgeon.errors import RequestError

Unmapped = Literal["error", "drop", "keep"]
By = Literal["id", "name"]
Pairs = tuple[tuple[str, str], ...]
BY_NAMES = "names"


def require_names_once(names: tuple[str, ...]) -> None:
    if not isinstance(names, tuple) or not names or len(set(names)) < len(names):
        raise RequestError(f"names of categories, each once: {names!r}")


def require_policy(unmapped: str) -> None:
    if unmapped not in get_args(Unmapped):
        raise RequestError(
            f"unknown way with unmapped ids: {unmapped!r}", hint="error, drop or keep"
        )


def require_start(start: int) -> None:
    try:
        number = index(start)
    except TypeError:
        raise RequestError(f"not a first id: {start!r}", hint="a whole number") from None
    if number < 0:
        raise RequestError(f"ids cannot begin with {number}", hint="a number from 0 on")
