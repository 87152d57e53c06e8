"""``cocosurgeon empty-only``: ``subset --empty``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocosurgeon.cli.options import AnnFile, console, output, steps, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.select.plan import Plan


EXAMPLES = (
    "cocosurgeon empty-only instances_val2017.json",
    "cocosurgeon empty-only --empty=effective:mmdet3 --first 50",
    "cocosurgeon empty-only --json -o empty.json",
)


@takes(steps, output, console, examples=EXAMPLES)
def empty_only(ann_file: AnnFile = None, *, steps: Plan, output: Output, console: Console) -> None:
    """Keep only the images without objects.

    Runs subset --empty, then the other steps. --empty=DEFINITION says what counts as empty, and
    runs at its own place among the steps. All categories stay, so labels do not shift.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.select.plan import Keep, Plan
    from cocosurgeon.steps.images.empty import Empty

    has_definition = any(
        isinstance(step, Keep) and isinstance(step.filter, Empty) for step in steps.steps
    )
    run(ann_file, steps if has_definition else Plan(Empty(), steps), output, console)
