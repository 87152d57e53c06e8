"""The table of steps.

A step is one file in ``steps/images``, ``steps/annotations`` or ``steps/categories``: a frozen
dataclass, and an ``Option`` for each way to ask for it. The command line, ``cocosurgeon.config``,
recipes, file names, the public names and docs/steps.md are derived from what is found there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from cocosurgeon.errors import RequestError
from cocosurgeon.select import filter as filters
from cocosurgeon.select import plan
from cocosurgeon.select.filter import AnyFilter, PlanPart
from cocosurgeon.select.plan import Plan, Step, Unbound
from cocosurgeon.steps.arguments import Kind, Typed
from cocosurgeon.text import did_you_mean

PANELS = ("images", "annotations", "categories")
"""The folders with steps: each is a panel of options in help, and a level of records."""


@dataclass(frozen=True, eq=False)
class Modifier:
    """An option that says more about steps: ``--seed`` about ``--sample``.

    Attributes:
        name: as on the command line, without dashes.
        field: the keyword of the step that takes its value.
        kind: of its argument. A kind that unpacks lists may be given more than once.
        help: one sentence that begins with a verb.
        default: the value without it, as help shows it.
        implies: the option that it stands for where nothing given takes it.
        is_of_one: one step can take it: for a second one it would mean something else.
    """

    name: str
    field: str
    kind: Kind
    help: str
    default: str = ""
    implies: str = ""
    is_of_one: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Return whether it may be given more than once, its values in one tuple."""
        return self.kind.is_repeatable


@dataclass(frozen=True, eq=False)
class Option:
    """An option that makes a step.

    Attributes:
        name: as on the command line, without dashes.
        kind: of its argument.
        help: one or two sentences that begin with a verb.
        make: makes the step of the value; takes the modifiers that are given as keywords.
        example: a value as on the command line that means something in the sample data.
        modifiers: what says more about it.
        modifies: an option that this one modifies where both are given; then it is no step.
        is_joined: values of a repeated option make one step, at the place of the first.
        bare: the value where the option is given without one.
        values: words that a value begins with, for an option that may stand without one.
    """

    name: str
    kind: Kind
    help: str
    make: Callable[..., Step | AnyFilter]
    example: str = ""
    modifiers: tuple[Modifier, ...] = ()
    modifies: str = ""
    is_joined: bool = False
    bare: str = ""
    values: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        """Return its keyword in a config, which is its parameter's name without a final ``_``."""
        return self.name.replace("-", "_")


Given = tuple[Option | Modifier, Any]
"""An option and its value, parsed or converted by its kind."""


@lru_cache(1)
def modules() -> Mapping[str, ModuleType]:
    """Return the modules of all steps by ``panel.name``, panels in order."""
    from pkgutil import iter_modules

    found = {}
    for panel in PANELS:
        package = import_module(f"cocosurgeon.steps.{panel}")
        for each in iter_modules(package.__path__):
            found[f"{panel}.{each.name}"] = import_module(f"{package.__name__}.{each.name}")
    return found


def _options(module: ModuleType) -> tuple[Option, ...]:
    found: tuple[Option, ...] = getattr(module, "OPTIONS", ())
    return found


@lru_cache(1)
def options() -> Mapping[str, Option]:
    """Return all options that make steps, by name.

    Raises:
        ValueError: two files have an option of one name.
    """
    found: dict[str, Option] = {}
    for module in modules().values():
        for each in _options(module):
            if each.name in found:
                raise ValueError(f"two steps are called --{each.name}: one in {module.__file__}")
            found[each.name] = each
    return found


@lru_cache(1)
def modifiers() -> Mapping[str, Modifier]:
    """Return all options that say more about steps, by name."""
    return {each.name: each for option in options().values() for each in option.modifiers}


def panel_of(option: Option | Modifier) -> str:
    """Return the panel of an option; for a modifier, of the first option that takes it."""
    for name, module in modules().items():
        for each in _options(module):
            if option in (each, *each.modifiers):
                return name.partition(".")[0]
    raise KeyError(option.name)


def find_option(name: str) -> Option | Modifier:
    """Return an option by its name or keyword.

    Only the file of that name is loaded, where there is one: a config that finds its subset in the
    cache waits for nothing else.

    Raises:
        RequestError: there is none of that name.
    """
    plain = name.replace("_", "-").removesuffix("-")
    for panel in PANELS if plain.replace("-", "_").isidentifier() else ():
        path = f"cocosurgeon.steps.{panel}.{plain.replace('-', '_')}"
        try:
            module = import_module(path)
        except ModuleNotFoundError as error:
            if error.name != path:
                raise
            continue
        found = next((each for each in _options(module) if each.name == plain), None)
        if found is not None:
            return found
    option = options().get(plain) or modifiers().get(plain)
    if option is None:
        known = [each.replace("-", "_") for each in (*options(), *modifiers())]
        raise RequestError(
            f"there is no filter and no remap named {name!r}",
            hint=did_you_mean(plain, known) or f"one of {', '.join(known)}",
        )
    return option


def parts() -> Mapping[str, type[PlanPart]]:
    """Return every step and filter that a recipe can hold, by its class name."""
    return {**_classes(plan), **_classes(filters), **step_classes()}


@lru_cache(1)
def step_classes() -> Mapping[str, type[PlanPart]]:
    """Return the steps and filters that have a file of their own, by class name.

    They are public names of the package.
    """
    return {name: kind for module in modules().values() for name, kind in _classes(module).items()}


def _classes(module: ModuleType) -> dict[str, type[PlanPart]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and issubclass(value, PlanPart)
        and not issubclass(value, Unbound)
        and not name.startswith("_")
        and not getattr(value, "__abstractmethods__", True)
    }


def recipe_name(kind: type[PlanPart]) -> str:
    """Return the name of a step or filter in recipes: ``ToSpace`` is ``to_space``."""
    return kind.recipe_name or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def as_json(part: PlanPart) -> Any:
    """Return a step or a filter as plain values; a plan as the list of its steps."""
    if isinstance(part, Plan):
        return [as_json(step) for step in part.steps]
    values = {
        part.recipe_keys.get(each.name, each.name): _plain(getattr(part, each.name))
        for each in recipe_fields(type(part))
    }
    return {recipe_tag(type(part)): recipe_name(type(part)), **values}


def _plain(value: object) -> object:
    if isinstance(value, PlanPart):
        return as_json(value)
    if isinstance(value, Typed):
        return {"typed": str(value)}  # it is neither the string nor the number yet
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def recipe_tag(kind: type[PlanPart]) -> str:
    """Return ``step`` or ``filter``."""
    return "step" if issubclass(kind, Step) else "filter"


def recipe_fields(kind: type[PlanPart]) -> list[Any]:
    """Return the fields that a recipe has: all that tell one value from another."""
    return [each for each in fields(cast(Any, kind)) if each.compare]


# ---- from options to a plan


def parse(option: Option | Modifier, text: str) -> Given:
    """Return an option with the value that its text on a command line stands for.

    Raises:
        RequestError: it stands for none.
    """
    with _naming(f"--{option.name}"):
        return option, option.kind.parse(text)


def convert(name: str, value: object) -> Iterator[Given]:
    """Yield an option by its keyword in a config, with each value that it is given there.

    Raises:
        RequestError: there is no such option, or it takes no such value.
    """
    option = find_option(name)
    with _naming(name):
        for each in option.kind.unpack(value):
            yield option, option.kind.convert(each)


def make_plan(given: Iterable[Given]) -> Plan:
    """Return the plan that options stand for, in the order in which they are given.

    Raises:
        RequestError: one says more about steps that are not there, is given twice where only one
            value can count, or makes no sense.
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
                raise RequestError(f"--{option.name} is given twice: only one value can count")
            values[taker][field] = (*(before or ()), value) if _is_repeatable(option) else value
    return Plan(*(o.make(value, **values[o.name]) for o, value in steps if isinstance(o, Option)))


def _is_step(pairs: Sequence[Given], index: int) -> bool:
    """Return whether an option makes a step; ``--sort`` next to ``--renumber`` makes none."""
    option = pairs[index][0]
    if isinstance(option, Modifier):
        return False
    others = [i for i, (other, _) in enumerate(pairs) if isinstance(other, Option)]
    place = others.index(index)
    near = others[max(place - 1, 0) : place] + others[place + 1 : place + 2]
    return option.modifies not in [pairs[i][0].name for i in near]


def _require_takers(option: Option | Modifier, takers: Sequence[str]) -> None:
    """Refuse a modifier that no step takes, or that several take of which one can."""
    if not takers:
        users = [f"--{each.name}" for each in options().values() if option in each.modifiers]
        every = f"{', '.join(users[:-1])} or {users[-1]}" if users[1:] else users[0]
        raise RequestError(f"--{option.name} has no effect without {every}")
    if isinstance(option, Modifier) and option.is_of_one and len(takers) > 1:
        steps = ", ".join(f"--{taker}" for taker in takers)
        raise RequestError(
            f"--{option.name} can say more about one step only, not about each of {steps}",
            hint="a command for each",
        )


def _is_repeatable(option: Option | Modifier) -> bool:
    return isinstance(option, Modifier) and option.is_repeatable


def _joined(given: Iterable[Given]) -> Iterator[Given]:
    """Values of a repeated list as one, at its first place; other options as they are."""
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
    """Return options, with those that a modifier implies at its place."""
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
    """Errors about a value, with the option's name before them."""
    try:
        yield
    except RequestError as error:
        raise type(error)(f"{name}: {error.what}", where=error.where, hint=error.hint) from None
