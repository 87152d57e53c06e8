"""``cocosurgeon weights``: look into checkpoints, and change their names and rows.

apply       apply the steps of a recipe
diff        compare two checkpoints
head        give heads the rows of other classes
rename      rename keys by a table
show        print what a checkpoint holds
wash        keep what inference needs
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import typer

from cocosurgeon.cli.command import ExampleGroup, OrderedCommand
from cocosurgeon.cli.options import assembled

weights = typer.Typer(
    cls=ExampleGroup,
    help="Inspect checkpoints, and change their keys and class rows.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

for _each in iter_modules(__path__):
    _verb = getattr(import_module(f"{__name__}.{_each.name}"), _each.name)
    weights.command(_each.name, cls=OrderedCommand)(assembled(_verb))
