"""The table of steps.

A step is one file in ``steps/images`` or another folder of ``PANELS``, with a frozen dataclass and
its ``OPTIONS``. The command line, ``cocosurgeon.config``, recipes, file names, public names and
docs/steps.md are derived from these files.
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
    """An option that sets a field of steps: ``--seed`` of ``--sample``.

    Attributes:
        name: name on the command line, without dashes.
        field: the keyword of the step that takes its value.
        kind: kind of its argument. One that unpacks lists may be repeated.
        help: one sentence that begins with a verb.
        default: the value without it, for help.
        implies: the option that it adds if no given option takes it.
        is_of_one: True if only one step of a plan may take it.
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
        """True if it may be repeated; its values are then one tuple."""
        return self.kind.is_repeatable


@dataclass(frozen=True, eq=False)
class Option:
    """An option that makes a step.

    Attributes:
        name: name on the command line, without dashes.
        kind: kind of its argument.
        help: one or two sentences that begin with a verb.
        make: returns the step for the value; takes modifiers as keywords.
        example: a value on the command line that has an effect on the sample data.
        modifiers: options that set fields of its step.
        modifies: an option that this one modifies when both are given; it then makes no step.
        is_joined: True if all values of the repeated option make one step, at the first place.
        bare: the value if the option is given without one.
        values: beginnings of values, for an option that may be given without one.
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
        """Keyword in a config, without the ``_`` that a reserved word needs."""
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
    """Return all modifiers of steps, by name."""
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

    If a file has that name, only this file is imported, to keep configs fast whose subset is in the
    cache.

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
