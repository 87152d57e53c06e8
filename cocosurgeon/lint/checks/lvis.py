"""Checks of files in the form of LVIS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cocosurgeon.dataset.keys import as_key
from cocosurgeon.lint.annotation_file import AnnotationFile, Record
from cocosurgeon.lint.check import Fault, check

_LISTS = ("neg_category_ids", "not_exhaustive_category_ids")


def _lvis(document: Any) -> None:
    for image in document["images"]:
        image.update(neg_category_ids=[2], not_exhaustive_category_ids=[])
    for category in document["categories"]:
        category["frequency"] = "c"


@check(
    "lvis-frequency",
    "file",
    lambda document: document["categories"][0].pop("frequency"),
    base=_lvis,
    group="lvis",
    meaning="a category of an LVIS file has no frequency",
    arises="the category list was written by another tool",
    next="write r, c or f: LVIS scores rare, common and frequent classes by it, and raises "
    "without it",
    is_judged=False,
)
def lvis_frequency(file: AnnotationFile) -> Iterator[Fault]:
    images = file.lists.get("images")
    if images is None or not any(v.present for v in images.columns(*_LISTS)):
        return
    for row, entry in enumerate(file.categories):
        if entry.get("frequency") not in ("r", "c", "f"):
            text = f"{entry.get('id')!r} {entry.get('name')!r}: {entry.get('frequency')!r}"
            yield Fault(text, "categories", row)


@check(
    "lvis-ids-unlisted",
    "images",
    lambda document: document["images"][0].update(neg_category_ids=[2, 99]),
    base=_lvis,
    group="lvis",
    meaning="an image names category ids that are not in the list",
    arises="categories were removed or renumbered, and these lists were not",
    next="`cocosurgeon remap` changes them with the others: run it on the source",
    is_judged=False,
)
def lvis_ids_unlisted(record: Record, file: AnnotationFile) -> str | None:
    for key in _LISTS:
        ids = record.get(key)
        unknown = [i for i in ids if as_key(i) not in file.cat_ids] if isinstance(ids, list) else []
        if unknown:
            return f"{key} has {unknown[0]!r}"
    return None
