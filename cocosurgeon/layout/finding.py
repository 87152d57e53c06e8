"""Finding: something wrong with a data folder; and words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocosurgeon.text import first_few

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


def are(count: int) -> str:
    """Return the verb that goes with a number."""
    return "is" if count == 1 else "are"


def first_names(names: Sequence[str]) -> str:
    """Return the first file names of a list, long ones cut at the front."""
    cut = [n if len(n) <= _WIDEST else f"...{n[-_WIDEST:]}" for n in names[:_SHOWN]]
    return printable(first_few([*cut, *names[_SHOWN:]], _SHOWN))


def printable(text: str) -> str:
    """Return a text in one line: file names may hold line breaks and control characters."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
