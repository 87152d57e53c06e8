"""``cocosurgeon lint``: files judged by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocosurgeon.cli.options import (
    Force,
    Html,
    cluster,
    console,
    image_folder,
    loader_option,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.lint.report import LintReport
    from cocosurgeon.shards.cluster import Cluster

Names = list[str] | None

EXAMPLES = (
    "cocosurgeon lint instances_val2017.json",
    "cocosurgeon lint instances_val2017.json --loader yolox --ignore masks",
    "cocosurgeon lint instances_val2017.json --code box-outside",
)


@takes(cluster, console, examples=EXAMPLES)
def lint(
    ann_files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ANN_FILE",
            help="Annotation files. Two files are also compared as training and validation set "
            "(codes of the group split). Files of a glob in quotes or a folder are also counted "
            "together, and checked to be one dataset.",
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Also check the image files. file_name is relative to this folder."
        ),
    ] = None,
    loader: Annotated[
        Names,
        loader_option(
            "MMDetection's loaders, and pycocotools",
            "Check for this loader. Faults that make it raise, lose objects or shift labels are "
            "errors.",
        ),
    ] = None,
    select: Annotated[
        Names,
        typer.Option(metavar="NAME", show_default="all", help="Run these checks: a code or group."),
    ] = None,
    ignore: Annotated[
        Names, typer.Option(metavar="NAME", help="Skip the checks of this code or group.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="List every finding of this code.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on warnings, too.")] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Skip findings that are in this report (written with --json)."
        ),
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            metavar="text|github",
            help="Print text, or annotations of a GitHub workflow.",
        ),
    ] = "text",
    explain: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Print the documentation of a code, and exit."),
    ] = None,
    html: Html = None,
    force: Force = False,
    *,
    cluster: Cluster | None,
    console: Console,
) -> None:
    """Check annotation files for the loaders that will read them.

    Exit code 1 if a fault affects one of them.
    """
    import gc
    from importlib import import_module
    from itertools import chain
    from pathlib import Path

    from cocosurgeon.cli.outputs import require_apart, write_page
    from cocosurgeon.cli.run import choose
    from cocosurgeon.cli.run_lint import lint_files
    from cocosurgeon.cli.run_shards import connected, files_of
    from cocosurgeon.convert.opening import open_any, read_any
    from cocosurgeon.draw.findings import SENTENCES, lint_page
    from cocosurgeon.errors import RequestError, UnknownNameError
    from cocosurgeon.findings.codes import CODES
    from cocosurgeon.lint.effects import known_loaders
    from cocosurgeon.lint.on_disk import ON_DISK_CODES
    from cocosurgeon.lint.page import page_of
    from cocosurgeon.lint.pair import PAIR_CODES
    from cocosurgeon.lint.report import in_all, read_baseline
    from cocosurgeon.lint.run import Choice, lint_codes, lint_pair
    from cocosurgeon.lint.run import lint as judged
    from cocosurgeon.progress import shown_by
    from cocosurgeon.text import did_you_mean
    from cocosurgeon.version import DOCS

    gc.disable()  # millions of values, but no cycles, and the process ends soon
    if explain is not None:
        lint_codes()  # which adds the codes of its checks to the table
        import_module("cocosurgeon.parity.codes")
        if explain not in CODES:
            hint = did_you_mean(explain, CODES) or f"{DOCS}/findings.md lists all codes"
            raise UnknownNameError(f"no code is called {explain!r}", hint=hint)
        console.report({"code": explain, "page": page_of(explain)}, page_of(explain).splitlines())
        return
    if format not in ("text", "github"):
        raise RequestError(f"no format {format!r}", hint="use text or github")
    if code is not None and (select or ignore):
        raise RequestError("--code selects one code: remove --select and --ignore")
    loaders = known_loaders(loader or ()) or None
    choice = Choice(tuple(select or ([code] if code else ())), tuple(ignore or ()))
    known = {} if baseline is None else read_baseline(baseline)
    folder = image_folder(images)
    given, is_one_dataset = files_of(ann_files or ())
    paths = [choose(ann_file, console).path for ann_file in given or (None,)]
    if images is None and choice.is_only(ON_DISK_CODES):
        raise RequestError("these codes need image files", hint="name their folder: --images")
    is_pair = len(paths) == 2 and not is_one_dataset
    if not is_pair and choice.is_only(PAIR_CODES):
        raise RequestError("these codes need two files", hint="name both")
    keep = None if console.as_json or code is not None else SENTENCES if html is not None else 5
    if html is not None:
        if len(paths) != 1:
            raise RequestError(
                "--html works with one file only", hint="name one file, or remove --html"
            )
        require_apart([Path(html)], paths)
    options: dict[str, Any] = {"choice": choice, "keep": keep, "known": known, "images": images}
    shared = 1 if is_pair else len(paths)
    whole: LintReport | None = None
    trouble: str | None = None
    with shown_by(console.progress), connected(cluster, shared, console) as workers:
        if workers is not None or (is_one_dataset and len(paths) > 1):
            reports, whole, trouble = lint_files(
                paths, workers, loaders, options, is_one_dataset=is_one_dataset
            )
        else:
            sources = []
            for path in paths:
                sources.append(open_any(path))
                if len(paths) > 2:
                    sources[-1].release()
            reports = [judged(source, loaders=loaders, **options) for source in sources]
            if is_pair and any(map(choice.takes, PAIR_CODES)):
                one, two = sources
                reports.append(lint_pair(one, two, **options))
    if html is not None:
        with shown_by(console.progress):
            page = lint_page(reports[0], read_any(paths[0]), folder)
        write_page(html, page, force, console)
    fields = [report.fields() for report in reports]
    lines = [
        report.lines("--code {}") if format == "text" else report.github_lines()
        for report in reports
    ]
    more: dict[str, object] = {}
    failing = reports if whole is None else [whole]
    if is_one_dataset:
        whole = whole or in_all(reports)
        more = {"in_all": whole.fields(), "not_one_dataset": trouble}
        if format == "text":
            last = "the files are one dataset" if trouble is None else f"error: {trouble}"
            lines += [["", *whole.lines("--code {}"), last]]
        else:
            lines += [whole.github_lines(is_of_file=False)]
    is_alone = len(fields) == 1 and not is_one_dataset
    console.report(fields[0] if is_alone else {"files": fields, **more}, list(chain(*lines)))
    if trouble is not None or any(report.is_failure(strict=strict) for report in failing):
        raise typer.Exit(1)
