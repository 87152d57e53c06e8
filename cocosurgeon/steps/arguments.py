"""Kinds of arguments: conversion of an option's text, or of a config's value, to a step's value.

A list of ids or names is separated by commas on the command line. A part in double quotes is a JSON
string: ``"139"`` is the string, ``139`` the number, and ``"a,b"`` is one name.

A value of a config is accepted by its class alone. Arrays, tensors and the placeholders of a lazy
config could be converted to numbers and lists, but do not mean them, and a set has another order in
each process. Nothing here reads a file or imports anything heavy.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.dataset.order import as_amount
from cocosurgeon.errors import RequestError
from cocosurgeon.text import cut, did_you_mean

_BITS = 64
_INEXACT = 1 << 53
"""From here on, floats do not have every whole number."""
_DIGITS = frozenset("-0123456789")

# compiled when used: a config whose subset is in the cache needs no pattern
_TOKEN = r'\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)'
_PAIR = r'\s*("(?:[^"\\]|\\.)*"|[^="]+?)\s*=(.*\S.*)'


class Typed(str):
    """An id as typed; the file's ids decide if it is a number or a string."""


def _alone(value: object) -> list[object]:
    return [value]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of argument.

    Attributes:
        metavar: name of a value in help; empty: the option takes no value.
        parse: returns the value for a text of the command line.
        convert: returns the value for a value of a config.
        unpack: returns several values, each for a step of its own, for one value of a config.
    """

    metavar: str
    parse: Callable[[str], object]
    convert: Callable[[object], object]
    unpack: Callable[[object], list[object]] = _alone

    @property
    def is_repeatable(self) -> bool:
        """True if a config may pass several values as one."""
        return self.unpack is not _alone

    def called(self, metavar: str) -> Kind:
        """Return the kind with another name of a value in help."""
        return replace(self, metavar=metavar)


def _expected(wanted: str, value: object, hint: str | None = None) -> RequestError:
    return RequestError(f"expected {wanted}, not {shown(value)}", hint=hint)


def _several(value: object) -> list[object]:
    """Return the values of a list, or the one value.

    Raises:
        RequestError: the list is empty.
    """
    listed = list(value) if isinstance(value, (list, tuple)) else [value]
    if not listed:
        raise RequestError("an empty list", hint="remove it, or give None")
    return listed


# ---- numbers, words, flags


def _count(value: object) -> int:
    plain = plain_value(value)
    try:
        found = int(plain) if isinstance(plain, str) else plain
    except ValueError:
        found = None
    if type(found) is not int:
        raise _expected("a whole number", value)
    if found.bit_length() > _BITS:
        raise _expected(f"a whole number of {_BITS} bits at most", value)
    return found


def _amount(value: object) -> int | str:
    plain = plain_value(value)
    if isinstance(plain, str) and "%" in plain:
        return as_amount(plain)
    try:
        return _count(value)
    except RequestError as error:
        hint = "a number of images, 100, or a share of them, 10%"
        raise RequestError(error.what, hint=hint) from None


def number(value: object) -> float:
    """Return a number as a float.

    Raises:
        RequestError: it is no number.
    """
    plain = plain_value(value)
    if isinstance(plain, (str, int, float)) and not isinstance(plain, bool):
        with contextlib.suppress(ValueError, OverflowError):
            return float(plain)
    raise _expected("a number", value)


def _flag(value: object) -> bool:
    if value is True:
        return True
    raise _expected("True", value, "write NAME=True, or remove it")


def _text(value: object) -> str:
    plain = plain_value(value)
    if isinstance(plain, str):
        return plain
    raise _expected("a string", value)


COUNT = Kind("N", _count, _count)
AMOUNT = Kind("N[%]", _amount, _amount)
NUMBER = Kind("NUMBER", number, number)
TEXT = Kind("TEXT", str, _text)
FLAG = Kind("", lambda text: True, _flag)


def choice(*words: str) -> Kind:
    """Return the kind of an argument that is one of some words."""

    def chosen(value: object) -> str:
        text = _text(value)
        if text not in words:
            raise _expected(" or ".join(words), text, did_you_mean(text, words))
        return text

    return Kind("|".join(words), chosen, chosen)


# ---- lists


def split_list(text: str) -> list[str]:
    """Return the parts between commas, with their quotes.

    Raises:
        RequestError: there are no parts, or quotes do not match.
    """
    token = re.compile(_TOKEN)
    found: list[str] = []
    position = 0
    while position < len(text):
        match = token.match(text, position)
        if match is None:
            raise RequestError(
                f"cannot read the list {text!r}", hint="put quotes around whole names only"
            )
        found.append(match[1].strip())
        position = match.end()
    found = [token for token in found if token]
    if not found:
        raise RequestError(f"an empty list: {text!r}")
    return found


def unquoted(token: str) -> str:
    """Return a part of a list without its quotes."""
    if token.startswith('"'):
        try:
            return str(json.loads(token))
        except ValueError:
            return token
    return token


def parse_names(text: str) -> tuple[str, ...]:
    """Return the names in a list."""
    return tuple(unquoted(token) for token in split_list(text))


def _parse_ids(text: str) -> tuple[Id, ...]:
    tokens = split_list(text)
    for token in tokens:
        if re.fullmatch(r"-?\d+(\s+-?\d+)+", token):
            raise RequestError(
                f"ids are separated by commas: {shown(text)}",
                hint="use --ids 1,2,3, or --ids-file FILE with one id per line",
            )
    return tuple(map(Typed, tokens))


def _listed(value: object, item: Callable[[object], Any], wanted: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple, range)):
        hint = "give a plain list: .tolist() of an array or tensor, sorted() of a set"
        raise _expected(wanted, value, hint)
    items = tuple(map(item, value))
    if not items:
        raise RequestError("an empty list", hint="remove it, or give None")
    return items


def _name(value: object) -> str:
    plain = plain_value(value)
    if not isinstance(plain, str):
        raise _expected("a name (a string)", value)
    return plain


def _names(value: object) -> tuple[str, ...]:
    plain = plain_value(value)
    return (
        parse_names(plain) if isinstance(plain, str) else _listed(value, _name, "a list of names")
    )


def _id(value: object) -> Id:
    plain = plain_value(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, float) and not math.isfinite(plain):
        raise _expected("an id", value)
    return plain if isinstance(plain, float) else _count(plain)


def _ids(value: object) -> tuple[Id, ...]:
    plain = plain_value(value)
    if isinstance(plain, str):
        return _parse_ids(plain)
    return _listed(
        [plain] if isinstance(plain, (int, float)) else value, _id, "an id or a list of ids"
    )


def list_of(item: Callable[[object], Any], wanted: str, metavar: str) -> Kind:
    """Return the kind of an argument that is a list.

    Args:
        item: returns the value for one of its items.
        wanted: description of the list, for errors.
        metavar: an example, for help.
    """

    def convert(value: object) -> tuple[Any, ...]:
        plain = plain_value(value)
        listed = split_list(plain) if isinstance(plain, str) else value
        return _listed(listed, item, wanted)

    return Kind(metavar, convert, convert)


NAMES = Kind("NAMES", parse_names, _names)
IDS = Kind("1,2,3", _parse_ids, _ids)


def resolve_ids(ids: Iterable[Id], known: Sequence[Id | None]) -> list[Id]:
    """Return ids with the types that they have in a file.

    A typed id of digits is a number, unless the file has it only as a string, or has only strings.

    Args:
        known: the ids of the file.

    Raises:
        RequestError: a typed id is a float that is too large to be exact.
    """
    there = set(known)
    has_numbers = any(isinstance(i, (int, float)) for i in there)
    resolved: list[Id] = []
    for each in ids:
        if not isinstance(each, Typed):
            resolved.append(each)
            continue
        number = _as_number(each)
        if number is None:
            resolved.append(unquoted(each))
        elif number not in there and (each in there or not has_numbers):
            resolved.append(str(each))
        elif isinstance(number, int) and abs(number) >= _INEXACT and not _DIGITS.issuperset(each):
            raise RequestError(
                f"{each} is a float, which does not have all digits of an id so large",
                hint="write whole numbers; with pandas: dtype_backend='numpy_nullable'",
            )
        else:
            resolved.append(number)
    return resolved


def plain_id(token: str) -> Id:
    """Return a text as an id without a file to compare with: a number if it can be one."""
    number = _as_number(token)
    return unquoted(token) if number is None else number


def format_id(i: Id) -> str:
    """Return an id as a line that is read back as the same id, for any file that has it."""
    if not isinstance(i, str):
        return str(i)
    is_plain = i.isprintable() and i == i.strip() and i != "" and not i.startswith('"')
    return i if is_plain and _as_number(i) is None else json.dumps(i)


def _as_number(token: str) -> Id | None:
    try:
        value = json.loads(token)
    except ValueError:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return as_key(value) if is_number else None


# ---- files


def path_text(value: object) -> str | None:
    """Return a path as a string; None for a value that no system accepts as a path."""
    if isinstance(value, os.PathLike):
        try:
            value = os.fspath(value)
        except Exception:  # any error of a user's class
            return None
    plain = plain_value(value)
    if not isinstance(plain, str) or not plain or "\0" in plain:
        return None
    try:
        os.fsencode(plain)
    except UnicodeEncodeError:
        return None
    return plain


def _path(value: object) -> str:
    where = path_text(value)
    if where is None:
        raise _expected("a path", value)
    if where == "-":
        raise RequestError("'-': a config does not read standard input")
    return os.path.abspath(where)  # noqa: PTH100 - a name stays as it is where Path raises


PATH = Kind("FILE", str, _path)
PATHS = Kind("FILE", str, _path, _several)


# ---- pairs


def split_pair(text: str, form: str = "NEW=OLD or OLD=NEW") -> tuple[str, str]:
    """Return the texts before and after ``=``; a name that has a ``=`` must be quoted.

    Args:
        form: the form of a pair, for messages.

    Raises:
        RequestError: there is no ``=``, or nothing on one side of it.
    """
    match = re.fullmatch(_PAIR, text)
    if match is None:
        raise RequestError(f"expected {form}, not {text!r}")
    return unquoted(match[1].strip()), match[2].strip()


def _parse_rename(text: str) -> tuple[str, str]:
    old, new = split_pair(text)
    return old, unquoted(new)


def _parse_merge(text: str) -> tuple[str, tuple[str, ...]]:
    new, olds = split_pair(text)
    return new, parse_names(olds)


def _parse_alias(text: str) -> tuple[str, str]:
    return (unquoted(text[:-1].strip()), "") if text.endswith("=") else _parse_rename(text)


def _pair(value: object, parse: Callable[[str], Any], after: Callable[[object], Any]) -> Any:
    plain = plain_value(value)
    if isinstance(plain, str):
        return parse(plain)
    if not isinstance(value, dict):
        raise _expected("a string with =, a dict, or a list of these", value)
    if len(value) != 1:
        raise RequestError(
            f"one pair in a dict, not {len(value)}",
            hint="give a list of dicts, [{...}, {...}]: a config that is saved and read again has "
            "its keys in another order",
        )
    [(left, right)] = value.items()
    return _name(left), after(right)


def _aliases(value: object) -> list[object]:
    """Return pairs one by one; those of a dict sorted, because their order has no meaning."""
    if isinstance(value, dict):
        value = [{old: value[old]} for old in sorted(value, key=_name)]
    return _several(value)


def path_pairs(metavar: str) -> Kind:
    """Return the kind of an argument such as ``NAME=FILE``, which may be repeated.

    Args:
        metavar: name of a value in help.
    """

    def parse(text: str) -> tuple[str, str]:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise RequestError(f"expected {metavar}, not {text!r}")
        return name, path

    def convert(value: object) -> tuple[str, str]:
        name, path = _pair(value, parse, _path)
        return name, _path(path)

    return Kind(metavar, parse, convert, _aliases)


RENAME = Kind("OLD=NEW", _parse_rename, lambda v: _pair(v, _parse_rename, _name), _several)
MERGE = Kind("NEW=A,B", _parse_merge, lambda v: _pair(v, _parse_merge, _names), _several)
ALIAS = Kind("OLD=NEW", _parse_alias, lambda v: _pair(v, _parse_alias, _name), _aliases)


# ---- values of a config


def shown(value: object) -> str:
    """Return any value as short text for an error."""
    try:
        text = repr(value)
    except Exception:  # any error of a user's class, or an int with too many digits
        text = f"something of the type {type(value).__name__}"
    return cut(text, 80)


def plain_value(value: object) -> object:
    """Return a string or number of a derived or numpy class as Python's own; others unchanged."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    numpy = sys.modules.get("numpy")  # if it is not loaded, the value is not of its types
    if numpy is not None and isinstance(value, (numpy.integer, numpy.floating)):
        item: object = value.item()
        return item if type(item) in (int, float) else value
    return value
