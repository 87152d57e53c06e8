"""What verbs share: the options, and that they tell their errors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.ending import told

if TYPE_CHECKING:
    from cocosurgeon.cli.voice import Voice
    from cocosurgeon.cli.writing import Outputs
    from cocosurgeon.probe.request import ProbeOptions

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

To = Annotated[
    str | None,
    typer.Option(
        metavar="SPACE",
        show_default=False,
        help="Bring category ids into this space (`cocosurgeon spaces` lists them): mmdet80, "
        "coco91, detr91, ...",
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SPACE",
        show_default=False,
        help="The space that the file is in; names: what its own names say. "
        "Without it: told by ids and names, where one fits.",
    ),
]
Start = Annotated[
    int | None,
    typer.Option(metavar="N", show_default=False, help="The first id, where ids are positions."),
]
UnmappedIds = Annotated[
    str | None,
    typer.Option(
        "--unmapped",
        metavar="error|drop|keep",
        show_default="error",
        help="What becomes of categories that the map does not mention, and their objects.",
    ),
]
Aliases = Annotated[
    list[str] | None,
    typer.Option(
        "--alias",
        metavar="OLD=NEW",
        show_default=False,
        help="The file's name OLD stands for NEW; names are compared exactly.",
    ),
]

LoaderOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        show_default=False,
        help="An option of the loader's own: filter_empty_gt=false, min_size=0, indices=100.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The options that verbs share, as they were given.

    Attributes:
        outputs: what is to be written, and where.
        voice: how much is said.
        dry_run: explain only.
    """

    outputs: Outputs
    voice: Voice
    dry_run: bool


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Make a verb of a function that writes a subset: the options that those share are added to
    its own, and reach it as its argument ``shared``; errors are told in their own words."""
    return _taking(_shared, "shared", function)


def asking(function: Callable[..., None]) -> Callable[..., None]:
    """Make a verb of a function that may ask a real library: options as in ``verb``, which reach
    it as its argument ``real``."""
    return _taking(_real, "real", function)


_LATER = {"ProbeOptions": object}
"""Types that only type checkers see: their modules are not loaded for --help."""


def _taking(
    make: Callable[..., object], name: str, function: Callable[..., None]
) -> Callable[..., None]:
    """A function with options that are made into one of its arguments."""

    @functools.wraps(function)
    def told_verb(**values: object) -> None:
        with told():
            made = make(**{option: values.pop(option) for option in common})
            function(**values, **{name: made})

    common = inspect.signature(make, locals=_LATER, eval_str=True).parameters
    own = inspect.signature(function, locals=_LATER, eval_str=True).parameters
    parameters = [p for p in own.values() if p.name != name] + list(common.values())
    told_verb.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    told_verb.__annotations__ = {p.name: p.annotation for p in parameters}
    return told_verb


def _shared(
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            show_default=False,
            help="Where to write; - is stdout, .gz compresses. "
            "Without it: beside the source, named after the plan.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Explain step by step; write nothing.")
    ] = False,
    ids_out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Also write the kept image ids, one a line (for --ids-file).",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Also write the steps and the source's identity, for `cocosurgeon apply`.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No account, no progress bar.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The account (or explanation) as JSON.")
    ] = False,
) -> Shared:
    from cocosurgeon.cli.voice import Voice
    from cocosurgeon.cli.writing import Outputs

    return Shared(
        outputs=Outputs(
            subset=_place(output), ids=_place(ids_out), recipe=_place(recipe), force=force
        ),
        voice=Voice(quiet=quiet, as_json=as_json),
        dry_run=dry_run,
    )


def _place(named: str | None) -> str | None:
    """An output as it was named; standard output by its one name."""
    return "-" if named in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1") else named


def _real(
    config: Annotated[
        str | None,
        typer.Option(
            metavar="CFG",
            show_default=False,
            help="Build the real dataset as this mmengine or mmcv config does.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="train|val|test", show_default="val", help="Whose dataset of --config."
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            metavar="EXE",
            show_default=False,
            help="An interpreter that has the real library; cocosurgeon is not needed there.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", show_default="600", help="After which the real library is ended."
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            metavar="N", show_default=False, help="Put N images through the real pipeline, too."
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", show_default=False, help="Put these through it."),
    ] = None,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", show_default=False, help="The images, where no config says where."
        ),
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            metavar="own|plain",
            show_default="own with --config, else plain",
            help="Put them through the config's pipeline, or through one that loads and packs.",
        ),
    ] = None,
) -> ProbeOptions:
    from pathlib import Path
    from typing import Any, cast

    from cocosurgeon.probe.request import ProbeOptions
    from cocosurgeon.steps.lists import split_list

    return ProbeOptions(
        config=Path(config) if config else None,
        split=cast(Any, split),
        python=python,
        timeout=timeout,
        samples=samples,
        images=tuple(token for text in image or () for token in split_list(text)),
        img_prefix=Path(img_prefix) if img_prefix else None,
        pipeline=cast(Any, pipeline),
    )
