"""Plans from a config: options by keyword, or a list with one dict for each step.

Nothing heavy is imported, and no file is read.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.arguments import shown
from cocosurgeon.steps.given import Given, convert, make_plan
from cocosurgeon.steps.registry import Modifier, Option


def plan_of_options(options: Mapping[str, object]) -> Plan:
    """Return the plan of options by keyword, in the mapping's order; None means absent.

    A name may be that of the command line (``min-area``). It may end in ``_``, as keywords of
    Python must (``from_``).

    Raises:
        RequestError: an option or its value is unknown, or two names are one option.
    """
    return make_plan(_given(options))


def plan_of_steps(steps: object) -> Plan:
    """Return the plan of a list of steps: one dict for each, with the options that modify it.

    Raises:
        RequestError: it is no list of dicts, or a dict has not exactly one step.
    """
    if not isinstance(steps, (list, tuple)):
        raise RequestError(
            f"steps: expected a list of dicts, not {shown(steps)}", hint="steps=[dict(first=100)]"
        )
    return Plan(*map(_one_step, steps))


def _given(options: Mapping[str, object]) -> list[Given]:
    given: list[Given] = []
    names: dict[str, str] = {}
    for name, value in options.items():
        if value is None:
            continue
        for option, converted in convert(name, value):
            if names.setdefault(option.name, name) != name:
                raise RequestError(
                    f"{names[option.name]} and {name} are the same option: give only one"
                )
            given.append((option, converted))
    return given


def _one_step(step: object) -> Plan:
    if not isinstance(step, dict):
        raise RequestError(
            f"steps: expected a dict, not {shown(step)}", hint="steps=[dict(first=100)]"
        )
    for name in step:
        if not isinstance(name, str):
            raise RequestError(f"steps: expected the name of an option, not {shown(name)}")
    given = _given(step)
    names = dict.fromkeys(option.name for option, _ in given)
    chosen = {
        option.keyword
        for option, _ in given
        if isinstance(option, Option) and option.modifies not in names
    }
    if len(chosen) > 1:
        each = ", ".join(f"dict({name}=...)" for name in sorted(chosen))
        raise RequestError(
            f"steps: several in one dict: {', '.join(sorted(chosen))}",
            hint=f"give one dict each, [{each}]: a config that is saved and read again has its "
            f"keys in another order",
        )
    implied = any(isinstance(option, Modifier) and option.implies for option, _ in given)
    if given and not chosen and not implied:
        raise RequestError(f"steps: {', '.join(names)} without a step to modify")
    return make_plan(given)
