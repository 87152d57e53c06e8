"""``cocosurgeon diff``: what changed between two files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import Force, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console

EXAMPLES = (
    "cocosurgeon diff instances_val2017.json corrected.json",
    "cocosurgeon diff old.json new.json --tolerance 0.5 --only bbox,category_id",
    "cocosurgeon diff old.json exported.json --match content",
)


@takes(console, examples=EXAMPLES)
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="Old file; - is stdin.")],
    after: Annotated[str, typer.Argument(metavar="B", help="New file; - is stdin.")],
    match: Annotated[
        str,
        typer.Option(
            metavar="auto|id|content",
            help="Match records by id, by content (file name, category, box), or by id if the "
            "content agrees (auto).",
        ),
    ] = "auto",
    tolerance: Annotated[
        float,
        typer.Option(metavar="N", help="Ignore differences of N or less (boxes: pixels)."),
    ] = 0.0,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="KEY,...",
            help="Compare only these: top-level keys, or keys of records (bbox, images.width).",
        ),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Output",
            help="Also write the differences as one HTML page.",
        ),
    ] = None,
    force: Force = False,
    *,
    console: Console,
) -> None:
    """Print what changed between two files, and what that does to each loader's labels.

    Exit code 1 if a value or the order differs. Different text of equal values is a note.
    """
    import gc
    from pathlib import Path
    from typing import cast

    from cocosurgeon.checks.files import diff_files
    from cocosurgeon.cli.outputs import require_apart, write_page
    from cocosurgeon.diff.page import page_of
    from cocosurgeon.diff.pairs import By
    from cocosurgeon.errors import RequestError
    from cocosurgeon.files import require_one_stdin
    from cocosurgeon.progress import shown_by

    gc.disable()  # millions of values, but no cycles, and the process ends soon
    require_one_stdin([before, after])
    keys = [key.strip() for key in (only or "").split(",") if key.strip()]
    if only is not None and not keys:
        raise RequestError("--only names no key")
    if html is not None:
        require_apart([Path(html)], [before, after])
    with shown_by(console.progress):
        difference = diff_files(
            before, after, match=cast(By, match), tolerance=tolerance, only=keys
        )
    if html is not None:
        write_page(html, page_of(difference), force, console)
    written = {} if html is None else {"output": html}
    console.report({**difference.fields(), **written}, list(difference.lines(console.width)))
    if difference.is_difference:
        raise typer.Exit(1)
