"""One label file of YOLO: an image with its objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cocosurgeon.errors import FormatError
from cocosurgeon.files import reading
from cocosurgeon.formats.image_files import size_of_image
from cocosurgeon.formats.objects import Box, Object, Picture
from cocosurgeon.formats.outlines import area_of, box_of
from cocosurgeon.text import are, plural

_FARTHEST = 2.0
"""Share of a side from which a number cannot be one: it is in pixels."""


class File(NamedTuple):
    """An image and its labels.

    Attributes:
        name: path of the image in the folder of images, with slashes.
        image: path of the image file; None where it is not there.
        labels: path of the text file; None where there is none.
        size: width and height in pixels; None: those of the image file.
    """

    name: str
    image: str | None
    labels: str | None
    size: tuple[int, int] | None = None


def read_image(file: File, classes: int | None, keypoints: int) -> Picture:
    """Return an image with the objects of its label file.

    Args:
        classes: the count of class numbers; None where nothing names them.
        keypoints: the count of numbers of keypoints at the end of a row.

    Raises:
        FormatError: a row is broken, or the size of the image is not known.
    """
    size = file.size or (size_of_image(file.image) if file.image else None)
    if size is None:
        raise FormatError(
            "the image cannot be read, so its size is not known",
            where=file.image or file.name,
            hint="remove it, or replace it by a readable image",
        )
    objects: list[Object] = []
    if file.labels is not None:
        with reading(file.labels, "the labels"), open(file.labels, "rb") as stream:  # noqa: PTH123
            text = stream.read()
        for number, line in enumerate(text.decode("utf-8-sig", "replace").splitlines(), 1):
            if line.strip():
                cells = line.split()
                if keypoints and len(cells) == 5 + keypoints:
                    cells = cells[:5]
                objects.append(_row(cells, size, classes, f"{file.labels}, line {number}"))
    return Picture(file.name, *size, tuple(objects), file.image)


def _row(cells: Sequence[str], size: tuple[int, int], classes: int | None, where: str) -> Object:
    try:
        label, *values = map(float, cells)
    except ValueError as error:
        raise FormatError(f"not a row: {error}", where=where, hint=_ROW) from error
    if label < 0 or not label.is_integer():
        raise FormatError(f"the class number is {cells[0]}", where=where, hint=_ROW)
    if classes is not None and label >= classes:
        raise FormatError(
            f"class number {int(label)}, and {plural(classes, 'class', 'classes')} "
            f"{are(classes)} named: 0 to {classes - 1}",
            where=where,
            hint="complete the list of classes, or correct the row",
        )
    if not all(abs(v) < _FARTHEST for v in values):
        raise FormatError(
            "a number is not a share of the image's side: shares are from 0 to 1",
            where=where,
            hint="divide pixels by the image's width and height",
        )
    width, height = size
    if len(values) == 4:
        x, y, w, h = values
        box = ((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
        decimals = decimals_for(cells[1:], max(size))
        rounded = (*(round(v, decimals) for v in box),)
        return Object(int(label), rounded, area=round(rounded[2] * rounded[3], 4))  # type: ignore[arg-type]
    if len(values) < 6 or len(values) % 2:
        raise FormatError(f"a row has {plural(len(cells), 'number')}", where=where, hint=_ROW)
    decimals = decimals_for(cells[1:], max(size))
    sides = (width, height) * (len(values) // 2)
    exact = [v * side for v, side in zip(values, sides, strict=True)]
    polygon = [round(v, decimals) for v in exact]
    # Not of the rounded points: a width is a difference of two.
    x, y, w, h = (round(v, decimals) for v in box_of(exact))
    around: Box = (x, y, w, h)
    return Object(int(label), around, [polygon], area=round(area_of(polygon), 4))


_ROW = "a row is a class number and 4 numbers of a box, or 6 or more of a polygon, in pairs"


def decimals_for(cells: Sequence[str], side: int) -> int:
    """Return the decimals of pixels that the digits of a row stand for; 2 at least, since few
    digits may be exact ones."""
    digits = max(len(cell.partition(".")[2]) for cell in cells)
    return max(2, digits - math.ceil(math.log10(side)))
