"""How many of an annotation file's images there are, and where."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.places import Search
from cocosurgeon.layout.prefix import most_of
from cocosurgeon.layout.wording import are, one_line, some


@dataclass(frozen=True)
class Presence:
    """Which of some names are there.

    Attributes:
        folder: the folder that has most of them; None where none has any, or none is needed,
            since names are absolute.
        names: how many different names there are.
        found: how many of them are in that folder, or by themselves where they are absolute.
        missing: the others.
        elsewhere: how many of the others are in another folder, by folder.
        tied: other folders that have as many.
        spelled: names in that folder that are like a missing one but for case or ending, by it.
        dangling: how many of the missing ones are links there that lead to no file.
        absolute: how many names are absolute.
    """

    folder: Path | None
    names: int
    found: int
    missing: tuple[str, ...]
    elsewhere: Mapping[Path, int]
    tied: tuple[Path, ...]
    spelled: Mapping[str, str]
    dangling: int
    absolute: int

    @classmethod
    def of(cls, ann_file: Path, names: Sequence[str], search: Search, folders: Folders) -> Presence:
        """Look names up; see ``most_of``."""
        distinct = list(dict.fromkeys(names))
        prefix = most_of(distinct, search, ann_file, folders)
        tried = search.likely
        folder = prefix.folder if prefix is not None else None
        missing = _missing(folder, distinct, folders)
        others = [p for p in tried if p != folder] if missing and folder is not None else []
        counts = {p: len(missing) - len(folders.missing(p, missing)) for p in others}
        where = tried if folder is None else (folder,)
        spelled = [_spelled(place, missing, folders) for place in where]
        return cls(
            folder,
            len(distinct),
            len(distinct) - len(missing),
            tuple(missing),
            {p: n for p, n in counts.items() if n},
            () if prefix is None else prefix.tied,
            max(spelled, key=len, default={}),
            max((folders.dangling(place, missing) for place in where), default=0),
            0 if prefix is None else prefix.absolute,
        )

    def account(self, of: str) -> str:
        """What is missing, in one sentence.

        Args:
            of: what the names are: ``images``.
        """
        count = len(self.missing)
        parts = [f"{count:,} of {self.names:,} {of} {are(count)} not there: {some(self.missing)}"]
        parts += [f"{n:,} of them {are(n)} in {p}" for p, n in self.elsewhere.items()]
        if self.spelled:
            count = len(self.spelled)
            name, there = map(one_line, next(iter(self.spelled.items())))
            parts.append(f"{count:,} {are(count)} there by another name: {there} for {name}")
        if self.dangling:
            parts.append(f"links that lead nowhere: {self.dangling:,} of them")
        return "; ".join(parts)


def _missing(folder: Path | None, names: Sequence[str], folders: Folders) -> list[str]:
    """Those that are not there; without a folder, all but the absolute ones that are."""
    if folder is not None:
        return folders.missing(folder, names)
    return [n for n in names if not os.path.isabs(n) or folders.missing("", [n])]  # noqa: PTH117


def _spelled(folder: Path, names: Sequence[str], folders: Folders) -> dict[str, str]:
    """Names that differ from those in a folder only by case or ending."""
    known: dict[str, dict[str, str]] = {}
    found = {}
    for name in names:
        head, tail = os.path.split(name)
        if head not in known:
            known[head] = {_stem(n): n for n in folders.files(folder / head)}
        if (other := known[head].get(_stem(tail))) is not None:
            found[name] = os.path.join(head, other)  # noqa: PTH118
    return found


def _stem(name: str) -> str:
    return os.path.splitext(name)[0].casefold()  # noqa: PTH122
