"""``cocosurgeon convert``: to other formats and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.completion import complete_format, complete_space, completing
from cocosurgeon.cli.options import (
    DryRun,
    Force,
    Images,
    Recipe,
    console,
    format_options,
    image_folder,
    output_option,
    steps,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.select.plan import Plan

EXAMPLES = (
    "cocosurgeon convert instances_val2017.json --to yolo --allow-loss -o yolo",
    "cocosurgeon convert train.json val.json --to yolo --masks --dry-run",
    "cocosurgeon convert yolo/data.yaml --from yolo --split val -o val.json",
)


@takes(steps, format_options, console, examples=EXAMPLES)
def convert(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Annotation file. Several files are splits of one folder (NAME=FILE names a "
            "split). Default: as for subset. With --from: the folder or file to read.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            autocompletion=complete_format,
            help="Write this format: yolo, voc, txt, csv, coco, parquet, tfrecord.",
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            autocompletion=complete_format,
            help="Read this format, and write an annotation file.",
        ),
    ] = None,
    images: Images = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="the only one",
            help="With --from: read this split. With --to: name the split of a single file.",
        ),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE",
            show_default="the order of the file's own list",
            autocompletion=complete_space,
            help="Take class numbers from this label space: mmdet80, coco91, ...",
        ),
    ] = None,
    crowds: Annotated[
        str | None,
        typer.Option(
            metavar="drop|keep|ignore",
            show_default="keep",
            autocompletion=completing(lambda: ("drop", "keep", "ignore")),
            help="Drop crowds, keep them as objects, or mark them as ignored.",
        ),
    ] = None,
    clip: Annotated[
        bool, typer.Option("--clip", help="Clip boxes and polygons to the image.")
    ] = False,
    output: Annotated[
        str | None,
        output_option(
            "Write here: a new folder, or a file. Default: next to the input (sample data: in "
            "the current folder), named after the format."
        ),
    ] = None,
    copy: Annotated[
        bool,
        typer.Option(
            "--copy", rich_help_panel="Output", help="Copy the images. Default: link to them."
        ),
    ] = False,
    no_images: Annotated[
        bool,
        typer.Option("--no-images", rich_help_panel="Output", help="Write no images."),
    ] = False,
    allow_loss: Annotated[
        bool,
        typer.Option(
            "--allow-loss",
            rich_help_panel="Output",
            help="Write even if the format cannot hold everything. Losses are printed.",
        ),
    ] = False,
    dry_run: DryRun = False,
    recipe: Recipe = None,
    force: Force = False,
    *,
    steps: Plan,
    format_options: Mapping[str, object],
    console: Console,
) -> None:
    """Convert to another format, or from one, and list what is lost.

    The output has a manifest (cocosurgeon.json). With it, --from restores ids, order, categories,
    crowds and empty images. Steps choose what is converted.
    """
    from cocosurgeon.cli.run_convert import Places, read_to_json, write_format
    from cocosurgeon.convert.conversion import Wishes, as_policy
    from cocosurgeon.convert.opening import format_with
    from cocosurgeon.errors import RequestError
    from cocosurgeon.formats.registry import make_format

    if (to is None) == (from_ is None):
        raise RequestError(
            "expected one of --to and --from",
            hint="--to FORMAT writes a format, --from FORMAT reads one",
        )
    folder = image_folder(images)
    places = Places(tuple(inputs or ()), output, recipe, dry_run=dry_run, force=force)
    if from_ is not None:
        if crowds or clip or copy or no_images or allow_loss:
            raise RequestError("--crowds, --clip, --copy, --no-images and --allow-loss need --to")
        kind = format_with(from_, places.inputs[0] if inputs else "", format_options)
        read_to_json(places, kind, steps, folder, split, space, console)
        return
    if copy and no_images:
        raise RequestError("give only one of --copy and --no-images")
    wishes = Wishes(
        space=space,
        crowds=as_policy(crowds),
        clip=clip,
        allow_loss=allow_loss,
        images="copy" if copy else "none" if no_images else "link",
        folder=folder,
    )
    kind = make_format(str(to), format_options)
    write_format(places, kind, steps, split, wishes, console)
