"""``cocosurgeon snippet``: the configuration for a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.completion import complete_split, completing
from cocosurgeon.cli.console import print_json, print_raw
from cocosurgeon.cli.options import console, takes
from cocosurgeon.snippet import FRAMEWORKS, require_framework, snippet_for

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console


EXAMPLES = (
    "cocosurgeon snippet first100.json --for mmdet3",
    "cocosurgeon snippet first100.json --for mmdet3 --split val",
    "cocosurgeon snippet first100.json --for detectron2 --img-prefix images",
)


@takes(console, examples=EXAMPLES)
def snippet(
    subset: Annotated[str, typer.Argument(metavar="SUBSET", help="Annotation file.")],
    framework: Annotated[
        str,
        typer.Option(
            "--for",
            autocompletion=completing(lambda: FRAMEWORKS),
            metavar="NAME",
            help=f"Write it for {', '.join(FRAMEWORKS)}.",
        ),
    ],
    split: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=complete_split,
            metavar="train|val|test",
            show_default="all; test without annotations",
            help="Configure only this use of the file. May be repeated.",
        ),
    ] = None,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Use this folder of images. Default: a folder near the file that has them.",
        ),
    ] = None,
    *,
    console: Console,
) -> None:
    """Print the configuration for a file, ready to paste.

    It sets annotation file, images, classes and evaluator. No image of the file is filtered out.
    """
    from cocosurgeon.snippet.source import read_source

    require_framework(framework)
    with console.progress("reading") as progress:
        source = read_source(subset, img_prefix, split or (), progress)
    found = snippet_for(framework, source)
    notes = [*source.notes, *found.notes]
    if console.as_json:
        text = "\n".join(found.lines)
        print_json({"framework": framework, "snippet": text, "notes": notes}, sys.stdout)
    else:
        print_raw("\n".join(found.lines), sys.stdout)
        console.info(*notes)
