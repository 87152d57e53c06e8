"""Recipes: a plan and the source that it was made for, as JSON that can be applied again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import msgspec

from cocosurgeon.categories import by_names, edit, to_space
from cocosurgeon.categories.policy import By, Unmapped
from cocosurgeon.dataset.dataset import Dataset, Order
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.mask import Level
from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.select import annotations as of_annotations
from cocosurgeon.select import filter as question
from cocosurgeon.select import images, plan
from cocosurgeon.select.filter import Filter, MaskFilter
from cocosurgeon.select.images import Unknown
from cocosurgeon.select.plan import Plan, Step
from cocosurgeon.version import __version__

FORMAT = 1


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

    @classmethod
    def of(cls, dataset: Dataset) -> SourceIdentity:
        """The identity of a dataset's source; reads all of it."""
        source = dataset.source
        return cls(Path(source.name).name, source.size, source.sha256())


@dataclass(frozen=True)
class Recipe:
    """A plan, the source it was made for, and the version of cocosurgeon that made it."""

    plan: Plan
    source: SourceIdentity
    version: str = __version__

    @classmethod
    def of(cls, plan: Plan, dataset: Dataset) -> Recipe:
        """The recipe of what a plan does to this dataset's source.

        Raises:
            RequestError: a step or filter is none of those that a recipe can hold.
        """
        # Masks are held as numbers alone: what they are numbers of is the recipe's source.
        steps = [_decode(step, "step") for step in steps_as_json(plan)]
        return cls(Plan(*steps), SourceIdentity.of(dataset))

    def apply(self, dataset: Dataset) -> Dataset:
        """Do it again. That the source is not the recipe's is noted.

        Raises:
            RequestError: it is not, and the plan marks rows by number, which mean nothing there.
        """
        return self.plan.apply(self.compared(dataset))

    def compared(self, dataset: Dataset) -> Dataset:
        """The dataset, with a note when its source is not the recipe's; see ``apply``."""
        mine = self.source
        if dataset.source.size == mine.size and dataset.source.sha256() == mine.sha256:
            return dataset
        if any(map(_marks_rows, self.plan.steps)):
            raise RequestError(
                f"the recipe marks rows of {mine.name} by number; this is another file",
                where=dataset.source.name,
                hint="apply it to the file that it was made for",
            )
        note = (
            f"the source differs from the recipe's: {mine.name}, {mine.size:,} bytes, "
            f"sha256 {mine.sha256[:12]}..."
        )
        return replace(dataset, notes=(*dataset.notes, note))

    def to_json(self) -> bytes:
        """The recipe as a JSON file."""
        fields = {
            "recipe": FORMAT,
            "cocosurgeon": self.version,
            "source": asdict(self.source),
            "steps": steps_as_json(self.plan),
        }
        # The standard library's, because ids may be integers of any size.
        return (json.dumps(fields, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes, where: str) -> Recipe:
        """Read a recipe.

        Args:
            where: what an error calls it.

        Raises:
            FormatError: it is none, or one of another format.
            RequestError: a step or filter asks for what there is not.
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
            steps = [_decode(s, "step") for s in msgspec.convert(fields["steps"], list[object])]
            source = msgspec.convert(fields["source"], SourceIdentity)
            return cls(Plan(*steps), source, msgspec.convert(fields["cocosurgeon"], str))
        except json.JSONDecodeError as error:
            raise FormatError(f"not a recipe, and not JSON: {error}", where=where) from error
        except KeyError as error:
            raise FormatError(f"a broken recipe: {error} is missing", where=where) from error
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise FormatError(f"a broken recipe: {error}", where=where) from error


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from a file.

    Raises:
        SourceUnavailableError: it cannot be opened.
        FormatError, RequestError: see ``Recipe.from_json``.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot open the recipe: {error.strerror}", where=str(path)
        ) from error
    return Recipe.from_json(text, str(path))


def steps_as_json(plan: Plan) -> list[object]:
    """The steps of a plan as plain values."""
    return [_encode(step) for step in plan.steps]


# ---- steps and filters as JSON


@dataclass(frozen=True)
class _Form:
    """How a step or filter is written.

    Attributes:
        kind: its class.
        fields: the types of its fields; ``Filter`` where a filter is nested.
        build: makes one of its fields.
    """

    kind: type[Step] | type[Filter[Any]]
    fields: Mapping[str, Any]
    build: Callable[..., Any]


def _form(kind: Any, build: Callable[..., Any] | None = None, **fields: Any) -> _Form:
    return _Form(kind, fields, build or kind)


_CATEGORIES = tuple[str | int, ...]
_PAIRS = tuple[tuple[str, str], ...]
_STEPS = {
    "keep": _form(plan.Keep, question=Filter),
    "first": _form(plan.First, n=int, order=Order),
    "last": _form(plan.Last, n=int, order=Order),
    "skip": _form(plan.Skip, n=int, order=Order),
    "sample": _form(plan.Sample, n=int, seed=int),
    "cascade": _form(plan.Cascade, name=str),
    "remap": _form(
        edit.Remap,
        pairs=tuple[tuple[Id, Id | None], ...],
        unmapped=Unmapped,
        refused=tuple[Id, ...],
    ),
    "to_space": _form(
        to_space.ToSpace,
        to=str,
        from_=str | None,
        start=int | None,
        unmapped=Unmapped,
        aliases=_PAIRS,
    ),
    "with_names": _form(
        by_names.WithNames,
        names=tuple[str, ...],
        start=int,
        unmapped=Unmapped,
        aliases=_PAIRS,
    ),
    "merge": _form(edit.Merge, name=str, of=tuple[str, ...]),
    "rename": _form(edit.Rename, old=str, new=str),
    "sort_categories": _form(edit.SortCategories, by=By),
    "like": _form(
        by_names.Like,
        like=tuple[tuple[Id, str, str], ...],
        unmapped=Unmapped,
        aliases=_PAIRS,
    ),
}
_FILTERS = {
    "and": _form(question.And, left=Filter, right=Filter),
    "or": _form(question.Or, left=Filter, right=Filter),
    "not": _form(question.Not, of=Filter),
    "marked": _form(MaskFilter, of=Level, rows=tuple[int, ...]),
    "ids": _form(images.Ids, ids=tuple[Id, ...], unknown=Unknown),
    "names": _form(images.Names, pattern=str),
    "empty": _form(images.Empty, definition=str, categories=_CATEGORIES),
    "having": _form(images.Having, of=Filter),
    "image_where": _form(images.ImageWhere, expression=str),
    "in_category": _form(
        of_annotations.InCategory,
        lambda categories: of_annotations.InCategory(*categories),
        categories=_CATEGORIES,
    ),
    "area": _form(of_annotations.Area, min=float | None, max=float | None),
    "crowd": _form(of_annotations.Crowd),
    "annotation_where": _form(of_annotations.AnnotationWhere, expression=str),
}
_FORMS = {"step": _STEPS, "filter": _FILTERS}
_NAMES: dict[type, tuple[str, str]] = {
    form.kind: (tag, name) for tag, forms in _FORMS.items() for name, form in forms.items()
}


def _encode(value: object) -> object:
    if type(value) in _NAMES:
        tag, name = _NAMES[type(value)]
        keys = _FORMS[tag][name].fields
        return {tag: name, **{key: _encode(getattr(value, key)) for key in keys}}
    if isinstance(value, (Step, Filter)):
        raise RequestError(f"{value!r} is no step or filter that a recipe can hold")
    return [_encode(v) for v in value] if isinstance(value, tuple) else value


def _decode(thing: object, tag: str) -> Any:
    """The step or filter that a JSON object stands for, made by its own constructor."""
    if not isinstance(thing, dict) or not isinstance(name := thing.get(tag), str):
        raise msgspec.ValidationError(f"expected a {tag}, found {thing!r}")
    form = _FORMS[tag].get(name)
    if form is None:
        raise msgspec.ValidationError(f"unknown {tag} {name!r}")
    if unknown := thing.keys() - form.fields.keys() - {tag}:
        raise msgspec.ValidationError(f"{name!r} has no {', '.join(sorted(unknown))}")
    defaults = {f.name for f in fields(cast(Any, form.kind)) if f.default is not MISSING}
    return form.build(
        **{
            key: _decode(thing[key], "filter")
            if kind is Filter
            else msgspec.convert(thing[key], kind)
            for key, kind in form.fields.items()
            if key in thing or key not in defaults
        }
    )


def _marks_rows(value: object) -> bool:
    if type(value) not in _NAMES:
        return False
    tag, name = _NAMES[type(value)]
    nested = [key for key, kind in _FORMS[tag][name].fields.items() if kind is Filter]
    return isinstance(value, MaskFilter) or any(_marks_rows(getattr(value, key)) for key in nested)
