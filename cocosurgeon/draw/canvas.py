"""Marks drawn on images, and several images in a sheet."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from cocosurgeon.draw.fonts import font_of
from cocosurgeon.draw.marks import Box, Color, Drawing, Mark, Points, has_dark_text
from cocosurgeon.draw.notes import note_lines
from cocosurgeon.text import one_line

_PAPER: Color = (255, 255, 255)
_INK: Color = (20, 20, 20)
_MARGIN = 8
_FILL = 90
"""Opacity of a mask, from 0 to 255."""
_DASH = 6.0
_HATCH = 12
_AROUND = 20.0
"""Pixels around the image in which lines are drawn; beyond that they are cut off."""
_LEAST = (240, 48)
"""Least width and height of a picture in pixels, for readable names and notes."""


@dataclass(frozen=True)
class Size:
    """Sizes of a drawing.

    Attributes:
        longest: pixels of the longer side of an image; None: that of the image.
        text: height of letters in pixels.
    """

    longest: int | None
    text: int = 13


def drawn(image: Image.Image, drawing: Drawing, scale: float, size: Size) -> Image.Image:
    """Return an image with marks on it, and with its title, facts and notes above it.

    Args:
        scale: pixels of the image for one pixel of the marks.
    """
    by = 1.0 if size.longest is None else size.longest / max(image.size)
    if by != 1.0:
        wanted = max(1, round(image.width * by)), max(1, round(image.height * by))
        image = image.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=3.0)
        scale *= by
    canvas = image.copy()
    hatch = _hatch(canvas.size) if any(mark.is_crowd for mark in drawing.marks) else None
    for mark in drawing.marks:
        _draw_mask(canvas, mark, scale, hatch if mark.is_crowd else None)
    pen = ImageDraw.Draw(canvas)
    for mark in drawing.marks:
        _draw_outline(pen, mark, scale, canvas.size)
    canvas = _padded(canvas)
    pen = ImageDraw.Draw(canvas)
    for mark in drawing.marks:  # names are on top of everything else
        _draw_name(pen, mark, scale, canvas.size, size.text)
    return _with_title(canvas, drawing, size.text)


def sheet(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Return pictures in rows, in cells of the size of the largest picture."""
    columns = min(columns, len(pictures))
    width, height = (max(p.size[axis] for p in pictures) + _MARGIN for axis in (0, 1))
    rows = ceil(len(pictures) / columns)
    whole = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), _PAPER)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        whole.paste(picture, (_MARGIN + column * width, _MARGIN + row * height))
    return whole


def _padded(canvas: Image.Image) -> Image.Image:
    """Return an image, padded to its right and below if it is small."""
    width, height = (max(of) for of in zip(canvas.size, _LEAST, strict=True))
    if canvas.size == (width, height):
        return canvas
    whole = Image.new("RGB", (width, height), _PAPER)
    whole.paste(canvas, (0, 0))
    return whole


def _hatch(size: tuple[int, int]) -> Image.Image:
    hatch = Image.new("L", size, 0)
    pen = ImageDraw.Draw(hatch)
    width, height = size
    for start in range(-height, width, _HATCH):
        pen.line((start, height, start + height, 0), fill=255, width=3)
    return hatch


def _draw_mask(canvas: Image.Image, mark: Mark, scale: float, hatch: Image.Image | None) -> None:
    """Draw a mask, or with a hatch a hatched mask; without a mask, hatch the box."""
    opacity = _FILL if hatch is None else 255
    if (found := _shape(mark, scale, canvas.size, opacity)) is None:
        return
    shape, region = found
    if hatch is not None:
        shape = ImageChops.darker(shape, hatch.crop(region))
    canvas.paste(mark.color, region, shape)


def _shape(
    mark: Mark, scale: float, size: tuple[int, int], opacity: int
) -> tuple[Image.Image, tuple[int, int, int, int]] | None:
    """Return the opacity of each pixel of a mask, and its part of the canvas."""
    if mark.rle is not None and (bounds := mark.rle.bounds) is not None:
        region = _region([side * scale for side in bounds], size)
        if region is None:
            return None
        places = (np.arange(*region[axis::2]) for axis in (0, 1))
        xs, ys = (((each + 0.5) / scale).astype(np.int64) for each in places)
        xs, ys = np.minimum(xs, mark.rle.width - 1), np.minimum(ys, mark.rle.height - 1)
        pixels = mark.rle.at(xs, ys).astype(np.uint8) * np.uint8(opacity)
        return Image.fromarray(np.ascontiguousarray(pixels)), region
    polygons = [polygon * scale for polygon in mark.polygons]
    if not polygons and mark.is_crowd and mark.box is not None:
        x1, y1, x2, y2 = _scaled(mark.box, scale, size)
        polygons = [np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])]
    clipped = [cut for polygon in polygons if len(cut := _clipped(polygon, size))]
    if not clipped:
        return None
    every = np.concatenate(clipped)
    region = _region([*every.min(axis=0), *(every.max(axis=0) + 1)], size)
    if region is None:
        return None
    shape = Image.new("L", (region[2] - region[0], region[3] - region[1]), 0)
    pen = ImageDraw.Draw(shape)
    for polygon in clipped:
        pen.polygon((polygon - region[:2]).ravel().tolist(), fill=opacity)
    return shape, region


def _region(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the pixels of the canvas that a box covers; None if it covers none."""
    x1, y1 = (max(0, int(side)) for side in box[:2])
    x2, y2 = (min(most, ceil(side)) for side, most in zip(box[2:], size, strict=True))
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _clipped(points: Points, size: tuple[int, int]) -> Points:
    """Return a polygon, or a line of two points, clipped at a margin around the image.

    Sutherland and Hodgman 1974: one edge after the other. Added sides are outside the image.
    """
    for axis in (0, 1):
        for sign, limit in ((1, -_AROUND), (-1, -size[axis] - _AROUND)):
            inside = sign * points[:, axis] - limit
            if (inside >= 0).all():
                continue
            if (inside < 0).all():
                return points[:0]
            cut = []
            for n in range(len(points)):
                before, after = inside[n - 1], inside[n]
                if (before < 0) != (after < 0):
                    share = before / (before - after)
                    cut.append(points[n - 1] + share * (points[n] - points[n - 1]))
                if after >= 0:
                    cut.append(points[n])
            points = np.array(cut)
    return points


def _draw_outline(
    pen: ImageDraw.ImageDraw, mark: Mark, scale: float, size: tuple[int, int]
) -> None:
    if mark.box is not None:
        x1, y1, x2, y2 = _scaled(mark.box, scale, size)
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
        for start, end in pairwise(corners):
            # a dark line below a light one is visible on any image
            _draw_line(pen, start, end, _INK, 4, mark.style)
            _draw_line(pen, start, end, mark.color, 2, mark.style)
    places = [None if p is None else (p[0] * scale, p[1] * scale, p[2]) for p in mark.points]
    for a, b in mark.bones:
        ends = [places[n] if 0 <= n < len(places) else None for n in (a, b)]
        if ends[0] is not None and ends[1] is not None:
            line = _clipped(np.array([ends[0][:2], ends[1][:2]]), size)
            pen.line(line.ravel().tolist(), fill=mark.color, width=2)
    for point in places:
        if point is not None:
            x, y, is_visible = point
            around = (x - 3, y - 3, x + 3, y + 3)
            pen.ellipse(around, fill=mark.color if is_visible else None, outline=_INK)


def _draw_line(
    pen: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    color: Color,
    width: int,
    style: str,
) -> None:
    if style == "plain":
        pen.line((*start, *end), fill=color, width=width)
        return
    length = hypot(end[0] - start[0], end[1] - start[1])
    pieces = max(1, int(length / (2 * _DASH)))
    for piece in range(pieces):
        low, high = piece / pieces, (piece + 0.5) / pieces
        (x1, y1), (x2, y2) = start, end
        ends = ((x1 + (x2 - x1) * at, y1 + (y2 - y1) * at) for at in (low, high))
        pen.line(tuple(ends), fill=color, width=width)


def _draw_name(
    pen: ImageDraw.ImageDraw, mark: Mark, scale: float, size: tuple[int, int], letters: int
) -> None:
    extent = mark.extent
    if extent is None or not mark.text:
        return
    name = one_line(mark.text)
    font, _ = font_of(name, letters)
    x, y, _, _ = _scaled(extent, scale, size)
    left, top, right, bottom = pen.textbbox((0, 0), name, font=font)
    width, height = right - left + 4, bottom - top + 4
    x = min(max(x, 0), max(size[0] - width, 0))
    y = min(y - height if y >= height else max(y, 0), max(size[1] - height, 0))
    pen.rectangle((x, y, x + width, y + height), fill=mark.color)
    ink = _INK if has_dark_text(mark.color) else _PAPER
    pen.text((x + 2 - left, y + 2 - top), name, fill=ink, font=font)


def _with_title(canvas: Image.Image, drawing: Drawing, letters: int) -> Image.Image:
    pen = ImageDraw.Draw(canvas)
    texts = (drawing.title, *drawing.facts, *note_lines(drawing.notes))
    lines = [part for text in texts for part in _wrapped(pen, text, canvas.width, letters)]
    step = round(1.5 * letters)
    whole = Image.new("RGB", (canvas.width, canvas.height + step * len(lines) + 2), _PAPER)
    whole.paste(canvas, (0, whole.height - canvas.height))
    pen = ImageDraw.Draw(whole)
    for row, line in enumerate(lines):
        pen.text((2, 1 + row * step), line, fill=_INK, font=font_of(line, letters)[0])
    return whole


def _wrapped(pen: ImageDraw.ImageDraw, text: str, width: int, letters: int) -> list[str]:
    """Return a text in lines; a word that is too long for a line is cut."""

    def is_too_wide(line: str) -> bool:
        return pen.textlength(line, font=font_of(line, letters)[0]) > width - 4

    lines = [""]
    for word in one_line(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if not is_too_wide(longer):
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while len(word) > 1 and is_too_wide(word):
            fits = bisect(range(1, len(word)), False, key=lambda n: is_too_wide(word[:n]))
            end = max(1, fits)
            lines[-1:] = [word[:end], ""]
            word = word[end:]
        lines[-1] = word
    return lines


def _scaled(box: Box, scale: float, size: tuple[int, int]) -> Box:
    """Return a box in pixels of the canvas, clipped at a margin around it."""
    (x1, x2), (y1, y2) = (sorted(side * scale for side in box[axis::2]) for axis in (0, 1))
    return _near(x1, size[0]), _near(y1, size[1]), _near(x2, size[0]), _near(y2, size[1])


def _near(value: float, side: int) -> float:
    return min(max(value, -_AROUND), side + _AROUND)
