"""The source as it should be emitted: with what a recipe keeps, and its category ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cocosurgeon.verify.reading import Reading, Record
from cocosurgeon.verify.told import Told
from cocosurgeon.verify.values import key_of


def expected_document(source: Reading, told: Told) -> Any:
    """The source's document after what is told of annotations and categories.

    Images are all there: which of them matter is another question.
    """
    document = source.document()
    if source.is_bare:
        return document
    annotations = source.lists.get("annotations")
    if annotations is not None and (told.annotation_rows is not None or told.renumbering):
        document["annotations"] = [
            _renumbered(record, told)
            for record in annotations
            if told.annotation_rows is None or record.row in told.annotation_rows
        ]
    if told.categories is not None:
        document["categories"] = [json.loads(text) for text in told.categories]
    return document


def document_of(document: Any, img_ids: Iterable[object]) -> Any:
    """What a document has of some images: their records, and their annotations'; any other JSON
    value as it is."""
    if not isinstance(document, Mapping):
        return document
    kept = {key_of(i) for i in img_ids} - {None}
    fields = {"images": "id", "annotations": "image_id"}
    return {
        key: [r for r in value if isinstance(r, Mapping) and key_of(r.get(fields[key])) in kept]
        if key in fields and isinstance(value, list)
        else value
        for key, value in document.items()
    }


def class_names(document: object) -> tuple[str, ...]:
    """Names of a document's categories, in the list's order; those that have one."""
    categories = document.get("categories") if isinstance(document, Mapping) else None
    if not isinstance(categories, Sequence):
        return ()
    names = (c.get("name") for c in categories if isinstance(c, Mapping))
    return tuple(name for name in names if isinstance(name, str))


def _renumbered(record: Record, told: Told) -> Mapping[str, object]:
    cat_id = record.value.get("category_id")
    if not isinstance(cat_id, (int, float, str)) or cat_id not in told.renumbering.ids:
        return record.value
    return {**record.value, "category_id": told.renumbering.ids[cat_id]}
