"""The table of steps.

A step is one file in ``steps/images`` or another folder of ``PANELS``: a frozen dataclass, and an
``Option`` for each way to ask for it. The command line, ``cocosurgeon.config``, recipes, file
names, the public names and docs/steps.md are derived from what is found there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import ModuleType

from cocosurgeon.errors import RequestError
from cocosurgeon.select import filter as filters
from cocosurgeon.select import plan
from cocosurgeon.select.filter import AnyFilter, PlanPart
from cocosurgeon.select.plan import Step, Unbound
from cocosurgeon.steps.arguments import Kind
from cocosurgeon.text import did_you_mean

PANELS = ("images", "annotations", "categories", "repairs")
"""The folders with steps: each is a panel of options in help."""


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
