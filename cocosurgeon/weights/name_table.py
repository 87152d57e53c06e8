"""Tables of parameter names: rules with groups that are read in both directions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from cocosurgeon.errors import EncodingError, FormatError, RequestError
from cocosurgeon.files import reading
from cocosurgeon.text import did_you_mean
from cocosurgeon.weights.dtypes import DTYPES, decode, encode
from cocosurgeon.weights.maps import shipped_tables, shipped_text
from cocosurgeon.weights.tensor import fits

FORM = "a rule is `source pattern -> target pattern`, with {name} or {name*} for what changes"

_GROUP = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?P<kind>\*|:[^{}]+)?\}")
_PLACE = re.compile(r"\[\s*(\S+)\s*->\s*(\S+)\s*\]")
_COMMENT = re.compile(r"(^|\s)#.*$")
_VALUE = re.compile(r"(?P<number>\S+)\s+(?P<dtype>\w+)(\[(?P<shape>[\d,\s]*)\])?")


@dataclass(frozen=True)
class Pattern:
    """Names of parameters: text with groups.

    ``{name}`` stands for one part between dots, ``{name*}`` for any text, ``{name:a|b}`` for one
    of these words. A group that appears again stands for the same text.

    Attributes:
        text: as it is in the table.
        kinds: the regular expression of each group, by name.
    """

    text: str
    kinds: tuple[tuple[str, str], ...]

    @property
    def groups(self) -> frozenset[str]:
        """Return the names of the groups."""
        return frozenset(match["name"] for match in _GROUP.finditer(self.text))

    def match(self, key: str) -> dict[str, str] | None:
        """Return what the groups stand for in a key; None where it does not match."""
        found = self._regex.fullmatch(key)
        return found and found.groupdict()

    def filled(self, groups: Mapping[str, str]) -> str:
        """Return the key in which groups stand for these texts."""
        return _GROUP.sub(lambda match: groups[match["name"]], self.text)

    @cached_property
    def has_text(self) -> bool:
        """True where it has more than groups: what it matches says something about a key."""
        return bool(_GROUP.sub("", self.text).strip("."))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        kinds, seen, at, parts = dict(self.kinds), set[str](), 0, list[str]()
        for match in _GROUP.finditer(self.text):
            name = match["name"]
            parts.append(re.escape(self.text[at : match.start()]))
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{kinds[name]})")
            seen.add(name)
            at = match.end()
        return re.compile("".join(parts) + re.escape(self.text[at:]), re.DOTALL)


@dataclass(frozen=True)
class Constant:
    """A tensor with one value everywhere.

    Attributes:
        number: the value.
        dtype: a key of ``dtypes.DTYPES``.
        shape: of the tensor; () for a scalar.
    """

    number: float
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """One line of a table, in one direction.

    Attributes:
        line, text: where it is, and what it says.
        sources: patterns of keys before; several are joined, none: the target is added.
        targets: patterns of keys after; several are equal slices, none: the source is dropped.
        value: of a key that only one side has; None: another key's, or unknown.
        partner: pattern of the key that it goes with, on the same side.
    """

    line: int
    text: str
    sources: tuple[Pattern, ...]
    targets: tuple[Pattern, ...]
    value: Constant | None = None
    partner: Pattern | None = None

    def reversed(self) -> Rule:
        """Return the rule of the way back."""
        return replace(self, sources=self.targets, targets=self.sources)

    @property
    def is_copy(self) -> bool:
        """True for a key that has the value of another key of its side."""
        return self.partner is not None and self.value is None

    def matches(self, key: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the place of each source pattern that matches, and its groups."""
        for place, pattern in enumerate(self.sources):
            if (groups := pattern.match(key)) is not None:
                yield place, groups


@dataclass(frozen=True)
class NameTable:
    """Rules in order: of several that match a key, the first counts.

    Attributes:
        name: of the file, or of the shipped table.
        rules: from the left side to the right side.
        places: keys of the state dict in a .pth, of the left and of the right side; None: the table
            does not say.
    """

    name: str
    rules: tuple[Rule, ...]
    places: tuple[str, str] | None = None

    def reversed(self) -> NameTable:
        """Return the table of the way back."""
        return replace(
            self,
            rules=tuple(rule.reversed() for rule in self.rules),
            places=self.places and self.places[::-1],
        )

    def text(self) -> str:
        """Return the rules without comments, as a table that can be read again."""
        first = "" if self.places is None else f"[{' -> '.join(self.places)}]\n"
        return first + "".join(f"{rule.text}\n" for rule in self.rules)

    @classmethod
    def parse(cls, text: str, name: str) -> NameTable:
        """Read a table.

        Args:
            text: one rule a line; # begins a comment. ``[model -> state_dict]`` says under which
                key the state dict of a .pth is, before and after.
            name: of the file, for errors.

        Raises:
            FormatError: a line is no rule; the message names it.
        """
        rules = []
        places = None
        for number, line in enumerate(text.splitlines(), 1):
            if rule := _COMMENT.sub("", line).strip():
                if found := _PLACE.fullmatch(rule):
                    places = found[1], found[2]
                    continue
                try:
                    rules.append(_rule(number, rule))
                except ValueError as error:
                    raise FormatError(
                        f"not a rule: {error}", where=f"{name}, line {number}", hint=FORM
                    ) from error
        if not rules:
            raise FormatError("the table has no rules", where=name, hint=FORM)
        return cls(name, tuple(rules), places)


def read_table(name: str) -> NameTable:
    """Read a table: a shipped one by its name, another one by its path.

    Raises:
        SourceUnavailableError: it cannot be read.
        EncodingError, FormatError: it is no table.
        RequestError: there is neither a shipped table nor a file of that name.
    """
    shipped = shipped_tables()
    if name in shipped:
        return NameTable.parse(shipped_text(name), name)
    if "." not in name and "/" not in name and not Path(name).exists():
        raise RequestError(
            f"there is no table {name!r}",
            hint=did_you_mean(name, shipped) or f"a file, or one of {', '.join(shipped)}",
        )
    with reading(name, "the table"):
        data = Path(name).read_bytes()
    try:
        return NameTable.parse(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise EncodingError(
            "the table is not UTF-8", where=name, hint=FORM, offset=error.start
        ) from error


def _rule(number: int, text: str) -> Rule:
    sides = [side.strip() for side in re.split(r"\s*(?<!\S)->(?!\S)\s*", text)]
    if len(sides) != 2:
        raise ValueError(f"{text!r} has no arrow, or several" if len(sides) > 2 else f"{text!r}")
    left, right = sides
    if not left and not right:
        raise ValueError("no key on either side")
    if left and right:
        if "=" in (*left.split(), *right.split()):
            raise ValueError("a value goes with a key that only one side has")
        patterns = _patterns([*(froms := _joined(left)), *(tos := _joined(right))])
        if min(len(froms), len(tos)) > 1:
            raise ValueError("several keys on both sides")
        return Rule(number, text, tuple(patterns[: len(froms)]), tuple(patterns[len(froms) :]))
    key, value, partner = _one_sided(left or right)
    patterns = _patterns([key] if partner is None else [key, partner])
    sources, targets = ((patterns[0],), ()) if left else ((), (patterns[0],))
    if patterns[0].groups and value is not None and partner is None:
        raise ValueError("name its keys: ... for PATTERN")
    return Rule(number, text, sources, targets, value, patterns[1] if partner else None)


def _joined(side: str) -> list[str]:
    return [text.strip() for text in re.split(r"\s+\+\s+", side)]


def _one_sided(side: str) -> tuple[str, Constant | None, str | None]:
    """Return a key, its value, and the key that it goes with (and has the value of)."""
    key, equals, rest = (text.strip() for text in side.partition(" = "))
    if not equals:
        return key, None, None
    value, _, partner = (text.strip() for text in rest.partition(" for "))
    if " " not in value and not partner:
        return key, None, value
    found = _VALUE.fullmatch(value)
    if found is None:
        raise ValueError(f"{value!r} is not a value, such as `0 int64` or `1 float32[256]`")
    shape = tuple(int(size) for size in (found["shape"] or "").split(",") if size.strip())
    if found["dtype"] not in DTYPES:
        raise ValueError(f"{found['dtype']!r} is not a type of numbers, such as int64 or float32")
    if not fits(shape, found["dtype"]):
        raise ValueError(f"no tensor has the shape {list(shape)}")
    constant = Constant(_number(found["number"], found["dtype"]), found["dtype"], shape)
    return key, constant, partner or None


def _number(text: str, dtype: str) -> float:
    """Return the value that a text stands for.

    Raises:
        ValueError: it is none, or the type cannot hold it.
    """
    number = float(text)
    kind = np.dtype(DTYPES[dtype].numpy)
    if DTYPES[dtype].is_float or kind.kind == "c":
        with np.errstate(over="ignore"):
            held = decode(encode(number, dtype), dtype)
        if math.isfinite(number) and not np.isfinite(held):
            raise ValueError(f"{dtype} cannot hold {text}")
        return number
    exact = int(text) if number.is_integer() and text.lstrip("+-").isdecimal() else None
    limits = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
    if exact is None or not limits[0] <= exact <= limits[1]:
        raise ValueError(f"{dtype} cannot hold {text}")
    return exact


def _patterns(texts: Sequence[str]) -> list[Pattern]:
    """Return patterns that share their groups."""
    kinds: dict[str, str] = {}
    for text in texts:
        if not text or len(text.split()) > 1 or set(_GROUP.sub("", text)) & set("{}*"):
            raise ValueError(f"{text!r} is not a pattern")
        for match in _GROUP.finditer(text):
            kind = _regex_of(match["kind"])
            if kind and kinds.get(match["name"], kind) != kind:
                raise ValueError(f"the group {match['name']!r} has two meanings")
            kinds[match["name"]] = kind or kinds.get(match["name"], "")
    regexes = tuple((name, kind or "[^.]+") for name, kind in kinds.items())
    patterns = [Pattern(text, regexes) for text in texts]
    for pattern in patterns[1:]:
        if only := sorted(pattern.groups ^ patterns[0].groups):
            raise ValueError(
                f"the group {only[0]!r} is in one pattern only, and could not be restored"
            )
    return patterns


def _regex_of(kind: str | None) -> str:
    if kind is None:
        return ""
    return ".+" if kind == "*" else "|".join(re.escape(word) for word in kind[1:].split("|"))
