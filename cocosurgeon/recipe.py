"""Recipes: a plan and the source that it was made for, as JSON that can be applied again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from cocosurgeon import filters, plan
from cocosurgeon.errors import FormatError, SourceUnavailableError
from cocosurgeon.plan import Plan, Step
from cocosurgeon.question import SeriesMask
from cocosurgeon.version import __version__

FORMAT = 1

_NAMES: Mapping[type, str] = {
    plan.Keep: "keep",
    plan.First: "first",
    plan.Last: "last",
    plan.Skip: "skip",
    plan.Sample: "sample",
    plan.Cascade: "cascade",
    filters.Both: "both",
    filters.Not: "not",
    filters.Ids: "ids",
    filters.Names: "names",
    filters.Empty: "empty",
    filters.Having: "having",
    filters.ImageWhere: "image_where",
    filters.InCategory: "in_category",
    filters.Area: "area",
    filters.Crowd: "crowd",
    filters.AnnotationWhere: "annotation_where",
    SeriesMask: "mask",
}


@dataclass(frozen=True)
class SourceIdentity:
    """What a recipe knows of its source.

    Attributes:
        name: the file's name, without folders.
        size: bytes of its JSON text.
        sha256: of its JSON text.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Recipe:
    """A plan, the source it was made for, and the version of cocosurgeon that made it."""

    plan: Plan
    source: SourceIdentity
    version: str = __version__

    @property
    def holds_rows(self) -> bool:
        """Whether a step names rows of the source by number: it means nothing elsewhere."""
        return _masks(self.plan.steps)

    def to_json(self) -> bytes:
        """The recipe as a JSON file."""
        fields = {
            "recipe": FORMAT,
            "cocosurgeon": self.version,
            "source": dataclasses.asdict(self.source),
            "steps": [_encode(step) for step in self.plan.steps],
        }
        # The standard library's, because ids may be integers of any size.
        return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes, where: str) -> Recipe:
        """Read a recipe.

        Args:
            where: what an error calls it.

        Raises:
            FormatError: it is none, or one of another format.
        """
        try:
            fields = json.loads(text)
            if not isinstance(fields, dict) or "recipe" not in fields:
                raise FormatError("not a recipe", where=where, hint="subset --recipe writes one")
            if fields["recipe"] != FORMAT:
                raise FormatError(
                    f"a recipe of format {fields['recipe']!r}; this version reads {FORMAT}",
                    where=where,
                    hint="install the cocosurgeon that wrote it",
                )
            steps = [_decode(step) for step in msgspec.convert(fields["steps"], list[object])]
            source = msgspec.convert(fields["source"], SourceIdentity)
            return cls(Plan(*steps), source, msgspec.convert(fields["cocosurgeon"], str))
        except json.JSONDecodeError as error:
            raise FormatError(f"not a recipe, and not JSON: {error}", where=where) from error
        except KeyError as error:
            raise FormatError(f"a broken recipe: {error} is missing", where=where) from error
        except (UnicodeDecodeError, RecursionError, msgspec.ValidationError) as error:
            raise FormatError(f"a broken recipe: {error}", where=where) from error


def _masks(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_masks, value))
    if type(value) not in _NAMES:
        return False
    fields = dataclasses.fields(cast(Any, value))
    return isinstance(value, SeriesMask) or any(_masks(getattr(value, f.name)) for f in fields)


def _encode(value: object) -> object:
    if type(value) in _NAMES:
        kind = "step" if isinstance(value, Step) else "filter"
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(cast(Any, value))}
        return {kind: _NAMES[type(value)], **{k: _encode(v) for k, v in fields.items()}}
    return [_encode(v) for v in value] if isinstance(value, tuple) else value


def _decode(thing: object) -> Any:
    for kind in ("step", "filter"):
        if isinstance(thing, dict) and kind in thing:
            fields = {k: v for k, v in thing.items() if k != kind}
            types = {
                name: t for t, name in _NAMES.items() if issubclass(t, Step) == (kind == "step")
            }
            if thing[kind] not in types:
                raise msgspec.ValidationError(f"unknown {kind} {thing[kind]!r}")
            known = {f.name for f in dataclasses.fields(types[thing[kind]])}
            if not fields.keys() <= known:
                raise msgspec.ValidationError(f"{thing[kind]!r} has no {fields.keys() - known}")
            return msgspec.convert(fields, types[thing[kind]], dec_hook=_decode_question)
    raise msgspec.ValidationError(f"neither a step nor a filter: {thing!r}")


def _decode_question(kind: type, thing: object) -> object:
    return _decode(thing)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a file.

    Raises:
        SourceUnavailableError: it cannot be opened.
        FormatError: it is no recipe.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot open the recipe: {error.strerror}", where=str(path)
        ) from error
    return Recipe.from_json(text, str(path))
