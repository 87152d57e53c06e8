"""Which spaces a file could be in, and how one sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cocosurgeon.categories.relabel import list_of, uses_of
from cocosurgeon.categories.space import Space
from cocosurgeon.categories.table import spaces
from cocosurgeon.dataset import Dataset
from cocosurgeon.identity import Id


@dataclass(frozen=True)
class Candidate:
    """Spaces that give every id of a file the same meaning, and whether the file fits.

    Attributes:
        spaces: their names, the usual one first.
        fits: whether nothing speaks against them.
        evidence: what speaks for them, or what against.
    """

    spaces: tuple[str, ...]
    fits: bool
    evidence: str


@dataclass(frozen=True)
class Guess:
    """What could be told of a file.

    Attributes:
        has_names: whether the file names its categories.
        ids: how many different ids it has, listed or used.
        candidates: groups of spaces, those that fit first.
        by_name: spaces that have every name of the file, by whatever id.
    """

    has_names: bool
    ids: int
    candidates: tuple[Candidate, ...]
    by_name: tuple[str, ...]

    @property
    def fitting(self) -> tuple[Candidate, ...]:
        """Those that fit."""
        return tuple(c for c in self.candidates if c.fits)

    def lines(self) -> list[str]:
        """The guess for people."""
        lines = [
            f"{'fits' if c.fits else 'not '}  {_named(c)}: {c.evidence}" for c in self.candidates
        ]
        told = len(self.fitting)
        if told == 1:
            lines.append(f"so it is {self.fitting[0].spaces[0]}")
        elif told:
            lines.append(f"cannot tell: {told} different meanings fit these ids")
        else:
            lines.append("its ids fit no known space")
            if self.by_name:
                lines.append(
                    f"all its names are classes of {', '.join(self.by_name)} (--from names)"
                )
        return lines


def guess(dataset: Dataset, target: Space | None = None) -> Guess:
    """Which spaces a dataset could be in.

    Args:
        target: what it is to be mapped to: spaces with classes that this does not have are left
            out, as far as the file uses those.
    """
    listed = {
        e.category.id: e.category.name
        for e in list_of(dataset).entries
        if e.category.id is not None and not e.is_filler
    }
    used = {i for use in uses_of(dataset) for i in use.cat_ids.tolist() if i is not None}
    ids: list[Id] = [*listed, *sorted(used - listed.keys(), key=str)]
    groups: dict[tuple[bool, tuple[str | None, ...], str], list[str]] = {}
    for space in spaces().values():
        against = _against(space, listed, ids, target)
        meanings = tuple(map(space.class_of, ids))
        groups.setdefault((against is None, meanings, against or ""), []).append(space.name)
    candidates = [
        _candidate(sorted(names, key=_is_head), against, ids, listed)
        for (_, _, against), names in groups.items()
    ]
    names = {n for n in listed.values() if n is not None}
    return Guess(
        has_names=bool(names),
        ids=len(ids),
        candidates=tuple(sorted(candidates, key=lambda c: not c.fits)),
        by_name=tuple(s.name for s in spaces().values() if names and names <= s.index_of.keys()),
    )


def _is_head(name: str) -> bool:
    return spaces()[name].outputs is not None


def _against(
    space: Space, listed: Mapping[Id, str | None], ids: list[Id], target: Space | None
) -> str | None:
    """What speaks against a space; None: nothing."""
    if not ids:
        return "the file has no category ids"
    for problem in _problems(space, listed, ids, target):
        return problem
    return None


def _problems(
    space: Space, listed: Mapping[Id, str | None], ids: list[Id], target: Space | None
) -> Iterator[str]:
    strange = [i for i in ids if i not in space.classes]
    if strange:
        first = strange[0]
        why = "a string" if isinstance(first, str) else _why_not(space, first)
        yield f"{len(strange):,} of {len(ids):,} ids are no classes of it, such as {first!r}: {why}"
    if space.is_named:
        other = [i for i, n in listed.items() if n not in (None, space.class_of(i))]
        if other:
            first = other[0]
            yield (
                f"{len(other):,} of {len(listed):,} names differ, such as {first!r}: "
                f"{listed[first]!r}, not {space.class_of(first)!r}"
            )
    elif listed and len(listed) != len(space.classes):
        yield f"it has {len(space.classes):,} classes in a list; here are {len(listed):,}"
    if target is not None:
        names = map(space.class_of, ids)
        missing = [n for n in names if n not in target.index_of]
        if missing:
            yield f"{target} has no {missing[0]!r}"


def _why_not(space: Space, cat_id: Id) -> str:
    if cat_id == space.background:
        return "the background"
    return space.unused.get(cat_id, "beyond its indices") if isinstance(cat_id, int) else "no index"


def _candidate(
    names: list[str], against: str, ids: list[Id], listed: Mapping[Id, str | None]
) -> Candidate:
    if against:
        return Candidate(tuple(names), False, against)
    of = f"{len(ids):,} of its {len(spaces()[names[0]].classes):,} classes"
    has_names = any(name is not None for name in listed.values())
    by = "by id and name" if has_names else "by id; there are no names to compare"
    return Candidate(tuple(names), True, f"every id is a class: {of}, {by}")


def _named(candidate: Candidate) -> str:
    first, *others = candidate.spaces
    return f"{first} (or {', '.join(others)})" if others else first
