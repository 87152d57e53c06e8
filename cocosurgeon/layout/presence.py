"""How many of an annotation file's images there are, and where."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.prefix import find_prefix, places

_SHOWN = 3
_WIDEST = 60


@dataclass(frozen=True)
class Presence:
    """Which of some names are there.

    Attributes:
        folder: the folder that has most of them; None where none has any.
        names: how many different names there are.
        found: how many of them are in that folder, or by themselves where they are absolute.
        missing: the others.
        elsewhere: how many of the others are in another folder, by folder.
        tied: other folders that have as many.
        spelled: names in that folder that are like a missing one but for case or ending, by it.
        absolute: how many names are absolute.
    """

    folder: Path | None
    names: int
    found: int
    missing: tuple[str, ...]
    elsewhere: Mapping[Path, int]
    tied: tuple[Path, ...]
    spelled: Mapping[str, str]
    absolute: int

    @classmethod
    def of(
        cls, ann_file: Path, names: Sequence[str], folders: Folders, root: Path | None = None
    ) -> Presence:
        """Look names up; see ``find_prefix``."""
        distinct = list(dict.fromkeys(names))
        prefix = find_prefix(ann_file, distinct, folders, root)
        tried = places(ann_file, folders, root)
        folder = prefix.folder if prefix is not None else None
        missing = distinct if folder is None else folders.missing(folder, distinct)
        others = [p for p in tried if p != folder] if missing and folder is not None else []
        counts = {p: len(missing) - len(folders.missing(p, missing)) for p in others}
        where = tried if folder is None else [folder]
        spelled = [_spelled(place, missing, folders) for place in where]
        return cls(
            folder,
            len(distinct),
            len(distinct) - len(missing),
            tuple(missing),
            {p: n for p, n in counts.items() if n},
            () if prefix is None else prefix.tied,
            max(spelled, key=len, default={}),
            0 if prefix is None else prefix.absolute,
        )

    def account(self, of: str) -> str:
        """What is missing, in one sentence.

        Args:
            of: what the names are: ``images``.
        """
        parts = [
            f"{len(self.missing):,} of {self.names:,} {of} are not there: {some(self.missing)}"
        ]
        parts += [f"{n:,} of them are in {p}" for p, n in self.elsewhere.items()]
        if self.spelled:
            name, there = next(iter(self.spelled.items()))
            parts.append(f"{len(self.spelled):,} are there by another name: {there} for {name}")
        return "; ".join(parts)


def some(names: Sequence[str]) -> str:
    """The first of some names, for people; the ends of long ones."""
    first = [n if len(n) <= _WIDEST else f"...{n[-_WIDEST:]}" for n in names[:_SHOWN]]
    return ", ".join([*first, *["..."] * (len(names) > _SHOWN)])


def _spelled(folder: Path, names: Sequence[str], folders: Folders) -> dict[str, str]:
    """Names that differ from those in a folder only by case or ending."""
    known: dict[str, dict[str, str]] = {}
    found = {}
    for name in names:
        head, tail = os.path.split(name)
        if head not in known:
            listing = folders.listing(folder / head)
            there = [] if listing is None else [*listing.files, *listing.links]
            known[head] = {_stem(n): n for n in there}
        if (other := known[head].get(_stem(tail))) is not None:
            found[name] = os.path.join(head, other)  # noqa: PTH118
    return found


def _stem(name: str) -> str:
    return os.path.splitext(name)[0].casefold()  # noqa: PTH122
