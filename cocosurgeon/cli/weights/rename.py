"""``cocosurgeon weights rename``: the keys of a checkpoint renamed by a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.completion import completing
from cocosurgeon.cli.options import CheckpointFile, console, takes
from cocosurgeon.cli.run_weights import WeightsOutput, run_steps, weights_output
from cocosurgeon.weights.maps import shipped_tables

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights rename detr-r50.pth --map detr-mmdet3 -o detr91.pth",
    "cocosurgeon weights rename a.pth --map table.txt --reverse -o b.safetensors",
    "cocosurgeon weights rename a.pth --map table.txt --like keys.json --dry-run",
)


@takes(weights_output, console, examples=EXAMPLES)
def rename(
    file: CheckpointFile,
    map_: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="TABLE",
            autocompletion=completing(shipped_tables),
            help="Rename by this table: a text file of rules `source pattern -> target pattern`, "
            f"or an installed one: {', '.join(shipped_tables())}.",
        ),
    ],
    reverse: Annotated[
        bool | None,
        typer.Option(
            "--reverse/--forward",
            help="Apply the table from right to left (--forward: left to right). Default: "
            "the direction that matches.",
        ),
    ] = None,
    *,
    weights_output: WeightsOutput,
    console: Console,
) -> None:
    """Rename the keys of a checkpoint by a table, in either direction.

    Rules can also join and split q, k and v, and add and drop buffers (docs/weights-map.md). Each
    rule reports what it matched. Warns about keys that --reverse would not restore.
    """
    from cocosurgeon.weights.name_table import read_table
    from cocosurgeon.weights.steps import RenameStep

    direction = None if reverse is None else "reverse" if reverse else "forward"
    step = RenameStep(read_table(map_), direction)  # type: ignore[arg-type]
    run_steps(file, [step], weights_output, console, sources=[map_])
