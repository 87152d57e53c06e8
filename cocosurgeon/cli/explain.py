"""``cocosurgeon explain``: one image through all loaders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.completion import complete_loader
from cocosurgeon.cli.options import console, takes

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console


EXAMPLES = (
    "cocosurgeon explain instances_val2017.json --image 139",
    "cocosurgeon explain instances_val2017.json --image 139 --loader yolox",
    "cocosurgeon explain instances_val2017.json --image 139 --json",
)


@takes(console, examples=EXAMPLES)
def explain(
    ann_file: Annotated[str, typer.Argument(metavar="ANN_FILE", help="Annotation file.")],
    image: Annotated[str, typer.Option(metavar="ID", help="Explain this image.")],
    loader: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=complete_loader,
            metavar="NAME",
            show_default="all",
            help="Use only this loader's rules.",
        ),
    ] = None,
    *,
    console: Console,
) -> None:
    """Show what each framework's loader loads of one image, what it drops, and why."""
    from pathlib import Path

    from cocosurgeon.errors import UnknownIdError
    from cocosurgeon.loaders import LOADERS, find_loader
    from cocosurgeon.loaders.explain import explain as explanations_of
    from cocosurgeon.steps.arguments import Typed, resolve_ids
    from cocosurgeon.verify.expected import class_names
    from cocosurgeon.verify.read_again import read_again

    names = [find_loader(name).name for name in loader or LOADERS]
    with console.progress("reading") as progress:
        file = read_again(Path(ann_file), progress)
    records = file.lists.get("images", ())
    ids = [i for r in records if isinstance(i := r.value.get("id"), (int, float, str))]
    [img_id] = resolve_ids([Typed(image)], ids)
    if img_id not in ids:
        raise UnknownIdError(f"no image has the id {img_id!r}", where=file.name)
    document = file.document()
    found = explanations_of(document, img_id, names, class_names(document))
    loaders = [explanation.fields() for explanation in found]
    fields = {"ann_file": ann_file, "image": img_id, "loaders": loaders}
    console.report(fields, [line for each in found for line in each.lines()])
