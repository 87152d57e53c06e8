"""Tensors under other names, as a table says: renamed, joined, split, dropped and added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cocosurgeon.errors import RequestError
from cocosurgeon.text import first_few, plural
from cocosurgeon.weights.name_table import Constant, NameTable, Rule
from cocosurgeon.weights.origins import Origin, Slice, followed, holds, made, same, storages_of
from cocosurgeon.weights.tensor import Elements, Tensor
from cocosurgeon.weights.wrappers import wrapper_of

Direction = Literal["forward", "reverse"]


Matches = dict[Rule, list[tuple[str, str]]]
"""Pairs of keys before and after, by the rule that made them."""


@dataclass(frozen=True)
class RuleUse:
    """Matches of a rule.

    Attributes:
        rule: in the direction in which it was applied.
        count: keys before that it matched, or keys that it added.
        examples: the first of them: before, after.
    """

    rule: Rule
    count: int
    examples: tuple[tuple[str, str], ...]

    def fields(self) -> dict[str, object]:
        """Return the use as JSON values."""
        return {
            "line": self.rule.line,
            "rule": self.rule.text,
            "matched": self.count,
            "examples": [list(pair) for pair in self.examples],
        }


@dataclass(frozen=True)
class Renaming:
    """Keys after a table was applied.

    Attributes:
        origins: of each key after, in order.
        uses: of each rule of the table.
        unmatched: keys that no rule matches; they stay as they are.
        dropped: keys before that no key after is from, and the tensor that it is a copy of, or its
            value; None: nothing would bring it back.
        present: keys that a rule would add, and that were there.
    """

    origins: Mapping[str, Origin]
    uses: tuple[RuleUse, ...]
    unmatched: tuple[str, ...]
    dropped: Mapping[str, str | Constant | None]
    present: tuple[str, ...]

    def tensors(self, before: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the tensors after; their bytes are read when they are needed.

        Those with one origin, or with tied ones, are tied.
        """
        sources: dict[object, Elements] = {}
        tensors = []
        for name, origin in self.origins.items():
            tensor = made(name, origin, before)
            source = storages_of(origin, before) or name
            elements = sources.setdefault(source, tensor.elements)
            tensors.append(replace(tensor, elements=elements))
        return tensors


def choose_direction(table: NameTable, keys: Sequence[str]) -> Direction:
    """Return the direction in which rules match more keys by their text.

    Raises:
        RequestError: no rule matches, or both directions match equally many keys.
    """
    counts = {"forward": _matched(table, keys), "reverse": _matched(table.reversed(), keys)}
    forward, reverse = counts["forward"], counts["reverse"]
    if not forward and not reverse:
        prefix = wrapper_of(keys)
        wash = f"remove the prefix {prefix!r} first, by `cocosurgeon weights wash`"
        raise RequestError(
            f"no rule of the table matches any of {plural(len(keys), 'key')}, in either direction",
            where=table.name,
            hint=wash
            if prefix
            else f"the keys are such as {first_few(keys, 3)}; "
            "`cocosurgeon weights show` lists them",
        )
    if forward == reverse:
        raise RequestError(
            f"the table fits {plural(forward, 'key')} in both directions",
            where=table.name,
            hint="choose one: --forward or --reverse",
        )
    return "forward" if forward > reverse else "reverse"


def rename_keys(table: NameTable, keys: Sequence[str]) -> Renaming:
    """Apply the rules of a table to keys, from its left to its right side.

    Raises:
        RequestError: two keys become one, or some of those that are joined are missing.
    """
    uses: Matches = {rule: [] for rule in table.rules}
    known, moves = set(keys), _Moves()
    dropped: dict[str, str | Constant | None] = {}
    unmatched = []
    for key in keys:
        rule, place, groups = _first_match(table.rules, key, known)
        if rule is None:
            unmatched.append(key)
            moves.put(key, key, key, None)
        elif not rule.targets:
            partner = rule.partner and rule.partner.filled(groups) if rule.is_copy else None
            dropped[key] = partner or rule.value
            uses[rule].append((key, "dropped"))
        else:
            names = [target.filled(groups) for target in rule.targets]
            uses[rule].append((key, " + ".join(names)))
            if len(rule.sources) > 1:
                moves.join(rule, names[0], place, key)
            else:
                for number, name in enumerate(names):
                    part = Slice(key, number, len(names))
                    moves.put(name, key if len(names) == 1 else part, key, rule)
    moves.require_whole()
    present = tuple(_add(table.rules, moves.origins, uses))
    used = (RuleUse(rule, len(pairs), tuple(pairs[:2])) for rule, pairs in uses.items())
    return Renaming(moves.origins, tuple(used), tuple(unmatched), dropped, present)


def require_copies(table: NameTable, renaming: Renaming, before: Mapping[str, Tensor]) -> None:
    """Refuse to drop a tensor as a copy of another one that has other values.

    Raises:
        RequestError: the values differ.
    """
    for key, value in renaming.dropped.items():
        if isinstance(value, str) and not same(before[key], before[value]):
            raise RequestError(
                f"{key} would be dropped as a copy of {value}, and their values differ",
                where=table.name,
                hint="remove the rule, or give the two keys different names",
            )


def lost_on_the_way_back(
    table: NameTable, renaming: Renaming, before: Mapping[str, Tensor]
) -> tuple[list[str], str | None]:
    """Return the keys before that the table, reversed, would not bring back as they were.

    The second value says why, where the table cannot be reversed at all.
    """
    try:
        back = rename_keys(table.reversed(), list(renaming.origins)).origins
    except RequestError as error:
        return list(before), error.what
    lost = [key for key in back if key not in before]
    for key, tensor in before.items():
        origin = followed(back[key], renaming.origins) if key in back else None
        copied = renaming.dropped.get(key)
        if origin in (key, copied) and origin is not None and not isinstance(origin, Constant):
            continue
        if not isinstance(origin, Constant) or not holds(tensor, origin):
            lost.append(key)
    return lost, None


def _matched(table: NameTable, keys: Iterable[str]) -> int:
    rules = [rule for rule in table.rules if rule.targets and rule.sources]
    return sum(any(_says_something(rule, key) for rule in rules) for key in keys)


def _says_something(rule: Rule, key: str) -> bool:
    return any(rule.sources[place].has_text for place, _ in rule.matches(key))


def _first_match(
    rules: Iterable[Rule], key: str, known: set[str]
) -> tuple[Rule | None, int, dict[str, str]]:
    for rule in rules:
        for place, groups in rule.matches(key):
            is_there = not rule.is_copy or (rule.partner and rule.partner.filled(groups) in known)
            if rule.targets or is_there:
                return rule, place, groups
    return None, 0, {}


class _Moves:
    """Origins of keys, each of which has one."""

    def __init__(self) -> None:
        self.origins: dict[str, Origin] = {}
        self._by: dict[str, tuple[str, Rule | None]] = {}
        self._joined: dict[str, tuple[Rule, dict[int, str]]] = {}

    def put(self, name: str, origin: Origin, key: str, rule: Rule | None) -> None:
        if name in self._by:
            other, by = self._by[name]
            rules = " and ".join(f"by line {r.line}" if r else "by no rule" for r in (by, rule))
            raise RequestError(
                f"two keys become {name!r}: {other!r} and {key!r}",
                where=rules,
                hint="give them different names, or drop one by a rule `KEY ->`",
            )
        self._by[name] = key, rule
        self.origins[name] = origin

    def join(self, rule: Rule, name: str, place: int, key: str) -> None:
        if name not in self._joined:
            self.put(name, (), key, rule)
        by, parts = self._joined.setdefault(name, (rule, {}))
        if by is not rule or place in parts:
            raise RequestError(
                f"two keys become the same part of {name!r}: {parts.get(place)!r} and {key!r}",
                where=f"lines {by.line} and {rule.line}",
            )
        parts[place] = key

    def require_whole(self) -> None:
        """Complete the joined ones."""
        for name, (rule, parts) in self._joined.items():
            if len(parts) < len(rule.sources):
                raise RequestError(
                    f"{name!r} is joined from {len(rule.sources)} keys, but only "
                    f"{', '.join(parts.values())} {'is' if len(parts) == 1 else 'are'} there",
                    where=f"line {rule.line}: {rule.text}",
                    hint="write a rule for these keys before that line, or complete the file",
                )
            self.origins[name] = tuple(parts[place] for place in range(len(parts)))


def _add(rules: Iterable[Rule], origins: dict[str, Origin], uses: Matches) -> Iterator[str]:
    """Add keys that only the side after has, each after the key that it goes with."""
    adding = [rule for rule in rules if not rule.sources]
    after: dict[str, list[tuple[str, Origin]]] = {}
    names = list(origins)
    there = set(names)
    for rule in adding:
        for partner in [name for name in names if rule.partner] or [""]:
            groups = rule.partner.match(partner) if rule.partner else {}
            if groups is None or (rule.value is None and not rule.is_copy):
                continue
            name = rule.targets[0].filled(groups)
            if name in there:
                yield name
                continue
            there.add(name)
            value = rule.value or origins[partner]
            after.setdefault(partner, []).append((name, value))
            uses[rule].append(("added", name))
    if after:
        before = dict(origins)
        origins.clear()
        for name, origin in before.items():
            origins[name] = origin
            origins.update(after.get(name, ()))
        origins.update(after.get("", ()))
