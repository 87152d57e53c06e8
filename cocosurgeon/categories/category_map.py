"""CategoryMap: category id before -> after; maps in CSV and JSON files."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from cocosurgeon.categories.policy import Unmapped, require_policy
from cocosurgeon.categories.spaces import Space
from cocosurgeon.dataset.ids import Id, as_key
from cocosurgeon.errors import FormatError, RequestError, UnknownNameError
from cocosurgeon.files import reading
from cocosurgeon.text import KnownNames, alike, did_you_mean, nearest_of_each, share_words

# Mapping is invariant in its keys, so that each kind has to be named.
Changes: TypeAlias = (
    "Mapping[int, Id | None] | Mapping[int, int] | Mapping[int, int | None] | Mapping[str, int]"
    "| Mapping[str, Id | None] | Mapping[Id, Id | None] | Iterable[tuple[Id, Id | None]]"
)
Names: TypeAlias = "Mapping[int, str] | Mapping[str, str] | Mapping[Id, str]"


@dataclass(frozen=True, repr=False)
class CategoryMap:
    """Category id before -> after, or dropped (None): ``CategoryMap({1: 0, 3: 2, 90: None})``.

    Attributes:
        pairs: id before, id after; numbers ascending, then strings.
        unmapped: ``error``, ``drop`` or ``keep``, for any other id.
        refused: ids that are an error whatever ``unmapped`` is; ``then`` and ``inverse`` add some.
        before, after: known names by id, for messages.
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
            RequestError: a value is no id, or an id is mapped twice.
        """
        require_policy(unmapped)
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
        """Return the map from one label space to another, class by class."""
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
        """Return the map from ids to the ids that have exactly the same names.

        Args:
            before, after: names by id.
            unmapped: see ``CategoryMap``.
            aliases: names after by names before, where they differ; empty: not mapped.

        Raises:
            RequestError: two ids before, or two after, have one name.
            UnknownNameError: an alias has an unknown name; a name before is nearly one after, so
                that an alias must decide.
        """
        aliases = dict(aliases or {})
        new_ids = _ids_by_name(after)
        names = {name: aliases.get(name, name) for name in _ids_by_name(before)}
        for old, new in aliases.items():
            _require_name(old, names, "the alias is for a name that is not there")
            if new:
                _require_name(new, new_ids, "the alias stands for a name that is not there")
        taken = set(names.values())
        free = KnownNames(name for name in new_ids if name not in taken)
        unmatched = (name for name, meant in names.items() if meant and meant not in new_ids)
        for name, near in nearest_of_each(unmatched, free):
            # If names may lack a match, similar letters mean little: "cat" is not "car".
            if near and (unmapped == "error" or alike(name, near) or share_words(name, near)):
                raise UnknownNameError(
                    f"category {name!r} is nearly {near!r}, but names are compared exactly",
                    hint=f"if they are the same: --alias {name!r}={near!r}; if not: "
                    f"--alias {name!r}=",
                )
        old_names: dict[Id, str] = dict(before.items())
        pairs = {i: new_ids[names[n]] for i, n in old_names.items() if names[n] in new_ids}
        owners: dict[Id, Id] = {}
        for old_id, new_id in pairs.items():
            if (owner := owners.setdefault(new_id, old_id)) != old_id:
                raise RequestError(
                    f"{old_names[owner]!r} and {old_names[old_id]!r} would be one category",
                    hint="to make them one, merge them first: --merge NEW=A,B",
                    python=f"to make them one, merge them first: "
                    f"Merge({old_names[owner]!r}, {[old_names[owner], old_names[old_id]]!r})",
                )
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
        """Return the new id for an id; None: it is dropped.

        Raises:
            RequestError: the map does not mention it, and ``unmapped`` is ``error``.
        """
        if cat_id in self._table:
            return self._table[cat_id]
        if not self.takes(cat_id):
            raise RequestError(
                f"category id {cat_id!r} is not mapped",
                hint="map it, or choose --unmapped drop or keep",
            )
        return cat_id if self.unmapped == "keep" else None

    def takes(self, cat_id: Id) -> bool:
        """Return True if ``get`` has an answer for an id."""
        if cat_id in self._table:
            return True
        return self.unmapped != "error" and cat_id not in self.refused

    def then(self, other: CategoryMap) -> CategoryMap:
        """Return the map that applies this map, and then another one."""
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

    def inverse(self) -> CategoryMap:
        """Return the inverse map.

        Raises:
            RequestError: the map merges or drops ids; the message names them.
        """
        names = dict(self.before)

        def listed(cat_ids: Iterable[Id]) -> str:
            return ", ".join(f"{i!r} ({names[i]})" if i in names else repr(i) for i in cat_ids)

        obstacle = None
        if merged := self._merged():
            obstacle = f"it merges {'; '.join(f'{listed(i)} -> {n!r}' for n, i in merged.items())}"
        elif dropped := [old for old, new in self.pairs if new is None]:
            obstacle = f"it drops {listed(dropped)}"
        elif self.unmapped == "drop":
            obstacle = "it drops every id that it does not mention"
        if obstacle:
            raise RequestError(f"the map has no inverse: {obstacle}")
        back = {new: old for old, new in self.pairs if new is not None}
        unreached = (self._table.keys() | self.refused) - back.keys()
        return CategoryMap(
            back, self.unmapped, refused=unreached, before=self.after, after=self.before
        )

    def _merged(self) -> dict[Id, tuple[Id, ...]]:
        sources: dict[Id, list[Id]] = {}
        for old, new in self.pairs:
            if new is not None:
                sources.setdefault(new, []).append(old)
        if self.unmapped == "keep":
            for new, olds in sources.items():
                if new not in self._table and new not in self.refused:
                    olds.append(new)  # it is unmapped, so it keeps its id
        return {new: tuple(olds) for new, olds in sources.items() if len(olds) > 1}


def _each(pairs: Changes) -> Iterator[tuple[Id, Id | None]]:
    try:
        yield from pairs.items() if isinstance(pairs, Mapping) else pairs
    except TypeError:
        raise RequestError(f"not a map of category ids: {pairs!r}") from None


def _as_id(value: object) -> Id:
    value = value.item() if isinstance(value, np.generic) else value
    key = as_key(value)
    if key is None or isinstance(key, float) or isinstance(value, bool):
        raise RequestError(f"not a category id: {value!r}", hint="use a whole number, or a string")
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


def _require_name(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise UnknownNameError(f"{what}: {name!r}", hint=did_you_mean(name, known, "there are"))


def read_map(path: str | os.PathLike[str], unmapped: Unmapped = "error") -> CategoryMap:
    """Read a map from a file.

    CSV: a line ``before,after``, then a line for each id; an empty ``after`` drops it. JSON: an
    object ``{"1": 0, "90": null}`` (keys of digits are numbers), or a list of pairs
    ``[[1, 0], ["a", 2], [90, null]]``.

    Args:
        path: path of the file.
        unmapped: see ``CategoryMap``.

    Raises:
        SourceUnavailableError: the file cannot be read.
        FormatError: it has neither format; the message names the line.
        RequestError: an id is mapped twice.
    """
    try:
        with reading(path, "the map"):
            data = Path(path).read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("the map is not UTF-8", where=f"{path}, byte {error.start}") from error
    try:
        pairs = _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_csv(text)
        return CategoryMap(list(pairs), unmapped)
    except (ValueError, RecursionError, csv.Error) as error:
        raise FormatError(
            f"not a map of category ids: {error}",
            where=str(path),
            hint='write a CSV with the header before,after, or JSON: {"1": 0, "90": null}',
        ) from error
    except RequestError as error:
        raise RequestError(error.what, where=str(path), hint=error.hint) from error


def _of_json(text: str) -> Iterator[tuple[Id, Id | None]]:
    value: object = json.loads(text, object_pairs_hook=_Pairs)
    if isinstance(value, _Pairs):
        for key, after in value:
            yield _number_or_text(key), after
        return
    for pair in value if isinstance(value, list) else [value]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"expected a pair [before, after], found {pair!r}")
        yield pair[0], pair[1]


class _Pairs(list[tuple[str, Any]]):
    """The pairs of a JSON object, with repeated keys."""

    def __repr__(self) -> str:
        return "an object"


def _of_csv(text: str) -> Iterator[tuple[Id, Id | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        if "\0" in line:  # before Python 3.11, the error of csv has no place
            raise ValueError(f"line {number}: a NUL character")
    first: Id | None = None
    reader = csv.reader(text.splitlines(), skipinitialspace=True)
    is_first = True
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        is_header, is_first = is_first and cells == ["before", "after"], False
        if is_header:
            continue
        if len(cells) != 2 or not cells[0]:
            raise ValueError(f"line {reader.line_num}: expected before,after, found {row!r}")
        before = _number_or_text(cells[0])
        first = before if first is None else first
        if isinstance(first, str) and not isinstance(before, str):
            raise ValueError(
                f"the first id is {first!r}, a string, and line {reader.line_num} has a number "
                "(a header is before,after)"
            )
        yield before, _number_or_text(cells[1]) if cells[1] else None


def _number_or_text(text: str) -> Id:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    key = as_key(value)
    return text if key is None or isinstance(value, (bool, str)) else key
