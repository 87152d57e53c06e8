"""The source with the changes of a recipe: its rows, and its category ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cocosurgeon.verify.id_changes import Renumbering
from cocosurgeon.verify.read_again import PlainFile, Record
from cocosurgeon.verify.repairs import RepairedRows
from cocosurgeon.verify.values import key_of


@dataclass(frozen=True, eq=False)
class Expectation:
    """The effect of a recipe, which a result must have in addition to being a faithful subset.

    Attributes:
        image_rows: kept rows of ``images``, in order; None: unknown recipe.
        annotation_rows: kept rows of annotations (or detections); None: unknown recipe.
        renumbering: category ids before and after.
        categories: JSON text of each entry of the category list; None: as in the source.
        repairs: records that repairs change, in order.
    """

    image_rows: frozenset[int] | None = None
    annotation_rows: frozenset[int] | None = None
    renumbering: Renumbering = field(default_factory=Renumbering)
    categories: tuple[str, ...] | None = None
    repairs: tuple[RepairedRows, ...] = ()

    @property
    def is_all(self) -> bool:
        """True if nothing is expected beyond the source itself."""
        return (
            self.image_rows is None
            and self.annotation_rows is None
            and self.categories is None
            and not self.renumbering
            and not self.repairs
        )


def expected_document(source: PlainFile, expectation: Expectation) -> Any:
    """Return the source's document with the expected annotations and categories, and all images."""
    document = source.document()
    if source.is_bare:
        return document
    annotations = source.lists.get("annotations")
    if annotations is not None and (
        expectation.annotation_rows is not None or expectation.renumbering
    ):
        document["annotations"] = [
            _renumbered(record, expectation)
            for record in annotations
            if expectation.annotation_rows is None or record.row in expectation.annotation_rows
        ]
    if expectation.categories is not None:
        document["categories"] = [json.loads(text) for text in expectation.categories]
    return document


def document_of(document: Any, img_ids: Iterable[object]) -> Any:
    """Return a document with only some images, and with their annotations.

    Any other JSON value is returned unchanged.
    """
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
    """Return the category names of a document in the list's order, without missing ones."""
    categories = document.get("categories") if isinstance(document, Mapping) else None
    if not isinstance(categories, Sequence):
        return ()
    names = (c.get("name") for c in categories if isinstance(c, Mapping))
    return tuple(name for name in names if isinstance(name, str))


def _renumbered(record: Record, expectation: Expectation) -> Mapping[str, object]:
    cat_id = record.value.get("category_id")
    if not isinstance(cat_id, (int, float, str)) or cat_id not in expectation.renumbering.ids:
        return record.value
    return {**record.value, "category_id": expectation.renumbering.ids[cat_id]}
