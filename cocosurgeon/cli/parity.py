"""``cocosurgeon parity``: the first difference between recorded steps of two repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import Force, console, takes
from cocosurgeon.version import DOCS

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon parity runs/detr runs/mmdet",
    "cocosurgeon parity runs/detr runs/mmdet --rename bbox_head=bbox_embed",
    "cocosurgeon parity detr mmdet --tolerance forward=1e-4 --html port.html",
)


@takes(console, examples=EXAMPLES)
def parity(
    original: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help=f"Recording of the original: a folder. {DOCS}/parity.md says how to record.",
        ),
    ],
    port: Annotated[str, typer.Argument(metavar="B", help="Recording of the port: a folder.")],
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Let values differ by this much: a kind (loss), a name or a pattern "
            "(forward/backbone*). The report lists the defaults.",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="B=A",
            help="Compare a name of B, or all names that begin with it, with a name of A.",
        ),
    ] = None,
    rank: Annotated[
        int, typer.Option(metavar="N", help="Compare this rank of distributed training.")
    ] = 0,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Output",
            help="Also write a checklist of the port as one HTML page.",
        ),
    ] = None,
    force: Force = False,
    *,
    console: Console,
) -> None:
    """Find the first difference between training steps that two repositories recorded.

    Exit code 1 if a step differs.
    """
    from pathlib import Path

    from cocosurgeon.cli.outputs import require_apart, write_page
    from cocosurgeon.parity.align import parse_renames
    from cocosurgeon.parity.compare import compare
    from cocosurgeon.parity.page import page_of
    from cocosurgeon.parity.recorded import read_recording
    from cocosurgeon.parity.tolerances import parse_tolerances

    tolerances, renames = parse_tolerances(tolerance or ()), parse_renames(rename or ())
    if html is not None:
        require_apart([Path(html)], [])
    a, b = read_recording(original, rank), read_recording(port, rank)
    found = compare(a, b, tolerances, renames)
    if html is not None:
        write_page(html, page_of(found), force, console)
    written = {} if html is None else {"output": html}
    console.report({**found.fields(), **written}, found.report(console.width))
    if found.first is not None:
        raise typer.Exit(1)
