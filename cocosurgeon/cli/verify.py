"""``cocosurgeon verify``: prove that a loader loads what was meant."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.completion import complete_mode
from cocosurgeon.loaders import DEFAULT, LOADERS
from cocosurgeon.version import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from cocosurgeon.cli.console import Console
    from cocosurgeon.findings.finding import Finding
    from cocosurgeon.probe.request import ProbeOptions
    from cocosurgeon.verify.verification import Verification


EXAMPLES = (
    "cocosurgeon verify first100.json --source instances_train2017.json",
    "cocosurgeon verify first100.json --loader detr --json",
    "cocosurgeon verify first100.json --config my_config.py --samples 8",
)


@options.takes(options.real, options.console, examples=EXAMPLES)
def verify(
    subset: Annotated[
        str, typer.Argument(metavar="SUBSET", help="Annotation or results file to verify.")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="FULL",
            help="Compare the subset with this file, which it was cut from.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="Expect what this recipe drops and maps."),
    ] = None,
    loader: Annotated[
        list[str] | None,
        options.loader_option(
            f"{DEFAULT}; with --config its own",
            f"Compare what this loader loads: {', '.join(LOADERS)}. none: compare the text only.",
        ),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=complete_mode,
            metavar="train|test",
            show_default="both",
            help="Set the loader up for training, or for testing.",
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            show_default="the source's categories",
            help="Give the loader these class names.",
        ),
    ] = None,
    option: options.LoaderOptions = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="DUMP",
            help="Compare the loader with a dump of another loader.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(metavar="PIXELS", help="Let boxes differ from a dump's by this many pixels."),
    ] = 0.0,
    strict: options.Strict = False,
    html: options.Html = None,
    images: options.Images = None,
    force: options.Force = False,
    *,
    real: ProbeOptions,
    console: Console,
) -> None:
    """Prove that a subset matches its source, and that a loader loads the same from both.

    Compares every kept record with the source, byte for byte, and what a loader loads from both
    files. Exit code 1 if something differs.
    """
    import gc
    import sys
    from datetime import datetime, timezone

    from cocosurgeon.checks.verified import verify as compared
    from cocosurgeon.cli.console import silence
    from cocosurgeon.errors import RequestError
    from cocosurgeon.findings.finding import is_failure
    from cocosurgeon.progress import shown_by
    from cocosurgeon.steps.arguments import parse_names
    from cocosurgeon.verify.run import VerifyRequest

    gc.disable()  # millions of values, but no cycles, and the process ends soon
    if images is not None and html is None:
        raise RequestError("--images has no effect without a page", hint="add --html page.html")
    folder = options.image_folder(images) or real.img_prefix
    if html is not None:
        from cocosurgeon.cli.outputs import require_apart

        require_apart([Path(html)], [p for p in (subset, source, recipe, against) if p is not None])
    named, opened = subset, _as_file(subset, loader)
    if opened is not None:
        given = [text for name in loader or () for text in LOADERS[name].tree_options]
        subset, option = opened.name, [*given, *(option or ())]
    request = VerifyRequest.of(
        subset=subset,
        source=source,
        recipe=recipe,
        loaders=loader,
        modes=mode,
        classes=None if classes is None else parse_names(classes),
        options=option,
        against=against,
        tolerance=tolerance,
        has_config=real.config is not None,
    )
    with shown_by(console.progress):
        found, hashes = compared(request, real)
    if opened is not None:
        made = f"{named} is not an annotation file: category ids are its class numbers, from 1"
        hashes = {named if name == subset else name: sha for name, sha in hashes.items()}
        found = replace(found, subset=named, notes=(made, *found.notes))
    if source is not None and recipe is not None and (note := _recipe_note(recipe, hashes)):
        found = replace(found, notes=(note, *found.notes))
    if html is not None:
        _write_page(html, found.findings, subset, source, folder, console, force=force)
    when = datetime.now(timezone.utc).astimezone().replace(microsecond=0)
    fields = _fields(found, hashes, when, strict=strict)
    lines = _lines(found, hashes, when, console, strict=strict)
    try:
        console.report(fields, lines)
    except BrokenPipeError:
        silence(sys.stdout)  # nobody reads the findings, but the exit code counts
    if is_failure(found.findings, strict=strict):
        raise typer.Exit(1)


def _as_file(subset: str, loaders: list[str] | None) -> IO[bytes] | None:
    """Return a dataset of another format as an annotation file, with its loader's class numbers.

    None for an annotation file.

    Raises:
        RequestError: no loader reads this format, or another loader was given.
    """
    path = Path(subset)
    if not os.path.isdir(subset) and path.suffix.lower() not in (".yaml", ".yml"):  # noqa: PTH112
        return None  # an annotation file: import no code that writes files
    from tempfile import NamedTemporaryFile

    from cocosurgeon.convert.opening import format_at, format_with
    from cocosurgeon.convert.read import read_format
    from cocosurgeon.errors import RequestError

    name = format_at(str(path))
    if name is None:
        return None
    readers = [loader for loader in LOADERS.values() if loader.tree_format == name]
    if loaders is None or len(loaders) != 1 or loaders[0] not in {each.name for each in readers}:
        hints = [f"--loader {loader.name}" for loader in readers]
        raise RequestError(
            f"this is a dataset in the format {name}",
            where=subset,
            hint=" or ".join(hints) or f"convert it: cocosurgeon convert {subset} --from {name}",
        )
    file = NamedTemporaryFile(prefix=f"{path.absolute().name}-", suffix=".json")  # noqa: SIM115
    found = read_format(path, format_with(name, str(path)), plain=True)
    for image in found.images:
        # Label files have been found already: with a folder images/ in a name, the loader would
        # look for them again.
        image["file_name"] = re.sub(r"(^|/)images/", r"\1images./", image["file_name"])
    file.writelines(found.text())
    file.flush()
    return file


def _write_page(
    html: str,
    findings: Sequence[Finding],
    subset: str,
    source: str | None,
    folder: Path | None,
    console: Console,
    *,
    force: bool,
) -> None:
    """Write findings as a page; only this reads the files with code that writes files, too."""
    from cocosurgeon.cli.outputs import write_page
    from cocosurgeon.dataset.io import read
    from cocosurgeon.draw.findings import findings_page
    from cocosurgeon.progress import shown_by

    with shown_by(console.progress):
        files = (read(subset), None if source is None else read(source))
        page = findings_page(findings, *files, folder=folder)
    write_page(html, page, force, console)


def _recipe_note(recipe: str, hashes: Mapping[str, str]) -> str | None:
    """Return a note if a recipe was made for another file than the source."""
    from cocosurgeon.steps.recipe import read_recipe

    made_for = read_recipe(recipe).source
    if not hashes or made_for.sha256 in list(hashes.values())[1:]:
        return None
    return f"the recipe was made for another file: {made_for.name}, sha256 {made_for.sha256[:12]}"


def _lines(
    found: Verification,
    hashes: Mapping[str, str],
    when: datetime,
    console: Console,
    *,
    strict: bool,
) -> list[str]:
    import platform

    short = ", ".join(f"{Path(name).name} {sha[:12]}" for name, sha in hashes.items())
    by = f"cocosurgeon {__version__}, Python {platform.python_version()}, {when:%Y-%m-%d}"
    by += f", sha256: {short}" if short else ""
    return found.lines(by, strict=strict, with_lists=not console.quiet, width=console.width)


def _fields(
    found: Verification, hashes: Mapping[str, str], when: datetime, *, strict: bool
) -> dict[str, object]:
    import platform

    from cocosurgeon.findings.finding import finding_fields

    return {
        "cocosurgeon": __version__,
        "python": platform.python_version(),
        "date": when.isoformat(),
        "sha256": hashes,
        "subset": found.subset,
        "status": found.status(strict=strict),
        "compared": found.compared,
        "assumed": [asdict(each) for each in found.assumed],
        "findings": finding_fields(found.findings),
        "notes": found.notes,
        "skipped": [asdict(each) for each in found.skipped],
    }
