"""``cocosurgeon remap``: other category ids, names and order, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.command import given_options
from cocosurgeon.cli.options import AnnOrResultsFile, Strict, console, output, steps, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.select.plan import Plan


EXAMPLES = (
    "cocosurgeon remap instances_val2017.json --to detr91",
    "cocosurgeon remap custom.json --renumber --start 1",
    "cocosurgeon remap --check train.json val.json",
)


@takes(steps, output, console, examples=EXAMPLES)
def remap(
    ctx: typer.Context,
    ann_file: AnnOrResultsFile = None,
    check: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Check that two files give classes the same ids, names and order. Exit code 1 if "
            "not.",
        ),
    ] = None,
    strict: Strict = False,
    *,
    steps: Plan,
    output: Output,
    console: Console,
) -> None:
    """Change category ids, names and order, and no other byte.

    Works on annotation files, panoptic files and results files. Steps apply in the order given.
    A category that is not mapped is an error, unless --unmapped is given.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.errors import RequestError

    if check is not None:
        others = {name for name, _ in given_options(ctx)} - {
            "ann_file",
            "check",
            "quiet",
            "as_json",
            "strict",
        }
        if ann_file is not None or others:
            raise RequestError("--check compares two files, and does nothing else")
        _check(*check, console, strict=strict)
        return
    if not steps.steps:
        raise RequestError(
            "nothing to do",
            hint="use --to SPACE, --classes, --renumber, --shift, --merge, --rename, --sort, "
            "--flat, --drop-unused, --like or --map; or --check A B",
        )
    if strict:
        raise RequestError("--strict has no effect without --check")
    run(ann_file, steps, output, console)


def _check(left: str, right: str, console: Console, *, strict: bool) -> None:
    """Compare two files, print the differences, and exit with 1 if there are any."""
    from cocosurgeon.categories.check import check_categories
    from cocosurgeon.dataset.io import read
    from cocosurgeon.files import require_one_stdin
    from cocosurgeon.findings.finding import is_failure

    require_one_stdin([left, right])
    with console.progress("reading") as progress:
        found = check_categories(read(left, progress), read(right, progress))
    console.report(found.as_json(), found.lines())
    if is_failure(found.findings, strict=strict):
        raise typer.Exit(1)
