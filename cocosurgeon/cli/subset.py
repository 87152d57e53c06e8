"""``cocosurgeon subset``: keep some images and annotations of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import (
    AnnFiles,
    cluster,
    console,
    output,
    place_of,
    steps,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.shards.cluster import Cluster


EXAMPLES = (
    "cocosurgeon subset instances_train2017.json --first 100",
    "cocosurgeon subset --having person,dog --sample 500 --seed 7",
    "cocosurgeon subset 'shards/*.json' --sample 1000 -o sampled",
)


@takes(steps, output, cluster, console, examples=EXAMPLES)
def subset(
    ann_files: AnnFiles = None,
    merge_into: Annotated[
        str | None,
        typer.Option(
            "--merge-into",
            metavar="FILE",
            rich_help_panel="Output",
            help="Write the kept records of several files into one file. Default: -o DIR, files "
            "of the same names.",
        ),
    ] = None,
    *,
    steps: Plan,
    output: Output,
    cluster: Cluster | None,
    console: Console,
) -> None:
    """Keep some images and annotations, byte for byte.

    Steps apply in the order given, and may be repeated: --first 100 --empty keeps the empty images
    among the first 100. A filter after --to uses the new ids. Lists of NAMES and ids are separated
    by commas; a list keeps what matches any of its parts. Several files are one dataset.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.shards.paths import is_of_several

    if merge_into is not None or cluster is not None or is_of_several(ann_files or ()):
        from cocosurgeon.cli.run_shards import run_shards

        run_shards(ann_files or (), steps, output, place_of(merge_into), cluster, console)
        return
    run(ann_files[0] if ann_files else None, steps, output, console)
