"""``cocosurgeon explain``: one image through all loaders."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli.console import reporting_errors


def explain(
    ann_file: Annotated[str, typer.Argument(metavar="ANN_FILE", help="Annotation file.")],
    image: Annotated[str, typer.Option(metavar="ID", help="Which image, by its id.")],
    loader: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", show_default="all", help="Through this loader only."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show what each framework's loader emits for one image, what it drops, and why."""
    with reporting_errors():
        from cocosurgeon.cli.explaining import show

        show(ann_file, image, loader, as_json=as_json)
