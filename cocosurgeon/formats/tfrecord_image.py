"""One record of TensorFlow's Object Detection API: an image with its objects."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cocosurgeon.formats.objects import Box, Object, Picture, Segmentation
from cocosurgeon.formats.tf_example import Values
from cocosurgeon.text import plural

_OBJECT = "image/object/"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_COLUMNS = ("class/text", "class/label", "is_crowd", "difficult", "area", "mask")
_KEYS = frozenset((*(f"bbox/{corner}" for corner in _CORNERS), *_COLUMNS))


def image_of(features: Mapping[str, Values], place: int) -> tuple[Picture, list[str]]:
    """Return an image with its objects, whose labels are from 1, and their class names.

    Args:
        place: the number of the record, which names an image without a name.

    Raises:
        ValueError: they are no image with objects.
    """
    width, height = (_first(features, f"image/{key}") for key in ("width", "height"))
    if not width or not height:
        width, height = _size(_first(features, "image/encoded"))
    source_id = _text(features, "image/source_id")
    is_number = re.fullmatch(r"-?\d{1,18}", source_id)
    name = _text(features, "image/filename") or f"{source_id or place}.jpg"
    picture = Picture(
        name.replace("\\", "/"),
        int(width),
        int(height),
        (),
        img_id=int(source_id) if is_number else source_id or None,
    )
    objects = [*_objects(features, picture)]
    names = [name for _, name in objects]
    return replace(picture, objects=tuple(each for each, _ in objects)), names


def unread_keys(features: Mapping[str, Values]) -> Iterator[str]:
    """Yield keys of objects that are not read."""
    others = (key for key, values in features.items() if key.startswith(_OBJECT) and len(values))
    yield from (key for key in others if key.removeprefix(_OBJECT) not in _KEYS)


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
