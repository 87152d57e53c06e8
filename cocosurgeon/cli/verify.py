"""``cocosurgeon verify``: prove that a loader sees what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.loaders import DEFAULT, LOADERS

if TYPE_CHECKING:
    from cocosurgeon.probe.request import ProbeOptions


@options.takes(options.real)
def verify(
    subset: Annotated[str, typer.Argument(metavar="SUBSET", help="Annotation or results file.")],
    source: Annotated[
        str | None,
        typer.Option(metavar="FULL", show_default=False, help="The file that it was cut from."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE", show_default=False, help="How: what it drops and maps is meant."
        ),
    ] = None,
    loader: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=f"{DEFAULT}; with --config its own",
            help=f"Compare what this loader loads: {', '.join(LOADERS)}. "
            "none: compare the text only.",
        ),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(metavar="train|test", show_default="both", help="As it is set up for."),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            show_default=False,
            help="Class names as the config has them. Without it: the source's categories.",
        ),
    ] = None,
    option: options.LoaderOptions = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="DUMP",
            show_default=False,
            help="Compare the loader with a dump of what another one emitted.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(metavar="PIXELS", help="By which boxes may differ from those of a dump."),
    ] = 0.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress bar, no lists of images left out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The verification as JSON.")] = False,
    *,
    real: ProbeOptions,
) -> None:
    """Prove that a subset is its source's, and that a loader sees what was meant.

    Every kept record is held against the source byte for byte, and what the loader emits for the
    one against what it emits for the other. Exit code 1 where something does not hold.
    """
    from cocosurgeon.cli.verifying import Request, run

    request = Request.of(
        subset=subset,
        source=source,
        recipe=recipe,
        loaders=loader,
        modes=mode,
        classes=classes,
        options=option,
        against=against,
        tolerance=tolerance,
        has_config=real.config is not None,
    )
    run(request, real, quiet=quiet, as_json=as_json)
