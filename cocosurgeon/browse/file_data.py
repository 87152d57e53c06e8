"""Data of a file in columns: images, objects and findings."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import source_of
from cocosurgeon.browse.values import box_of, finite, mask_of, points_of, size_of
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.draw.marks import bones_of, color_at
from cocosurgeon.errors import RequestError
from cocosurgeon.findings.codes import CODES
from cocosurgeon.layout.names import image_names
from cocosurgeon.lint.annotation_file import COLUMNS, AnnotationFile
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.effects import usual_loaders
from cocosurgeon.lint.on_disk import image_faults
from cocosurgeon.lint.run import find_faults, severity_of
from cocosurgeon.steps.arguments import format_id
from cocosurgeon.text import plural

Columns: TypeAlias = dict[str, list[Any]]
Record: TypeAlias = Mapping[str, Any]

_SAFE = re.compile(r"[\w./-]+", re.ASCII)


@dataclass(frozen=True, eq=False)
class FileData:
    """A file for the page.

    Attributes:
        name: path of the annotation file.
        text: its JSON text.
        folder: the image root; None if unknown.
    """

    name: str
    text: bytes
    folder: Path | None

    @classmethod
    def of(cls, dataset: Dataset, folder: Path | None) -> FileData:
        """Return the kept part of a dataset, as ``subset`` would write it.

        Raises:
            RequestError: it is a results file.
        """
        if dataset.index.is_results:
            raise RequestError(
                "a results file lists no images",
                where=dataset.source.name,
                hint="name the annotation file, and the results with --against",
            )
        return cls(dataset.opened.name, b"".join(dataset.text()), folder)

    @cached_property
    def scanned(self) -> Document:
        """Return the layout of the text."""
        return scan(source_of([self.text], self.name), columns=COLUMNS)

    @cached_property
    def file_names(self) -> list[str | None]:
        """Return the file name of each image; None without one."""
        return image_names(self.scanned.lists.get("images"))

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """Return the file as ``json.load`` returns it."""
        document: Mapping[str, Any] = json.loads(self.text.decode("utf-8-sig"))
        return document

    @cached_property
    def images(self) -> Sequence[Record]:
        """Return the image records."""
        return self._list("images")

    @cached_property
    def annotations(self) -> Sequence[Record]:
        """Return the annotations."""
        return self._list("annotations")

    def _list(self, key: str) -> Sequence[Record]:
        found: Sequence[Record] = self.document.get(key) or ()
        return found

    @cached_property
    def paths(self) -> list[str | None]:
        """Return the path of each image file; None if unknown."""
        folder = self.folder
        if folder is None:
            return [n if n and os.path.isabs(n) else None for n in self.file_names]  # noqa: PTH117
        return [os.path.join(folder, n) if n else None for n in self.file_names]  # noqa: PTH118

    @cached_property
    def img_places(self) -> Mapping[Id, int]:
        """Return places of images by id; the last one for a repeated id, as in pycocotools."""
        return _places(self.images)

    @cached_property
    def categories(self) -> list[tuple[object, str]]:
        """Return id and name of each category; unlisted ones of annotations come last.

        The id of a category without one is None, which no object has.
        """
        listed = [(as_key(r.get("id")), _text(r.get("name"))) for r in self._list("categories")]
        known = {cat_id for cat_id, _ in listed}
        others = dict.fromkeys(as_key(r.get("category_id")) for r in self.annotations)
        found = [*listed, *((i, None) for i in others if i not in known and i is not None)]
        return [(i, f"category {_token(i)}".strip() if n is None else n) for i, n in found]

    @cached_property
    def cat_places(self) -> Mapping[Id, int]:
        """Return places of categories by id."""
        return {
            i: p for p, (i, _) in enumerate(self.categories) if isinstance(i, (int, float, str))
        }

    @cached_property
    def objects(self) -> list[int]:
        """Return the rows of shown annotations, by image."""
        places = [(find(self.img_places, r.get("image_id")), n) for n, r in self._numbered]
        return [row for place, row in sorted((p, n) for p, n in places if p is not None)]

    @property
    def _numbered(self) -> Iterator[tuple[int, Record]]:
        return enumerate(self.annotations)

    @cached_property
    def object_places(self) -> Mapping[int, int]:
        """Return places among the shown annotations, by row."""
        return {row: place for place, row in enumerate(self.objects)}

    # ---- columns

    @cached_property
    def image_columns(self) -> Columns:
        """Return the columns of images."""
        return {
            "id": [_token(as_key(r.get("id"))) for r in self.images],
            "name": [name or "" for name in self.file_names],
            "width": [size_of(r.get("width")) for r in self.images],
            "height": [size_of(r.get("height")) for r in self.images],
        }

    @cached_property
    def object_columns(self) -> Columns:
        """Return the columns of objects, by image; ``end`` has one value for each image."""
        names = ("id", "category", "box", "area", "crowd", "mask", "points")
        found: Columns = {name: [] for name in names}
        counts = [0] * len(self.images)
        for row in self.objects:
            record = self.annotations[row]
            place = self.img_places[as_key(record["image_id"])]  # type: ignore[index]
            counts[place] += 1
            size = self.images[place].get("height"), self.images[place].get("width")
            found["id"].append(_number_or_text(record.get("id")))
            found["category"].append(find(self.cat_places, record.get("category_id")))
            found["box"] += box_of(record.get("bbox")) or [None] * 4
            found["area"].append(finite(record.get("area")))
            found["crowd"].append(1 if record.get("iscrowd") else 0)
            found["mask"].append(mask_of(record.get("segmentation"), *size))
            found["points"].append(points_of(record.get("keypoints")))
        found["ignored"] = [
            place for place, row in enumerate(self.objects) if self.annotations[row].get("ignore")
        ]
        if not any(found["points"]):
            found["points"] = []
        ends, end = [], 0
        for count in counts:
            ends.append(end := end + count)
        return {"end": ends, **found}

    @cached_property
    def category_columns(self) -> Columns:
        """Return the columns of categories; unlisted ones have no color."""
        listed = self._list("categories")
        return {
            "id": [_token(cat_id) for cat_id, _ in self.categories],
            "name": [name for _, name in self.categories],
            "color": ["#{:02x}{:02x}{:02x}".format(*color_at(n)) for n, _ in enumerate(listed)],
            "bones": [list(bones_of(record.get("skeleton"))) for record in listed],
        }

    def not_drawn(self) -> list[str]:
        """Return lines about parts of annotations that are not drawn, with numbers."""
        counts: Counter[str] = Counter()
        columns = self.object_columns
        points = columns["points"] or [None] * len(self.objects)
        for place, row in enumerate(self.objects):
            record = self.annotations[row]
            if isinstance(segments := record.get("segments_info"), list):
                counts["panoptic segment"] += len(segments)
                continue
            counts["box"] += columns["box"][4 * place] is None
            counts["mask"] += bool(record.get("segmentation")) and not columns["mask"][place]
            counts["keypoints"] += bool(record.get("keypoints")) and not points[place]
        nameless = sum(cat_id is None for cat_id, _ in self.categories)
        segments, boxes = counts["panoptic segment"], counts["box"]
        masks, keypoints = counts["mask"], counts["keypoints"]
        lines = [
            (segments, f"{plural(segments, 'panoptic segment')} not drawn"),
            (boxes, f"{plural(boxes, 'annotation')} without a box: none is drawn"),
            (masks, f"{plural(masks, 'mask')} not drawn: broken (see lint), or too large"),
            (keypoints, f"keypoints of {plural(keypoints, 'annotation')} not drawn: broken"),
            (nameless, f"{plural(nameless, 'category', 'categories')} without an id: no filter"),
        ]
        return [line for count, line in lines if count]

    def findings(self) -> list[dict[str, object]]:
        """Return the images and objects of lint's findings, by code."""
        file = AnnotationFile(self.scanned)
        checks = all_checks()
        by_code = {check.code: check for check in checks}
        found: dict[str, tuple[set[int], set[int]]] = {}
        faults = [(c.code, fault) for c, fault, _ in find_faults(file, checks, lambda _: True)]
        if self.folder is not None and self.images:
            faults += image_faults(file, self.folder)
        for code, fault in faults:
            images, objects = found.setdefault(code, (set(), set()))
            if fault.list == "images":
                images.add(fault.row)
            elif fault.list == "annotations" and fault.row in self.object_places:
                objects.add(self.object_places[fault.row])
        loaders = usual_loaders()
        return [
            {
                "code": code,
                "severity": severity_of(by_code[code], loaders)
                if code in by_code
                else CODES[code].severity,
                "meaning": CODES[code].meaning,
                "images": sorted(images),
                "objects": sorted(objects),
            }
            for code, (images, objects) in found.items()
            if images or objects
        ]


def find(places: Mapping[Id, int], value: object) -> int | None:
    """Return the place of an id from JSON; None for an unknown one."""
    key = as_key(value)
    return None if key is None else places.get(key)


def address_of(path: str, folder: Path) -> str:
    """Return the URL of a file, relative to a folder, percent-encoded byte by byte."""
    near = os.path.relpath(path, folder)
    if _SAFE.fullmatch(near):
        return near
    encoded = quote(os.fsencode(near))
    # "a:b" would be read as a scheme
    return encoded if encoded.startswith(".") else f"./{encoded}"


def _places(records: Sequence[Record]) -> dict[Id, int]:
    keys = ((as_key(record.get("id")), place) for place, record in enumerate(records))
    return {key: place for key, place in keys if key is not None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _token(key: Id | object | None) -> str:
    """Return an id as a line for ``--ids-file``; empty without one."""
    return format_id(key) if isinstance(key, (int, float, str)) else ""


def _number_or_text(value: object) -> object:
    return number if (number := finite(value)) is not None else _token(as_key(value))
