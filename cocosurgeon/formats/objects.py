"""Images with their objects, as every format gets and gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Id: TypeAlias = int | float | str
Box: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in pixels."""
Polygon: TypeAlias = list[float]
"""x1, y1, x2, y2, ... in pixels."""
Segmentation: TypeAlias = list[Polygon] | dict[str, Any]
"""COCO's: polygons, or run lengths."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object of an image.

    Attributes:
        label: its class number, from 0.
        bbox: x, y, width, height in pixels.
        segmentation: its mask; None without one.
        area: in pixels; None where it is not known.
        is_crowd: whether it is a crowd.
        is_ignored: whether evaluation ignores it.
        ann_id: id of its annotation; None where it has none yet.
        place: which of its image's annotations it is, from 0.
        record: the annotation as JSON; where the object was read from another format, only the
            keys that are no field here.
    """

    label: int
    bbox: Box
    segmentation: Segmentation | None = None
    area: float | None = None
    is_crowd: bool = False
    is_ignored: bool = False
    ann_id: Id | None = None
    place: int = 0
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image with its objects.

    Attributes:
        file_name: its path in the folder of images, with slashes.
        width, height: in pixels.
        objects: in the order of the file.
        path: the image file; None where it was not found, or not looked for.
        img_id: id of its record; None where it has none yet.
        record: the image's record as JSON; empty where it was read from another format.
    """

    file_name: str
    width: int
    height: int
    objects: tuple[Object, ...]
    path: str | None = None
    img_id: Id | None = None
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Class:
    """A class of a label space.

    Attributes:
        name: its name.
        cat_id: id of its category; None where it has none yet.
    """

    name: str
    cat_id: Id | None = None
