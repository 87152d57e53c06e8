"""Marks drawn on images, and several of these in a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot

from PIL import Image, ImageDraw, ImageFont

from cocosurgeon.draw.marks import Box, Color, Drawing, Mark
from cocosurgeon.text import one_line

_PAPER: Color = (255, 255, 255)
_INK: Color = (20, 20, 20)
_MARGIN = 8
_FILL = 90
"""Opacity of a mask, of 255."""
_DASH = 6.0
_HATCH = 8


@dataclass(frozen=True)
class Size:
    """The size of what is drawn.

    Attributes:
        longest: pixels of the longer side of an image; None: as it is.
        text: height of letters in pixels.
    """

    longest: int | None
    text: int = 13


def drawn(image: Image.Image, drawing: Drawing, scale: float, size: Size) -> Image.Image:
    """Return an image with marks on it, and with its title and notes above it.

    Args:
        scale: pixels of the image for a pixel in which marks count.
    """
    by = 1.0 if size.longest is None else size.longest / max(image.size)
    if by != 1.0:
        wanted = max(1, round(image.width * by)), max(1, round(image.height * by))
        image = image.resize(wanted, Image.Resampling.LANCZOS)
        scale *= by
    canvas = image.copy()
    for mark in drawing.marks:
        canvas = _with_mask(canvas, mark, scale)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size.text)
    for mark in drawing.marks:
        _draw_outline(pen, mark, scale, canvas.size)
    for mark in drawing.marks:  # names lie above everything else
        _draw_name(pen, mark, scale, canvas.size, font)
    return _with_title(canvas, drawing, font)


def sheet(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Return pictures in rows, each in a cell that is as large as the largest needs."""
    columns = min(columns, len(pictures))
    width, height = (max(p.size[axis] for p in pictures) + _MARGIN for axis in (0, 1))
    rows = ceil(len(pictures) / columns)
    whole = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), _PAPER)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        whole.paste(picture, (_MARGIN + column * width, _MARGIN + row * height))
    return whole


def _with_mask(canvas: Image.Image, mark: Mark, scale: float) -> Image.Image:
    shape = _shape(mark, scale, canvas.size)
    if shape is None:
        return canvas
    if mark.style == "crowd":
        hatch = Image.new("L", canvas.size, 0)
        pen = ImageDraw.Draw(hatch)
        for start in range(-canvas.height, canvas.width, _HATCH):
            pen.line((start, canvas.height, start + canvas.height, 0), fill=255, width=2)
        shape = Image.composite(hatch, Image.new("L", canvas.size, 0), shape)
    else:
        shape = shape.point(lambda value: value * _FILL // 255)
    return Image.composite(Image.new("RGB", canvas.size, mark.color), canvas, shape)


def _shape(mark: Mark, scale: float, size: tuple[int, int]) -> Image.Image | None:
    """Return where the mask is; of a crowd without one, the box."""
    if mark.pixels is not None:
        height, width = mark.pixels.shape
        found = Image.fromarray(mark.pixels.astype("uint8") * 255)
        scaled = max(1, round(width * scale)), max(1, round(height * scale))
        shape = Image.new("L", size, 0)
        shape.paste(found.resize(scaled, Image.Resampling.NEAREST), (0, 0))
        return shape
    polygons = [[(x * scale, y * scale) for x, y in polygon] for polygon in mark.polygons]
    if not polygons and mark.style == "crowd" and mark.box is not None:
        x1, y1, x2, y2 = _scaled(mark.box, scale, size)
        polygons = [[(x1, y1), (x2, y1), (x2, y2), (x1, y2)]]
    if not polygons:
        return None
    shape = Image.new("L", size, 0)
    pen = ImageDraw.Draw(shape)
    for polygon in polygons:
        pen.polygon([(_near(x, size[0]), _near(y, size[1])) for x, y in polygon], fill=255)
    return shape


def _draw_outline(
    pen: ImageDraw.ImageDraw, mark: Mark, scale: float, size: tuple[int, int]
) -> None:
    if mark.box is not None:
        x1, y1, x2, y2 = _scaled(mark.box, scale, size)
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
        for start, end in pairwise(corners):
            # dark below light, so that a line shows on any image
            _draw_line(pen, start, end, _INK, 4, mark.style)
            _draw_line(pen, start, end, mark.color, 2, mark.style)
    places = [None if p is None else (p[0] * scale, p[1] * scale, p[2]) for p in mark.points]
    for a, b in mark.bones:
        ends = [places[n] if 0 <= n < len(places) else None for n in (a, b)]
        if ends[0] is not None and ends[1] is not None:
            pen.line((*ends[0][:2], *ends[1][:2]), fill=mark.color, width=2)
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
    if style not in ("ignored", "dropped"):
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
    pen: ImageDraw.ImageDraw,
    mark: Mark,
    scale: float,
    size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    box = mark.box
    if box is None and mark.polygons:
        points = [point for polygon in mark.polygons for point in polygon]
        xs, ys = zip(*points, strict=True)
        box = (min(xs), min(ys), max(xs), max(ys))
    if box is None or not mark.text:
        return
    x, y, _, _ = _scaled(box, scale, size)
    left, top, right, bottom = pen.textbbox((0, 0), one_line(mark.text), font=font)
    width, height = right - left + 4, bottom - top + 4
    x = min(max(x, 0), max(size[0] - width, 0))
    y = y - height if y >= height else max(y, 0)
    pen.rectangle((x, y, x + width, y + height), fill=mark.color)
    ink = _INK if sum(mark.color) > 330 else _PAPER
    pen.text((x + 2 - left, y + 2 - top), one_line(mark.text), fill=ink, font=font)


def _with_title(
    canvas: Image.Image,
    drawing: Drawing,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> Image.Image:
    pen = ImageDraw.Draw(canvas)
    lines = [
        part
        for text in (drawing.title, *drawing.notes)
        for part in _wrapped(pen, text, canvas.width, font)
    ]
    step = int(pen.textbbox((0, 0), "Ag", font=font)[3]) + 3
    whole = Image.new("RGB", (canvas.width, canvas.height + step * len(lines) + 2), _PAPER)
    whole.paste(canvas, (0, whole.height - canvas.height))
    pen = ImageDraw.Draw(whole)
    for row, line in enumerate(lines):
        pen.text((2, 1 + row * step), line, fill=_INK, font=font)
    return whole


def _wrapped(
    pen: ImageDraw.ImageDraw,
    text: str,
    width: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> list[str]:
    lines = [""]
    for word in one_line(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font=font) > width - 4:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _scaled(box: Box, scale: float, size: tuple[int, int]) -> Box:
    x1, y1, x2, y2 = (side * scale for side in box)
    (x1, x2), (y1, y2) = sorted((x1, x2)), sorted((y1, y2))
    return _near(x1, size[0]), _near(y1, size[1]), _near(x2, size[0]), _near(y2, size[1])


def _near(value: float, side: int) -> float:
    """Return a coordinate, moved near the image where it is far away."""
    return min(max(value, -20.0), side + 20.0)
