"""What a recipe says of its result, as verifying needs it."""

from __future__ import annotations

import json
from pathlib import Path

from cocosurgeon.cli.voice import Voice
from cocosurgeon.dataset import Dataset
from cocosurgeon.files import read
from cocosurgeon.recipe import read_recipe
from cocosurgeon.verify.renumbering import Renumbering
from cocosurgeon.verify.told import Told


def told_by(recipe: Path | None, source: Path | None, voice: Voice) -> Told:
    """What a recipe says that becomes of a source; without one, nothing."""
    if recipe is None or source is None:
        return Told()
    saved = read_recipe(recipe)
    with voice.progress("applying the recipe") as progress:
        return told_of(saved.apply(read(source, progress)))


def told_of(result: Dataset) -> Told:
    """What is kept of a dataset, and what its category ids become.

    Only this is taken from the part of cocosurgeon that writes files; what stands in the file is
    read anew.
    """
    content = result.content
    rows = dict(result.rows_kept())
    images, annotations = content.image_records, content.annotation_records
    changed = result.category_list
    categories = None
    if changed is not None and content.category_records is not None:
        texts = changed.texts(content.category_records)
        categories = tuple(json.loads(text) for text in texts)
    return Told(
        image_rows=None if images is None else frozenset(rows[images].tolist()),
        annotation_rows=None if annotations is None else frozenset(rows[annotations].tolist()),
        renumbering=Renumbering(
            {old: new for old, new in changed.cat_ids.items() if old != new} if changed else {}
        ),
        categories=categories,
    )
