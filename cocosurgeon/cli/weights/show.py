"""``cocosurgeon weights show``: the contents of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import CheckpointFile, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights show detr-r50.pth",
    "cocosurgeon weights show detr-r50.pth --depth 0 --json",
    "cocosurgeon weights show epoch_12.pth --prefix bbox_head. --depth 1",
)


@takes(console, examples=EXAMPLES)
def show(
    file: CheckpointFile,
    prefix: Annotated[
        str,
        typer.Option(metavar="P", help="Show only names that begin with this."),
    ] = "",
    depth: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Group names by their first N parts, after P; 0: show each."
        ),
    ] = 2,
    *,
    console: Console,
) -> None:
    """Print the tree of a checkpoint: keys, types, shapes, bytes.

    Also prints classification heads with the label spaces that fit them, prefixes of wrappers, and
    entries next to the weights. No code of the file is run.
    """
    from cocosurgeon.weights.checkpoint import read_checkpoint
    from cocosurgeon.weights.contents import Contents

    contents = Contents.of(read_checkpoint(file), prefix, depth)
    console.report(contents.fields(), contents.lines(console.width))
