"""``cocosurgeon explain``: one image through all loaders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.options import (
    Force,
    Images,
    LoaderOptions,
    Loaders,
    console,
    image_folder,
    output_option,
    takes,
)

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console


EXAMPLES = (
    "cocosurgeon explain instances_val2017.json --image 139",
    "cocosurgeon explain instances_val2017.json --image 139 --loader yolox",
    "cocosurgeon explain instances_val2017.json --image 139 -o panels.png",
)


@takes(console, examples=EXAMPLES)
def explain(
    ann_file: Annotated[str, typer.Argument(metavar="ANN_FILE", help="Annotation file.")],
    image: Annotated[str, typer.Option(metavar="ID", help="Explain this image.")],
    loader: Loaders = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            show_default="the file's categories",
            help="Give loaders these class names.",
        ),
    ] = None,
    option: LoaderOptions = None,
    output: Annotated[
        str | None,
        output_option(
            "Also draw a panel for each loader, as `cocosurgeon show --panels` does.",
            metavar="OUT.png",
        ),
    ] = None,
    images: Images = None,
    force: Force = False,
    *,
    console: Console,
) -> None:
    """Show what each framework's loader loads of one image, and what it drops and why."""
    from pathlib import Path

    from cocosurgeon.errors import RequestError, UnknownIdError
    from cocosurgeon.loaders import LOADERS, find_loader
    from cocosurgeon.loaders.explain import explain as explanations_of
    from cocosurgeon.loaders.settings import own_options
    from cocosurgeon.progress import shown_by
    from cocosurgeon.report.explanation import explanation_lines
    from cocosurgeon.steps.arguments import Typed, parse_names, resolve_ids
    from cocosurgeon.verify.expected import class_names
    from cocosurgeon.verify.read_again import read_again

    names = [find_loader(name).name for name in loader or LOADERS]
    chosen = None if classes is None else parse_names(classes)
    if chosen is not None and not any(LOADERS[name].takes_classes for name in names):
        raise RequestError(f"{', '.join(names)} takes no class names: remove --classes")
    if option and not loader:
        raise RequestError("--option sets one loader: name it (--loader)")
    if images is not None and output is None:
        raise RequestError("--images has no effect without a picture", hint="add -o OUT.png")
    folder = image_folder(images)
    if output is not None:
        from cocosurgeon.cli.show import require_picture

        require_picture(output)
    loaders = {name: own_options(name, option) for name in names}
    with console.progress("reading") as progress:
        file = read_again(Path(ann_file), progress)
    if file.is_bare:
        raise RequestError(
            "a results file: no loader reads detections",
            where=file.name,
            hint="name the annotation file of these images",
        )
    records = file.lists.get("images", ())
    ids = [i for r in records if isinstance(i := r.value.get("id"), (int, float, str))]
    [img_id] = resolve_ids([Typed(image)], ids)
    if img_id not in ids:
        known = ", ".join(map(repr, ids[:5]))
        raise UnknownIdError(
            f"no image has the id {img_id!r}", where=file.name, hint=f"its first ids: {known}"
        )
    document = file.document()
    classes_used = class_names(document) if chosen is None else chosen
    with shown_by(console.progress):
        found = explanations_of(document, img_id, loaders, classes_used, ann_file)
    fields = {
        "ann_file": ann_file,
        "image": img_id,
        "assumed": {"classes": chosen},
        "loaders": [explanation.fields() for explanation in found],
    }
    annotations = {
        row: record.value
        for row, record in enumerate(file.lists.get("annotations", ()))
        if record.value.get("image_id") == img_id
    }
    called = {c.value.get("id"): c.value.get("name") for c in file.lists.get("categories", ())}
    lines = explanation_lines(found, annotations, called, console.width)
    if chosen is None and any(LOADERS[name].takes_classes for name in names):
        lines.append("assumed: classes as listed in the file; --classes sets others")
    if output is not None:
        from cocosurgeon.cli.show import write_picture
        from cocosurgeon.dataset.io import read
        from cocosurgeon.draw.show import show_panels

        shown = show_panels(read(ann_file), img_id, loaders, folder, classes=chosen)
        write_picture(shown, Path(output), ann_file, console, force=force)
        fields["output"] = output
    console.report(fields, lines)
