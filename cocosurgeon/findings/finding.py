"""Findings: what does not hold, each with a stable code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cocosurgeon.findings.codes import CODES

_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """Something that does not hold.

    Attributes:
        code: what kind; ``CODES`` says what it means.
        text: what it is, with what was expected and what is there.
        loader: the loader that shows it; None for the file itself.
        mode: ``train`` or ``test``, where a loader shows it.
        img_id: the image that it is about, if it is about one.
        hint: what to do, where that is more than the code says.
    """

    code: str
    text: str
    loader: str | None = None
    mode: str | None = None
    img_id: object = None
    hint: str | None = None

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code

    @property
    def next(self) -> str:
        """Return what to do."""
        return self.hint or CODES[self.code].next

    def fields(self) -> dict[str, object]:
        """The finding for machines."""
        return {
            "code": self.code,
            "meaning": CODES[self.code].meaning,
            "text": self.text,
            "loader": self.loader,
            "mode": self.mode,
            "img_id": self.img_id,
            "next": self.next,
        }


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings for people: the first of each code in full, then how many there are."""
    lines: list[str] = []
    counts = Counter(f.code for f in findings)
    for code, count in counts.items():
        mine = [f for f in findings if f.code == code]
        lines.append(f"{code}: {CODES[code].meaning} ({count:,})")
        for finding in mine[:_SHOWN]:
            by = " ".join(filter(None, (finding.loader, finding.mode)))
            lines.append(f"  {by}: {finding.text}" if by else f"  {finding.text}")
        if count > _SHOWN:
            lines.append(f"  ... {count - _SHOWN:,} more (--json)")
        lines += [f"  next: {text}" for text in dict.fromkeys(f.next for f in mine[:_SHOWN])]
    return lines
