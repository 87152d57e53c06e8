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
        from cocosurgeon.cli.filtering import parse_empty
        from cocosurgeon.cli.run import run
        from cocosurgeon.cli.source import choose
        from cocosurgeon.cli.voice import Voice
        from cocosurgeon.cli.writing import Outputs
        from cocosurgeon.plan import Plan

        plan = Plan(parse_empty(definition))
        outputs = Outputs(subset=output, ids=ids_out, recipe=recipe, force=force)
        voice = Voice(quiet=quiet, as_json=as_json)
        run(choose(ann_file), lambda dataset: (plan, dataset), outputs, voice, dry_run=dry_run)
