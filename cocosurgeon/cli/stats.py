"""``cocosurgeon stats``: what a file holds, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import Force, cluster, console, loader_option, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.shards.cluster import Cluster

EXAMPLES = (
    "cocosurgeon stats instances_val2017.json",
    "cocosurgeon stats instances_val2017.json --html val.html --plot val.png",
    "cocosurgeon stats instances_train2017.json subset.json",
)


@takes(cluster, console, examples=EXAMPLES)
def stats(
    ann_files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ANN_FILE",
            help="Annotation file or results file. The classes of two files are compared. Three "
            "or more files, a glob in quotes or a folder are counted as one dataset. Default: as "
            "for subset.",
        ),
    ] = None,
    loader: Annotated[
        list[str] | None,
        loader_option(
            "labels of all loaders, empty images of MMDetection's",
            "Print the labels and empty images of this loader.",
        ),
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Also write the table of classes as CSV.",
            rich_help_panel="Output",
        ),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Also write everything as one HTML page that works offline.",
            rich_help_panel="Output",
        ),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Draw classes, sizes, objects per image and box centers (.png or .svg). Needs "
            "matplotlib: pip install 'cocosurgeon[plot]'.",
            rich_help_panel="Output",
        ),
    ] = None,
    force: Force = False,
    *,
    cluster: Cluster | None,
    console: Console,
) -> None:
    """Count what a file holds: images, objects, classes with their labels, sizes, ids, keys.

    With two files: compares the share of each class, the largest drift first.
    """
    import gc
    from functools import partial
    from pathlib import Path

    from cocosurgeon.cli.outputs import require_apart, write_files
    from cocosurgeon.cli.run import choose
    from cocosurgeon.cli.run_shards import connected, files_of, read_shards
    from cocosurgeon.convert.opening import read_any
    from cocosurgeon.files import require_one_stdin
    from cocosurgeon.loaders import find_loader
    from cocosurgeon.progress import shown_by
    from cocosurgeon.stats import page, report
    from cocosurgeon.stats import plot as drawing
    from cocosurgeon.stats.statistics import Stats, stats_columns

    gc.disable()  # millions of values, but no cycles, and the process ends soon
    given, is_one_dataset = files_of(ann_files or ())
    is_one_dataset |= len(given) > 2
    paths = [choose(ann_file, console).path for ann_file in given or (None,)]
    require_one_stdin(paths)
    loaders = tuple(dict.fromkeys(find_loader(name).name for name in loader or ())) or None
    outputs = [Path(place) for place in (csv, html, plot) if place is not None]
    require_apart(outputs, paths)
    if plot is not None:
        drawing.require_plot(Path(plot))
    columns = stats_columns(loaders)
    found = []
    shared = len(paths) if is_one_dataset else 1
    with shown_by(console.progress), connected(cluster, shared, console) as workers:
        if is_one_dataset:
            shards = read_shards(paths, columns, console, workers)
            found.append(Stats(shards.whole, loaders))
        for path in () if is_one_dataset else paths:
            with console.progress("reading") as progress:
                found.append(Stats(read_any(path, progress, columns), loaders))
        texts: dict[str, bytes] = {}
        if csv is not None:
            texts[csv] = report.csv_of(found).encode(errors="backslashreplace")
        if html is not None:
            texts[html] = page.page_of(found).encode(errors="backslashreplace")
        if plot is not None:
            texts[plot] = drawing.picture_of(found, Path(plot).suffix)
        fields = report.fields_of(found) if console.as_json else {}
        lines = [] if console.as_json else report.lines_of(found, console.width)
    if is_one_dataset:
        fields |= {"files": shards.counts()} if console.as_json else {}
        lines = [*lines, *shards.lines()]
    write_files({path: partial(iter, [text]) for path, text in texts.items()}, force, console)
    console.report({**fields, "output": list(texts)} if texts else fields, lines)
    console.info(*(f"written: {path}" for path in texts))
