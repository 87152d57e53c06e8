"""``cocosurgeon dump``: write down what a loader emits."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ending import told


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
        str, typer.Option(metavar="train|test", help="As the loader is set up for.")
    ] = "test",
    config: options.Config = None,
    split: options.Split = None,
    python: options.Python = None,
    timeout: options.Timeout = None,
    samples: options.Samples = None,
    image: options.ImageIds = None,
    img_prefix: options.ImgPrefix = None,
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
) -> None:
    """Write what a loader emits as JSON lines, to be compared in another repository.

    By the loader's rules, or by the real library: --config, --python.
    """
    with told():
        from cocosurgeon.cli.dumping import write
        from cocosurgeon.cli.real import Real

        real = Real.of(
            config=config,
            split=split,
            python=python,
            timeout=timeout,
            samples=samples,
            image=image,
            img_prefix=img_prefix,
        )
        write(ann_file, loader, mode, real, output, force=force)
