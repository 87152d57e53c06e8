"""``cocosurgeon spaces``: which 80, which 91."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocosurgeon.cli.completion import complete_space
from cocosurgeon.cli.options import console, takes

if TYPE_CHECKING:
    from cocosurgeon.categories.spaces import Space
    from cocosurgeon.cli.console import Console

_HEADER = ("space", "outputs", "classes", "index", "background", "unused", "whose")


EXAMPLES = (
    "cocosurgeon spaces",
    "cocosurgeon spaces --compare coco91 detr91",
    "cocosurgeon spaces --guess custom.json",
)


@takes(console, examples=EXAMPLES)
def spaces(
    space: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_space,
            metavar="SPACE",
            help="Show only this label space.",
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            autocompletion=complete_space,
            metavar="A B",
            help="Compare two label spaces class by class.",
        ),
    ] = None,
    guess: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="List the label spaces that fit an annotation or results file, and why.",
        ),
    ] = None,
    rows: Annotated[
        tuple[str, str] | None,
        typer.Option(
            autocompletion=complete_space,
            metavar="FROM TO",
            help="Print a line of numpy that turns a classification head of FROM into one of TO.",
        ),
    ] = None,
    fill: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            help="Fill rows that a head of FROM does not have with this value.",
        ),
    ] = None,
    *,
    console: Console,
) -> None:
    """Show the known label spaces: what each label number means, and in whose code.

    Without an argument: lists all, one per line.
    """
    from cocosurgeon.categories import guess as guessing
    from cocosurgeon.categories import heads, inventory
    from cocosurgeon.categories import spaces as known
    from cocosurgeon.dataset.io import read
    from cocosurgeon.errors import RequestError

    if sum(option is not None for option in (space, compare, guess, rows)) > 1:
        raise RequestError("give only one of SPACE, --compare, --guess and --rows")
    if fill is not None and rows is None:
        raise RequestError("--fill has no effect without --rows")
    if space is not None:
        found = known.find_space(space)
        report, lines = _plain(found), _described(found)
    elif compare is not None:
        agreement = known.compare_spaces(*map(known.find_space, compare))
        report, lines = _plain(agreement), agreement.lines()
    elif guess is not None:
        with console.progress("reading") as progress:
            dataset = read(guess, progress)
        guessed = guessing.guess_space(inventory.Inventory.of(dataset))
        file = {"file": dataset.source.name, "space": guessed.only}
        report, lines = {**file, **_plain(guessed)}, guessed.lines()
    elif rows is not None:
        head = heads.head_rows(*rows)
        if fill is not None and not head.unfilled:
            raise RequestError(f"nothing to fill: {rows[0]} has every row of {rows[1]}")
        lines = [head.numpy_line(fill)]
        number = fill if fill is None or isfinite(fill) else str(fill)
        report = {**_plain(head), "fill": number, "numpy": lines[0]}
        if head.discarded:
            names = ", ".join(head.discarded.values())
            console.info(f"rows of {head.before} that {head.after} does not have: {names}")
    else:
        table = list(known.spaces().values())
        report, lines = (
            {"spaces": [_plain(space) for space in table]},
            _listed(table, console.width),
        )
    console.report(report, lines)


def _plain(value: object) -> Any:
    """Return a report as JSON values."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): text for key, text in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _listed(known: list[Space], width: int | None) -> list[str]:
    from cocosurgeon.text import table_lines

    rows = [_HEADER]
    for s in known:
        outputs, background = ("-" if v is None else str(v) for v in (s.outputs, s.background))
        counts = str(len(s.classes)), str(len(s.unused))
        rows.append((s.name, outputs, counts[0], s.index, background, counts[1], s.framework))
    return table_lines(rows, frozenset({1, 2, 4, 5}), width)


def _described(space: Space) -> list[str]:
    import textwrap

    def listed(names: Mapping[int, str]) -> str:
        return ", ".join(f"{i} {name}" for i, name in names.items())

    outputs = "-, numbers in annotation files" if space.outputs is None else space.outputs
    classes = listed(space.classes) if space.is_named else "by number"
    facts = {
        "whose": space.framework,
        "aliases": ", ".join(space.aliases),
        "defined in": space.defined_in,
        "outputs": outputs,
        "index": space.index,
        "background": "none" if space.background is None else str(space.background),
        f"unused ({len(space.unused)})": listed(space.unused) or "none",
        f"classes ({len(space.classes):,})": classes,
        "note": space.note,
    }
    lines = [space.name]
    for name, text in facts.items():
        if text:
            fact = textwrap.wrap(f"{name}: {text}", 94, subsequent_indent="  ")
            lines += [f"  {line}" for line in fact]
    return lines
