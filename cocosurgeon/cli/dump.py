"""``cocosurgeon dump``: write down what a loader emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli import options

if TYPE_CHECKING:
    from cocosurgeon.cli.real import Real


@options.asking
def dump(
    ann_file: Annotated[
        str | None,
        typer.Argument(
            metavar="ANN_FILE",
            show_default=False,
            help="Annotation file; with --config in place of the one that it names.",
        ),
    ] = None,
    loader: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="By the rules of mmdet3, mmdet2, detr, torchvision, detectron2, yolox; with "
            "--python by the real one.",
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="train|test",
            show_default="test; with --config its own",
            help="As the loader is set up for.",
        ),
    ] = None,
    option: options.LoaderOptions = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DUMP",
            show_default=False,
            help="Where to write; .gz compresses. Without it: beside the annotation file.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    *,
    real: Real,
) -> None:
    """Write what a loader emits as JSON lines, to be compared in another repository.

    By the loader's rules, or by the real library: --config, --python.
    """
    from cocosurgeon.cli.dumping import write

    write(ann_file, loader, mode, option, real, output, force=force)
