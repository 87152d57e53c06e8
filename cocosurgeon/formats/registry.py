"""The table of formats: every module of this folder with a class of ``Format`` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from cocosurgeon import formats
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.formats.format import Format
from cocosurgeon.text import did_you_mean


@cache
def all_formats() -> Mapping[str, type[Format]]:
    """Return all formats by name."""
    modules = [
        import_module(f"{formats.__name__}.{m.name}") for m in iter_modules(formats.__path__)
    ]
    kinds = [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type)
        and kind.__module__ == module.__name__  # first: in Python 3.10 list[int] is a type, too
        and issubclass(kind, Format)
        and not isabstract(kind)
    ]
    return MappingProxyType({kind.name: kind for kind in kinds})


def find_format(name: str) -> type[Format]:
    """Return a format by its name.

    Raises:
        UnknownNameError: there is none.
    """
    known = all_formats()
    if name not in known:
        hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
        raise UnknownNameError(f"there is no format {name!r}", hint=hint)
    return known[name]


def options_of(kind: type[Format]) -> Sequence[Any]:
    """Return the fields of a format that are options."""
    return [each for each in fields(kind) if "help" in each.metadata]


def make_format(name: str, given: Mapping[str, object]) -> Format:
    """Return a format with options.

    Args:
        given: values of options, as on the command line or as the format has them.

    Raises:
        UnknownNameError: there is no such format.
        RequestError: it has no such option, the option no such value, or one is missing.
    """
    kind = find_format(name)
    known = {each.name: each for each in options_of(kind)}
    if unknown := given.keys() - known.keys():
        option = min(unknown)
        has_it = [n for n, k in all_formats().items() if option in {e.name for e in options_of(k)}]
        raise RequestError(
            f"{name} has no option --{option.replace('_', '-')}",
            hint=f"use it with {', '.join(has_it)}" if has_it else None,
        )
    for option, each in known.items():
        if each.default is MISSING and option not in given:
            raise RequestError(f"{name} needs --{option}", hint=f"add {_choices(option, each)}")
    return kind(**{n: _converted(n, value, known[n]) for n, value in given.items()})


def _converted(name: str, value: object, option: Any) -> object:
    values, make = option.metadata["values"], option.metadata["make"]
    option_name = f"--{name.replace('_', '-')}"
    if values and str(value) not in values:
        raise RequestError(
            f"{option_name} cannot be {value!r}", hint=f"use {_choices(name, option)}"
        )
    try:
        return make(value) if isinstance(value, str) else value
    except ValueError as error:
        raise RequestError(
            f"{option_name}: {error}", hint=f"use {option_name} {option.metadata['metavar']}"
        ) from error


def _choices(name: str, option: Any) -> str:
    """Return an option with each of its values, as it is typed."""
    values = option.metadata["values"]
    meanings = values if isinstance(values, Mapping) else {}
    why = {value: f" ({meanings[value]})" if value in meanings else "" for value in values}
    return " or ".join(f"--{name.replace('_', '-')} {value}{why[value]}" for value in values)
