"""Finding: something wrong with a data folder; and words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 3
_WIDEST = 60


@dataclass(frozen=True)
class Finding:
    """Something at which a loader would fail.

    Attributes:
        code: a short stable name of its kind.
        where: the file or folder.
        what: what is wrong with it.
        hint: what to do next.
    """

    code: str
    where: str
    what: str
    hint: str | None = None

    def lines(self) -> list[str]:
        """Return the finding as lines for a terminal."""
        lines = [f"{self.code}: {self.where}: {self.what}"]
        lines += [f"  next: {self.hint}"] if self.hint else []
        return [printable(line) for line in lines]


def plural(count: int, noun: str, *, verb: str | None = None) -> str:
    """Return ``1 record``, ``2 records``; with a verb ``1 link leads``, ``2 links lead``."""
    words = f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
    if verb is None:
        return words
    return f"{words} {verb}s" if count == 1 else f"{words} {verb}"


def are(count: int) -> str:
    """Return the verb that goes with a number."""
    return "is" if count == 1 else "are"


def first_few(names: Sequence[str]) -> str:
    """Return the first names of a list, long ones cut at the front."""
    first = [n if len(n) <= _WIDEST else f"...{n[-_WIDEST:]}" for n in names[:_SHOWN]]
    return printable(", ".join([*first, *["..."] * (len(names) > _SHOWN)]))


def printable(text: str) -> str:
    """Return a text in one line: file names may hold line breaks and control characters."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
