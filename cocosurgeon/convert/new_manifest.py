"""The manifest of a conversion that was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Records
from cocosurgeon.convert.conversion import Conversion
from cocosurgeon.convert.manifest import (
    Manifest,
    PartManifest,
    highest_id,
)
from cocosurgeon.convert.pictures import Pictures
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.keys import Id
from cocosurgeon.formats.registry import options_of
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.recipe import SourceIdentity
from cocosurgeon.steps.recipe_form import as_json


@dataclass(frozen=True)
class Done:
    """Record of what was written so far, by part.

    Attributes:
        sizes: width and height of each image.
        are_written: of each annotation of each image, whether it was written.
    """

    sizes: Mapping[str, list[tuple[int, int]]]
    are_written: Mapping[str, list[bool]]

    @classmethod
    def of(cls, parts: Iterable[str]) -> Done:
        """Return that nothing of these parts is written."""
        names = list(parts)
        return cls({name: [] for name in names}, {name: [] for name in names})


def manifest_of(work: Conversion, done: Done) -> Manifest:
    """Return the manifest of a conversion."""
    options = {each.name: getattr(work.kind, each.name) for each in options_of(type(work.kind))}
    wishes = {
        "space": work.wishes.space,
        "crowds": work.wishes.crowds,
        "clip": work.wishes.clip,
    }
    first = next(iter(work.parts.values()))
    return Manifest(
        work.kind.name,
        {**options, **wishes},
        _category_records(first),
        *_own_categories(first),
        {name: _part_manifest(work, name, done) for name in work.parts},
    )


def _part_manifest(work: Conversion, name: str, done: Done) -> PartManifest:
    pictures = work.parts[name]
    dataset = pictures.dataset
    widths, heights = zip(*done.sizes[name], strict=True) if done.sizes[name] else ((), ())
    written = np.array(done.are_written[name], np.bool_)
    rows = pictures.annotation_rows[written]
    order = np.argsort(rows)
    ids: list[Id | None] = []
    marked: dict[str, list[int]] = {"iscrowd": [], "ignore": []}
    records = dataset.index.annotation_records
    if records is not None and len(rows):
        ids = _ids(records)[rows[order]].tolist()
        for key, column in zip(marked, records.columns(*marked), strict=True):
            values = enumerate(column.array[rows[order]].tolist())
            marked[key] = [place for place, value in values if value in (1, True)]
    return PartManifest(
        source=vars(SourceIdentity.of(dataset)),
        steps=as_json(work.plans.get(name, Plan())),
        lost=[loss.what for loss in work.losses[name]],
        images={
            "id": dataset.img_ids,
            "file_name": pictures.names,
            "width": list(widths),
            "height": list(heights),
        },
        annotations={
            "id": ids,
            "image": pictures.owners[written][order].tolist(),
            "label": pictures.labels[written][order].tolist(),
        },
        crowds=marked["iscrowd"],
        ignored=marked["ignore"],
        highest={
            "images": highest_id(dataset.index.images.ids.tolist()),
            "annotations": 0 if records is None else highest_id(_ids(records).tolist()),
        },
    )


def _ids(records: Records) -> Array:
    return as_keys(records.column("id").array)


def _category_records(pictures: Pictures) -> list[Mapping[str, Any]]:
    """Return the record of each class, by class number; of a class that has none, its name."""
    index = pictures.dataset.index
    listing = pictures.dataset.category_list or CategoryList.of(index)
    texts = [] if index.category_records is None else listing.texts(index.category_records)
    ids = [category.id for category in listing.categories]
    records = dict(zip(ids, map(json.loads, texts), strict=True))
    return [
        records.get(each.cat_id) or {"id": each.cat_id, "name": each.name}
        for each in pictures.classes
    ]


def _own_categories(pictures: Pictures) -> tuple[list[Mapping[str, Any]], list[int]]:
    """Return the records of the source's own list with the class number of each, where class
    numbers are those of a label space."""
    records, after = pictures.dataset.index.category_records, pictures.dataset.category_list
    if pictures.before is None or records is None or after is None:
        return [], []
    listing = pictures.before.category_list or CategoryList.of(pictures.before.index)
    label_of = {entry.row: entry.category.id for entry in after.entries}
    texts = zip(listing.entries, listing.texts(records), strict=True)
    found = [(json.loads(text), label_of.get(entry.row)) for entry, text in texts]
    known = [(record, label) for record, label in found if isinstance(label, int)]
    return [record for record, _ in known], [label for _, label in known]
