"""``cocosurgeon layout``: are the files where frameworks look for them; carry a subset away."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli.console import reporting_errors


def layout(
    root: Annotated[
        str | None,
        typer.Argument(
            metavar="ROOT",
            show_default=False,
            help="The folder of annotations/, train2017/, ... Without it: that of "
            "$COCOSURGEON_ANN_FILE, else data/coco, else the sample data.",
        ),
    ] = None,
    gather: Annotated[
        str | None,
        typer.Option(
            metavar="OUT",
            show_default=False,
            help="Make a small tree of annotation files (--of) and their images; a folder that "
            "is not there yet.",
        ),
    ] = None,
    of: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ANN_FILE",
            show_default=False,
            help="Gather the images of this file. Given again: into the same tree.",
        ),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the images. Without --link, this is done.")
    ] = False,
    link: Annotated[
        bool,
        typer.Option("--link", help="Link to the images instead, by absolute symbolic links."),
    ] = False,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            show_default=False,
            help="The images to gather. Without it: found by their names.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Gather although some images are not there.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No account, no progress bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Check a data folder as MMDetection and DETR expect it, or gather a subset's images.

    Says what each annotation file is, and how many of its images are there. Exit code 1 where a
    loader would stumble.
    """
    with reporting_errors():
        from cocosurgeon.cli.console import Console
        from cocosurgeon.cli.laying_out import Gather, check
        from cocosurgeon.cli.laying_out import gather as gathered

        console = Console(quiet=quiet, as_json=as_json)
        request = Gather.of(
            gather=gather,
            ann_files=of,
            copy=copy,
            link=link,
            root=root,
            img_prefix=img_prefix,
            allow_missing=allow_missing,
        )
        if request is None:
            check(root, console)
        else:
            gathered(request, console)
