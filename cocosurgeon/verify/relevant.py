"""The part of a source that matters for the output of loaders for a subset.

Most records of a large source do not matter: msgspec finds all records, and Python's json reads
only those that do. An annotation is omitted if its image is not in the subset and it is plain: its
values have types and sizes on which no loader fails. All others stay, with their image and all its
annotations, so that a loader that raises on the source raises on this part, too. For loaders that
filter images or number the categories in use, one plain annotation of each category stays, that
with the largest image.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import mmap
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from threading import Thread
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.files import is_gzip
from cocosurgeon.progress import Progress
from cocosurgeon.verify.read_again import (
    PlainFile,
    Record,
    read_again,
    read_text,
    record_of,
)
from cocosurgeon.verify.values import key_of

Integers = npt.NDArray[np.int64]
Columns = npt.NDArray[Any]

_BLOCK = 1 << 24
_PIECE = 1 << 15
_LAST_OF_ASCII = 127
_MOST_ID = 2**53
_MOST = 10**9
_Id = Annotated[int, Meta(ge=-_MOST_ID, le=_MOST_ID)]
_Side = Annotated[int, Meta(gt=0, le=_MOST)]
_Place = Annotated[float, Meta(ge=-_MOST, le=_MOST)]
_Extent = Annotated[float, Meta(gt=0, le=_MOST)]
_Area = Annotated[float, Meta(ge=-(_MOST**2), le=_MOST**2)]


_ODD = -2
"""Value of ``iscrowd`` for a record that is not plain."""
_NO_KIND = 2**60


class _File(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]


class _Image(msgspec.Struct, gc=False):
    id: _Id
    height: _Side
    width: _Side
    file_name: str | None = None
    coco_url: str | None = None


class _Annotation(msgspec.Struct, gc=False):
    id: _Id
    image_id: _Id
    category_id: _Id
    bbox: tuple[_Place, _Place, _Extent, _Extent]
    area: _Area
    iscrowd: Annotated[int, Meta(ge=0, le=1)] | bool = -1
    ignore: Annotated[int, Meta(ge=0, le=0)] = 0


class _WithoutKeypoints(_Annotation, gc=False):
    keypoints: Literal["\0"] = "\0"  # refuses every present value, even null


class _WithKeypoints(_Annotation, gc=False, kw_only=True):
    keypoints: Annotated[list[float], Meta(min_length=51, max_length=51)]


class _Ids(msgspec.Struct, gc=False):
    """Ids that every record needs."""

    id: _Id
    image_id: _Id


class _WithId(msgspec.Struct, gc=False):
    id: _Id


class _OfImage(msgspec.Struct, gc=False):
    image_id: _Id


_FIELDS = np.dtype([("id", "i8"), ("image_id", "i8"), ("category_id", "i8"), ("iscrowd", "i1")])
_OF_PLAIN = attrgetter("id", "image_id", "category_id", "iscrowd")


@dataclass(frozen=True)
class Wanted:
    """Records of a source that a subset is compared with.

    Attributes:
        img_ids: ids of the subset's images, and ids that its annotations name.
        image_rows, annotation_rows: rows that a recipe keeps.
    """

    img_ids: Collection[object]
    image_rows: Collection[int]
    annotation_rows: Collection[int]

    def has_text(self, key: str, row: int, record: Mapping[str, object]) -> bool:
        """Return True if the text of a record is compared, by its list and row."""
        is_owned = key in ("annotations", "")
        return not is_owned or self.has_annotation(row, key_of(record.get("image_id")))

    def has_annotation(self, row: int, img_id: object) -> bool:
        """Return True if an annotation, or a detection, of an image is compared."""
        return img_id in self.img_ids or row in self.annotation_rows


class _NotSureError(Exception):
    """Raised if any record may matter."""


def read_relevant(path: Path, wanted: Wanted, progress: Progress | None = None) -> PlainFile:
    """Read the records of a source that matter; all records if that is uncertain.

    Raises:
        SourceUnavailableError: the file cannot be opened.
        FormatError: the standard library cannot read it.
    """
    try:
        return _relevant(path, wanted, progress)
    except (
        *(_NotSureError, msgspec.MsgspecError, CocosurgeonError),
        *(OSError, ValueError, RecursionError),
    ):  # read with the standard library, which describes the fault
        return read_again(path, progress, wanted.has_text)


def _relevant(path: Path, wanted: Wanted, progress: Progress | None) -> PlainFile:
    if is_gzip(path):
        raise _NotSureError
    with path.open("rb") as file:
        # closed when the last of its records is freed
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    sha256 = hashlib.sha256()
    hashing = Thread(target=sha256.update, args=(data,))  # hashing releases the GIL
    hashing.start()
    try:
        _require_utf8(data)
        mark = len(codecs.BOM_UTF8) if data[:3] == codecs.BOM_UTF8 else 0
        text = memoryview(data)[mark:]
        is_bare = bytes(text[:4096]).lstrip(b" \t\n\r").startswith(b"[")
        of_text = _of_results if is_bare else _of_annotation_file
        found = of_text(str(path), text, wanted, progress)
    finally:
        hashing.join()
    return replace(found, sha256=sha256.hexdigest(), has_mark=mark > 0)


def _require_utf8(data: mmap.mmap) -> None:
    """Raise UnicodeDecodeError unless data are UTF-8, which msgspec does not check."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        block = memoryview(data)[start : start + _BLOCK]
        if decoder.getstate()[0] or np.frombuffer(block, np.uint8).max() > _LAST_OF_ASCII:
            decoder.decode(block)
    decoder.decode(b"", final=True)


def _of_results(
    name: str, text: memoryview, wanted: Wanted, _progress: Progress | None
) -> PlainFile:
    raws = msgspec.json.decode(text, type=list[msgspec.Raw])
    decoder = msgspec.json.Decoder(_OfImage)
    owners = (found.image_id for found in map(decoder.decode, raws))
    rows = [row for row, owner in enumerate(owners) if wanted.has_annotation(row, owner)]
    lists = {"": _records("", raws, rows, wanted)}
    return PlainFile(name, ("",), lists, {}, {}, is_bare=True, omitted=len(raws) - len(rows))


def _of_annotation_file(
    name: str, text: memoryview, wanted: Wanted, progress: Progress | None
) -> PlainFile:
    found = msgspec.json.decode(text, type=_File)
    images, annotations = found.images, found.annotations
    rest = read_text(name, _without(text, images, annotations))
    if rest.repeated or "categories" not in rest.lists or not images:
        raise _NotSureError
    cat_ids = [msgspec.convert(c.value, _WithId).id for c in rest.lists["categories"]]
    known = _Images.of(images, wanted)
    rows, owners = _annotation_rows(annotations, known, cat_ids, wanted, progress)
    image_rows = known.rows_of(owners)
    lists = {
        "images": _records("images", images, image_rows, wanted),
        "annotations": _records("annotations", annotations, rows, wanted),
    }
    omitted = len(images) + len(annotations) - len(image_rows) - len(rows)
    return replace(rest, lists={**rest.lists, **lists}, omitted=omitted)


def _without(text: memoryview, *lists: Sequence[msgspec.Raw]) -> str:
    """Return a text without the elements of some lists."""
    start = _address(text)
    places = [
        (_address(raws[0]) - start, _address(raws[-1]) + len(memoryview(raws[-1])) - start)
        for raws in lists
        if raws
    ]
    parts = list[bytes]()
    at = 0
    for first, stop in sorted(places):
        parts.append(bytes(text[at:first]))
        at = stop
    return b"".join([*parts, bytes(text[at:])]).decode()


def _address(buffer: memoryview | msgspec.Raw) -> int:
    return int(np.frombuffer(buffer, np.uint8).ctypes.data)


@dataclass(frozen=True, eq=False)
class _Images:
    """Images of a source.

    Attributes:
        ids: ids by row.
        sides: shorter side of each image in pixels; 0 for an image that is not plain.
        is_kept: True for images that stay with all their annotations.
        representatives: rows of further images that stay.
    """

    ids: Integers
    sides: Integers
    is_kept: npt.NDArray[np.bool_]
    representatives: Sequence[int]

    @classmethod
    def of(cls, raws: Sequence[msgspec.Raw], wanted: Wanted) -> _Images:
        decode, decode_id = (
            msgspec.json.Decoder(_Image).decode,
            msgspec.json.Decoder(_WithId).decode,
        )
        ids, sides, is_kept = array("q"), array("q"), bytearray()
        largest = dict[tuple[bool, bool], tuple[int, int]]()
        for row, raw in enumerate(raws):
            try:
                image = decode(raw)
            except msgspec.ValidationError:
                img_id, side = decode_id(raw).id, 0
            else:
                img_id, side = image.id, min(image.height, image.width)
                kind = image.coco_url is None, image.file_name is None
                largest[kind] = max(largest.get(kind, (0, 0)), (side, row))
            ids.append(img_id)
            sides.append(side)
            is_kept.append(not side or img_id in wanted.img_ids or row in wanted.image_rows)
        return cls(
            _unique(np.frombuffer(ids, np.int64)),
            np.frombuffer(sides, np.int64),
            np.frombuffer(is_kept, np.bool_),
            [row for _, row in largest.values()],
        )

    def rows_of(self, img_ids: Integers) -> npt.NDArray[np.intp]:
        """Return the rows of the images that stay, including those of kept annotations."""
        stay = self.is_kept | np.isin(self.ids, img_ids)
        stay[self.representatives] = True
        return np.flatnonzero(stay)


def _annotation_rows(
    raws: Sequence[msgspec.Raw],
    images: _Images,
    cat_ids: Sequence[int],
    wanted: Wanted,
    progress: Progress | None,
) -> tuple[npt.NDArray[np.intp], Integers]:
    """Return rows of the annotations that stay, and the ids of their images."""
    columns = np.concatenate([np.empty(0, _FIELDS), *_columns(raws, progress)])
    _unique(columns["id"])
    owners, is_crowd = columns["image_id"], columns["iscrowd"]
    by_id = np.argsort(images.ids)
    place = np.searchsorted(images.ids, owners, sorter=by_id)
    image_rows = by_id[np.minimum(place, len(by_id) - 1)]
    has_image = images.ids[image_rows] == owners
    stay = (has_image & images.is_kept[image_rows]) | np.isin(owners, _integers(wanted.img_ids))
    stay[[row for row in wanted.annotation_rows if row < len(stay)]] = True
    is_plain = (is_crowd != _ODD) & has_image & np.isin(columns["category_id"], cat_ids)
    stay |= np.isin(owners, owners[~is_plain])
    rest = np.flatnonzero(~stay)
    kinds = columns["category_id"][rest] * 4 + is_crowd[rest]
    order = np.lexsort((images.sides[image_rows[rest]], kinds))
    is_largest = np.diff(kinds[order], append=_NO_KIND) != 0
    stay[rest[order[is_largest]]] = True
    rows = np.flatnonzero(stay)
    return rows, np.unique(owners[rows])


def _columns(raws: Sequence[msgspec.Raw], progress: Progress | None) -> Iterator[Columns]:
    """Yield the ids and flags of annotations, piece by piece."""
    first = msgspec.json.decode(raws[0], type=dict[str, msgspec.Raw]) if raws else {}
    has_keypoints = "keypoints" in first
    plain = msgspec.json.Decoder[_Annotation](
        _WithKeypoints if has_keypoints else _WithoutKeypoints
    )
    for start in range(0, len(raws), _PIECE):
        piece = raws[start : start + _PIECE]
        try:
            rows = map(_OF_PLAIN, map(plain.decode, piece))
            yield np.fromiter(rows, _FIELDS, len(piece))
        except msgspec.ValidationError:
            yield np.fromiter((_row(raw, plain) for raw in piece), _FIELDS, len(piece))
        if progress is not None:
            progress(start + len(piece), len(raws))


def _row(raw: msgspec.Raw, plain: msgspec.json.Decoder[_Annotation]) -> tuple[int, int, int, int]:
    """Return the ids and flags of an annotation that may not be plain."""
    try:
        return _OF_PLAIN(plain.decode(raw))
    except msgspec.ValidationError:
        found = msgspec.json.decode(raw, type=_Ids)
        return found.id, found.image_id, 0, _ODD


def _integers(values: Iterable[object]) -> Integers:
    """Return the values that are integers in the range of ids here."""
    found = (int(v) for v in values if isinstance(v, (int, float)) and v == v // 1)
    return np.array([number for number in found if abs(number) <= _MOST_ID], np.int64)


def _unique(ids: Integers) -> Integers:
    """Return ids; raise _NotSureError if one is repeated: its last record then replaces others."""
    found = np.sort(ids)
    if (found[1:] == found[:-1]).any():
        raise _NotSureError
    return ids


def _records(
    key: str, raws: Sequence[msgspec.Raw], rows: Iterable[int], wanted: Wanted
) -> tuple[Record, ...]:
    texts = ((row, bytes(raws[row]).decode()) for row in map(int, rows))
    return tuple(record_of(key, row, json.loads(t), t, wanted.has_text) for row, t in texts)
