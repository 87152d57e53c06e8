"""``cocosurgeon apply``: repeat a recipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ending import say, told

if TYPE_CHECKING:
    from cocosurgeon.dataset import Dataset
    from cocosurgeon.plan import Plan
    from cocosurgeon.recipe import Recipe


def apply(
    recipe_file: Annotated[str, typer.Argument(metavar="RECIPE", help="What --recipe wrote.")],
    ann_file: options.AnnFile = None,
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    ids_out: options.IdsOut = None,
    recipe: options.RecipeOut = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Repeat the steps of a recipe.

    On the file that it was made for, or on another one, which is said.
    """
    with told():
        from cocosurgeon.cli.run import run
        from cocosurgeon.recipe import read_recipe

        saved = read_recipe(Path(recipe_file))
        request = options.Request(ann_file, output, force, dry_run, ids_out, recipe, quiet, as_json)
        run(request, lambda dataset: _compared(saved, dataset))


def _compared(recipe: Recipe, dataset: Dataset) -> Plan:
    """The plan of a recipe, once it is said when the source is not the recipe's."""
    from cocosurgeon.errors import RequestError

    source = dataset.document.source
    if source.size != recipe.source.size or source.sha256() != recipe.source.sha256:
        if recipe.holds_rows:
            raise RequestError(
                f"the recipe marks rows of {recipe.source.name} by number; this is another file",
                where=source.name,
                hint="apply it to the file that it was made for",
            )
        say(
            f"cocosurgeon: the source differs from the recipe's: {recipe.source.name}, "
            f"{recipe.source.size:,} bytes, sha256 {recipe.source.sha256[:12]}...",
            sys.stderr,
        )
    return recipe.plan
