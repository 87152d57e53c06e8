"""``cocosurgeon empty-only``: keep only the images without objects."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.ending import told


def empty_only(
    ann_file: options.AnnFile = None,
    definition: Annotated[
        str,
        typer.Option(
            metavar="DEFINITION",
            help="raw: no annotation. category: none of a category that the file knows. "
            "category:NAMES: none of these.",
        ),
    ] = "raw",
    output: options.Output = None,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    ids_out: options.IdsOut = None,
    recipe: options.RecipeOut = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Keep only the images without objects.

    All categories stay: without them labels would shift.
    """
    with told():
        from cocosurgeon.cli.filtering import empty
        from cocosurgeon.cli.run import run
        from cocosurgeon.plan import Plan

        plan = Plan(empty(definition))
        request = options.Request(ann_file, output, force, dry_run, ids_out, recipe, quiet, as_json)
        run(request, lambda dataset: plan)
