"""``cocosurgeon weights apply``: the steps of a recipe, applied to a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import CheckpointFile, console, takes
from cocosurgeon.cli.run_weights import WeightsOutput, run_steps, weights_output

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights apply recipe.json detr-r101.pth -o detr101.pth",
    "cocosurgeon weights apply recipe.json a.pth --like keys.json --dry-run",
    "cocosurgeon weights apply recipe.json a.pth -o b.safetensors --json",
)


@takes(weights_output, console, examples=EXAMPLES)
def apply(
    recipe_file: Annotated[
        str, typer.Argument(metavar="RECIPE", help="Recipe that --recipe wrote.")
    ],
    file: CheckpointFile,
    *,
    weights_output: WeightsOutput,
    console: Console,
) -> None:
    """Repeat the steps of a recipe on a checkpoint.

    `weights rename` and `weights head` write recipes (`--recipe`).
    """
    from cocosurgeon.weights.recipe import read_weights_recipe

    steps = read_weights_recipe(recipe_file).steps
    run_steps(file, steps, weights_output, console, sources=[recipe_file])
