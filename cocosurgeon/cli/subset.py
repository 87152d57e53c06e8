"""``cocosurgeon subset``: keep some images and annotations of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocosurgeon.cli.options import AnnFile, console, output, steps, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.select.plan import Plan


EXAMPLES = (
    "cocosurgeon subset instances_train2017.json --first 100",
    "cocosurgeon subset --having person,dog --sample 500 --seed 7",
    "cocosurgeon subset detections.json --match first100.json",
)


@takes(steps, output, console, examples=EXAMPLES)
def subset(ann_file: AnnFile = None, *, steps: Plan, output: Output, console: Console) -> None:
    """Keep some images and annotations, byte for byte.

    Steps apply in the order given, and may be repeated: --first 100 --empty are the empty images
    among the first 100. A filter after --to asks about the new ids. Lists of NAMES and ids are
    separated by commas; a list keeps what matches any of its parts.
    """
    from cocosurgeon.cli.run import run

    run(ann_file, steps, output, console)
