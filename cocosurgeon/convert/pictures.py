"""Images of a dataset with their objects, in lumps that another process can decode."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import orjson

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.errors import DataError, RequestError
from cocosurgeon.formats.image_files import size_of_image
from cocosurgeon.formats.objects import Box, Class, Object, Picture, Segmentation
from cocosurgeon.layout.names import image_names, kind_of
from cocosurgeon.text import plural

NO_LABEL = -1


class Lump(NamedTuple):
    """Some images of a file and their annotations, as JSON text.

    Attributes:
        images: the record of each image.
        names: file name of each image.
        paths: path of each image file; None where it was not found.
        annotations: of each image, its annotations.
        labels: of each image, the class number of each annotation; ``NO_LABEL`` without one.
    """

    images: Sequence[bytes]
    names: Sequence[str]
    paths: Sequence[str | None]
    annotations: Sequence[Sequence[bytes]]
    labels: Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class Pictures:
    """The images that a dataset keeps, with their objects.

    Attributes:
        dataset: it; not a results file.
        classes: by class number.
        label_of: class number by category id.
        folder: the folder of the images; None where it is not known.
        before: the dataset before its categories became those of a label space; None: they are its
            own.
    """

    dataset: Dataset
    classes: tuple[Class, ...]
    label_of: Mapping[Id, int]
    folder: Path | None
    before: Dataset | None = None

    @cached_property
    def image_rows(self) -> Numbers:
        """Row of each image that is kept."""
        return self.dataset.index.images.row_of_image[self.dataset.image_indices]

    @cached_property
    def names(self) -> list[str]:
        """File name of each image, with slashes.

        Raises:
            DataError: an image has none.
        """
        every = image_names(self.dataset.index.image_records)
        found = [every[row] for row in self.image_rows.tolist()]
        if missing := found.count(None):
            raise DataError(
                f"{plural(missing, 'image')} without file_name",
                where=self.dataset.source.name,
                hint="drop them, or write their names: cocosurgeon lint lists them",
            )
        return [name.replace("\\", "/") for name in found if name is not None]

    @property
    def backslashes(self) -> int:
        """Number of images of a name with backslashes, for which ``names`` has slashes."""
        every = image_names(self.dataset.index.image_records)
        return sum("\\" in (every[row] or "") for row in self.image_rows.tolist())

    @property
    def recorded_sizes(self) -> list[tuple[int, int]]:
        """Width and height of each image as its record has them; 0 for what is no size."""
        records = self.dataset.index.image_records
        assert records is not None
        columns = (c.array[self.image_rows].tolist() for c in records.columns("width", "height"))
        pairs = zip(*columns, strict=True)
        return [(w, h) if is_size(w) and is_size(h) else (0, 0) for w, h in pairs]

    @cached_property
    def paths(self) -> list[str | None]:
        """Path of each image file; None where there is none."""
        paths: list[str | None] = []
        for name in self.names:
            if self.folder is None and not os.path.isabs(name):  # noqa: PTH117 - of 118,287
                paths.append(None)
                continue
            path = os.path.join(self.folder or "", name)  # noqa: PTH118
            paths.append(path if os.path.isfile(path) else None)  # noqa: PTH113
        return paths

    @cached_property
    def _order(self) -> tuple[Numbers, Numbers]:
        """Rows of annotations by image, in file order; and where those of each image begin."""
        dataset = self.dataset
        place = np.full(dataset.index.images.count + 1, NO_LABEL, np.int64)
        place[dataset.image_indices] = np.arange(len(dataset.image_indices))
        owners = place[dataset.index.image_of_annotation[dataset.annotation_rows]]
        known = owners != NO_LABEL
        order = np.argsort(owners[known], kind="stable")
        bounds = np.searchsorted(owners[known][order], np.arange(len(dataset.image_indices) + 1))
        return dataset.annotation_rows[known][order], bounds

    @property
    def annotation_rows(self) -> Numbers:
        """Rows of the annotations of images that are kept, image by image."""
        return self._order[0]

    @property
    def owners(self) -> Numbers:
        """Number of the image, from 0, that each of ``annotation_rows`` is of."""
        return np.repeat(np.arange(len(self.names)), np.diff(self._order[1]))

    @property
    def unknown_images(self) -> int:
        """Number of annotations of images that the file does not have."""
        return len(self.dataset.annotation_rows) - len(self.annotation_rows)

    @cached_property
    def labels(self) -> Numbers:
        """Class number of each of ``annotation_rows``; ``NO_LABEL`` without one."""
        records = self.dataset.index.annotation_records
        if records is None or not len(self.annotation_rows):
            return np.empty(0, np.int64)
        ids = as_keys(records.column("category_id").array)
        if self.dataset.category_list is not None:
            ids = self.dataset.category_list.ids(ids)
        kept = ids[self.annotation_rows].tolist()
        return np.array([self.label_of.get(i, NO_LABEL) for i in kept], np.int64)

    def lumps(self, first: int, stop: int, size: int) -> Iterator[Lump]:
        """Yield the images of a range, so many at a time."""
        for at in range(first, stop, size):
            yield self.lump(at, min(at + size, stop))

    def lump(self, first: int, stop: int) -> Lump:
        """Return the images of a range with their annotations."""
        index = self.dataset.index
        assert index.image_records is not None
        rows, bounds = self._order
        of_images = bounds[first : stop + 1].tolist()
        begin, end = of_images[0], of_images[-1]
        texts: list[bytes] = []
        if end > begin and index.annotation_records is not None:
            texts = _texts(index.annotation_records, rows[begin:end])
        labels = self.labels[begin:end].tolist()
        spans = [(a - begin, b - begin) for a, b in pairwise(of_images)]
        return Lump(
            _texts(index.image_records, self.image_rows[first:stop]),
            self.names[first:stop],
            self.paths[first:stop],
            [texts[a:b] for a, b in spans],
            [labels[a:b] for a, b in spans],
        )


def _texts(records: Records, rows: Numbers) -> list[bytes]:
    """Return the text of records, in the order of their rows.

    The annotations of an image may be far apart: each run of consecutive records is read by itself.
    """
    starts, stops = records.spans()
    starts, stops = starts[rows], stops[rows]
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    texts: list[bytes] = []
    for at, until in pairwise([0, *breaks.tolist(), len(rows)]):
        begin = int(starts[at])
        text = records.source.read(begin, int(stops[until - 1]))
        spans = zip(
            (starts[at:until] - begin).tolist(), (stops[at:until] - begin).tolist(), strict=True
        )
        texts += [text[a:b] for a, b in spans]
    return texts


def pictures_of(lump: Lump, needs_size: bool = True) -> Iterator[Picture]:
    """Decode a lump: images with those of their objects that have a class and a usable box.

    Args:
        needs_size: read the size of an image whose record has none from its file.

    Raises:
        DataError: an image has no size, and its file none that can be read.
    """
    for image, name, path, anns, labels in zip(*lump, strict=True):
        record = _record(image)
        width, height = _size(record, name, path) if needs_size else (0, 0)
        texts = enumerate(zip(anns, labels, strict=True))
        objects = (_object(_record(text), label, place) for place, (text, label) in texts)
        yield Picture(
            file_name=name,
            width=width,
            height=height,
            objects=tuple(each for each in objects if each is not None),
            path=path,
            img_id=as_key(record.get("id")),
            record=record,
        )


def _record(text: bytes) -> dict[str, Any]:
    """Decode a record as the standard library does, in half its time."""
    try:
        record: dict[str, Any] = orjson.loads(text)
        if type(record.get("id")) is not float:  # orjson makes one of an integer beyond 64 bits
            return record
    except orjson.JSONDecodeError:  # NaN, Infinity, half a surrogate
        pass
    return cast(dict[str, Any], json.loads(text))


def _object(record: Mapping[str, Any], label: int, place: int) -> Object | None:
    box = usable_box(record.get("bbox"))
    if box is None or label == NO_LABEL:
        return None
    area = record.get("area")
    mask = record.get("segmentation")
    return Object(
        label=label,
        bbox=box,
        segmentation=_segmentation(mask),
        area=float(area) if isinstance(area, (int, float)) else None,
        is_crowd=record.get("iscrowd") in (1, True),
        is_ignored=record.get("ignore") in (1, True),
        ann_id=as_key(record.get("id")),
        place=place,
        record=record,
    )


def usable_box(value: object) -> Box | None:
    """Return a box of four finite numbers with an area; None for anything else."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    try:
        x, y, width, height = (float(v) for v in value if isinstance(v, (int, float)))
    except (ValueError, OverflowError):
        return None
    box = (x, y, width, height)
    return box if all(map(math.isfinite, box)) and width > 0 and height > 0 else None


def _segmentation(value: object) -> Segmentation | None:
    """Return a mask that has anything; what is wrong with it shows later."""
    return value if isinstance(value, (list, dict)) and value else None


def _size(record: Mapping[str, Any], name: str, path: str | None) -> tuple[int, int]:
    if all(is_size(record.get(key)) for key in ("width", "height")):
        return int(record["width"]), int(record["height"])
    size = None if path is None else size_of_image(path)
    if size is None:
        raise DataError(
            f"the image {name!r} has no usable width and height, and no readable image file",
            hint="name the folder of the images (--images), or repair the file: cocosurgeon fix",
        )
    return size


def is_size(value: object) -> bool:
    """Return whether a value is a number of pixels."""
    return type(value) in (int, float) and 0 < value < 1 << 31 and value == int(value)  # type: ignore[operator, call-overload]


def require_convertible(dataset: Dataset) -> None:
    """Refuse a file without boxes, or one of which it is not certain what is of which image.

    Raises:
        RequestError: it is a results file, or a panoptic one.
        DataError: two images have one id.
    """
    index, where = dataset.index, dataset.source.name
    if index.is_results:
        raise RequestError(
            "a results file lists no images and no classes",
            where=where,
            hint="convert the annotation file",
        )
    if kind_of(index) == "panoptic":
        raise RequestError(
            "the objects of a panoptic file are segments of PNG files, which are not converted",
            where=where,
            hint="convert the file of instances",
        )
    twice = 0 if index.image_records is None else index.image_records.count - index.images.count
    if twice:
        raise DataError(
            f"{plural(twice, 'image')} with the id of another image: the image of their objects "
            f"is not certain",
            where=where,
            hint="repair the list: cocosurgeon lint, cocosurgeon fix",
        )


def classes_in_order(dataset: Dataset) -> tuple[tuple[Class, ...], dict[Id, int]]:
    """Return the classes of a dataset by class number, in the order of its list.

    Raises:
        RequestError: it has no categories.
        DataError: a category has no id, or two have the same.
    """
    where = dataset.source.name
    found: list[Class] = []
    label_of: dict[Id, int] = {}
    for place, category in enumerate(dataset.categories):
        if category.id is None or category.id in label_of:
            what = "no id" if category.id is None else f"the id {category.id!r} of an earlier one"
            raise DataError(
                f"category {place} of the list has {what}: its class number is not certain",
                where=where,
                hint="repair the list: cocosurgeon lint, cocosurgeon fix",
            )
        label_of[category.id] = place
        found.append(
            Class(str(category.id) if category.name is None else category.name, category.id)
        )
    if not found:
        raise RequestError(
            "the file lists no categories, so there are no class numbers",
            where=where,
            hint="take the list of another file: --like FILE",
        )
    return tuple(found), label_of
