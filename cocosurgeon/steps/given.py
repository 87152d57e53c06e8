"""Options with their values, from a command line or a config, and the plan that they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.registry import Modifier, Option, find_option, options

Given = tuple[Option | Modifier, Any]
"""An option and its value, parsed or converted by its kind."""


def parse(option: Option | Modifier, text: str) -> Given:
    """Return an option with the value of its text on a command line.

    Raises:
        RequestError: the text is no such value.
    """
    with _naming(f"--{option.name}"):
        return option, option.kind.parse(text)


def convert(name: str, value: object) -> Iterator[Given]:
    """Yield an option, named by its keyword in a config, with each value that it has there.

    Raises:
        RequestError: there is no such option, or it takes no such value.
    """
    option = find_option(name)
    with _naming(name):
        for each in option.kind.unpack(value):
            yield option, option.kind.convert(each)


def make_plan(given: Iterable[Given]) -> Plan:
    """Return the plan of options, in the order in which they are given.

    Raises:
        RequestError: an option modifies no step of the plan, is given twice but takes one value, or
            has an invalid value.
    """
    pairs = _with_implied(list(_joined(given)))
    steps = [pair for i, pair in enumerate(pairs) if _is_step(pairs, i)]
    chosen = [option for option, _ in steps if isinstance(option, Option)]
    values: dict[str, dict[str, Any]] = {option.name: {} for option in chosen}
    for option, value in (pair for i, pair in enumerate(pairs) if not _is_step(pairs, i)):
        if isinstance(option, Modifier):
            field = option.field
            takers = [each.name for each in chosen if option in each.modifiers]
        else:
            field, takers = option.keyword, [option.modifies]
        _require_takers(option, takers)
        for taker in dict.fromkeys(takers):
            before = values[taker].get(field)
            if before is not None and not _is_repeatable(option):
                raise RequestError(f"--{option.name} is given twice, but takes one value")
            values[taker][field] = (*(before or ()), value) if _is_repeatable(option) else value
    return Plan(*(o.make(value, **values[o.name]) for o, value in steps if isinstance(o, Option)))


def _is_step(pairs: Sequence[Given], index: int) -> bool:
    """Return True if an option makes a step; ``--sort`` next to ``--renumber`` does not."""
    option = pairs[index][0]
    if isinstance(option, Modifier):
        return False
    others = [i for i, (other, _) in enumerate(pairs) if isinstance(other, Option)]
    place = others.index(index)
    near = others[max(place - 1, 0) : place] + others[place + 1 : place + 2]
    return option.modifies not in [pairs[i][0].name for i in near]


def _require_takers(option: Option | Modifier, takers: Sequence[str]) -> None:
    """Refuse a modifier that no step takes, or that several steps would take but only one may."""
    if not takers:
        users = [f"--{each.name}" for each in options().values() if option in each.modifiers]
        every = f"{', '.join(users[:-1])} or {users[-1]}" if users[1:] else users[0]
        raise RequestError(f"--{option.name} has no effect without {every}")
    if isinstance(option, Modifier) and option.is_of_one and len(takers) > 1:
        steps = ", ".join(f"--{taker}" for taker in takers)
        raise RequestError(
            f"--{option.name} applies to one step, but {steps} are given",
            hint="run a command for each",
        )


def _is_repeatable(option: Option | Modifier) -> bool:
    return isinstance(option, Modifier) and option.is_repeatable


def _joined(given: Iterable[Given]) -> Iterator[Given]:
    """Yield options, with the values of each repeated list joined at its first place."""
    pairs = list(given)
    seen: set[str] = set()
    for option, value in pairs:
        if not (isinstance(option, Option) and option.is_joined):
            yield option, value
        elif option.name not in seen:
            seen.add(option.name)
            values = (v for other, v in pairs if other == option)
            yield option, tuple(i for v in values for i in (v if isinstance(v, tuple) else (v,)))


def _with_implied(pairs: list[Given]) -> list[Given]:
    """Return options, with each option that a modifier implies before that modifier."""
    chosen = [option for option, _ in pairs if isinstance(option, Option)]
    found: list[Given] = []
    for option, value in pairs:
        if isinstance(option, Modifier) and option.implies:
            is_used = any(option in each.modifiers for each in chosen)
            if not is_used:
                implied = options()[option.implies]
                chosen.append(implied)
                found.append((implied, True))
        found.append((option, value))
    return found


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Put the option's name before errors about its value."""
    try:
        yield
    except RequestError as error:
        hint = error.hint and error.hint.replace("NAME=True", f"{name}=True")
        raise type(error)(f"{name}: {error.what}", where=error.where, hint=hint) from None
