"""``cocosurgeon fix``: files repaired, and nothing else of them changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import console, output, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.select.plan import Step

EXAMPLES = (
    "cocosurgeon fix custom.json -o fixed.json",
    "cocosurgeon fix custom.json --select box-beyond,annotation-orphaned",
    "cocosurgeon fix custom.json --unsafe --images data/coco/val2017 --dry-run",
)


@takes(output, console, examples=EXAMPLES)
def fix(
    ann_file: Annotated[
        str | None,
        typer.Argument(
            metavar="ANN_FILE",
            show_default="as for subset",
            help="Annotation file (.json, .json.gz, - for stdin).",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODES",
            show_default="all safe repairs",
            help="Repair only the faults of these codes or groups.",
        ),
    ] = None,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe",
            help="Also run repairs that drop, move or guess something. Check their result.",
        ),
    ] = False,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Also compare with the image files. file_name is relative to this folder.",
        ),
    ] = None,
    strip_folder: Annotated[
        bool, typer.Option("--strip-folder", help="Remove folders from each file_name.")
    ] = False,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="P", help="Put this before each file_name. A folder ends with /."),
    ] = None,
    *,
    output: Output,
    console: Console,
) -> None:
    """Repair what lint finds, byte by byte.

    Without --select: all repairs that lose and guess nothing. Only faulty values change. Each kind
    of change is counted; --json lists every change.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.lint.fix import changes, left_to_repair
    from cocosurgeon.lint.repairable import ALL, SAFE, repairable
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.steps.arguments import parse_names
    from cocosurgeon.steps.repairs.file_names import Prefix, StripFolder
    from cocosurgeon.steps.repairs.fix import Fix

    names = [name for text in select or () for name in parse_names(text)]
    steps: list[Step] = [StripFolder()] if strip_folder else []
    steps += [] if prefix is None else [Prefix(prefix)]
    names += [ALL] if unsafe else [] if names else [SAFE]
    codes = repairable(names, has_images=images is not None)
    steps.append(Fix(codes, images))

    def more(result: Dataset) -> tuple[dict[str, object], list[str]]:
        left = left_to_repair(result, codes, images)
        if console.as_json:
            return {"changes": list(changes(result)), "not_chosen": left}, []
        listed = ", ".join(f"{code} ({count:,})" for code, count in left.items())
        return {}, [
            f"not repaired, because not selected: {listed} (--select, --unsafe)"
        ] if left else []

    run(ann_file, Plan(*steps), output, console, more=more)
