"""``cocosurgeon spaces``: which 80, which 91."""

from __future__ import annotations

from typing import Annotated

import typer


def spaces(
    space: Annotated[
        str | None,
        typer.Argument(metavar="SPACE", show_default=False, help="Show this one only."),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", show_default=False, help="Where two agree, class by class."),
    ] = None,
    guess: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Which ones an annotation or results file could be in, and why.",
        ),
    ] = None,
    rows: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="FROM TO",
            show_default=False,
            help="The rows that turn a classification head of one into the other, as a line of "
            "numpy (or --json).",
        ),
    ] = None,
    fill: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            show_default=False,
            help="What rows hold that the head in FROM does not have.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the known numberings of classes: what an index means, and in whose code.

    Without an argument: all of them, one a line.
    """
    from cocosurgeon.cli.showing_spaces import show
    from cocosurgeon.errors import RequestError

    asked = [a for a in (space, compare, guess, rows) if a is not None]
    if len(asked) > 1:
        raise RequestError("one question at a time: SPACE, --compare, --guess or --rows")
    if fill is not None and rows is None:
        raise RequestError("--fill fills nothing without --rows")
    show(space=space, compare=compare, guess=guess, rows=rows, fill=fill, as_json=as_json)
