"""``cocosurgeon weights show``: what a checkpoint holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocosurgeon.cli.options import CheckpointFile, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights show detr-r50.pth",
    "cocosurgeon weights show model.safetensors --json",
    "cocosurgeon weights show model.safetensors --quiet",
)


@takes(console, examples=EXAMPLES)
def show(
    file: CheckpointFile,
    *,
    console: Console,
) -> None:
    """Print what a checkpoint holds: names, shapes, types, bytes, heads and their label spaces."""
    from cocosurgeon.weights.checkpoint import read_checkpoint

    checkpoint = read_checkpoint(file)
    lines = [f"{t.name}  {t.dtype} {list(t.shape)}" for t in checkpoint.tensors.values()]
    console.report({"file": file}, lines)
