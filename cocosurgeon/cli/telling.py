"""What a recipe says of its result, as verifying needs it."""

from __future__ import annotations

from pathlib import Path

from cocosurgeon.cli.console import Console
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.io import read
from cocosurgeon.steps.recipe import read_recipe
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.renumbering import Renumbering
from cocosurgeon.verify.told import Told


def told_by(recipe: Path | None, source: Path | None, console: Console) -> Told:
    """What a recipe says that becomes of a source; without one, nothing."""
    if recipe is None or source is None:
        return Told()
    saved = read_recipe(recipe)
    with console.progress("applying the recipe") as progress:
        return told_of(saved.apply(read(source, progress)))


def recipe_note(recipe: Path | None, source: Reading | None) -> str | None:
    """That a recipe was made for another file than the source, where it was."""
    if recipe is None or source is None:
        return None
    made_for = read_recipe(recipe).source
    if made_for.sha256 == source.sha256:
        return None
    return f"the recipe was made for another file: {made_for.name}, sha256 {made_for.sha256[:12]}"


def told_of(result: Dataset) -> Told:
    """What is kept of a dataset, and what its category ids become.

    Only this is taken from the part of cocosurgeon that writes files; what stands in the file is
    read anew.
    """
    index = result.index
    rows = dict(result.rows_kept())
    images, annotations = index.image_records, index.annotation_records
    changed = result.category_list
    categories = None
    if changed is not None and index.category_records is not None:
        texts = changed.texts(index.category_records)
        categories = tuple(text.decode(errors="surrogatepass") for text in texts)
    return Told(
        image_rows=None if images is None else frozenset(rows[images].tolist()),
        annotation_rows=None if annotations is None else frozenset(rows[annotations].tolist()),
        renumbering=Renumbering(
            {old: new for old, new in changed.cat_ids.items() if old != new} if changed else {}
        ),
        categories=categories,
    )
