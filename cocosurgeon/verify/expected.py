"""The source as it should be loaded: with the rows that a recipe keeps, and its category ids."""

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
    """Rows and category ids that a recipe keeps, beyond what every faithful subset fulfils.

    Attributes:
        image_rows: rows of ``images`` that are kept, in order; None: the recipe is not known.
        annotation_rows: rows of annotations (or detections) that are kept; None: the recipe is not
            known.
        renumbering: category ids before and after.
        categories: texts of the list's entries after it; None: as in the source.
        repairs: records that repairs change, in order.
    """

    image_rows: frozenset[int] | None = None
    annotation_rows: frozenset[int] | None = None
    renumbering: Renumbering = field(default_factory=Renumbering)
    categories: tuple[str, ...] | None = None
    repairs: tuple[RepairedRows, ...] = ()

    @property
    def is_all(self) -> bool:
        """Return whether nothing is expected: the source is to be loaded as it is."""
        return (
            self.image_rows is None
            and self.annotation_rows is None
            and self.categories is None
            and not self.renumbering
            and not self.repairs
        )


def expected_document(source: PlainFile, expectation: Expectation) -> Any:
    """Return the source's document with the expected annotations and categories.

    Images are all there: which of them matter is another question.
    """
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
    """Return what a document has of some images: their records, and their annotations'.

    Any other JSON value is returned as it is.
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
    """Return names of a document's categories, in the list's order; those that have one."""
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
