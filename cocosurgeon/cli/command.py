"""Commands whose options keep the order in which they are given, in panels of help.

Click collects the values of an option, but not their order among other options, which is the order
of the steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_ORDER = "cocosurgeon.order"
_DEFAULT = re.compile(r"  \[default: (?:\((.*)\)|([^;]*))(?:; (.*[<>].*))?\]$")


class ExampleGroup(TyperGroup):
    """A group of commands whose help has an example of each."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        with formatter.section("Examples"):
            for name in self.list_commands(ctx):
                command: Any = self.get_command(ctx, name)
                formatter.write(f"{'':>{formatter.current_indent}}{command.callback.examples[0]}\n")


class OrderedCommand(TyperCommand):
    """A command that keeps the order of its options.

    An option with one value that is given twice is refused, because either could be meant. An
    option that may be given without a value (``bare_options``) gets its default one.
    """

    bare_options: dict[str, tuple[str, tuple[str, ...]]] = {}  # noqa: RUF012 - set for each command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as click does, and keep the order."""
        end = args.index("--") if "--" in args else len(args)
        args = list(self._with_values(args[:end], ctx)) + args[end:]
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param in order:
            if order.count(param) > 1 and _has_one_value(param):
                raise typer.BadParameter(f"{param.opts[-1]} is given twice", ctx=ctx)
        ctx.meta[_ORDER] = [param.name for param in order]
        convert_only(order, self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options in panels: their own first, then each panel's."""
        panels: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panel = getattr(param, "rich_help_panel", None)
                is_argument = param.param_type_name == "argument"
                # some versions of typer append the Python type of an argument
                name = re.sub(" <.*>$", "", record[0]) if is_argument else record[0]
                record = name, _DEFAULT.sub(_as_sentence, record[1].replace("\\[", "["))
                name = panel or ("Arguments" if is_argument else "Options")
                panels.setdefault(name, []).append(record)
        general = panels.pop("Options")
        for name, records in {**panels, "Options": general}.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        if examples := getattr(self.callback, "examples", ()):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def _with_values(self, args: list[str], ctx: Any) -> Iterator[str]:
        """Yield arguments, with ``--empty``, a blank and a value as ``--empty=value``."""
        takes_value = {
            opt
            for param in self.params
            if param.param_type_name == "option" and not getattr(param, "is_flag", False)
            for opt in param.opts
        }
        position = 0
        while position < len(args):
            arg = args[position]
            position += 1
            if arg in self.bare_options:
                usual, words = self.bare_options[arg]
                following = args[position] if position < len(args) else "-"
                is_value = following.partition(":")[0] in words
                if not is_value and not following.startswith("-") and not Path(following).exists():
                    raise typer.BadParameter(
                        f"{arg} {following}: there is no such file; a value is one of "
                        f"{', '.join(words)}, as in {arg}={words[-2]}",
                        ctx=ctx,
                    )
                position += is_value
                yield f"{arg}={following if is_value else usual}"
                continue
            yield arg
            if arg in takes_value and position < len(args):
                yield args[position]  # the option's value, even if it looks like an option
                position += 1


def convert_only(given: Sequence[Any], params: Iterable[Any]) -> None:
    """Skip the conversion of values that need none: defaults, and text for options of text.

    Typer would build a converter for every option, and import pydantic for them: a fourth of the
    time for a small file.
    """
    for param in params:
        kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
        is_known = kind is not None and not param.required  # older versions of typer have no kind
        if is_known and (param not in given or kind in (str, list[str])):
            param.process_value = partial(_unconverted, param)


def _unconverted(param: Any, ctx: Any, value: Any) -> Any:
    return param.callback(ctx, param, value) if param.callback else value


def _has_one_value(param: Any) -> bool:
    is_option = param.param_type_name == "option"
    return bool(is_option and not param.multiple and not param.is_flag)


def _as_sentence(default: re.Match[str]) -> str:
    """Return the default value as the last sentence of a help text, with the range of values."""
    bounds = f" [{default[3]}]" if default[3] else ""
    return f" Default: {default[1] or default[2]}.{bounds}"


def given_options(ctx: typer.Context) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each given parameter, in the order given."""
    seen: dict[str, int] = {}
    for name in ctx.meta[_ORDER]:
        value = ctx.params.get(name)
        if isinstance(value, (list, tuple)):
            index = seen[name] = seen.get(name, -1) + 1
            if index >= len(value):
                continue  # some versions of click also list arguments without a value
            value = value[index]
        yield name, value
