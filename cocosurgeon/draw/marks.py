"""Marks: boxes, masks, keypoints and names, as records or a loader have them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt

from cocosurgeon.loaders.explain import Explanation
from cocosurgeon.loaders.view import View
from cocosurgeon.masks import mask_fault, rle_runs

Color = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Corners x1, y1, x2, y2 in pixels."""
Style = Literal["plain", "crowd", "ignored", "dropped"]

GRAY: Color = (150, 150, 150)
COLORS: tuple[Color, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (255, 255, 255),
)
"""Colors that people who see no red or no green tell apart, too (Okabe and Ito 2008)."""


@dataclass(frozen=True, eq=False)
class Mark:
    """Something to be drawn.

    Attributes:
        color: RGB.
        text: its name.
        box: None: it has none that can be drawn.
        polygons: points x, y of each polygon of its mask.
        pixels: shape (height, width): its mask, where that is run-length encoded.
        points: keypoints: x, y, and whether each is visible; absent ones are None.
        bones: pairs of places in ``points`` that are joined.
        style: a crowd is hatched, what is ignored dashed, what is dropped gray and dashed.
    """

    color: Color
    text: str
    box: Box | None = None
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    pixels: npt.NDArray[np.bool_] | None = None
    points: tuple[tuple[float, float, bool] | None, ...] = ()
    bones: tuple[tuple[int, int], ...] = ()
    style: Style = "plain"


@dataclass(frozen=True, eq=False)
class Drawing:
    """The marks of an image, with a title.

    Attributes:
        title: what it shows.
        marks: in the order in which they are drawn.
        notes: what could not be drawn.
    """

    title: str
    marks: tuple[Mark, ...]
    notes: tuple[str, ...] = ()

    @property
    def looks(self) -> object:
        """Return what drawings that look the same have in common: boxes to a tenth of a pixel."""
        marks = sorted(
            (m.text, m.style, m.color, (m.box and tuple(round(side, 1) for side in m.box)) or ())
            for m in self.marks
        )
        return tuple(marks), self.notes


def color_of(category: Mapping[str, Any]) -> Color:
    """Return the color of a category: by its name, so that it is the same in every file."""
    return COLORS[crc32(str(category.get("name")).encode(errors="replace")) % len(COLORS)]


def as_recorded(
    annotations: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
    image: Mapping[str, Any],
) -> Drawing:
    """Return the marks of an image's annotations, as the file has them."""
    marks: list[Mark] = []
    notes: list[str] = []
    places = {_key(c.get("id")): place for place, c in enumerate(categories)}
    for record in annotations:
        place = places.get(_key(record.get("category_id")))
        category = categories[place] if place is not None else {}
        name = category.get("name", f"category {record.get('category_id')!r}")
        text = " ".join(str(v) for v in (name, record.get("id")) if v is not None)
        box = _corners(record.get("bbox"))
        fault = mask_fault(record.get("segmentation"), image.get("height"), image.get("width"))
        mask = record.get("segmentation") if fault is None else None
        if fault is not None and fault.kind != "absent":
            notes.append(f"annotation {record.get('id')!r}: mask not drawn: {fault.what}")
        if box is None and record.get("bbox") is not None:
            notes.append(f"annotation {record.get('id')!r}: box not drawn: {record['bbox']!r:.60}")
        marks.append(
            Mark(
                GRAY if place is None else color_of(categories[place]),
                text,
                box,
                _polygons(mask),
                _pixels(mask),
                tuple(_points(record.get("keypoints"))),
                tuple(_bones(category.get("skeleton"))),
                _style(record),
            )
        )
    return Drawing(str(image.get("file_name", image.get("id"))), tuple(marks), tuple(notes))


def as_loaded(
    explanation: Explanation,
    annotations: Mapping[int, Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> Drawing:
    """Return the marks of what a loader loads of an image, and of what it drops.

    Args:
        annotations: those of the image, by row in the file's list.
        categories: the file's list.
    """
    setting, view = explanation.setting, explanation.result
    title = " ".join(filter(None, (setting.loader, setting.named_mode)))
    if not isinstance(view, View):
        return Drawing(title, (), (f"raises {view.exception}: {view.what}",))
    places = {_key(c.get("id")): place for place, c in enumerate(categories)}
    marks = [
        Mark(GRAY, d.rule, _corners(annotations[d.row].get("bbox")), style="dropped")
        for d in view.dropped
        if d.kind == "annotation" and d.row in annotations
    ]
    for sample in view.samples:
        for each in sample.instances:
            place = places.get(_key(annotations.get(each.row, {}).get("category_id")))
            own = None if place is None else categories[place].get("name")
            name = view.name_of(each.label) if view.cat2label else own
            text = " ".join(str(v) for v in (each.label, name) if v is not None)
            box = _absolute(each.box, view.box_format, sample.width, sample.height)
            color = GRAY if place is None else color_of(categories[place])
            marks.append(Mark(color, text, box, style="ignored" if each.ignore else "plain"))
    notes = [] if view.samples else ["does not load the image"]
    notes += [f"drops the image: {d.rule}" for d in view.dropped if d.kind == "image"]
    return Drawing(title, tuple(marks), tuple(notes))


def _key(value: object) -> object:
    return value if isinstance(value, (int, float, str)) else None


def _style(record: Mapping[str, Any]) -> Style:
    if record.get("iscrowd"):
        return "crowd"
    return "ignored" if record.get("ignore") else "plain"


def _corners(box: Any) -> Box | None:
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    x, y, w, h = map(float, box)
    return x, y, x + w, y + h


def _absolute(box: Sequence[float], kind: str, width: Any, height: Any) -> Box | None:
    """Return the corners of a box as a loader gives it."""
    if len(box) != 4 or not all(map(_is_number, box)):
        return None
    a, b, c, d = map(float, box)
    if kind == "xyxy":
        return a, b, c, d
    if kind == "xywh":
        return a, b, a + c, b + d
    if not (_is_number(width) and _is_number(height)):
        return None
    return (a - c / 2) * width, (b - d / 2) * height, (a + c / 2) * width, (b + d / 2) * height


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(value) < 1e9 and math.isfinite(value)


def _polygons(mask: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
    if not isinstance(mask, list):
        return ()
    parts = ([float(v) for v in part] for part in mask)
    return tuple(tuple(zip(part[::2], part[1::2], strict=True)) for part in parts)


def _pixels(mask: Any) -> npt.NDArray[np.bool_] | None:
    if not isinstance(mask, dict):
        return None
    height, width = mask["size"]
    counts = mask["counts"]
    runs = counts if isinstance(counts, list) else rle_runs(counts)
    is_inside = np.arange(len(runs)) % 2 == 1
    pixels: npt.NDArray[np.bool_] = np.repeat(is_inside, runs).reshape(width, height).T
    return pixels


def _points(keypoints: Any) -> Iterator[tuple[float, float, bool] | None]:
    """Yield keypoints; COCO's 0 is absent, 1 hidden, 2 visible."""
    if not isinstance(keypoints, list) or not all(map(_is_number, keypoints)):
        return
    for at in range(0, len(keypoints) - 2, 3):
        x, y, visible = keypoints[at : at + 3]
        yield (float(x), float(y), visible > 1) if visible else None


def _bones(skeleton: Any) -> Iterator[tuple[int, int]]:
    """Yield pairs of places from 0; the file's begin at 1."""
    for pair in skeleton if isinstance(skeleton, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair):
            yield pair[0] - 1, pair[1] - 1
