"""Recipes for checkpoints: the JSON that steps are applied from again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.files import reading
from cocosurgeon.version import __version__
from cocosurgeon.weights.name_moves import Direction
from cocosurgeon.weights.name_table import NameTable
from cocosurgeon.weights.steps import HeadStep, Named, RenameStep, WeightsStep

FORMAT = 1
KEY = "cocosurgeon"
"""Key of the recipe in what a checkpoint holds next to its tensors."""


@dataclass(frozen=True)
class WeightsRecipe:
    """Steps that made a checkpoint, in order."""

    steps: tuple[WeightsStep, ...]

    def to_json(self) -> bytes:
        """Return the recipe as a JSON file."""
        return (json.dumps(self.fields(), indent=2, ensure_ascii=False) + "\n").encode()

    def fields(self) -> dict[str, object]:
        """Return the recipe as JSON values."""
        return {
            "weights_recipe": FORMAT,
            "cocosurgeon": __version__,
            "steps": [step.as_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, text: bytes | str, where: str) -> WeightsRecipe:
        """Read a recipe.

        Raises:
            FormatError: it is none.
        """
        try:
            values = json.loads(text)
            if not isinstance(values, dict) or values.get("weights_recipe") != FORMAT:
                raise ValueError(f"it has no 'weights_recipe': {FORMAT}")
            return cls(tuple(_step(step, where) for step in values["steps"]))
        except KeyError as error:
            what = f"a broken recipe: {error} is missing"
            raise FormatError(what, where=where, hint="write it again with --recipe") from error
        except (ValueError, TypeError, RecursionError, RequestError) as error:
            raise FormatError(
                f"not a recipe for checkpoints: {error}",
                where=where,
                hint="`cocosurgeon weights rename` and `weights head` write one with --recipe",
            ) from error


def read_weights_recipe(path: str) -> WeightsRecipe:
    """Read a recipe from a file.

    Raises:
        SourceUnavailableError: it cannot be read.
        FormatError: it is none.
    """
    with reading(path, "the recipe"):
        text = Path(path).read_bytes()
    return WeightsRecipe.from_json(text, path)


def _step(values: Mapping[str, Any], where: str) -> WeightsStep:
    if values["step"] == "rename":
        direction = values["direction"]
        if direction not in (None, *get_args(Direction)):
            raise ValueError(f"the direction {direction!r}")
        table = NameTable.parse("\n".join(values["table"]), f"{where}, the rules")
        return RenameStep(replace(table, name=str(values["name"])), direction)
    if values["step"] != "head":
        raise ValueError(f"there is no step {values['step']!r}")
    before, after = (_categories(values[key]) for key in ("from", "to"))
    aliases = tuple((str(old), str(new)) for old, new in values["aliases"])
    keys = tuple(map(str, values["keys"]))
    return HeadStep(before, after, values["fill"], keys, values["index"], aliases)


def _categories(value: object) -> str | Named:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is neither a label space nor a list of categories")
    return tuple((cat_id, str(name)) for cat_id, name in value)
