"""Steps and filters as plain values, for recipes, cache keys and file names."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, cast

from cocosurgeon.select.filter import PlanPart
from cocosurgeon.select.plan import Plan, Step
from cocosurgeon.steps.arguments import Typed


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
        return {"typed": str(value)}  # neither a string nor a number until a file decides
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def recipe_tag(kind: type[PlanPart]) -> str:
    """Return ``step`` or ``filter``."""
    return "step" if issubclass(kind, Step) else "filter"


def recipe_fields(kind: type[PlanPart]) -> list[Any]:
    """Return the fields that a recipe has: those that are compared."""
    return [each for each in fields(cast(Any, kind)) if each.compare]
