"""``cocosurgeon weights diff``: two checkpoints compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights diff converted.pth reference.pth",
    "cocosurgeon weights diff detr-r50.pth detr-r50.safetensors --json",
    "cocosurgeon weights diff init_ours.pth init_theirs.pth --init",
)


@takes(console, examples=EXAMPLES)
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="First checkpoint.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Second checkpoint.")],
    init: Annotated[
        bool,
        typer.Option(
            "--init",
            help="Compare two initializations: mean, standard deviation, range and distribution "
            "of each tensor, not its values.",
        ),
    ] = False,
    *,
    console: Console,
) -> None:
    """Compare two checkpoints: keys, shapes, types, values.

    Exit code 1 if they differ; with --init, if a distribution differs.
    """
    from cocosurgeon.progress import shown_by
    from cocosurgeon.weights.checkpoint import read_checkpoint
    from cocosurgeon.weights.difference import diff as compared
    from cocosurgeon.weights.wrappers import wrapper_of

    one, other = read_checkpoint(before), read_checkpoint(after)
    with shown_by(console.progress):
        difference = compared(one.tensors, other.tensors, init=init)
    for file, checkpoint in ((before, one), (after, other)):
        wrapper = wrapper_of(checkpoint.tensors)
        if wrapper and not difference.tensors:
            console.info(f"every name in {file} begins with {wrapper!r}; `weights wash` strips it")
    console.report(
        {"a": before, "b": after, **difference.fields()}, difference.lines(console.width)
    )
    if difference.is_difference:
        raise typer.Exit(1)
