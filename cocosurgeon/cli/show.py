"""``cocosurgeon show``: images drawn with their annotations, or with what loaders load."""

from __future__ import annotations

from pathlib import Path
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
    from cocosurgeon.draw.show import Shown
    from cocosurgeon.select.plan import Plan

EXAMPLES = (
    "cocosurgeon show instances_val2017.json --image 139",
    "cocosurgeon show --having dog --first 12 -o dogs.png",
    "cocosurgeon show instances_val2017.json --image 139 --panels --loader mmdet3",
)


@takes(steps, console, examples=EXAMPLES)
def show(
    ann_file: AnnFile = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Draw this image. Repeat the option for a sheet."),
    ] = None,
    images: Images = None,
    panels: Annotated[
        bool,
        typer.Option(
            "--panels",
            help="Draw one image as recorded, and as each loader loads it. Dropped objects are "
            "gray, with the rule.",
        ),
    ] = False,
    loader: Loaders = None,
    columns: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=20,
            show_default="4; panels: 3",
            help="Draw this many images or panels per row.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        output_option(
            "Write here: .png, .jpg or .webp. Default: in the current folder, named after "
            "the input and the image.",
            metavar="OUT.png",
        ),
    ] = None,
    force: Force = False,
    *,
    steps: Plan,
    console: Console,
) -> None:
    """Draw images with boxes, masks, keypoints and names.

    Crowds are hatched, ignored objects are dashed. Several images make a sheet. Steps choose images
    and annotations, as in subset.
    """
    import re

    from cocosurgeon.cli.run import choose
    from cocosurgeon.dataset.io import read
    from cocosurgeon.draw.show import COLUMNS, PANEL_COLUMNS, show_images, show_panels
    from cocosurgeon.errors import RequestError
    from cocosurgeon.loaders import LOADERS, find_loader
    from cocosurgeon.progress import shown_by
    from cocosurgeon.steps.arguments import Typed, split_list
    from cocosurgeon.steps.images.ids import GivenIds

    if loader and not panels:
        raise RequestError("--loader has no effect without --panels")
    if output is not None:
        require_picture(output)
    names = [find_loader(name).name for name in loader or LOADERS]
    folder = image_folder(images)
    chosen = choose(ann_file, console)
    with console.progress("reading") as progress:
        dataset = read(chosen.path, progress, steps.columns)
    with shown_by(console.progress):
        dataset = steps.bind(dataset).apply(dataset)
        chosen_images = dataset
        if image:
            wanted = GivenIds(tuple(Typed(i) for text in image for i in split_list(text)))
            chosen_images = wanted.bind(dataset).apply(dataset)
        if panels:
            if len(chosen_images.img_ids) != 1 or chosen_images.img_ids[0] is None:
                raise RequestError("--panels draws one image", hint="name it: --image ID")
            # the whole file: labels may depend on the categories in use
            loaders = {name: dict[str, object]() for name in names}
            img_id = chosen_images.img_ids[0]
            shown = show_panels(dataset, img_id, loaders, folder, columns=columns or PANEL_COLUMNS)
        else:
            shown = show_images(chosen_images, folder, columns or COLUMNS)
            if columns is not None and len(shown.img_ids) == 1:
                console.warn("--columns has no effect: there is one image")
    source = dataset.source.path
    stem = "stdin" if source is None else Path(source).name.partition(".")[0]
    what = f"{len(shown.img_ids)}images"
    if len(shown.img_ids) == 1:
        what = re.sub(r"[^\w.-]+", "-", str(shown.img_ids[0]), flags=re.ASCII)
    kind = "_panels" if panels else ""
    path = Path(f"{stem}_{what}{kind}.png" if output is None else output)
    write_picture(shown, path, chosen.path, console, force=force)
    fields = {"images": shown.img_ids, "size": shown.image.size, "notes": shown.notes}
    console.written(path, fields)


def require_picture(output: str) -> None:
    """Refuse an output that is no picture, before any work is done.

    Raises:
        RequestError: the output is standard output, or its suffix is not that of a picture.
    """
    from cocosurgeon.draw.show import require_format
    from cocosurgeon.errors import RequestError

    if output in ("-", "/dev/stdout"):
        raise RequestError(
            "a picture is not written to standard output", hint="name a file: -o OUT.png"
        )
    require_format(Path(output).suffix)


def write_picture(
    shown: Shown, path: Path, ann_file: str, console: Console, *, force: bool
) -> None:
    """Write a picture, and print warnings about its differences from the file.

    Raises:
        RequestError: the suffix is not that of a picture.
        OutputError: the picture exists, is the annotation file, or cannot be written.
    """
    from cocosurgeon.cli.outputs import require_apart, write_files
    from cocosurgeon.draw.show import encoded

    picture = encoded(shown.image, path.suffix)
    require_apart([path], [ann_file])
    write_files({str(path): lambda: iter([picture])}, force, console)
    console.warn(*dict.fromkeys(shown.notes))
