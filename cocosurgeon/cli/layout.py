"""``cocosurgeon layout``: check a data folder, or copy a subset with its images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import Strict, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.layout.copy_tree import How


EXAMPLES = (
    "cocosurgeon layout data/coco",
    "cocosurgeon layout --gather small --of first100.json",
    "cocosurgeon layout --gather small --of first100.json --link",
)


@takes(console, examples=EXAMPLES)
def layout(
    root: Annotated[
        str | None,
        typer.Argument(
            metavar="ROOT",
            help="Folder with annotations/, train2017/, ... Default: the data root of "
            "$COCOSURGEON_ANN_FILE, else data/coco, else the sample data.",
        ),
    ] = None,
    gather: Annotated[
        str | None,
        typer.Option(
            metavar="OUT",
            rich_help_panel="Output",
            help="Put annotation files (--of) and their images into this new folder.",
        ),
    ] = None,
    of: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ANN_FILE",
            help="Gather this file and its images. May be repeated.",
        ),
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the images (default).")] = False,
    link: Annotated[bool, typer.Option("--link", help="Link to the images instead.")] = False,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Take the images from this folder. Default: found by file names.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Gather even if images are missing.")
    ] = False,
    strict: Strict = False,
    *,
    console: Console,
) -> None:
    """Check a data folder as MMDetection and DETR open it, or gather a subset's images.

    Prints what each annotation file is, and how many of its images exist. Exit code 1 if a loader
    would fail.
    """
    from cocosurgeon.errors import RequestError

    if gather is None:
        if copy or link or allow_missing or not (of is None and img_prefix is None):
            raise RequestError(
                "--of, --copy, --link, --img-prefix and --allow-missing need --gather",
                hint="name the new folder: --gather OUT",
            )
        _check(root, console, strict=strict)
        return
    if of is None or (copy and link):
        raise RequestError(
            "--gather takes annotation files (--of), and one of --copy and --link",
            hint="cocosurgeon layout --gather OUT --of SUBSET.json",
        )
    if strict:
        raise RequestError("--strict has no effect with --gather")
    how: How = "link" if link else "copy"
    _gather(Path(gather), of, how, root, img_prefix, allow_missing, console)


def _check(named: str | None, console: Console, *, strict: bool) -> None:
    """Check a data root, print the report, and exit with 1 if there are errors."""
    from cocosurgeon.cli.run import choose
    from cocosurgeon.findings.finding import is_failure
    from cocosurgeon.layout.check import check_layout
    from cocosurgeon.layout.report import layout_fields, layout_lines
    from cocosurgeon.layout.search import data_roots

    root, why = Path("data/coco" if named is None else named), None
    if named is None:
        why = "found below the current folder"
        if "COCOSURGEON_ANN_FILE" in os.environ or not root.is_dir():
            chosen = choose(None)
            root, why = data_roots(Path(chosen.path))[0], chosen.why
            root = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
        console.info(f"data root: {root} ({why})")
    found = check_layout(root, console.progress)
    fields = {"root_chosen": why, **layout_fields(found)}
    console.report(fields, layout_lines(found, notes=not console.quiet, width=console.width))
    if is_failure(found.findings, strict=strict):
        raise typer.Exit(1)


def _gather(
    out: Path,
    ann_files: list[str],
    how: How,
    root: str | None,
    img_prefix: str | None,
    allow_missing: bool,
    console: Console,
) -> None:
    """Copy annotation files with their images into a new tree, and print its path."""
    from cocosurgeon.dataset.io import read
    from cocosurgeon.layout.copy_tree import copy_tree
    from cocosurgeon.layout.gather import files_to_copy
    from cocosurgeon.layout.report import copy_fields, copy_lines

    datasets = []
    for ann_file in {os.path.realpath(a): a for a in ann_files}.values():
        with console.progress(f"reading {Path(ann_file).name}") as progress:
            datasets.append(read(ann_file, progress))
    files = files_to_copy(datasets, root=root, img_prefix=img_prefix, allow_missing=allow_missing)
    with console.bar("copying" if how == "copy" else "linking") as bar:
        if bar is not None:
            bar.total = sum(f.size for f in (*files.ann_files, *files.files))
        advance = bar.update if bar is not None else lambda _: None
        try:
            copy_tree(files, out, how, advance, console.info)
        except (KeyboardInterrupt, SystemExit):
            if not out.exists():
                console.info(f"stopped early: {out} was not written")
            raise
    console.info(*copy_lines(files, how))
    console.written(out, copy_fields(files, how))
