"""CategoryMap: category id before -> after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np

from cocosurgeon.categories.space import Space
from cocosurgeon.dataset.ids import Id, as_key
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.text import alike, did_you_mean, nearest, share_words

Unmapped = Literal["error", "drop", "keep"]
"""What becomes of an id that a map does not mention."""

# Mapping is invariant in its keys, so that each kind has to be named.
Changes: TypeAlias = (
    "Mapping[int, Id | None] | Mapping[int, int] | Mapping[int, int | None] | Mapping[str, int]"
    "| Mapping[str, Id | None] | Mapping[Id, Id | None] | Iterable[tuple[Id, Id | None]]"
)
Names: TypeAlias = "Mapping[int, str] | Mapping[str, str] | Mapping[Id, str]"


@dataclass(frozen=True)
class MapReport:
    """What a map does that a renumbering would not do.

    Attributes:
        merged: ids after, each with the several ids before that become it.
        dropped: ids before that go.
        unmapped: ids before that are known and not mapped.
        holes: ids after that are known and that nothing becomes.
    """

    merged: Mapping[Id, tuple[Id, ...]]
    dropped: tuple[Id, ...]
    unmapped: tuple[Id, ...]
    holes: tuple[Id, ...]


@dataclass(frozen=True, repr=False)
class CategoryMap:
    """Category id before -> after, or dropped (None): ``CategoryMap({1: 0, 3: 2, 90: None})``.

    Attributes:
        pairs: id before, id after; ascending as far as ids can be compared.
        unmapped: what becomes of any other id.
        refused: ids that are an error even so (``then`` makes such).
        before, after: names by id, as far as known; for messages and the report.
    """

    pairs: tuple[tuple[Id, Id | None], ...]
    unmapped: Unmapped = "error"
    refused: frozenset[Id] = frozenset()
    before: tuple[tuple[Id, str], ...] = field(default=(), compare=False)
    after: tuple[tuple[Id, str], ...] = field(default=(), compare=False)

    def __init__(
        self,
        pairs: Changes,
        unmapped: Unmapped = "error",
        *,
        refused: Iterable[Id] = (),
        before: Names | Iterable[tuple[Id, str]] = (),
        after: Names | Iterable[tuple[Id, str]] = (),
    ) -> None:
        """Make a map.

        Raises:
            RequestError: something is no id, or an id is mapped twice.
        """
        if unmapped not in get_args(Unmapped):
            raise RequestError(
                f"unknown way with unmapped ids: {unmapped!r}", hint="error, drop or keep"
            )
        table: dict[Id, Id | None] = {}
        for old, new in _each(pairs):
            key, value = _as_id(old), None if new is None else _as_id(new)
            if key in table and table[key] != value:
                raise RequestError(
                    f"category id {key!r} is mapped twice: {table[key]!r}, {value!r}"
                )
            table[key] = value
        refusals = {_as_id(i) for i in refused} - table.keys() if unmapped != "error" else ()
        object.__setattr__(self, "pairs", tuple(sorted(table.items(), key=_rank)))
        object.__setattr__(self, "unmapped", unmapped)
        object.__setattr__(self, "refused", frozenset(refusals))
        object.__setattr__(self, "before", tuple(sorted(dict(before).items(), key=_rank)))
        object.__setattr__(self, "after", tuple(sorted(dict(after).items(), key=_rank)))

    @classmethod
    def between(cls, before: Space, after: Space, unmapped: Unmapped = "error") -> CategoryMap:
        """From one space to another, class by class."""
        pairs = {i: after.index_of[n] for i, n in before.classes.items() if n in after.index_of}
        return cls(pairs, unmapped, before=before.classes, after=after.classes)

    @classmethod
    def by_names(
        cls,
        before: Names,
        after: Names,
        unmapped: Unmapped = "error",
        aliases: Mapping[str, str] | None = None,
    ) -> CategoryMap:
        """From ids with names to ids with the same names; case and blanks count.

        Args:
            aliases: names before that stand for other names after; an empty one: for none.

        Raises:
            RequestError: two ids before, or two after, have one name.
            UnknownNameError: an alias is no name before, or stands for no name after; a name
                before is nearly one after, which is settled by an alias.
        """
        aliases = dict(aliases or {})
        for old, new in aliases.items():
            _require_name(old, before.values(), "the alias is for a name that is not there")
            if new:
                _require_name(new, after.values(), "the alias stands for a name that is not there")
        new_ids = _ids_by_name(after)
        names = {name: aliases.get(name, name) for name in _ids_by_name(before)}
        free = [name for name in new_ids if name not in names.values()]
        for name, meant in names.items():
            if meant in new_ids or not meant:
                continue
            if near := _near_miss(name, free, unmapped):
                raise UnknownNameError(
                    f"category {name!r} is nearly {near!r}, and names are compared exactly",
                    hint=f"if they are the same: --alias {name!r}={near!r}; if not: "
                    f"--alias {name!r}=",
                )
        old_names: dict[Id, str] = dict(before.items())
        pairs = {i: new_ids[names[n]] for i, n in old_names.items() if names[n] in new_ids}
        _require_distinct_targets(pairs, old_names)
        return cls(pairs, unmapped, before=before, after=after)

    def __repr__(self) -> str:
        shown = [f"{old!r}: {new!r}" for old, new in self.pairs[:6]]
        if len(self.pairs) > 6:
            shown.append(f"... {len(self.pairs) - 6:,} more")
        policy = "" if self.unmapped == "error" else f", unmapped={self.unmapped!r}"
        refused = f", refused={sorted(self.refused, key=str)!r}" if self.refused else ""
        return f"CategoryMap({{{', '.join(shown)}}}{policy}{refused})"

    def __len__(self) -> int:
        return len(self.pairs)

    def get(self, cat_id: Id) -> Id | None:
        """What an id becomes; None: it is dropped.

        Raises:
            RequestError: the map does not mention it, and ``unmapped`` is ``error``.
        """
        if cat_id in self._table:
            return self._table[cat_id]
        if not self.takes(cat_id):
            raise RequestError(
                f"category id {cat_id!r} is not mapped", hint="drop or keep such ids"
            )
        return cat_id if self.unmapped == "keep" else None

    def takes(self, cat_id: Id) -> bool:
        """Whether it is known what becomes of an id."""
        if cat_id in self._table:
            return True
        return self.unmapped != "error" and cat_id not in self.refused

    def then(self, other: CategoryMap) -> CategoryMap:
        """This map, and then another one: one map that does both."""
        pairs: dict[Id, Id | None] = {}
        refused = set(self.refused)
        also = other._table if self.unmapped == "keep" else {}
        for old in {**also, **self._table}:
            if old in self.refused:
                continue
            new = self._table.get(old, old)
            if new is None:
                pairs[old] = None
            elif other.takes(new):
                pairs[old] = other.get(new)
            else:
                refused.add(old)
        if self.unmapped == "keep":
            refused |= other.refused - self._table.keys()
        unmapped = other.unmapped if self.unmapped == "keep" else self.unmapped
        return CategoryMap(pairs, unmapped, refused=refused, before=self.before, after=other.after)

    @cached_property
    def _table(self) -> Mapping[Id, Id | None]:
        return dict(self.pairs)

    @property
    def is_bijective(self) -> bool:
        """Whether nothing is dropped and no two ids become one, so that there is an inverse."""
        return self._obstacle() is None

    def inverse(self) -> CategoryMap:
        """The map back.

        Raises:
            RequestError: there is none; the message names the ids that are merged or dropped.
        """
        if obstacle := self._obstacle():
            raise RequestError(f"the map has no inverse: {obstacle}")
        back = {new: old for old, new in self.pairs if new is not None}
        unreached = (self._table.keys() | self.refused) - back.keys()
        return CategoryMap(
            back, self.unmapped, refused=unreached, before=self.after, after=self.before
        )

    def report(self) -> MapReport:
        """What it merges, drops and leaves out, as far as names before and after are known."""
        reached = {new for new in self._table.values() if new is not None}
        if self.unmapped == "keep":
            reached |= {i for i, _ in self.after} - self._table.keys() - self.refused
        return MapReport(
            merged=self._merged(),
            dropped=tuple(old for old, new in self.pairs if new is None),
            unmapped=tuple(i for i, _ in self.before if i not in self._table),
            holes=tuple(i for i in self._known_after(reached) if i not in reached),
        )

    def _known_after(self, reached: Collection[Id]) -> list[Id]:
        """Ids that there are after: those with names, or else the whole numbers between."""
        if self.after:
            return [i for i, _ in self.after]
        numbers = [i for i in reached if isinstance(i, int)]
        return list(range(min(numbers), max(numbers))) if len(numbers) < 10_000 and numbers else []

    def _merged(self) -> dict[Id, tuple[Id, ...]]:
        sources: dict[Id, list[Id]] = {}
        for old, new in self.pairs:
            if new is not None:
                sources.setdefault(new, []).append(old)
        if self.unmapped == "keep":
            for new, olds in sources.items():
                if new not in self._table and new not in self.refused:
                    olds.append(new)  # it stays what it is, beside what becomes it
        return {new: tuple(olds) for new, olds in sources.items() if len(olds) > 1}

    def _obstacle(self) -> str | None:
        names = dict(self.before)

        def called(cat_id: Id) -> str:
            return f"{cat_id!r} ({names[cat_id]})" if cat_id in names else repr(cat_id)

        if merged := self._merged():
            listed = (f"{', '.join(map(called, olds))} -> {new!r}" for new, olds in merged.items())
            return f"it merges {'; '.join(listed)}"
        if dropped := [old for old, new in self.pairs if new is None]:
            return f"it drops {', '.join(map(called, dropped))}"
        if self.unmapped == "drop":
            return "it drops every id that it does not mention"
        return None


def _each(pairs: Changes) -> Iterator[tuple[Id, Id | None]]:
    try:
        yield from pairs.items() if isinstance(pairs, Mapping) else pairs
    except TypeError:
        raise RequestError(f"no map of category ids: {pairs!r}") from None


def _near_miss(name: str, known: Sequence[str], unmapped: Unmapped) -> str | None:
    """A name that is nearly this one. Where other names may be missing, only one that has the same
    words, or more of them, or fewer."""
    near = nearest(name, known)
    if near is None or unmapped == "error" or alike(name, near):
        return near
    return near if share_words(name, near) else None


def _as_id(value: object) -> Id:
    value = value.item() if isinstance(value, np.generic) else value
    key = as_key(value)
    if key is None or isinstance(key, float) or isinstance(value, bool):
        raise RequestError(f"not a category id: {value!r}", hint="a whole number, or a string")
    return key


def _rank(pair: tuple[Id, object]) -> tuple[bool, float, str]:
    key = pair[0]
    return (True, 0, key) if isinstance(key, str) else (False, key, "")


def _ids_by_name(names: Names) -> dict[str, Id]:
    ids: dict[str, Id] = {}
    for cat_id, name in names.items():
        if name in ids:
            raise RequestError(f"two categories are named {name!r}: {ids[name]!r} and {cat_id!r}")
        ids[name] = cat_id
    return ids


def _require_name(name: str, known: Iterable[str], what: str) -> None:
    names = list(known)
    if name not in names:
        raise UnknownNameError(f"{what}: {name!r}", hint=did_you_mean(name, names))


def _require_distinct_targets(pairs: Mapping[Id, Id], before: Mapping[Id, str]) -> None:
    owner: dict[Id, Id] = {}
    for old, new in pairs.items():
        if new in owner:
            raise RequestError(
                f"{before[owner[new]]!r} and {before[old]!r} would be one category",
                hint="merge them first, if that is meant (--merge)",
            )
        owner[new] = old
