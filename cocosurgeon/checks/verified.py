"""``verify_file``: ``verify`` in Python."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cocosurgeon.categories.spaces import find_space
from cocosurgeon.probe.request import ProbeOptions
from cocosurgeon.progress import progress_of
from cocosurgeon.steps.arguments import Typed, resolve_ids
from cocosurgeon.verify import run
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.id_changes import Renumbering
from cocosurgeon.verify.repairs import RepairedRows
from cocosurgeon.verify.verification import Verification

if TYPE_CHECKING:
    from cocosurgeon.steps.recipe import RecipeEffect

File: TypeAlias = "str | os.PathLike[str]"
"""Path of a file."""
Names: TypeAlias = "str | Sequence[str]"
"""One name, or several."""


def names_of(given: Names) -> tuple[str, ...]:
    """Return names that may be given as one text, or as several."""
    return (given,) if isinstance(given, str) else tuple(given)


def verify_file(
    subset: File,
    source: File | None = None,
    *,
    recipe: File | None = None,
    loader: Names = (),
    mode: Names = (),
    classes: Names | None = None,
    option: Names = (),
    against: File | None = None,
    tolerance: float = 0.0,
) -> Verification:
    """Prove that a subset matches its source, and that a loader loads the same from both.

    Loaders are compared by their rules, in this process. To ask a real one:
    ``cocosurgeon verify --python`` or ``--config``.

    Args:
        subset: path of the file to verify.
        source: path of the file that it was cut from; None: check what the loader loads.
        recipe: path of the recipe that made the subset, which may change categories and repair.
        loader: names of loaders, or ``none`` to compare the text only; none named: ``mmdet3``.
        mode: ``train``, ``test`` or both; none named: both.
        classes: class names of the loader; None: the source's categories.
        option: options of the loader, ``NAME=VALUE``.
        against: path of a dump of another loader.
        tolerance: pixels by which boxes may differ from the dump's.

    Raises:
        RequestError: arguments are invalid, or do not go together.
        DataError: a file is broken.
    """
    request = run.VerifyRequest.of(
        subset=os.fspath(subset),
        source=None if source is None else os.fspath(source),
        recipe=None if recipe is None else os.fspath(recipe),
        loaders=names_of(loader),
        modes=names_of(mode),
        classes=None if classes is None else names_of(classes),
        options=names_of(option),
        against=None if against is None else os.fspath(against),
        tolerance=tolerance,
        has_config=False,
    )
    return verify(request, ProbeOptions())[0]


def verify(
    request: run.VerifyRequest, real: ProbeOptions
) -> tuple[Verification, Mapping[str, str]]:
    """Return the comparisons and findings, and the SHA-256 of each file by its name.

    What steps and label spaces say is handed to ``verify.run``, which imports neither.
    """
    return run.verify(
        request,
        real,
        lambda: _expectation(request.recipe, request.source),
        find_ids=lambda known: resolve_ids(map(Typed, real.images), known),
        name_of=lambda space, label: find_space(space).class_of(label),
    )


def expectation_of(effect: RecipeEffect) -> Expectation:
    """Return the effect of a recipe in the form that verify takes."""
    return Expectation(
        image_rows=effect.image_rows,
        annotation_rows=effect.annotation_rows,
        renumbering=Renumbering(effect.cat_ids),
        categories=effect.categories,
        repairs=tuple(RepairedRows(r.name, r.rows, r.kept) for r in effect.rewritings),
    )


def _expectation(recipe: Path | None, source: Path | None) -> Expectation:
    """Return the effect of a recipe on a source; all is kept without a recipe.

    Only this imports code that writes files; verify reads the files again.
    """
    if recipe is None or source is None:
        return Expectation()
    from cocosurgeon.dataset.io import read
    from cocosurgeon.steps.recipe import RecipeEffect, read_recipe

    with progress_of("applying the recipe") as progress:
        return expectation_of(RecipeEffect.of(read_recipe(recipe).apply(read(source, progress))))
