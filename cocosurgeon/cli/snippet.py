"""``cocosurgeon snippet``: the configuration that goes with a file."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli.console import reporting_errors


def snippet(
    subset: Annotated[str, typer.Argument(metavar="SUBSET", help="Annotation file.")],
    framework: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="NAME",
            show_default=False,
            help="mmdet3, mmdet2, detectron2, detr, torchvision.",
        ),
    ],
    split: Annotated[
        list[str] | None,
        typer.Option(
            metavar="train|val|test",
            show_default="all; test without annotations",
            help="What the file is used for; may be given more than once.",
        ),
    ] = None,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            show_default=False,
            help="The folder of its images. Without it: the one near the file that has them.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no notes.")] = False,
) -> None:
    """Print the configuration that goes with a file, ready to paste.

    Annotation file, images, classes, and the evaluator beside the loader; no image of the file is
    filtered out.
    """
    with reporting_errors():
        from cocosurgeon.cli.printing_snippet import show

        show(subset, framework, split or (), img_prefix, quiet=quiet)
