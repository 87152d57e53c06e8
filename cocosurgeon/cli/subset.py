"""``cocosurgeon subset``: keep some images and annotations of a file."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Optional

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ending import told
from cocosurgeon.cli.ordered import in_order


def subset(
    ctx: typer.Context,
    ann_file: options.AnnFile = None,
    first: Annotated[
        Optional[list[int]],
        typer.Option(metavar="N", show_default=False, help="The first N images."),
    ] = None,
    last: Annotated[
        Optional[list[int]],
        typer.Option(metavar="N", show_default=False, help="The last N images."),
    ] = None,
    skip: Annotated[
        Optional[list[int]],
        typer.Option(metavar="N", show_default=False, help="All but the first N images."),
    ] = None,
    sample: Annotated[
        Optional[list[int]],
        typer.Option(metavar="N", show_default=False, help="N images drawn by --seed."),
    ] = None,
    seed: Annotated[
        Optional[int],
        typer.Option(
            metavar="S", show_default="0", help="Seed of --sample; the same ids, the same images."
        ),
    ] = None,
    order: Annotated[
        Optional[str],
        typer.Option(
            metavar="file|id",
            show_default="file",
            help="What first, last and skip go by: the file, or ids as loaders that sort do.",
        ),
    ] = None,
    ids: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="1,2,3",
            show_default=False,
            help="Images with these ids; '\"1\"' is the string.",
        ),
    ] = None,
    ids_file: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Images with these ids, one a line; - for stdin.",
        ),
    ] = None,
    match: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="ANN_FILE",
            show_default=False,
            help="Images that are in this annotation file, too (for results files).",
        ),
    ] = None,
    names: Annotated[
        Optional[list[str]],
        typer.Option(metavar="GLOB", show_default=False, help="Images whose file_name matches."),
    ] = None,
    empty: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="[=DEFINITION]",
            show_default=False,
            help="Images without annotations (raw), without any of a known category (category), "
            "or of those named (category:NAMES).",
        ),
    ] = None,
    non_empty: Annotated[
        bool, typer.Option("--non-empty", help="Images with annotations.")
    ] = False,
    having: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Images with an object of one of these categories.",
        ),
    ] = None,
    only: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Annotations of these categories; no image goes.",
        ),
    ] = None,
    drop: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Annotations of all categories but these; no image goes.",
        ),
    ] = None,
    min_area: Annotated[
        Optional[list[float]],
        typer.Option(
            metavar="A", show_default=False, help="Annotations of at least A square pixels."
        ),
    ] = None,
    max_area: Annotated[
        Optional[list[float]],
        typer.Option(
            metavar="A", show_default=False, help="Annotations of at most A square pixels."
        ),
    ] = None,
    crowd: Annotated[bool, typer.Option("--crowd", help="Annotations of crowds.")] = False,
    no_crowd: Annotated[bool, typer.Option("--no-crowd", help="Annotations of no crowd.")] = False,
    where: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="EXPR",
            show_default=False,
            help="Images or annotations for whose columns this holds: 'width > 640 and "
            "height > 480', 'annotations: area < 1024'.",
        ),
    ] = None,
    cascade: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Let this top-level list (by its image_id) follow the images.",
        ),
    ] = None,
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    ids_out: options.IdsOut = None,
    recipe: options.RecipeOut = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Keep some images and annotations, byte for byte.

    Filters apply in the order written, and may be repeated: --first 100 --empty are the empty
    ones among the first 100. Lists of NAMES and ids are parted by commas; of several any counts.
    """
    with told():
        from cocosurgeon.cli.filtering import bind, bindings
        from cocosurgeon.cli.run import run
        from cocosurgeon.cli.source import choose
        from cocosurgeon.cli.voice import Voice
        from cocosurgeon.cli.writing import Outputs
        from cocosurgeon.errors import RequestError

        if [ann_file, *(ids_file or []), *(match or [])].count("-") > 1:
            raise RequestError("standard input can be read only once")
        made = bindings(in_order(ctx), order, seed)
        outputs = Outputs(subset=output, ids=ids_out, recipe=recipe, force=force)
        voice = Voice(quiet=quiet, as_json=as_json)
        read_too = [*(match or []), *(ids_file or [])]
        plan_for = partial(bind, made)
        run(choose(ann_file), plan_for, outputs, voice, dry_run=dry_run, inputs=read_too)
