"""Options in the order in which they were written.

Click collects the values of an option, but not how they stood among those of others; here the
order of the steps is their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand

_ORDER = "cocosurgeon.order"
_BARE = {"--empty": "--empty=raw"}


class OrderedCommand(TyperCommand):
    """A command that remembers the order of its options, and takes none of them for another.

    An option with one value that is written twice is refused: which one counts would be a guess.
    ``--empty`` may stand without a value: click has no such option, so the usual value is put in.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as click does, and remember the order."""
        end = args.index("--") if "--" in args else len(args)
        args = [_BARE.get(arg, arg) for arg in args[:end]] + args[end:]
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param in order:
            if order.count(param) > 1 and _has_one_value(param):
                raise typer.BadParameter(f"{param.opts[-1]} is given twice", ctx=ctx)
        ctx.meta[_ORDER] = [param.name for param in order]
        return super().parse_args(ctx, args)


def _has_one_value(param: Any) -> bool:
    is_option = param.param_type_name == "option"
    return bool(is_option and not param.multiple and not param.is_flag)


def in_order(ctx: typer.Context) -> Iterator[tuple[str, Any]]:
    """Each option that was written with its value, in the order written."""
    seen: dict[str, int] = {}
    for name in ctx.meta[_ORDER]:
        value = ctx.params.get(name)
        if isinstance(value, (list, tuple)):
            place = seen[name] = seen.get(name, -1) + 1
            value = value[place]
        yield name, value
