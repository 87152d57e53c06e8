"""What is wrong with a data folder, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from cocosurgeon.layout.wording import one_line


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
        lines = [f"{self.code}: {self.where}: {self.what}"]
        lines += [f"  next: {self.hint}"] if self.hint else []
        return [one_line(line) for line in lines]
