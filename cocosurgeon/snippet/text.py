"""Lines of Python."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 92
_BLANK = "\0"
"""Stands for a blank in an item while lines are broken at those between items."""


def items(values: Iterable[str]) -> list[str]:
    """Items of a list or dict, indented, each with its comma; no item is broken."""
    text = " ".join(f"{value},".replace(" ", _BLANK) for value in values)
    lines = textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)
    return [f"    {line}".replace(_BLANK, " ") for line in lines]


def comment(text: str, indent: str = "") -> list[str]:
    """A comment, in as many lines as it needs."""
    mark = f"{indent}# "
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=mark,
        break_on_hyphens=False,
        break_long_words=False,
    )
