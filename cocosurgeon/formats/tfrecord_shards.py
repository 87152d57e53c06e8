"""Shards: TFRecord files of one dataset, as they are found and read."""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.formats.format import Found
from cocosurgeon.formats.label_map import LABEL_MAP, read_label_map
from cocosurgeon.formats.objects import Box, Class, Object, Picture, Segmentation
from cocosurgeon.formats.tf_example import Values, decode
from cocosurgeon.formats.tfrecord_file import read_records
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.text import plural

_ENDING = r"(?:\.(?:tfrecords?|records?))"
_NAME = re.compile(
    rf"(?P<name>.+?){_ENDING}?-(?P<shard>\d{{5}})-of-(?P<total>\d{{5}}){_ENDING}?(?:\.gz)?"
    rf"|(?P<whole>.+){_ENDING}(?:\.gz)?"
)
_OBJECT = "image/object/"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_COLUMNS = ("class/text", "class/label", "is_crowd", "difficult", "area", "mask")
_KEYS = frozenset((*(f"bbox/{corner}" for corner in _CORNERS), *_COLUMNS))
_HOW = "use the keys of TensorFlow's Object Detection API"


class _Read(NamedTuple):
    """Images of a shard, whose objects have the label ids of the records.

    Attributes:
        pictures: the images.
        names: by label id, the class name and where it was first seen.
        skipped: keys of objects that were not read.
    """

    pictures: list[Picture]
    names: dict[int, tuple[str, str]]
    skipped: Counter[str]


@dataclass(frozen=True, eq=False)
class Shards:
    """Shards of one split, in order.

    Attributes:
        files: the files.
        label_map: the file with the names of the classes; None where there is none.
    """

    files: Sequence[Path]
    label_map: Path | None

    @classmethod
    def at(cls, path: Path, part: str | None) -> Shards:
        """Find the shards of a split.

        Args:
            path: a folder, or one file.
            part: the split: the name of the shards; None: the only one.

        Raises:
            SourceUnavailableError: nothing is there.
            RequestError: there are several splits, and none is named; or there is none of the name.
            FormatError: a shard is missing.
        """
        folder = path.parent if path.is_file() else path
        maps = sorted(folder.glob("*.pbtxt")) if folder.is_dir() else []
        named = [each for each in maps if each.name == LABEL_MAP]
        label_map = named[0] if named else maps[0] if len(maps) == 1 else None
        if path.is_file():
            return cls([path], label_map)
        if not folder.is_dir():
            raise SourceUnavailableError("no such folder", where=str(path), hint="check the path")
        found: defaultdict[str, dict[tuple[int, int], Path]] = defaultdict(dict)
        for each in sorted(folder.iterdir()):
            if match := _NAME.fullmatch(each.name):
                place = (int(match["total"] or 1), int(match["shard"] or 0))
                found[match["name"] or match["whole"]][place] = each
        if not found:
            raise SourceUnavailableError(
                "no TFRecord files are found", where=str(path), hint="check the path"
            )
        if part is None and len(found) > 1:
            raise RequestError(
                f"there are several parts: {', '.join(found)}",
                where=str(path),
                hint=f"name one: --split {next(iter(found))}",
            )
        if part is not None and part not in found:
            raise RequestError(
                f"there is no part {part!r}", where=str(path), hint=f"use one of {', '.join(found)}"
            )
        return cls(_complete(found[part or next(iter(found))], str(path)), label_map)

    def read(self) -> Found:
        """Read all shards, in several processes.

        Raises:
            FormatError: a record is broken, or its objects; the error names file and byte.
        """
        listed = {} if self.label_map is None else read_label_map(self.label_map)
        pictures: list[Picture] = []
        names = {label: (found[0], str(self.label_map)) for label, found in listed.items()}
        skipped: Counter[str] = Counter()
        with progress_of("reading shards") as progress:
            shards = in_processes(_read, self.files, len(self.files))
            for place, shard in enumerate(shards, 1):
                pictures += shard.pictures
                skipped += shard.skipped
                for label, (name, where) in shard.names.items():
                    first, there = names.setdefault(label, (name, where))
                    if name not in listed.get(label, (first,)):
                        raise _two_names(label, name, where, first, there)
                if progress:
                    progress(place, len(self.files))
        notes = [f"{key} of objects, dropped ({count:,})" for key, count in skipped.items()]
        ids = [each.img_id for each in pictures]
        if len({*ids}) < len(ids):
            pictures = [replace(each, img_id=None) for each in pictures]
            notes.append("image/source_id is missing or not unique: image ids are from 1")
        if not names:
            return Found((), [_labeled(each, None) for each in pictures], notes)
        labels = {label: place for place, label in enumerate(sorted(names))}
        unknown = {each.label for p in pictures for each in p.objects}.difference(labels)
        if unknown:
            raise FormatError(
                f"the label {min(unknown)} has no name",
                where=str(self.label_map or self.files[0]),
                hint="complete the label map",
            )
        classes = tuple(Class(names[label][0], label) for label in labels)
        return Found(classes, [_labeled(each, labels) for each in pictures], notes)


def _complete(shards: Mapping[tuple[int, int], Path], where: str) -> list[Path]:
    """Return the shards in order, or raise where one is missing."""
    totals = {total for total, _ in shards}
    name = next(iter(shards.values())).name
    if len(totals) > 1:
        counts = " and ".join(map(str, sorted(totals)))
        raise FormatError(
            f"shards with the same name have different totals: {counts}",
            where=where,
            hint="move the shards of one of them away",
        )
    (total,) = totals
    missing = sorted({*range(total)} - {shard for _, shard in shards})
    if missing:
        raise FormatError(
            f"{plural(len(missing), 'shard')} of {total} missing: number {missing[0]:05}, "
            f"named as {name} is",
            where=where,
            hint="copy all of them, or name one file to read only it",
        )
    return [path for _, path in sorted(shards.items())]


def _two_names(label: int, name: str, where: str, first: str, there: str) -> FormatError:
    return FormatError(
        f"the label {label} is {name!r} here, and {first!r} in {there}",
        where=where,
        hint="use the label map that the shards were made with",
    )


# ---- what is in a shard


def _read(path: Path) -> _Read:
    found = _Read([], {}, Counter())
    for where, record in read_records(path):
        try:
            features = decode(record)
            picture = _picture(features, len(found.pictures))
            objects = [*_objects(features, picture)]
        except ValueError as error:
            raise FormatError(
                f"a record cannot be read: {error}", where=where, hint=_HOW
            ) from error
        found.pictures.append(replace(picture, objects=tuple(each for each, _ in objects)))
        for each, name in objects:
            if name and found.names.setdefault(each.label, (name, where))[0] != name:
                raise _two_names(each.label, name, where, *found.names[each.label])
        others = (k for k, v in features.items() if k.startswith(_OBJECT) and len(v))
        found.skipped.update(k for k in others if k.removeprefix(_OBJECT) not in _KEYS)
    return found


def _picture(features: Mapping[str, Values], place: int) -> Picture:
    width, height = (_first(features, f"image/{key}") for key in ("width", "height"))
    if not width or not height:
        width, height = _size(_first(features, "image/encoded"))
    source_id = _text(features, "image/source_id")
    is_number = re.fullmatch(r"-?\d{1,18}", source_id)
    name = _text(features, "image/filename") or f"{source_id or place}.jpg"
    return Picture(
        name.replace("\\", "/"),
        int(width),
        int(height),
        (),
        img_id=int(source_id) if is_number else source_id or None,
    )


def _first(features: Mapping[str, Values], key: str) -> Any:
    values = features.get(key, [])
    return values[0] if len(values) else None


def _text(features: Mapping[str, Values], key: str) -> str:
    value = _first(features, key)
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else ""


def _size(image: object) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image if isinstance(image, bytes) else b"")) as opened:
            size: tuple[int, int] = opened.size
            return size
    except Exception as error:  # a broken image raises whatever its decoder fails with
        raise ValueError("it has no size, and no image that could be read") from error


def _objects(features: Mapping[str, Values], picture: Picture) -> Iterator[tuple[Object, str]]:
    """Yield each object with its class name, which may be empty."""
    corners = [features.get(f"{_OBJECT}bbox/{corner}", []) for corner in _CORNERS]
    count = len(corners[0])
    columns = {key: _column(features, key, count) for key in _COLUMNS}
    labels, texts = columns["class/label"], columns["class/text"]
    if any(len(values) != count for values in corners) or (count and labels is None):
        raise ValueError(
            f"it has {plural(count, 'box', 'boxes')}, but another number of corners or labels"
        )
    sides = np.array([picture.width, picture.height] * 2, np.float64)
    boxes = np.array(corners, np.float64).reshape(4, -1).T * sides
    decimals = max(2, 6 - len(str(max(picture.width, picture.height))))
    for place in range(count):
        left, top, right, bottom = (float(v) for v in boxes[place])
        box: Box = (left, top, right - left, bottom - top)
        label = 0 if labels is None else int(labels[place])
        if label < 1 or not np.isfinite(box).all():
            raise ValueError(f"object {place} has the label {label} and the box {box}")
        x, y, width, height = (round(v, decimals) for v in box)
        text = b"" if texts is None else texts[place]
        area = columns["area"]
        yield (
            Object(
                label,
                (x, y, width, height),
                _mask(columns["mask"], place, picture),
                # the shortest number that is this one in single precision
                None if area is None else float(str(np.float32(area[place]))),
                is_crowd=_is_set(columns["is_crowd"], place),
                is_ignored=_is_set(columns["difficult"], place),
            ),
            text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else "",
        )


def _column(features: Mapping[str, Values], key: str, count: int) -> Any:
    values = features.get(f"{_OBJECT}{key}", [])
    if len(values) not in (0, count):
        raise ValueError(f"it has {plural(count, 'box', 'boxes')}, and {len(values)} of {key}")
    return values if len(values) else None


def _is_set(values: Any, place: int) -> bool:
    return values is not None and values[place] == 1


def _mask(values: Any, place: int, picture: Picture) -> Segmentation | None:
    """Return a mask of PNG as run lengths; None where it is empty."""
    if values is None:
        return None
    from PIL import Image
    from pycocotools import mask as masks

    try:
        with Image.open(io.BytesIO(values[place])) as image:
            if image.size != (picture.width, picture.height):
                raise ValueError(f"a mask is {image.width} x {image.height} pixels")
            pixels = np.asarray(image.convert("L")) > 0
    except ValueError:
        raise
    except Exception as error:  # a broken image raises whatever its decoder fails with
        raise ValueError("a mask is not a readable PNG") from error
    if not pixels.any():
        return None
    found = masks.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": [picture.height, picture.width], "counts": found["counts"].decode()}


def _labeled(picture: Picture, labels: Mapping[int, int] | None) -> Picture:
    """Return an image with class numbers from 0 in the place of label ids."""
    objects = (
        replace(each, label=each.label - 1 if labels is None else labels[each.label])
        for each in picture.objects
    )
    return replace(picture, objects=tuple(objects))
