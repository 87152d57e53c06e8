"""``cocosurgeon cache``: the subsets that configs have had built."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli.command import OrderedCommand
from cocosurgeon.cli.console import reporting_errors

Folder = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="FOLDER",
        show_default=False,
        help="This folder. Without it: $COCOSURGEON_CACHE, else the user's.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]

cache = typer.Typer(
    help="The subsets that configs have had built: where they are, which, and away with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cache.command("list", cls=OrderedCommand)
def list_(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show each subset: its steps and source, size and age, whether the source is the same."""
    with reporting_errors():
        from cocosurgeon.cli.caching import show

        show(folder, as_json=as_json)


@cache.command(cls=OrderedCommand)
def clear(
    folder: Folder = None,
    stale: Annotated[
        bool,
        typer.Option(
            "--stale", help="Only those whose source is gone or changed, and broken ones."
        ),
    ] = False,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", show_default=False, help="Only those built before that."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove subsets; without an option all of them.

    Nothing is removed that was not made here, or that is being built.
    """
    with reporting_errors():
        from cocosurgeon.cli.caching import remove

        remove(folder, stale=stale, older_than=older_than, quiet=quiet, as_json=as_json)


@cache.command(cls=OrderedCommand)
def where(folder: Folder = None, as_json: AsJson = False) -> None:
    """Print the folder."""
    with reporting_errors():
        from cocosurgeon.cli.caching import tell_where

        tell_where(folder, as_json=as_json)
