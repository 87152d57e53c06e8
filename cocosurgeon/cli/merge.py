"""``cocosurgeon merge``: several files as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocosurgeon.cli.command import given_options
from cocosurgeon.cli.options import console, output, takes
from cocosurgeon.steps.images import merge_with as step

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output

_MODIFIERS = {each.name.removeprefix("merge-"): each for each in step.MODIFIERS}

EXAMPLES = (
    "cocosurgeon merge cvat.json roboflow.json -o all.json --source-key source",
    "cocosurgeon merge a.json b.json -o all.json --ids offset --prefix a=a/,b=b/",
    "cocosurgeon merge a_dets.json b_dets.json -o dets.json --follow all.json",
)


def _option(name: str) -> Any:
    each = _MODIFIERS[name]
    return typer.Option(
        f"--{name}",
        metavar=each.kind.metavar,
        show_default=each.default or False,
        help=each.help,
    )


@takes(output, console, examples=EXAMPLES)
def merge(
    ctx: typer.Context,
    ann_files: Annotated[
        list[str],
        typer.Argument(
            metavar="ANN_FILE",
            help="Two or more annotation files or results files, globs in quotes, or folders. "
            "Ids, order and layout of the first file stay.",
        ),
    ],
    alias: Annotated[list[str] | None, _option("alias")] = None,
    ids: Annotated[str | None, _option("ids")] = None,
    prefix: Annotated[str | None, _option("prefix")] = None,
    on_duplicate: Annotated[str | None, _option("on-duplicate")] = None,
    images: Annotated[str | None, _option("images")] = None,
    source_key: Annotated[str | None, _option("source-key")] = None,
    info: Annotated[str | None, _option("info")] = None,
    licenses: Annotated[str | None, _option("licenses")] = None,
    follow: Annotated[str | None, _option("follow")] = None,
    *,
    output: Output,
    console: Console,
) -> None:
    """Merge files into one; categories are united by name.

    Ids, images or names that collide are errors; each error names the options that resolve it.
    Records keep their bytes, except for changed ids and what --prefix and --source-key add.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.errors import CocosurgeonError, RequestError
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.shards.paths import annotation_files
    from cocosurgeon.shards.shard import is_tables, read_shard
    from cocosurgeon.steps.given import parse

    first, *others = annotation_files(ann_files)
    if not others:
        raise RequestError("merge takes two files or more", hint="name the other files, too")
    named = {name.replace("-", "_"): each for name, each in _MODIFIERS.items()}
    values: dict[str, Any] = {}
    for name, text in given_options(ctx):
        if (each := named.get(name)) is not None:
            _, value = parse(replace(each, name=name.replace("_", "-")), text)
            is_list = each.is_repeatable
            values[each.field] = (*values.get(each.field, ()), value) if is_list else value
    merging = step.MergeWith(paths=tuple(others), **values)
    if any(map(is_tables, others)):
        read_ones = tuple(read_shard(path, columns=merging.columns) for path in others)
        merging = replace(merging, others=read_ones)
    try:
        run(first, Plan(merging), output, console)
    except CocosurgeonError as error:  # its options are those of --merge-with
        error.what = error.what.replace("--merge-", "--")
        error.hint = error.hint and error.hint.replace("--merge-", "--")
        raise
