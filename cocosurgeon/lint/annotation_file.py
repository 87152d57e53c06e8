"""AnnotationFile: a file as checks see it, by columns as far as possible, by records where not."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias, TypeGuard

import msgspec
import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, Values, as_floats
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.annfile.united import UnitedRecords
from cocosurgeon.dataset.ids import UNKNOWN, Images, as_keys
from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.masks import MaskFault, mask_fault

Record: TypeAlias = Mapping[str, Any]
"""A record, decoded."""

_BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
_PARTS = ("keypoints", "num_keypoints", "segments_category_ids", "track_id")
"""Keys of annotations whose values are looked into in every record."""
_ID_LISTS = ("neg_category_ids", "not_exhaustive_category_ids")
COLUMNS = {
    "images": ("file_name", "width", "height", "video_id", *_ID_LISTS),
    "annotations": (
        *("id", "image_id", "category_id", *_BOX, "area", "iscrowd", "ignore", "video_id"),
        *_PARTS,
    ),
}
"""What decides whether a record is plain: read in the first pass."""
_PLAIN_NAME = re.compile(r"(?!/)(?!.:/)[\w./ ()+~@,=-]*\w\.[A-Za-z0-9]+", re.ASCII)


@dataclass(frozen=True)
class Located:
    """A record with its place.

    Attributes:
        row: in its list, from 0.
        byte: offset of its first byte in the JSON text.
        text: its JSON text.
        value: the record.
    """

    row: int
    byte: int
    text: bytes
    value: Record


class Boxes(NamedTuple):
    """Boxes in pixels, xywh as in the file, with the sizes of their images; NaN: no number."""

    x: Array
    y: Array
    w: Array
    h: Array
    width: Array
    height: Array


@dataclass(frozen=True)
class Rest:
    """Facts about the other files of a dataset, for checks of one file's records.

    Attributes:
        img_ids: ids of images: one, and those by which an unknown id may be another one's text.
        lists_that_lack_ids: keys of lists in which a record has no usable id.
        is_lvis: True for files in the form of LVIS.
        categories: the entries of the category list that counts.
    """

    img_ids: frozenset[Id] = frozenset()
    lists_that_lack_ids: frozenset[str] = frozenset()
    is_lvis: bool = False
    categories: Sequence[Record] = ()


@dataclass(frozen=True, eq=False)
class AnnotationFile:
    """A file as checks see it.

    Attributes:
        document: its layout.
        rest: the other files of its dataset.
    """

    document: Document
    rest: Rest = Rest()
    _judged: list[Any] = field(default_factory=lambda: [None, None])
    _measured: list[Any] = field(default_factory=lambda: [None, 0.0])

    @cached_property
    def lists(self) -> Mapping[str, Records]:
        """The lists of records, by key."""
        return self.document.lists

    def count(self, key: str) -> int:
        """Return the number of records in a list."""
        records = self.lists.get(key)
        return 0 if records is None else records.count

    def ids(self, key: str, field: str = "id") -> Sequence[Id | None]:
        """Return a column of ids; None for a record without a usable one."""
        records = self.lists.get(key)
        if records is None:
            return []
        found: list[Id | None] = as_keys(records.column(field).array).tolist()
        return found

    def lacks_ids(self, key: Literal["images", "categories"]) -> bool:
        """Return whether a record of a list has no usable id."""
        return key in self._lists_that_lack_ids

    @cached_property
    def _lists_that_lack_ids(self) -> frozenset[str]:
        own = (key for key in ("images", "categories") if None in self.ids(key))
        return self.rest.lists_that_lack_ids.union(own)

    @cached_property
    def is_lvis(self) -> bool:
        """True for a file in the form of LVIS, whose records have no ``iscrowd``."""
        images = self.lists.get("images")
        own = images is not None and any(v.present for v in images.columns(*_ID_LISTS))
        return own or self.rest.is_lvis

    @cached_property
    def categories(self) -> Sequence[Record]:
        """The entries of the category list, decoded."""
        return self.rest.categories or [each.value for each in self.records("categories")]

    @cached_property
    def img_ids(self) -> frozenset[Id]:
        """Ids of the listed images."""
        return self.rest.img_ids.union(i for i in self.ids("images") if i is not None)

    @cached_property
    def cat_ids(self) -> frozenset[Id]:
        """Ids of the listed categories."""
        return frozenset(i for i in self.ids("categories") if i is not None)

    @cached_property
    def objects(self) -> Counter[Id | None]:
        """Number of annotations, or segments, by category id."""
        records = self.lists.get("annotations")
        if records is None:
            return Counter()
        cat_ids, segments = records.columns("category_id", "segments_category_ids")
        found: Counter[Id | None] = Counter(as_keys(cat_ids.array).tolist())
        if segments.present:
            for of_record in segments.array.tolist():
                found.update(map(as_key, of_record or ()))
        return found

    def size_of(self, img_id: object) -> tuple[object, object]:
        """Return width and height of an image, as its record has them; None for each where there
        is no such image, or no such value."""
        key = as_key(img_id)
        return (None, None) if key is None else self._sizes.get(key, (None, None))

    @cached_property
    def _sizes(self) -> Mapping[object, tuple[object, object]]:
        images = self.lists.get("images")
        if images is None:
            return {}
        widths, heights = (v.array.tolist() for v in images.columns("width", "height"))
        return dict(zip(self.ids("images"), zip(widths, heights, strict=True), strict=True))

    def mask_fault(self, record: Record) -> MaskFault | None:
        """Return why the mask of an annotation cannot be used; None where it can."""
        if self._judged[0] is not record:  # several checks ask about the same one
            width, height = self.size_of(record.get("image_id"))
            self._judged[:] = record, mask_fault(record.get("segmentation"), height, width)
        found: MaskFault | None = self._judged[1]
        return found

    def measured(self, record: Record, measure: Callable[[], float]) -> float:
        """Return the area of an annotation's mask, which a check and its repair both ask for."""
        if self._measured[0] is not record:
            self._measured[:] = record, measure()
        area: float = self._measured[1]
        return area

    def records(self, key: str, rows: Numbers | None = None) -> Iterator[Located]:
        """Yield the records of a list (of these rows, ascending), decoded."""
        records = self.lists.get(key)
        if records is None or not records.count:
            return
        chosen = np.arange(records.count) if rows is None else rows
        for row, first, text in records.texts(chosen):
            yield Located(row, first, text, decoded(text))

    def located(self, key: str, row: int) -> tuple[object, int | None]:
        """Return the id of a record, and the offset of its first byte; None in several files."""
        records = self.lists[key]
        is_united = isinstance(records, UnitedRecords)
        start = None if is_united else int(records.spans()[0][row])
        return self.ids(key)[row] if key == "images" else self._id(records, row), start

    def as_rest(self) -> Rest:
        """Return what checks of one file's records must know of this, which is all files."""
        some, annotations = set(sorted(self.img_ids, key=str)[:1]), self.lists.get("annotations")
        if annotations is not None:
            ids = annotations.column("image_id").array[self.image_rows == UNKNOWN]
            some |= self.img_ids.intersection(map(of_other_type, set(as_keys(ids).tolist())))
        lacking = self._lists_that_lack_ids
        return Rest(frozenset(some), lacking, self.is_lvis, self.categories)

    def name_of(self, key: str, row: int) -> str:
        """Return the name of the file that has a record."""
        records = self.lists[key]
        if isinstance(records, UnitedRecords):
            records = records.owner(row)
        return records.source.name

    def _id(self, records: Records, row: int) -> object:
        value: object = records.column("id").array[row]
        return value.item() if isinstance(value, np.generic) else value

    @cached_property
    def image_rows(self) -> Numbers:
        """For each annotation the row of its image; -1 where there is none."""
        images, annotations = self.lists.get("images"), self.lists.get("annotations")
        if annotations is None:
            return np.empty(0, np.int64)
        if images is None or not images.count:
            return np.full(annotations.count, UNKNOWN)
        of = Images.of(images.column("id").array)
        numbers = of.numbers(annotations.column("image_id").array)
        return np.where(numbers == UNKNOWN, UNKNOWN, of.row_of_image[numbers])

    @cached_property
    def boxes(self) -> Boxes:
        """The boxes of all annotations, by columns."""
        images, annotations = self.lists.get("images"), self.lists.get("annotations")
        count = self.count("annotations")
        nothing = np.full(count, np.nan)
        box, sides = [nothing] * 4, [nothing] * 2
        if annotations is not None:
            box = [_finite(values) for values in annotations.columns(*_BOX)]
        if images is not None and images.count:
            of_images = (_finite(values) for values in images.columns("width", "height"))
            is_known = self.image_rows != UNKNOWN
            sides = [np.where(is_known, side[self.image_rows], np.nan) for side in of_images]
        return Boxes(*box, *sides)

    def odd_rows(self, key: str) -> Numbers:
        """Return rows of the images or annotations in which checks may find something; of the
        others, which are plain, they surely find nothing."""
        records = self.lists[key]
        are_plain = {"images": self._are_plain_images, "annotations": self._are_plain}
        plain = are_plain[key](records) if key in are_plain and records.count else None
        return np.arange(records.count) if plain is None else np.flatnonzero(~plain)

    def _are_plain_images(self, images: Records) -> npt.NDArray[np.bool_] | None:
        names, *sizes = (v.array for v in images.columns("file_name", "width", "height"))
        ids = images.column("id").array
        if self.is_lvis:
            return None
        if any(array.dtype != np.int64 for array in (ids, *sizes)):
            return None
        are_names = [type(n) is str and bool(_PLAIN_NAME.fullmatch(n)) for n in names.tolist()]
        is_plain: npt.NDArray[np.bool_] = np.array(are_names, np.bool_)
        is_plain &= sizes[0] >= 1
        is_plain &= sizes[1] >= 1
        return is_plain

    def _are_plain(self, annotations: Records) -> npt.NDArray[np.bool_] | None:
        names = COLUMNS["annotations"]
        columns = dict(zip(names, annotations.columns(*names), strict=True))
        ids, cat_ids = columns["id"].array, columns["category_id"].array
        if any(columns[name].present for name in _PARTS):
            return None
        if any(array.dtype != np.int64 for array in (ids, cat_ids, columns["image_id"].array)):
            return None
        listed = [i for i in self.cat_ids if isinstance(i, int)]
        area, iscrowd = (as_floats(columns[name].array) for name in ("area", "iscrowd"))
        b = self.boxes
        # a comparison with NaN is false
        is_plain: npt.NDArray[np.bool_] = (
            (ids > 0) & (self.image_rows != UNKNOWN) & np.isin(cat_ids, listed)
        )
        is_plain &= (b.x >= 0) & (b.y >= 0)
        with np.errstate(over="ignore"):  # a sum that no float holds is over the edge, too
            is_plain &= (b.x + b.w <= b.width) & (b.y + b.h <= b.height)
        is_plain &= (np.minimum(b.w, b.h) >= 1) & (area > 0) & np.isfinite(area)
        is_plain &= (iscrowd == 0) | (iscrowd == 1)
        return is_plain


def _finite(values: Values) -> Array:
    """Return a column as finite numbers; NaN for what is none."""
    numbers = as_floats(values.array)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def decoded(text: bytes) -> Record:
    """Return a record by its JSON text."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        value = json.loads(text)
    return value if isinstance(value, dict) else {}


def of_other_type(key: Id | None) -> Id | None:
    """Return the number that a text id is, or the text of a number; None where there is none."""
    if isinstance(key, str):
        return int(key) if key.lstrip("-").isdecimal() and len(key) < 20 else None
    return None if key is None else str(key)


def box_of(record: Record) -> tuple[float, float, float, float] | None:
    """Return the box of a record; None where it is no list of four finite numbers."""
    box = record.get("bbox")
    if isinstance(box, list) and len(box) == 4 and all(map(is_number, box)):
        x, y, w, h = box
        return x, y, w, h
    return None


def repeated(values: Iterable[Any]) -> Iterator[tuple[Any, list[int]]]:
    """Yield each value that appears more than once, with its places; None is passed over."""
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        if value is not None:
            places.setdefault(value, []).append(place)
    return ((value, found) for value, found in places.items() if len(found) > 1)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number that a float holds; true is 1, as in Python."""
    return isinstance(value, (int, float)) and abs(value) <= sys.float_info.max  # not of NaN either
