"""Values as Python has them, as the command line reads them: ``["dog", "cat"]`` is ``"dog,cat"``.

Each reader takes the option's name and its value, and gives the values of that option as it would
be written on the command line, once or more often. It needs to know no file, and loads nothing
heavy: a subset that is cached already is found by what is made here.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from operator import index
from typing import SupportsFloat, SupportsIndex

from cocosurgeon.errors import RequestError

Value = int | float | str
"""As an option of the command line has it; True where it has none."""

Reader = Callable[[str, object], list[Value]]


def count(name: str, value: object) -> list[Value]:
    """A whole number."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return [int(value)]
    elif isinstance(value, SupportsIndex) and not isinstance(value, bool):
        return [index(value)]
    raise _other(name, value, "a whole number")


def number(name: str, value: object) -> list[Value]:
    """A number."""
    if isinstance(value, (str, SupportsFloat, SupportsIndex)) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            return [float(value)]
    raise _other(name, value, "a number")


def flag(name: str, value: object) -> list[Value]:
    """True, and nothing else: what False would mean is a guess."""
    if value is True:
        return [True]
    raise _other(name, value, "True", "leave it out, or give None, where it is not wanted")


def text(name: str, value: object) -> list[Value]:
    """A string."""
    if isinstance(value, str):
        return [value]
    raise _other(name, value, "a string")


def definition(name: str, value: object) -> list[Value]:
    """What counts as empty; True is the usual one."""
    return ["raw"] if value is True else text(name, value)


def names(name: str, value: object) -> list[Value]:
    """Names: a list of them, or as the command line has them, parted by commas."""
    if isinstance(value, str):
        return [value]
    return [_joined(name, value, _quoted_name, "a list of names")]


def ids(name: str, value: object) -> list[Value]:
    """Ids: one number, a list, or as the command line has them, parted by commas.

    In a list a string is that very string, and a number that number.
    """
    if isinstance(value, str):
        return [value]
    is_one = isinstance(value, (float, SupportsIndex))
    listed = [value] if is_one else value
    return [_joined(name, listed, _quoted_id, "an id or a list of ids")]


def path(name: str, value: object) -> list[Value]:
    """A path, made absolute."""
    where = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(where, str) or not where:
        raise _other(name, value, "a path")
    if where == "-":
        raise RequestError(f"{name}='-': a config does not read standard input")
    return [os.path.abspath(where)]  # noqa: PTH100 - a name stays as it is where Path raises


def paths(name: str, value: object) -> list[Value]:
    """A path, or a list of them."""
    return [one for each in _several(value) for one in path(name, each)]


def renames(name: str, value: object) -> list[Value]:
    """``"OLD=NEW"`` or ``{old: new}``, or a list of such; each one is an option of its own."""
    return [_pair(name, each, _quoted_name) for each in _several(value)]


def merges(name: str, value: object) -> list[Value]:
    """``"NEW=A,B"`` or ``{new: [a, b]}``, or a list of such; each one is an option of its own."""
    return [_pair(name, each, _names) for each in _several(value)]


def aliases(name: str, value: object) -> list[Value]:
    """As ``renames``, but a dict may hold several: their order says nothing."""
    if isinstance(value, Mapping):
        return renames(name, [{old: value[old]} for old in sorted(value, key=str)])
    return renames(name, value)


def _several(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _pair(name: str, value: object, after: Callable[[str, object], str]) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise _other(name, value, "a string with a =, a dict, or a list of such")
    if len(value) != 1:
        raise RequestError(
            f"{name}: one pair in a dict, not {len(value)}",
            hint=f"a list of dicts, {name}=[{{...}}, {{...}}]: a config that is written down and "
            "read again has the keys of a dict in another order",
        )
    [(left, right)] = value.items()
    return f"{_quoted_name(name, left)}={after(name, right)}"


def _names(name: str, value: object) -> str:
    [listed] = names(name, value)
    return str(listed)


def _joined(name: str, value: object, quoted: Callable[[str, object], str], wanted: str) -> str:
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping)):
        raise _other(name, value, wanted)
    tokens = [quoted(name, each) for each in value]
    if not tokens:
        raise RequestError(f"{name}: an empty list", hint="leave it out, or give None")
    return ",".join(tokens)


def _quoted_name(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _other(name, value, "a name (a string)")
    is_plain = value == value.strip() and value and not any(c in '",=' for c in value)
    return value if is_plain or value == "" else json.dumps(value)


def _quoted_id(name: str, value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(float(value))
    return str(count(name, value)[0])


def _other(name: str, value: object, wanted: str, hint: str | None = None) -> RequestError:
    return RequestError(f"{name}: expected {wanted}, not {value!r}", hint=hint)
