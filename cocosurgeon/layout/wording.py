"""Numbers and names in sentences."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 3
_WIDEST = 60


def counted(count: int, noun: str) -> str:
    """``1 record``, ``2 records``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def are(count: int) -> str:
    """The verb that goes with a number."""
    return "is" if count == 1 else "are"


def one_line(text: str) -> str:
    """A text without line breaks, which names of files may hold."""
    return text if text.isprintable() else "".join(map(_shown, text))


def some(names: Sequence[str]) -> str:
    """The first of some names, for people; the ends of long ones."""
    first = [n if len(n) <= _WIDEST else f"...{n[-_WIDEST:]}" for n in names[:_SHOWN]]
    return one_line(", ".join([*first, *["..."] * (len(names) > _SHOWN)]))


def _shown(char: str) -> str:
    return char if char.isprintable() else repr(char)[1:-1]
