"""``cocosurgeon remap``: other category ids, names and order, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.command import given_options
from cocosurgeon.cli.options import AnnFile, output, steps, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.select.plan import Plan


@takes(steps, output)
def remap(
    ctx: typer.Context,
    ann_file: AnnFile = None,
    check: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            show_default=False,
            help="Compare two files: do they mean the same classes by the same ids, names and "
            "order? Exit code 1 if not.",
        ),
    ] = None,
    *,
    steps: Plan,
    output: Output,
) -> None:
    """Change category ids, names and order, and no other byte.

    Works on annotation files, panoptic files and results files. Steps apply in the order given.
    A category that is not mapped is an error, unless --unmapped is given.
    """
    from cocosurgeon.cli.checking import check_files
    from cocosurgeon.cli.run import run
    from cocosurgeon.errors import RequestError

    if check is not None:
        others = {name for name, _ in given_options(ctx)} - {
            "ann_file",
            "check",
            "quiet",
            "as_json",
        }
        if others:
            raise RequestError("--check compares two files, and does nothing else")
        check_files(*check, output.console)
        return
    if not steps.steps:
        raise RequestError(
            "nothing to do",
            hint="--to SPACE, --classes, --renumber, --merge, --rename, --sort, --like or --map; "
            "or --check A B",
        )
    run(ann_file, steps, output)
