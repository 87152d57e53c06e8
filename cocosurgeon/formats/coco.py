"""COCO itself, normalized for a clean hand-over: ids from 1, sorted keys, a line a record."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import source_of
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.errors import FormatError
from cocosurgeon.files import open_unpacked
from cocosurgeon.formats.format import FEATURES, Crowds, Feature, Format, Found, Sizes
from cocosurgeon.formats.objects import Class, Object, Picture
from cocosurgeon.steps.categories.renumber import Renumber
from cocosurgeon.text import plural

_LISTS = ("annotations", "categories", "images")


@dataclass(frozen=True)
class Coco(Format):
    """An annotation file of COCO's."""

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO, normalized: ids from 1, sorted keys, a line for each record"
    is_folder: ClassVar[bool] = False
    suffix: ClassVar[str] = ".json"
    crowds: ClassVar[tuple[Crowds, ...]] = ("keep",)
    wants_images: ClassVar[Literal["no"]] = "no"
    needs_sizes: ClassVar[bool] = False

    @property
    def holds(self) -> frozenset[Feature]:
        return FEATURES

    def text_of(self, dataset: Dataset, changes: Counter[str]) -> Iterator[bytes]:
        """Yield the normalized text. Annotations without a listed image or category are dropped:
        no new id can stand for theirs."""
        if dataset.categories:
            numbered = Renumber(start=1, unmapped="drop").apply(dataset)
            ids = zip(dataset.categories, numbered.categories, strict=True)
            changes["category ids"] = sum(old.id != new.id for old, new in ids)
            dataset = numbered
        document = scan(source_of(dataset.text(), dataset.source.name))
        index = AnnotationIndex.of(document)
        new_ids = {img_id: n for n, img_id in enumerate(index.images.ids.tolist(), 1)}
        members = {member.key: member for member in document.members}
        separator = b"{\n"
        for key in sorted(members):
            member = members[key]
            yield separator + json.dumps(key).encode() + b": "
            if member.records is None or not member.records.count:
                value = json.loads(document.source.read(member.start, member.stop))
                yield _text(value)
            else:
                yield from _list(key, member.records, new_ids, changes)
            separator = b",\n"
        yield b"\n}\n"

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        raise NotImplementedError  # text_of makes the whole text

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        """Read records with all of their keys."""
        with open_unpacked(path, "the annotation file") as file:
            try:
                document = json.load(file)
                listed = document["categories"]
                classes = tuple(Class(str(c.get("name", c["id"])), as_key(c["id"])) for c in listed)
                labels = {each.cat_id: label for label, each in enumerate(classes)}
                objects: defaultdict[Id | None, list[Object]] = defaultdict(list)
                for record in document["annotations"]:
                    objects[as_key(record["image_id"])].append(_object(record, labels))
                pictures = [_picture(record, objects) for record in document["images"]]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                lacks = isinstance(error, KeyError)
                raise FormatError(
                    f"the key {error} is missing" if lacks else f"a record is broken: {error}",
                    where=str(path),
                    hint="cocosurgeon lint says what is wrong with it",
                ) from error
        notes = []
        if unlisted := sum(map(len, objects.values())):
            notes = [f"{plural(unlisted, 'annotation')} of no listed image: dropped"]
        further = {key: value for key, value in document.items() if key not in _LISTS}
        return Found(classes, pictures, notes, further)


def _list(
    key: str, records: Records, new_ids: dict[Id | None, int], changes: Counter[str]
) -> Iterator[bytes]:
    """Yield a list of records, a line for each, with new ids."""
    separator, number = b"[\n", 0
    for _, _, text in records.texts(np.arange(records.count, dtype=np.int64)):
        record = json.loads(text.decode())
        if "image_id" in record:
            img_id = new_ids.get(as_key(record["image_id"]))
            if img_id is None:
                continue
            record["image_id"] = img_id
        if key in ("images", "annotations"):
            number += 1
            new = new_ids.get(as_key(record.get("id")), 0) if key == "images" else number
            changes[f"{key.removesuffix('s')} ids"] += record.get("id") != new
            record["id"] = new
        keys = list(record)
        changes["records with keys in another order"] += keys != sorted(keys)
        yield separator + _text(record)
        separator = b",\n"
    yield b"\n]" if separator != b"[\n" else b"[]"


def _text(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _object(record: dict[str, Any], labels: Mapping[Id | None, int]) -> Object:
    """Return an annotation. It may have no box: its record counts, not the fields."""
    label = labels.get(as_key(record["category_id"]))
    if label is None:
        raise ValueError(f"the category {record['category_id']!r} is not listed")
    nowhere = (0.0, 0.0, 0.0, 0.0)
    return Object(label, nowhere, ann_id=as_key(record.get("id")), record=record)


def _picture(record: dict[str, Any], objects: dict[Id | None, list[Object]]) -> Picture:
    img_id = as_key(record["id"])
    name = record["file_name"].replace("\\", "/")
    return Picture(name, 0, 0, tuple(objects.pop(img_id, ())), img_id=img_id, record=record)
