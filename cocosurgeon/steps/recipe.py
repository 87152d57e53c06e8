"""Recipes: a plan and the source that it was made for, as JSON that can be applied again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.dataset import Dataset, Rewriting
from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.files import reading
from cocosurgeon.select.filter import AnyFilter, Filter, MaskFilter, PlanPart
from cocosurgeon.select.plan import Plan, Step
from cocosurgeon.steps.recipe_form import as_json, recipe_fields, recipe_name, recipe_tag
from cocosurgeon.steps.registry import parts
from cocosurgeon.text import byte_count
from cocosurgeon.version import __version__

_AGAIN = "cocosurgeon subset --recipe writes one"
_MAKE = "make one: Recipe.of(plan, dataset).to_json()"
FORMAT = 1


@dataclass(frozen=True)
class SourceIdentity:
    """The source of a recipe.

    Attributes:
        name: the file's name, without folders.
        size: number of bytes of its JSON text.
        sha256: SHA-256 of its JSON text.
    """

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, dataset: Dataset) -> SourceIdentity:
        """Return the identity of the file that a dataset was read from; this reads all of it."""
        source = dataset.opened
        return cls(Path(source.name).name, source.size, source.sha256())


@dataclass(frozen=True)
class Recipe:
    """A plan with the source it was made for: ``Recipe.of(plan, dataset)``.

    Attributes:
        plan: the plan.
        source: identity of the source.
        version: version of cocosurgeon that made the recipe.
    """

    plan: Plan
    source: SourceIdentity
    version: str = __version__

    @classmethod
    def of(cls, plan: Step | AnyFilter, dataset: Dataset) -> Recipe:
        """Return the recipe of a plan, step or filter for the source of a dataset.

        Raises:
            RequestError: a step or filter of the plan is not one of this package.
        """
        plan = Plan(plan)
        for step in plan.steps:
            _require_known(step)
        # Decoding drops the identity of a mask's source, which is the recipe's source here.
        steps = [_decode(step, "step") for step in as_json(plan)]
        return cls(Plan(*steps), SourceIdentity.of(dataset))

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the dataset after the steps, with a note if its source is not the recipe's.

        Raises:
            RequestError: its source is another, but the plan marks rows by number; or see
                ``Step.apply``.
        """
        return self.plan.apply(self.compared(dataset))

    def compared(self, dataset: Dataset) -> Dataset:
        """Return the dataset, with a note if its source is not the recipe's; see ``apply``."""
        mine = self.source
        if dataset.source.size == mine.size and dataset.source.sha256() == mine.sha256:
            return dataset
        if any(map(_marks_rows, self.plan.steps)):
            raise RequestError(
                f"the recipe marks rows of {mine.name} by number, and this is another file",
                where=dataset.source.name,
                hint="apply it to the file that it was made for",
            )
        note = (
            f"the source differs from the recipe's: {mine.name}, {byte_count(mine.size)}, "
            f"sha256 {mine.sha256[:12]}..."
        )
        return replace(dataset, notes=(*dataset.notes, note))

    def to_json(self) -> bytes:
        """Return the recipe as a JSON file."""
        values = {
            "recipe": FORMAT,
            "cocosurgeon": self.version,
            "source": asdict(self.source),
            "steps": as_json(self.plan),
        }
        # The standard library's, because ids may be integers of any size.
        return (json.dumps(values, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes, where: str) -> Recipe:
        """Read a recipe.

        Args:
            where: its path, for errors.

        Raises:
            FormatError: the text is no recipe, or one of another format.
            RequestError: a step or filter has an invalid value.
        """
        try:
            values = json.loads(text)
            if not isinstance(values, dict) or "recipe" not in values:
                raise FormatError("not a recipe", where=where, hint=_AGAIN, python=_MAKE)
            if values["recipe"] != FORMAT:
                raise FormatError(
                    f"the recipe has format {values['recipe']!r}; this version reads {FORMAT}",
                    where=where,
                    hint="install the cocosurgeon that wrote it",
                )
            steps = [_decode(s, "step") for s in msgspec.convert(values["steps"], list[object])]
            source = msgspec.convert(values["source"], SourceIdentity)
            if "/" in source.name or source.name in ("", ".", ".."):
                raise RequestError(
                    f"the recipe's source is not a file name: {source.name!r}",
                    where=where,
                    hint="name the annotation file yourself",
                )
            return cls(Plan(*steps), source, msgspec.convert(values["cocosurgeon"], str))
        except json.JSONDecodeError as error:
            what = f"not a recipe, and not JSON: {error}"
            raise FormatError(what, where=where, hint=_AGAIN, python=_MAKE) from error
        except KeyError as error:
            what = f"a broken recipe: {error} is missing"
            raise FormatError(what, where=where, hint=_AGAIN, python=_MAKE) from error
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise FormatError(
                f"a broken recipe: {error}", where=where, hint=_AGAIN, python=_MAKE
            ) from error


@dataclass(frozen=True, eq=False)
class RecipeEffect:
    """The rows of a source that a result must have, and its category ids.

    Attributes:
        image_rows, annotation_rows: kept rows of these lists; None: there is no such list.
        cat_ids: new ids by ids of the source, where they differ; None: dropped.
        categories: JSON text of each entry of the category list; None: unchanged.
        rewritings: changes of values, in order.
    """

    image_rows: frozenset[int] | None
    annotation_rows: frozenset[int] | None
    cat_ids: Mapping[object, object]
    categories: tuple[str, ...] | None
    rewritings: tuple[Rewritten, ...] = ()

    @classmethod
    def of(cls, result: Dataset) -> RecipeEffect:
        """Return the effect of the steps that made a dataset.

        Raises:
            RequestError: the dataset was merged from several files.
        """
        if result.merged_from is not None:
            raise RequestError(
                "the recipe merges files, but verify compares a result with one source",
                where=result.merged_from.name,
                hint="merge with --source-key NAME; then `cocosurgeon split --by-key NAME` "
                "restores the records of each source: verify each part with --source, without "
                "--recipe",
            )
        index, changed = result.index, result.category_list
        rows = {records: result.origin_rows(records.name, r) for records, r in result.rows_kept()}
        images, annotations = index.image_records, index.annotation_records
        categories = None
        if changed is not None and index.category_records is not None:
            texts = changed.texts(index.category_records)
            categories = tuple(text.decode(errors="surrogatepass") for text in texts)
        return cls(
            None if images is None else frozenset(rows[images].tolist()),
            None if annotations is None else frozenset(rows[annotations].tolist()),
            {old: new for old, new in changed.cat_ids.items() if old != new} if changed else {},
            categories,
            tuple(map(Rewritten.of, result.rewritings)),
        )


@dataclass(frozen=True, eq=False)
class Rewritten:
    """The records whose values a step changed, as rows of the file that was read.

    Attributes:
        name: name of the step.
        rows: rows of the records with new values, by list.
        kept: rows of all records before the step, by list.
    """

    name: str
    rows: Mapping[str, frozenset[int]]
    kept: Mapping[str, frozenset[int]]

    @classmethod
    def of(cls, rewriting: Rewriting) -> Rewritten:
        """Return the rows of a change."""
        before = rewriting.before
        rows = {
            name: before.origin_rows(name, np.array(sorted(values), dtype=np.int64))
            for name, values in rewriting.values.items()
        }
        kept = {r.name: before.origin_rows(r.name, rows) for r, rows in before.rows_kept()}
        return cls(rewriting.name, _as_sets(rows), _as_sets(kept))


def _as_sets(rows: Mapping[str, Numbers]) -> dict[str, frozenset[int]]:
    return {name: frozenset(numbers.tolist()) for name, numbers in rows.items()}


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from a file.

    Raises:
        SourceUnavailableError: the file cannot be opened.
        FormatError: it is no recipe.
        RequestError: a step or filter has an invalid value.
    """
    with reading(path, "the recipe"):
        text = Path(path).read_bytes()
    return Recipe.from_json(text, str(path))


# ---- steps and filters as JSON


def _decode(thing: object, tag: str) -> Any:
    """Return the step or filter of a JSON object, made by its constructor."""
    if not isinstance(thing, dict) or not isinstance(name := thing.get(tag), str):
        raise msgspec.ValidationError(f"expected a {tag}, found {thing!r}")
    kind = _kinds().get((tag, name))
    if kind is None:
        raise msgspec.ValidationError(f"unknown {tag} {name!r}")
    known = {kind.recipe_keys.get(each.name, each.name): each for each in recipe_fields(kind)}
    if unknown := thing.keys() - known.keys() - {tag}:
        raise msgspec.ValidationError(f"{name!r} has no {', '.join(sorted(unknown))}")
    hints = get_type_hints(kind)
    values = {
        each.name: _decode(thing[key], "filter")
        if _is_filter(hints[each.name])
        else msgspec.convert(thing[key], hints[each.name])
        for key, each in known.items()
        if key in thing or each.default is MISSING
    }
    return kind.from_recipe(values)


@lru_cache(1)
def _kinds() -> Mapping[tuple[str, str], type[PlanPart]]:
    """Return all steps and filters, by tag and name in recipes."""
    from cocosurgeon.steps.images.where import GivenWhere  # which a worker binds

    kinds: tuple[type[PlanPart], ...] = (*parts().values(), GivenWhere)
    return {(recipe_tag(kind), recipe_name(kind)): kind for kind in kinds}


def _is_filter(hint: object) -> bool:
    return any(get_origin(each) is Filter for each in (hint, *get_args(hint)))


def _require_known(part: PlanPart) -> None:
    """Refuse a step or filter that could not be read back from a recipe."""
    if _kinds().get((recipe_tag(type(part)), recipe_name(type(part)))) is not type(part):
        raise RequestError(f"{part!r} is not a step or filter that a recipe can hold")
    for each in _inner(part):
        _require_known(each)


def _marks_rows(part: PlanPart) -> bool:
    return isinstance(part, MaskFilter) or any(map(_marks_rows, _inner(part)))


def _inner(part: PlanPart) -> list[PlanPart]:
    values = (getattr(part, each.name) for each in recipe_fields(type(part)))
    return [value for value in values if isinstance(value, PlanPart)]
