"""TFRecord: shards of TensorFlow's Object Detection API, with the images in them.

The keys are those of ``research/object_detection/dataset_tools/create_coco_tf_record.py`` in
tensorflow/models.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

import numpy as np

from cocosurgeon.errors import RequestError
from cocosurgeon.files import reading
from cocosurgeon.formats.format import MASKS, Crowds, Feature, Format, Found, Part, Sizes, option
from cocosurgeon.formats.label_map import LABEL_MAP, label_map_of
from cocosurgeon.formats.objects import Class, Object, Picture
from cocosurgeon.formats.outlines import has_pixels, pixels_of
from cocosurgeon.formats.tf_example import Values, encode
from cocosurgeon.formats.tfrecord_file import write_records
from cocosurgeon.formats.tfrecord_shards import Shards

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE = 200 * 10**6
_IMAGES = {b"\xff\xd8\xff": b"jpeg", b"\x89PNG": b"png", b"GIF8": b"gif", b"BM": b"bmp"}
"""Formats that TensorFlow decodes, by their first bytes."""


def _number(text: str) -> int:
    """Return a number of shards.

    Raises:
        ValueError: it is none.
    """
    number = int(text) if text.isdecimal() else 0
    if not 0 < number < 100_000:
        raise ValueError(f"{text!r} is not a number of shards from 1 to 99,999")
    return number


def _bytes(text: str) -> int:
    """Return a size in bytes.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmg]?b?)", text.lower())
    size = float(match[1]) * _UNITS[match[2].rstrip("b") + "b" if match[2] else ""] if match else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size, such as 200MB")
    return int(size)


@dataclass(frozen=True)
class TfRecord(Format):
    """Shards with an index each, and a label map.

    Attributes:
        masks: write masks, too.
        shards: their number.
        shard_size: about the bytes of each, where there is no number.
    """

    name: ClassVar[str] = "tfrecord"
    title: ClassVar[str] = "TensorFlow Object Detection: shards with images, label map, index"
    crowds: ClassVar[tuple[Crowds, ...]] = ("keep", "drop", "ignore")
    wants_images: ClassVar[Literal["read"]] = "read"

    masks: bool = option("Also write masks, as PNG.", default=False)
    shards: int | None = option(
        "Write this many shards (NAME-00000-of-00032).", metavar="N", make=_number, default=None
    )
    shard_size: int | None = option(
        "Write shards of about this size (default: 200MB).",
        metavar="SIZE",
        make=_bytes,
        default=None,
    )

    def __post_init__(self) -> None:
        if self.shards is not None and self.shard_size is not None:
            raise RequestError("give only one of --shards and --shard-size")

    @property
    def holds(self) -> frozenset[Feature]:
        """Return what it can hold. Of boxes over the edge, TensorFlow's own writer takes none."""
        masks = MASKS - {"polygons"} if self.masks else frozenset[Feature]()
        return masks | {"crowd", "ignored", "area"}

    def remarks(self, picture: Picture) -> Iterator[str]:
        if self.masks:
            without = sum(each.segmentation is None for each in picture.objects)
            yield from ["objects without a mask, which get an empty one"] * without

    def units(self, part: Part) -> Iterator[tuple[str, int, int]]:
        count = len(part.names)
        if self.shards is not None:
            if self.shards > count:
                raise RequestError(
                    f"{part.name} has {count:,} images, too few for {self.shards:,} shards",
                    hint=f"use --shards {count}",
                )
            bounds = [count * shard // self.shards for shard in range(self.shards + 1)]
        else:
            bounds = _bounds(part.sizes, self.shard_size or _SIZE)
        total = len(bounds) - 1
        for shard, (first, stop) in enumerate(pairwise(bounds)):
            yield f"{shard:05}-of-{total:05}", first, stop

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        names = [each.name.encode("utf-8", "surrogatepass") for each in classes]
        examples = (encode(self._features(picture, names)) for picture in pictures)
        write_records(out / f"{part}-{unit}.tfrecord", examples)
        return b""

    def _features(self, picture: Picture, names: Sequence[bytes]) -> dict[str, Values]:
        assert picture.path is not None
        with reading(picture.path, "the image"):
            image = Path(picture.path).read_bytes()
        size = np.array([picture.width, picture.height] * 2, np.float64)
        boxes = np.array([each.bbox for each in picture.objects], np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        xmin, ymin, xmax, ymax = np.clip(boxes / size, 0, 1).astype(np.float32).T
        labels = [each.label for each in picture.objects]
        areas = [o.bbox[2] * o.bbox[3] if o.area is None else o.area for o in picture.objects]
        features: dict[str, Values] = {
            "image/height": _ints([picture.height]),
            "image/width": _ints([picture.width]),
            "image/filename": [picture.file_name.encode("utf-8", "surrogatepass")],
            "image/source_id": [str(picture.img_id).encode("utf-8", "surrogatepass")],
            "image/key/sha256": [hashlib.sha256(image).hexdigest().encode()],
            "image/encoded": [image],
            "image/format": [_format_of(image, picture.file_name)],
            "image/object/bbox/xmin": xmin,
            "image/object/bbox/ymin": ymin,
            "image/object/bbox/xmax": xmax,
            "image/object/bbox/ymax": ymax,
            "image/object/class/text": [names[label] for label in labels],
            "image/object/class/label": _ints(label + 1 for label in labels),
            "image/object/is_crowd": _ints(each.is_crowd for each in picture.objects),
            "image/object/difficult": _ints(each.is_ignored for each in picture.objects),
            "image/object/area": np.array(areas, np.float32),
        }
        if self.masks:
            features["image/object/mask"] = [_png(each, picture) for each in picture.objects]
        return features

    def extras(self, parts: Sequence[Part], classes: Sequence[Class]) -> Mapping[str, bytes]:
        return {LABEL_MAP: label_map_of(classes)}

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        return Shards.at(path, part).read()


def _bounds(sizes: Sequence[int], most: int) -> list[int]:
    """Return where shards begin that are filled up to a size, and the end."""
    bounds, filled = [0], 0
    for place, size in enumerate(sizes):
        if filled and filled + size > most:
            bounds.append(place)
            filled = 0
        filled += size
    return [*bounds, len(sizes)] if sizes else [0]


def _ints(values: Iterable[int]) -> Values:
    return np.array([*values], np.int64)


def _format_of(image: bytes, name: str) -> bytes:
    known = (kind for start, kind in _IMAGES.items() if image.startswith(start))
    return next(known, PurePosixPath(name).suffix[1:].lower().encode("ascii", "ignore"))


def _png(each: Object, picture: Picture) -> bytes:
    """Return a mask as a gray PNG of 0 and 1; an empty one where there is none.

    It is written here: Pillow takes six times as long, to choose a filter for each line.
    """
    size, mask = (picture.width, picture.height), each.segmentation
    lines = np.zeros((picture.height, picture.width + 1), np.uint8)  # of each, first its filter
    if mask is not None and has_pixels(mask, *size):
        lines[:, 1:] = pixels_of(mask, *size)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 1)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
