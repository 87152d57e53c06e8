"""Plans as configs give them: options by keyword, or a list with a dict for each step.

Nothing heavy is loaded, and no file is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocosurgeon.errors import RequestError
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.arguments import shown
from cocosurgeon.steps.given import Given, convert, make_plan
from cocosurgeon.steps.registry import Modifier, Option


def plan_of_options(options: Mapping[str, object]) -> Plan:
    """Return the plan of options by keyword, in the mapping's order; None means not given.

    A name may be written as on the command line (``min-area``), or with a ``_`` behind it, where
    Python has the name for itself (``from_``).

    Raises:
        RequestError: no option has this name, or takes this value, or two names are one option.
    """
    return make_plan(_given(options))


def plan_of_steps(steps: object) -> Plan:
    """Return the plan of a list of steps: a dict for each, with what modifies it.

    Raises:
        RequestError: they are no list of dicts with one step each.
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
                raise RequestError(f"{names[option.name]} and {name} are the same option: give one")
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
            hint=f"a dict for each, [{each}]: a config that is written down and read again has "
            "the keys of a dict in another order",
        )
    implied = any(isinstance(option, Modifier) and option.implies for option, _ in given)
    if given and not chosen and not implied:
        raise RequestError(f"steps: {', '.join(names)} without a step to modify")
    return make_plan(given)
