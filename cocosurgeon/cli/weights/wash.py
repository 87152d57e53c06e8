"""``cocosurgeon weights wash``: a checkpoint with what inference needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import CheckpointFile, CheckpointOutput, Force, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights wash epoch_12.pth -o detector.safetensors",
    "cocosurgeon weights wash checkpoint.pth -o detector.pth --keep ema.module",
    "cocosurgeon weights wash iter_90000.pth -o detector.pth --keep teacher",
)


@takes(console, examples=EXAMPLES)
def wash(
    file: CheckpointFile,
    output: CheckpointOutput,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="COPY",
            help="Keep this copy of the weights: a place such as ema_state_dict, or a prefix such "
            "as teacher. Default: the model's own.",
        ),
    ] = None,
    force: Force = False,
    *,
    console: Console,
) -> None:
    """Keep what inference needs: one copy of the weights, and `meta`.

    Prefixes of wrappers are removed. Optimizers, schedulers, logs and other copies of the weights
    are dropped, and each is reported.
    """
    from dataclasses import asdict
    from pathlib import Path

    from cocosurgeon.cli.outputs import require_apart
    from cocosurgeon.progress import shown_by
    from cocosurgeon.text import byte_count, one_line, plural
    from cocosurgeon.weights.washed import wash as washed
    from cocosurgeon.weights.write import require_format, tied_lines, tied_names

    out = Path(output)
    require_format(out)
    require_apart([out], [file])
    result = washed(file, keep=keep)
    with shown_by(console.progress):
        result.write(out, force=force, notice=console.info)
    lost, before = result.left_out(out), result.source.size
    after = out.stat().st_size
    console.info(
        *(each.line() for each in result.dropped),
        *([f"stripped {result.prefix!r} from every name"] if result.prefix else []),
        *(
            f"dropped {one_line(key)}: metadata, which a flat .pth cannot hold"
            for key in lost or ()
        ),
        *map(one_line, tied_lines(result.tensors, out)),
        f"kept {plural(len(result.tensors), 'tensor')}, {byte_count(result.nbytes)}; the file had "
        f"{byte_count(before)}, and has {byte_count(after)}",
    )
    console.written(
        out,
        {
            "input": file,
            "bytes_before": before,
            "bytes_after": after,
            "kept": {
                "copy": result.kept,
                "tensors": len(result.tensors),
                "bytes": result.nbytes,
                "entries": list(result.metadata) if lost is None else [],
            },
            "stripped_prefix": result.prefix,
            "tied": tied_names(result.tensors),
            "dropped": [asdict(each) for each in result.dropped],
        },
    )
