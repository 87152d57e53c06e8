"""Options as a config gives them, as those of a command: names, order and values as written there.

Nothing heavy is loaded, and no file is looked at.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from cocosurgeon.errors import RequestError
from cocosurgeon.steps import values
from cocosurgeon.steps.values import Reader, Value
from cocosurgeon.text import did_you_mean

Command = tuple[tuple[str, Value], ...]
"""Options by their parameters' names, each with one value: steps in the order written, then what
modifies them, by name, since its order says nothing."""

FILES = frozenset({"ids_file", "match", "like", "map_"})
"""Options whose value is a file that is read."""

_MODIFIERS: Mapping[str, Reader] = {
    "order": values.text,
    "seed": values.count,
    "from_": values.text,
    "start": values.count,
    "unmapped": values.text,
    "alias": values.aliases,
}
_STEPS: Mapping[str, Reader] = {
    **dict.fromkeys(("first", "last", "skip", "sample"), values.count),
    "ids": values.ids,
    "ids_file": values.paths,
    "match": values.path,
    "names": values.text,
    "empty": values.definition,
    **dict.fromkeys(("non_empty", "crowd", "no_crowd"), values.flag),
    **dict.fromkeys(("having", "only", "drop", "with_names"), values.names),
    **dict.fromkeys(("min_area", "max_area"), values.number),
    **dict.fromkeys(("where", "cascade", "to", "sort"), values.text),
    "merge": values.merges,
    "rename": values.renames,
    **dict.fromkeys(("like", "map_"), values.path),
}
OPTIONS: Mapping[str, Reader] = {**_STEPS, **_MODIFIERS}
"""Every option that filters or changes categories, by its parameter's name."""

RELABELLING = frozenset({"to", "with_names", "merge", "rename", "sort", "like", "map_"})
"""Options that change categories."""

_HINTS = {
    "names": "names is a pattern of file names; to make these the categories, with_names",
}


def command(options: Mapping[str, object]) -> Command:
    """The options of a command, steps in the mapping's order; those that are None are left out.

    A name may be written as on the command line (``min-area``), or with a ``_`` behind it, where
    Python has the name for itself (``from_``).

    Raises:
        RequestError: no option has this name, or none such a value, or two names are one option.
    """
    found: list[tuple[str, Value]] = []
    names: dict[str, str] = {}
    for written, value in options.items():
        name = _parameter(written)
        if value is not None:
            if name in names:
                raise RequestError(f"{names[name]} and {written} are the same option: give one")
            names[name] = written
            try:
                found += [(name, one) for one in OPTIONS[name](written, value)]
            except RequestError as error:
                raise RequestError(error.what, hint=error.hint or _HINTS.get(name)) from None
    steps = (each for each in found if each[0] in _STEPS)
    modifiers = (each for each in found if each[0] in _MODIFIERS)
    return (*steps, *sorted(modifiers, key=lambda each: each[0]))


def commands(steps: object) -> tuple[Command, ...]:
    """Steps as a list: a dict for each, with what modifies it.

    Raises:
        RequestError: they are no list of dicts with one step each.
    """
    if not isinstance(steps, (list, tuple)):
        raise RequestError(
            f"steps: expected a list of dicts, not {values.shown(steps)}",
            hint="steps=[dict(first=100)]",
        )
    return tuple(_one_step(step) for step in steps)


def changes_categories(written: Sequence[Command]) -> bool:
    """Whether a step among these changes categories."""
    return any(name in RELABELLING for each in written for name, _ in each)


def words(written: Sequence[Command]) -> str:
    """The options as they would stand on the command line."""
    told = []
    for each in written:
        for name, value in each:
            option = "names" if name == "with_names" else name.strip("_").replace("_", "-")
            between = "=" if name == "empty" else " "
            said = "" if value is True else between + shlex.quote(str(value))
            told.append(f"--{option}{said}")
    return " ".join(told)


def _one_step(step: object) -> Command:
    if not isinstance(step, dict):
        raise RequestError(
            f"steps: expected a dict, not {values.shown(step)}", hint="steps=[dict(first=100)]"
        )
    for name in step:
        if not isinstance(name, str):
            raise RequestError(f"steps: expected the name of an option, not {values.shown(name)}")
    made = command(step)
    chosen = dict.fromkeys(name for name, _ in made if name in _STEPS)
    if len(chosen) > 1:
        each = ", ".join(f"dict({name}=...)" for name in chosen)
        raise RequestError(
            f"steps: several in one dict: {', '.join(chosen)}",
            hint=f"a dict for each, [{each}]: a config that is written down and read again has "
            "the keys of a dict in another order",
        )
    if made and not chosen:
        raise RequestError(
            f"steps: {', '.join(dict.fromkeys(n for n, _ in made))} without a step to modify"
        )
    return made


def _parameter(written: str) -> str:
    plain = written.replace("-", "_").rstrip("_")
    for name in (plain, f"{plain}_"):
        if name in OPTIONS:
            return name
    known = [name.strip("_") if name == "map_" else name for name in OPTIONS]
    raise RequestError(
        f"there is no filter and no remap named {written!r}",
        hint=did_you_mean(plain, known) or f"one of {', '.join(known)}",
    )
