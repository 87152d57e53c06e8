"""The verbs, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from cocosurgeon.cli.apply import apply
from cocosurgeon.cli.cache import cache
from cocosurgeon.cli.dump import dump
from cocosurgeon.cli.empty_only import empty_only
from cocosurgeon.cli.explain import explain
from cocosurgeon.cli.layout import layout
from cocosurgeon.cli.ordered import OrderedCommand
from cocosurgeon.cli.remap import remap
from cocosurgeon.cli.snippet import snippet
from cocosurgeon.cli.spaces import spaces
from cocosurgeon.cli.subset import subset
from cocosurgeon.cli.verify import verify
from cocosurgeon.version import __version__

app = typer.Typer(
    help="Cut COCO annotation files without changing a byte nobody asked to change.",
    epilog="Exit codes: 0 done; 1 differences or findings; 2 the request cannot be met; "
    "3 bad input data; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=OrderedCommand)(subset)
app.command(cls=OrderedCommand)(empty_only)
app.command(cls=OrderedCommand)(remap)
app.command(cls=OrderedCommand)(spaces)
app.command(cls=OrderedCommand)(apply)
app.command(cls=OrderedCommand)(verify)
app.command(cls=OrderedCommand)(explain)
app.command(cls=OrderedCommand)(dump)
app.command(cls=OrderedCommand)(layout)
app.command(cls=OrderedCommand)(snippet)
app.add_typer(cache, name="cache")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cocosurgeon {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass
