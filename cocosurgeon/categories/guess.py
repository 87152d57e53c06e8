"""Label spaces that a file fits, with the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import Space, find_space, spaces
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import RequestError
from cocosurgeon.text import nearest, plural


@dataclass(frozen=True)
class Candidate:
    """Label spaces that give the ids of a file the same meanings.

    Attributes:
        spaces: their names; those of annotation files first, then heads.
        fits: True if the file can be in them.
        evidence: the reason for or against them.
    """

    spaces: tuple[str, ...]
    fits: bool
    evidence: str


@dataclass(frozen=True)
class Guess:
    """The label spaces that a file could be in.

    Attributes:
        ids: number of different ids, listed or used.
        candidates: groups of label spaces, those that fit first.
        nearest: the candidate that does not fit with the most ids (or names) in common.
        by_name: label spaces that have every name of the file, by any id.
    """

    ids: int
    candidates: tuple[Candidate, ...]
    nearest: Candidate | None
    by_name: tuple[str, ...]

    @property
    def fitting(self) -> tuple[Candidate, ...]:
        """Candidates that fit."""
        return tuple(c for c in self.candidates if c.fits)

    @property
    def only(self) -> str | None:
        """Name of the only label space that fits, or of the first of several with one meaning."""
        return self.fitting[0].spaces[0] if len(self.fitting) == 1 else None

    def lines(self) -> list[str]:
        """Return the guess as lines of text."""
        lines = []
        for candidate in self.candidates:
            first, *others = candidate.spaces
            names = f"{first} (or {', '.join(others)})" if others else first
            lines.append(f"{'fits' if candidate.fits else 'not '}  {names}: {candidate.evidence}")
        if self.only:
            lines.append(f"so it is {self.only}")
        elif self.fitting:
            lines.append(f"cannot tell: {len(self.fitting)} different meanings fit these ids")
        else:
            lines.append("its ids fit no known label space")
            if self.by_name:
                lines.append(
                    f"all its names are classes of {', '.join(self.by_name)} (--from names)"
                )
        return lines


def guess_space(of: Inventory, aliases: Mapping[str, str] | None = None) -> Guess:
    """Find the label spaces that a file could be in.

    Args:
        of: categories of the file.
        aliases: names to use instead of names in the file.
    """
    listed, ids = of.classes, of.ids
    groups: dict[tuple[tuple[str | None, ...], str], list[Space]] = {}
    for space in spaces().values():
        against = next(_problems(space, listed, ids, aliases or {}), "")
        groups.setdefault((tuple(map(space.class_of, ids)), against), []).append(space)
    candidates = [_candidate(group, against, listed, ids) for (_, against), group in groups.items()]
    names = {n for n in listed.values() if n is not None}
    return Guess(
        ids=len(ids),
        candidates=tuple(sorted(candidates, key=lambda c: not c.fits)),
        nearest=max(
            (c for c in candidates if not c.fits and ids),
            key=lambda c: _in_common(spaces()[c.spaces[0]], listed, ids),
            default=None,
        ),
        by_name=tuple(s.name for s in spaces().values() if names and names <= s.index_of.keys()),
    )


def _problems(
    space: Space, listed: Mapping[Id, str | None], ids: list[Id], aliases: Mapping[str, str]
) -> Iterator[str]:
    """Yield the reasons against a label space."""
    if not ids:
        yield "the file has no category ids"
    strange = [i for i in ids if i not in space.classes]
    if strange:
        first = strange[0]
        why = "a string" if isinstance(first, str) else "not an index"
        if isinstance(first, int):
            why = space.unused.get(first, "beyond its indices")
            why = "the background" if first == space.background else why
        yield f"{len(strange):,} of {len(ids):,} ids are not its classes, such as {first!r}: {why}"
    if space.is_named:
        other = [
            i
            for i, n in listed.items()
            if n is not None and space.class_of(i) not in (n, aliases.get(n))
        ]
        if other:
            first = other[0]
            yield (
                f"{len(other):,} of {len(listed):,} names differ, such as {first!r}: "
                f"{listed[first]!r}, not {space.class_of(first)!r}"
            )
    elif listed and len(listed) != len(space.classes):
        yield f"it has {len(space.classes):,} classes in a list; here are {len(listed):,}"


def _in_common(space: Space, listed: Mapping[Id, str | None], ids: list[Id]) -> int:
    if any(listed.values()):
        return sum(n is not None and n == space.class_of(i) for i, n in listed.items())
    return sum(i in space.classes for i in ids)


def _candidate(
    group: list[Space], against: str, listed: Mapping[Id, str | None], ids: list[Id]
) -> Candidate:
    group = sorted(group, key=lambda s: s.outputs is not None)
    names = tuple(s.name for s in group)
    if against:
        return Candidate(names, False, against)
    by = "by id; there are no names to compare"
    if any(name is not None for name in listed.values()):
        by = "by id and name" if group[0].is_named else "by id and number; its names are not known"
    of = f"{len(ids):,} of its {len(group[0].classes):,} classes"
    return Candidate(names, True, f"every id is a class: {of}, {by}")


def only_space(before: Inventory, target: Space, aliases: Mapping[str, str]) -> Space:
    """Return the one label space that a file fits.

    Raises:
        RequestError: several fit, or none; the message has them, or the reason.
    """
    guess = guess_space(before, aliases)
    if len(guess.fitting) == 1:
        candidates = [find_space(name) for name in guess.fitting[0].spaces]
        return next((s for s in candidates if _has_rows_for(s, before)), candidates[0])
    if guess.fitting:
        names = " or ".join(c.spaces[0] for c in guess.fitting)
        raise RequestError(
            f"several label spaces fit the file's {plural(guess.ids, 'category id')}: {names}",
            where=before.where,
            hint="name the right one: --from SPACE",
        )
    nearly = guess.nearest
    problem = f"; nearest is {nearly.spaces[0]}: {nearly.evidence}" if nearly else ""
    hint = "`cocosurgeon spaces --guess FILE` shows why; name its label space: --from SPACE"
    if target.name in guess.by_name:
        hint = "its names are all classes of it: --from names"
    raise RequestError(
        f"the file's category ids fit no known label space{problem}", where=before.where, hint=hint
    )


def require_names(before: Inventory, source: Space, aliases: Mapping[str, str]) -> None:
    """Raise RequestError if an id has another name in a label space than in the file."""
    for cat_id, name in before.classes.items():
        expected = source.class_of(cat_id)
        if not source.is_named or expected is None or name in (None, expected):
            continue
        if aliases.get(str(name)) == expected:
            continue
        hint = "if the file is in another space: --from names, or `cocosurgeon spaces --guess FILE`"
        if nearest(str(name), [expected]):
            hint = f"if they are the same: --alias {name!r}={expected!r}; {hint}"
        raise RequestError(
            f"category {cat_id!r} is {name!r} in the file, and {expected!r} in {source}",
            where=before.where,
            hint=hint,
        )


def _has_rows_for(space: Space, before: Inventory) -> bool:
    """Return True if a label space has rows for the ids of all placeholders."""
    ids = [e.category.id for e in before.placeholders]
    return all(i in space.unused or i in space.classes or i == space.background for i in ids)
