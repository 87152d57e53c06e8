"""The command line: every verb is one file of this folder, imported when it is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cocosurgeon import cli
from cocosurgeon.cli.command import convert_only
from cocosurgeon.cli.options import make_command
from cocosurgeon.version import __version__

_SHARED = {"app", "command", "completion", "console", "options", "outputs", "run"}
_SHARED |= {"run_convert", "run_lint", "run_shards", "run_split", "run_weights"}
"""Modules of this folder that are no verbs."""


class VerbGroup(TyperGroup):
    """A group whose commands are the modules next to this one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as click does."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        convert_only(given, self.get_params(ctx))
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all verbs."""
        return [name.replace("_", "-") for name in _verbs()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a verb; None if it is unknown."""
        name = cmd_name.replace("-", "_")
        if name not in _verbs():
            return None
        function = _function(name)
        if isinstance(function, typer.Typer):
            command = typer.main.get_command(function)
            command.name = cmd_name
            return command
        return make_command(cmd_name, function)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs with the first sentence of their help, without making their commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name.replace("_", "-"), _summary(name)) for name in _verbs()])


def _verbs() -> list[str]:
    return [each.name for each in iter_modules(cli.__path__) if each.name not in _SHARED]


def _function(name: str) -> Callable[..., None] | typer.Typer:
    function: Callable[..., None] | typer.Typer
    function = getattr(import_module(f"cocosurgeon.cli.{name}"), name)
    return function


def _summary(name: str) -> str:
    function = _function(name)
    text = function.info.help if isinstance(function, typer.Typer) else function.__doc__
    return (text or "").strip().splitlines()[0]


app = typer.Typer(
    cls=VerbGroup,
    help="Cut, check, combine and prove COCO annotation files, without changing a byte that you "
    "did not ask to change.",
    epilog="Exit codes: 0 done; 1 differences or findings; 2 the request cannot be met; "
    "3 bad input data; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _common(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="With --version: also print whether the compiled kernel is used, and versions of "
            "packages.",
        ),
    ] = False,
) -> None:
    if version:
        print(f"cocosurgeon {__version__}")
        if verbose:
            _print_what_is_in_use()
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        ctx.fail("Missing command.")


def _print_what_is_in_use() -> None:
    import platform
    from importlib.metadata import requires, version

    from cocosurgeon.annfile.kernel import IS_IN_USE

    print(f"scan: {'compiled kernel' if IS_IN_USE else 'Python, without the compiled kernel'}")
    print(f"Python {platform.python_version()}, {platform.platform()}")
    for requirement in requires("cocosurgeon") or ():
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement)[0]
            print(f"{name} {version(name)}")
