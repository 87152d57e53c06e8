"""Which images a loader's filter leaves out, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cocosurgeon.loaders import Id, View
from cocosurgeon.loaders.loader import Mode

_SHOWN = 5


@dataclass(frozen=True)
class LeftOut:
    """Images that a loader does not emit.

    Attributes:
        loader, mode: of whom.
        rule: of the loader's.
        img_ids: all of them.
    """

    loader: str
    mode: Mode
    rule: str
    img_ids: tuple[Id | None, ...]

    def line(self) -> str:
        """For people: how many, and the first of them."""
        shown = ", ".join(map(repr, self.img_ids[:_SHOWN]))
        more = ", ... (--json)" if len(self.img_ids) > _SHOWN else ""
        count = len(self.img_ids)
        return f"{self.loader} {self.mode}: {count:,} images are left out by {self.rule}: " + (
            f"{shown}{more}"
        )


def left_out(view: View, mode: Mode) -> tuple[LeftOut, ...]:
    """What a view tells of images that are not emitted."""
    by_rule: defaultdict[str, list[Id | None]] = defaultdict(list)
    for dropped in view.dropped:
        if dropped.kind == "image":
            by_rule[dropped.rule].append(dropped.img_id)
    return tuple(LeftOut(view.loader, mode, rule, tuple(ids)) for rule, ids in by_rule.items())
