"""``cocosurgeon apply``: repeat a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ending import told


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
        from cocosurgeon.cli.source import choose
        from cocosurgeon.cli.voice import Voice
        from cocosurgeon.cli.writing import Outputs
        from cocosurgeon.recipe import read_recipe

        saved = read_recipe(recipe_file)
        outputs = Outputs(subset=output, ids=ids_out, recipe=recipe, force=force)
        voice = Voice(quiet=quiet, as_json=as_json)
        run(
            choose(ann_file, (saved.source.name, Path(recipe_file).parent)),
            lambda dataset: (saved.plan, saved.compared(dataset)),
            outputs,
            voice,
            dry_run=dry_run,
            inputs=[recipe_file],
        )
