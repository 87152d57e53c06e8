"""``cocosurgeon apply``: repeat a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import console, output, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output


EXAMPLES = (
    "cocosurgeon apply first100.recipe.json",
    "cocosurgeon apply first100.recipe.json other.json -o first100.json",
    "cocosurgeon apply first100.recipe.json --dry-run",
)


@takes(output, console, examples=EXAMPLES)
def apply(
    recipe_file: Annotated[
        str, typer.Argument(metavar="RECIPE", help="Recipe that --recipe wrote.")
    ],
    ann_file: Annotated[
        str | None,
        typer.Argument(
            metavar="ANN_FILE",
            help="Annotation file or results file. Default: $COCOSURGEON_ANN_FILE, else a file "
            "with the name of the recipe's input: next to the recipe, in the current folder, or "
            "in data/coco/annotations.",
        ),
    ] = None,
    *,
    output: Output,
    console: Console,
) -> None:
    """Repeat the steps of a recipe.

    Use the file that the recipe was made for, or another one, which is then reported.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.steps.recipe import read_recipe

    recipe = read_recipe(recipe_file)
    run(ann_file, recipe.plan, output, console, recipe=recipe, recipe_file=recipe_file)
