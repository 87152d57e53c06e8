"""What is wrong with a data folder, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that a loader would stumble over.

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
        """The finding for people."""
        next_line = [f"  next: {self.hint}"] if self.hint else []
        return [f"{self.code}: {self.where}: {self.what}", *next_line]
