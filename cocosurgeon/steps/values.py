"""Values as Python has them, as the command line reads them: ``["dog", "cat"]`` is ``"dog,cat"``.

Each reader takes the option's name and its value, and gives the values of that option as it would
be written on the command line, once or more often. It needs to know no file, and loads nothing
heavy: a subset that is cached already is found by what is made here.

A value counts as what its class is, not as what it could be turned into: arrays, tensors and the
stand-ins of a lazy config claim to be numbers and lists; a set has another order in each process.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable

from cocosurgeon.errors import RequestError

Value = int | float | str
"""As an option of the command line has it; True where it has none."""

Reader = Callable[[str, object], list[Value]]

_BITS = 64
_LONGEST_SHOWN = 80


def count(name: str, value: object) -> list[Value]:
    """A whole number."""
    plain = _plain(value)
    try:
        found = int(plain) if isinstance(plain, str) else plain
    except ValueError:
        found = None
    if type(found) is not int:
        raise _other(name, value, "a whole number")
    if found.bit_length() > _BITS:
        raise _other(name, value, f"a whole number of {_BITS} bits at most")
    return [found]


def number(name: str, value: object) -> list[Value]:
    """A number."""
    plain = _plain(value)
    if isinstance(plain, (str, int, float)) and not isinstance(plain, bool):
        with contextlib.suppress(ValueError, OverflowError):
            return [float(plain)]
    raise _other(name, value, "a number")


def flag(name: str, value: object) -> list[Value]:
    """True, and nothing else: what False would mean is a guess."""
    if value is True:
        return [True]
    raise _other(name, value, "True", "leave it out, or give None, where it is not wanted")


def text(name: str, value: object) -> list[Value]:
    """A string."""
    plain = _plain(value)
    if isinstance(plain, str):
        return [plain]
    raise _other(name, value, "a string")


def definition(name: str, value: object) -> list[Value]:
    """What counts as empty; True is the usual one."""
    return ["raw"] if value is True else text(name, value)


def names(name: str, value: object) -> list[Value]:
    """Names: a list of them, or as the command line has them, parted by commas."""
    plain = _plain(value)
    if isinstance(plain, str):
        return [plain]
    return [_joined(name, value, _quoted_name, "a list of names")]


def ids(name: str, value: object) -> list[Value]:
    """Ids: one number, a list, or as the command line has them, parted by commas.

    In a list a string is that very string, and a number that number.
    """
    plain = _plain(value)
    if isinstance(plain, str):
        return [plain]
    listed = [plain] if isinstance(plain, (int, float)) else value
    return [_joined(name, listed, _quoted_id, "an id or a list of ids")]


def path(name: str, value: object) -> list[Value]:
    """A path, made absolute."""
    where = path_text(value)
    if where is None:
        raise _other(name, value, "a path")
    if where == "-":
        raise RequestError(f"{name}='-': a config does not read standard input")
    return [os.path.abspath(where)]  # noqa: PTH100 - a name stays as it is where Path raises


def paths(name: str, value: object) -> list[Value]:
    """A path, or a list of them."""
    return [one for each in _several(name, value) for one in path(name, each)]


def renames(name: str, value: object) -> list[Value]:
    """``"OLD=NEW"`` or ``{old: new}``, or a list of such; each one is an option of its own."""
    return [_pair(name, each, _quoted_name) for each in _several(name, value)]


def merges(name: str, value: object) -> list[Value]:
    """``"NEW=A,B"`` or ``{new: [a, b]}``, or a list of such; each one is an option of its own."""
    return [_pair(name, each, _names) for each in _several(name, value)]


def aliases(name: str, value: object) -> list[Value]:
    """As ``renames``, but a dict may hold several: their order says nothing."""
    if isinstance(value, dict):
        olds = sorted(value, key=lambda old: _quoted_name(name, old))
        return renames(name, [{old: value[old]} for old in olds])
    return renames(name, value)


def path_text(value: object) -> str | None:
    """A path as a string; None where it is none that a system could have."""
    if isinstance(value, os.PathLike):
        try:
            value = os.fspath(value)
        except Exception:  # whatever somebody's class does
            return None
    plain = _plain(value)
    if not isinstance(plain, str) or not plain or "\0" in plain:
        return None
    try:
        os.fsencode(plain)
    except UnicodeEncodeError:
        return None
    return plain


def shown(value: object) -> str:
    """A value as an error shows it: shortly, and whatever it is."""
    try:
        said = repr(value)
    except Exception:  # whatever somebody's class does, and int of very many digits
        said = f"something of the type {type(value).__name__}"
    return said if len(said) <= _LONGEST_SHOWN else f"{said[: _LONGEST_SHOWN - 3]}..."


def _plain(value: object) -> object:
    """The string or number that a value of a class derived from these, or of numpy's, is.

    Any other value is given back itself.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    numpy = sys.modules.get("numpy")  # where nobody has loaded it, the value is none of its
    if numpy is not None and isinstance(value, (numpy.integer, numpy.floating)):
        item: object = value.item()
        return item if type(item) in (int, float) else value
    return value


def _several(name: str, value: object) -> list[object]:
    listed = list(value) if isinstance(value, (list, tuple)) else [value]
    if not listed:
        raise _empty(name)
    return listed


def _pair(name: str, value: object, after: Callable[[str, object], str]) -> str:
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    if not isinstance(value, dict):
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
    if not isinstance(value, (list, tuple, range)):
        hint = "a plain list: of an array or a tensor .tolist(); of a set, sorted, since its order "
        raise _other(name, value, wanted, f"{hint}differs from process to process")
    tokens = [quoted(name, each) for each in value]
    if not tokens:
        raise _empty(name)
    return ",".join(tokens)


def _quoted_name(name: str, value: object) -> str:
    plain = _plain(value)
    if not isinstance(plain, str):
        raise _other(name, value, "a name (a string)")
    is_plain = plain == plain.strip() and plain and not any(c in '",=' for c in plain)
    return plain if is_plain or plain == "" else json.dumps(plain)


def _quoted_id(name: str, value: object) -> str:
    plain = _plain(value)
    if isinstance(plain, str):
        return json.dumps(plain)
    if isinstance(plain, float):
        if not math.isfinite(plain):
            raise _other(name, value, "an id")
        return repr(plain)
    return str(count(name, plain)[0])


def _empty(name: str) -> RequestError:
    return RequestError(f"{name}: an empty list", hint="leave it out, or give None")


def _other(name: str, value: object, wanted: str, hint: str | None = None) -> RequestError:
    return RequestError(f"{name}: expected {wanted}, not {shown(value)}", hint=hint)
