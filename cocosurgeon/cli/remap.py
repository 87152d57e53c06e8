"""``cocosurgeon remap``: other category ids, names and order, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ordered import in_order


@options.verb
def remap(
    ctx: typer.Context,
    ann_file: options.AnnFile = None,
    to: options.To = None,
    from_: options.From = None,
    start: options.Start = None,
    unmapped: options.UnmappedIds = None,
    alias: options.Aliases = None,
    with_names: Annotated[
        str | None,
        typer.Option(
            "--names",
            metavar="NAMES",
            show_default=False,
            help="Make these the categories, in this order, ids from 0 (or --start).",
        ),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NEW=A,B",
            show_default=False,
            help="Make several categories one, with the id and the place of the first.",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", show_default=False, help="Give a category another name."),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="id|name", show_default=False, help="Sort the category list."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="ANN_FILE",
            show_default=False,
            help="Take over this file's ids and order of categories, by their names.",
        ),
    ] = None,
    map_: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="FILE",
            show_default=False,
            help="Category ids before and after: CSV (before,after) or JSON.",
        ),
    ] = None,
    check: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            show_default=False,
            help="Do two files mean the same classes by the same ids, names and order? "
            "Exit code 1 if not.",
        ),
    ] = None,
    *,
    shared: options.Shared,
) -> None:
    """Change category ids, names and order, and no other byte.

    Works on annotation files, panoptic files and results files. Steps apply in the order written.
    Whatever is not mapped is an error, unless --unmapped says otherwise.
    """
    from cocosurgeon.cli.checking import check_files
    from cocosurgeon.cli.run import run
    from cocosurgeon.cli.source import choose
    from cocosurgeon.errors import RequestError
    from cocosurgeon.steps.filtering import bind, bindings
    from cocosurgeon.steps.relabelling import Modifiers, relabelling

    written = list(in_order(ctx))
    if check is not None:
        others = {name for name, _ in written} - {"ann_file", "check", "quiet", "as_json"}
        if ann_file is not None or others:
            raise RequestError("--check compares two files, and does nothing else")
        check_files(*check, shared.voice)
        return
    modifiers = Modifiers.of(from_=from_, start=start, unmapped=unmapped, aliases=alias)
    options_given = {name for name, _ in written}
    makers = relabelling(options_given, modifiers)
    if not makers.keys() & options_given:
        raise RequestError(
            "nothing to do",
            hint="--to SPACE, --names, --merge, --rename, --sort, --like or --map; or --check A B",
        )
    made = bindings(written, makers)
    inputs = [path for path in (like, map_) if path is not None]
    if [ann_file, *inputs].count("-") > 1:
        raise RequestError("standard input can be read only once")
    run(choose(ann_file), partial(bind, made), shared, inputs=inputs)
