"""The options that verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

AnnFile = Annotated[
    str | None,
    typer.Argument(
        metavar="ANN_FILE",
        show_default=False,
        help="Annotation file or results file (.json, .json.gz, - for stdin). Without it: "
        "$COCOSURGEON_ANN_FILE, else data/coco/annotations/instances_{train,val}2017.json, "
        "else the sample data.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        show_default=False,
        help="Where to write; - is stdout, .gz compresses. "
        "Without it: beside the source, named after the plan.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Explain step by step; write nothing.")]
IdsOut = Annotated[
    str | None,
    typer.Option(
        "--ids-out",
        metavar="FILE",
        show_default=False,
        help="Also write the kept image ids, one a line (for --ids-file).",
    ),
]
RecipeOut = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="FILE",
        show_default=False,
        help="Also write the steps and the source's identity, for `cocosurgeon apply`.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No account, no progress bar.")]
Json = Annotated[bool, typer.Option("--json", help="The account (or explanation) as JSON.")]
