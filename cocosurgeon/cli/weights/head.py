"""``cocosurgeon weights head``: the rows of a checkpoint's heads moved to other classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.completion import complete_space
from cocosurgeon.cli.options import CheckpointFile, console, takes
from cocosurgeon.cli.run_weights import WeightsOutput, run_steps, weights_output

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon weights head detr91.pth --from detr92 --to mmdet81 -o detr80.pth",
    "cocosurgeon weights head dino.pth --from dino91 --to mmdet80 -o dino80.pth",
    "cocosurgeon weights head a.pth --by-name old.json new.json --fill 0 -o b.pth",
)


@takes(weights_output, console, examples=EXAMPLES)
def head(
    file: CheckpointFile,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SPACE",
            autocompletion=complete_space,
            help="Set the label space of the heads in the file (`cocosurgeon spaces` lists them).",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE",
            autocompletion=complete_space,
            help="Set the label space of the heads in the output.",
        ),
    ] = None,
    by_name: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="OLD NEW",
            help="Match rows by the category names of two annotation files: the old training set, "
            "and the new one.",
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            metavar="position|id",
            help="With --by-name: number rows by position in the category list (MMDetection), or "
            "by id (DETR). Default: inferred from the heads.",
        ),
    ] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="With --by-name: treat the old name OLD as NEW. Names are compared exactly.",
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Move the tensors of these names, as in '*.fc_cls.*'. Default: heads and label "
            "embeddings, by name and shape.",
        ),
    ] = None,
    fill: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE|mean",
            help="Fill new rows: biases with VALUE and weights with 0, or all with the mean of the "
            "classes' rows.",
        ),
    ] = None,
    *,
    weights_output: WeightsOutput,
    console: Console,
) -> None:
    """Move the class rows of a checkpoint's heads to other classes.

    Moves weights and biases of every classification head, the background row, and the label
    embeddings of denoising queries. Warns about rows that cannot be restored.
    """
    from typing import Any, cast, get_args

    from cocosurgeon.categories.by_names import like_entries
    from cocosurgeon.dataset.io import read
    from cocosurgeon.errors import RequestError
    from cocosurgeon.files import require_one_stdin
    from cocosurgeon.steps.arguments import ALIAS
    from cocosurgeon.weights.class_rows import Fill, RowIndex
    from cocosurgeon.weights.steps import HeadStep

    if by_name is None and (from_ is None or to is None):
        raise RequestError("give --from SPACE and --to SPACE, or --by-name OLD NEW")
    if by_name is not None and (from_ or to):
        raise RequestError("--by-name cannot be used with --from or --to")
    if by_name is None and (index or alias):
        raise RequestError("--index and --alias need --by-name")
    if index not in (None, *get_args(RowIndex)):  # before two large files are read
        raise RequestError(
            f"--index cannot be {index!r}", hint=f"use one of {', '.join(get_args(RowIndex))}"
        )
    require_one_stdin(by_name or ())
    value: Fill | None = None
    if fill is not None:
        try:
            value = "mean" if fill == "mean" else float(fill)
        except ValueError:
            raise RequestError(f"--fill cannot be {fill!r}", hint="use a number, or mean") from None
    classes: list[Any] = [from_, to]
    if by_name is not None:
        classes = []
        for path in by_name:
            with console.progress(f"reading {path}") as progress:
                entries = like_entries(read(path, progress))
            classes.append(tuple((cat_id, name) for cat_id, name, _ in entries))
    step = HeadStep(
        classes[0],
        classes[1],
        value,
        tuple(key or ()),
        cast(Any, index),
        tuple(cast(Any, ALIAS.parse(text)) for text in alias or ()),
    )
    run_steps(file, [step], weights_output, console, sources=by_name or ())
