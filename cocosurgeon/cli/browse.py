"""``cocosurgeon browse``: a page to look at images with their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import (
    AnnFile,
    Force,
    Images,
    Loaders,
    console,
    image_folder,
    output_option,
    steps,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.select.plan import Plan

EXAMPLES = (
    "cocosurgeon browse instances_val2017.json -o val.html",
    "cocosurgeon browse val2017.json --images val2017 --having dog -o dogs.html",
    "cocosurgeon browse val2017.json --against results.json -o errors.html",
)


@takes(steps, console, examples=EXAMPLES)
def browse(
    ann_file: AnnFile = None,
    images: Images = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RESULTS",
            help="Also show matched, missed and false detections of this results file.",
        ),
    ] = None,
    loader: Loaders = None,
    output: Annotated[
        str | None,
        output_option(
            "Write the page here. Default: next to the input (sample data: in the current "
            "folder), named after the input and the changes."
        ),
    ] = None,
    embed: Annotated[
        bool,
        typer.Option(
            "--embed",
            rich_help_panel="Output",
            help="Put the image files into the page. Default: link to them.",
        ),
    ] = False,
    force: Force = False,
    *,
    steps: Plan,
    console: Console,
) -> None:
    """Write an HTML page that shows images, objects, findings, and what loaders drop.

    It works offline. The steps choose its images.
    """
    import gc
    import time
    from pathlib import Path

    from cocosurgeon.atomic import appearing
    from cocosurgeon.browse.file_data import FileData
    from cocosurgeon.browse.page import make_page
    from cocosurgeon.cli.outputs import default_output, require_apart
    from cocosurgeon.cli.run import choose
    from cocosurgeon.dataset.io import read
    from cocosurgeon.errors import RequestError
    from cocosurgeon.files import require_one_stdin
    from cocosurgeon.layout.names import FileNames
    from cocosurgeon.layout.search import find_prefix
    from cocosurgeon.loaders import LOADERS, find_loader
    from cocosurgeon.progress import shown_by
    from cocosurgeon.text import plural

    gc.disable()  # millions of values, but no cycles, and the process ends soon
    started = time.monotonic()
    chosen = choose(ann_file, console)
    loaders = list(dict.fromkeys(find_loader(name).name for name in loader or LOADERS))
    folder = image_folder(images)
    inputs = [chosen.path, *([] if against is None else [against]), *steps.files]
    require_one_stdin(inputs)
    with console.progress("reading") as progress:
        dataset = read(chosen.path, progress, steps.columns)
    with console.progress("reading") as progress:
        plan = steps.bind(dataset, progress)
    if output is None:
        named = default_output(dataset, plan, chosen.folder) if plan.steps else chosen.path
        if dataset.source.path is None:
            raise RequestError("no output is named", hint="name the page: -o page.html")
        target = (chosen.folder or Path(named).parent) / Path(named).name
        page_path = target.with_name(target.name.removesuffix(".gz")).with_suffix(".html")
    else:
        page_path = Path(output)
    if str(page_path) == "-":
        raise RequestError(
            "the page links to images: it needs a path", hint="name a file: -o page.html"
        )
    require_apart([page_path], inputs)
    with shown_by(console.progress):
        result = plan.apply(dataset)
        if folder is None and dataset.source.path is not None:
            folder = find_prefix(Path(chosen.path), FileNames.of(result.index).images).folder
        shown = FileData.of(result, folder)
        link_from = None if embed else page_path.parent
        with appearing([page_path], force=force, notice=console.info) as [file]:
            page = make_page(shown, loaders, against, link_from=link_from)
            for piece in page.pieces():
                file.write(piece)
    if not console.as_json:
        console.warn(*result.notes, *page.notes())
    console.info(
        f"{plural(len(shown.images), 'image')}, {plural(len(shown.objects), 'object')}",
        "no folder has its images: name one (--images)" if folder is None else f"images: {folder}",
        f"{time.monotonic() - started:.1f} s",
    )
    fields = {"source": dataset.source.name, "folder": folder and str(folder), **page.fields()}
    console.written(page_path, fields)
