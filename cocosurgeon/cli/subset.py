"""``cocosurgeon subset``: keep some images and annotations of a file."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ordered import in_order


@options.verb
def subset(
    ctx: typer.Context,
    ann_file: options.AnnFile = None,
    first: Annotated[
        list[int] | None,
        typer.Option(metavar="N", show_default=False, help="The first N images."),
    ] = None,
    last: Annotated[
        list[int] | None,
        typer.Option(metavar="N", show_default=False, help="The last N images."),
    ] = None,
    skip: Annotated[
        list[int] | None,
        typer.Option(metavar="N", show_default=False, help="All but the first N images."),
    ] = None,
    sample: Annotated[
        list[int] | None,
        typer.Option(metavar="N", show_default=False, help="N images drawn by --seed."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="S", show_default="0", help="Seed of --sample; the same ids, the same images."
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            metavar="file|id",
            show_default="file",
            help="What first, last and skip go by: the file, or ids as loaders that sort do.",
        ),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            metavar="1,2,3",
            show_default=False,
            help="Images with these ids; '\"1\"' is the string.",
        ),
    ] = None,
    ids_file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Images with these ids, one a line; - for stdin.",
        ),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ANN_FILE",
            show_default=False,
            help="Images that are in this annotation file, too (for results files).",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", show_default=False, help="Images whose file_name matches."),
    ] = None,
    empty: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[=DEFINITION]",
            show_default=False,
            help="Images without annotations (raw), without any of a known category (category), "
            "of those named (category:NAMES), or anything that a loader would train on "
            "(effective:LOADER).",
        ),
    ] = None,
    non_empty: Annotated[
        bool, typer.Option("--non-empty", help="Images with annotations.")
    ] = False,
    having: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Images with an object of one of these categories.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Annotations of these categories; no image goes.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Annotations of all categories but these; no image goes.",
        ),
    ] = None,
    min_area: Annotated[
        list[float] | None,
        typer.Option(
            metavar="A", show_default=False, help="Annotations of at least A square pixels."
        ),
    ] = None,
    max_area: Annotated[
        list[float] | None,
        typer.Option(
            metavar="A", show_default=False, help="Annotations of at most A square pixels."
        ),
    ] = None,
    crowd: Annotated[bool, typer.Option("--crowd", help="Annotations of crowds.")] = False,
    no_crowd: Annotated[bool, typer.Option("--no-crowd", help="Annotations of no crowd.")] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EXPR",
            show_default=False,
            help="Images or annotations for whose columns this holds: 'width > 640 and "
            "height > 480', 'annotations: area < 1024'.",
        ),
    ] = None,
    to: options.To = None,
    from_: options.From = None,
    start: options.Start = None,
    unmapped: options.UnmappedIds = None,
    alias: options.Aliases = None,
    cascade: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Let this top-level list (by its image_id) follow the images.",
        ),
    ] = None,
    *,
    shared: options.Shared,
) -> None:
    """Keep some images and annotations, byte for byte.

    Filters apply in the order written, and may be repeated: --first 100 --empty are the empty
    ones among the first 100. --to is a step among them: filters behind it ask about the new ids.
    Lists of NAMES and ids are parted by commas; of several any counts.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.cli.source import choose
    from cocosurgeon.errors import RequestError
    from cocosurgeon.steps.filtering import bind, bindings, filters
    from cocosurgeon.steps.relabelling import Modifiers, to_space

    inputs = [*(match or []), *(ids_file or [])]
    if [ann_file, *inputs].count("-") > 1:
        raise RequestError("standard input can be read only once")
    written = list(in_order(ctx))
    options_given = {name for name, _ in written}
    modifiers = Modifiers.of(from_=from_, start=start, unmapped=unmapped, aliases=alias)
    makers = {**filters(options_given, order, seed), **to_space(options_given, modifiers)}
    made = bindings(written, makers)
    run(choose(ann_file), partial(bind, made), shared, inputs=inputs)
