"""The plan that commands stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.commands import Command
from cocosurgeon.steps.filtering import Binding, bind, bindings, filters
from cocosurgeon.steps.relabelling import Modifiers, relabelling


def bindings_of(commands: Iterable[Command]) -> list[Binding]:
    """The steps of commands, one after another; each command's modifiers are its own.

    What can be wrong without knowing the file is told here.

    Raises:
        RequestError: an option makes no sense.
    """
    return [binding for command in commands for binding in _bindings(command)]


def plan_for(made: Sequence[Binding], dataset: Dataset) -> Plan:
    """The plan for a file."""
    return bind(made, dataset)[0]


def _bindings(command: Command) -> list[Binding]:
    given = {name for name, _ in command}
    last: dict[str, Any] = dict(command)
    modifiers = Modifiers.of(
        from_=last.get("from_"),
        start=last.get("start"),
        unmapped=last.get("unmapped"),
        aliases=[str(value) for name, value in command if name == "alias"],
    )
    makers = {
        **filters(given, last.get("order"), last.get("seed")),
        **relabelling(given, modifiers),
    }
    return bindings(command, makers)
