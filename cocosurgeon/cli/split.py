"""``cocosurgeon split``: a file split into parts that share no image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.command import given_options
from cocosurgeon.cli.options import (
    AnnFiles,
    DryRun,
    Force,
    cluster,
    console,
    part_options,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.shards.cluster import Cluster

_WITH_KEY = {"ann_files", "by_key", "out_dir", "force", "dry_run", "quiet", "as_json"}
"""Parameters that may be given with --by-key."""

EXAMPLES = (
    "cocosurgeon split instances.json --ratios 0.8,0.1,0.1 --stratify",
    r"cocosurgeon split instances.json --sizes rest,500 --group-by '^(.+)_\d+\.jpg$'",
    "cocosurgeon split new.json --against train=train.json --against val=val.json",
)


@takes(part_options, cluster, console, examples=EXAMPLES)
def split(
    ctx: typer.Context,
    ann_files: AnnFiles = None,
    out_dir: Annotated[
        str | None,
        typer.Option(
            "--out-dir",
            "-o",
            metavar="DIR",
            rich_help_panel="Output",
            help="Write the parts into this folder, made if it is missing. Default: next to the "
            "input (sample data: into the current folder). Files are named after input and part: "
            "instances_train.json. With several files: a folder for each part, with files of the "
            "same names.",
        ),
    ] = None,
    force: Force = False,
    dry_run: DryRun = False,
    recipe: Annotated[
        bool,
        typer.Option(
            "--recipe",
            rich_help_panel="Output",
            help="Also write a recipe next to each part: instances_train.recipe.json (for "
            "`cocosurgeon apply` and `cocosurgeon verify --recipe`).",
        ),
    ] = False,
    by_key: Annotated[
        str | None,
        typer.Option(
            "--by-key",
            metavar="NAME",
            help="Restore the records of each source from a file that `cocosurgeon merge "
            "--source-key NAME` wrote, byte for byte.",
        ),
    ] = None,
    *,
    part_options: Plan,
    cluster: Cluster | None,
    console: Console,
) -> None:
    """Split a file into parts that share no image, byte for byte.

    Each image is in one part (with --folds, in one val), with all of its annotations. Every part
    has the full category list. The parts depend on ids and --seed, and with --stratify on the
    objects, but not on the file's order or the machine. All parts are written, or none.
    """
    from cocosurgeon.cli.run_split import run_by_key, run_split
    from cocosurgeon.errors import RequestError
    from cocosurgeon.shards.paths import is_of_several
    from cocosurgeon.urls import refuse_urls

    if cluster is not None or is_of_several(ann_files or ()):
        from cocosurgeon.cli.run_shards import split_shards

        if by_key is not None or recipe:
            raise RequestError(
                "--by-key and --recipe work with one file only",
                hint="merge the files first: cocosurgeon merge",
            )
        if force:
            raise RequestError(
                "--force replaces files, no folders",
                hint="remove --force, and name a new folder with -o",
            )
        split_shards(ann_files or (), part_options, out_dir, cluster, console, dry_run=dry_run)
        return
    refuse_urls([out_dir])
    ann_file = ann_files[0] if ann_files else None

    if by_key is not None:
        others = {name for name, _ in given_options(ctx)} - _WITH_KEY
        if others or recipe:
            raise RequestError(
                "--by-key only restores the sources",
                hint="restore the sources, then split them",
            )
        run_by_key(ann_file, by_key, out_dir, console, force=force, dry_run=dry_run)
        return
    run_split(ann_file, part_options, out_dir, console, force=force, dry_run=dry_run, recipe=recipe)
