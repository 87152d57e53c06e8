"""``cocosurgeon empty-only``: keep only the images without objects."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.loaders import LOADERS


@options.verb
def empty_only(
    ann_file: options.AnnFile = None,
    definition: Annotated[
        str,
        typer.Option(
            metavar="DEFINITION",
            help="raw: no annotation. category: none of a category that the file knows. "
            "category:NAMES: none of these. effective:LOADER: nothing to train on for "
            f"{', '.join(LOADERS)}.",
        ),
    ] = "raw",
    *,
    shared: options.Shared,
) -> None:
    """Keep only the images without objects.

    All categories stay: without them labels would shift.
    """
    from cocosurgeon.cli.run import run
    from cocosurgeon.cli.source import choose
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.steps.filtering import parse_empty

    plan = Plan(parse_empty(definition))
    run(choose(ann_file), lambda dataset: (plan, dataset), shared)
