"""``cocosurgeon apply``: repeat a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cocosurgeon.cli import options


@options.verb
def apply(
    recipe_file: Annotated[str, typer.Argument(metavar="RECIPE", help="What --recipe wrote.")],
    ann_file: Annotated[
        str | None,
        typer.Argument(
            metavar="ANN_FILE",
            show_default=False,
            help="Annotation file or results file. Without it: $COCOSURGEON_ANN_FILE, else one "
            "with the name of the recipe's source: beside the recipe, in the current folder, or "
            "in data/coco/annotations.",
        ),
    ] = None,
    *,
    shared: options.Shared,
) -> None:
    """Repeat the steps of a recipe.

    On the file that it was made for, or on another one, which is said.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.cli.source import choose
    from cocosurgeon.steps.recipe import read_recipe

    saved = read_recipe(recipe_file)
    source = choose(ann_file, (saved.source.name, Path(recipe_file).parent))
    run(source, lambda dataset: (saved.plan, saved.compared(dataset)), shared, inputs=[recipe_file])
