"""Marks: boxes, masks, keypoints and names of records, or of a loader's output."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cocosurgeon.draw.notes import Note
from cocosurgeon.draw.rle import Rle
from cocosurgeon.loaders.explain import Explanation, in_record
from cocosurgeon.loaders.view import View
from cocosurgeon.masks import MaskFault, mask_fault
from cocosurgeon.text import plural

Color = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Corners x1, y1, x2, y2 in pixels."""
Points = npt.NDArray[np.float64]
"""Points x, y of a polygon, shape (n, 2)."""
Style = Literal["plain", "ignored", "dropped"]

GRAY: Color = (150, 150, 150)
_GOLDEN = 137.508 / 360
"""Golden angle as a share of a turn: consecutive hues at this distance differ most."""
_LIGHT = (0.6, 0.45, 0.74)
_FARTHEST = 1e9
"""Largest coordinate in pixels that is drawn."""


@dataclass(frozen=True, eq=False)
class Mark:
    """An object to draw.

    Attributes:
        color: RGB.
        text: name of the object.
        box: corners in pixels; None without a box that can be drawn.
        polygons: points x, y of each polygon of the mask.
        rle: the mask, if it is run-length encoded.
        points: keypoints as x, y and True if visible; None for an absent one.
        bones: pairs of indices of ``points`` that are joined.
        is_crowd: True for a crowd, which is hatched.
        style: style of the lines: ignored objects are dashed, dropped ones gray and dashed.
    """

    color: Color
    text: str
    box: Box | None = None
    polygons: tuple[Points, ...] = ()
    rle: Rle | None = None
    points: tuple[tuple[float, float, bool] | None, ...] = ()
    bones: tuple[tuple[int, int], ...] = ()
    is_crowd: bool = False
    style: Style = "plain"

    @property
    def extent(self) -> Box | None:
        """Return the corners of the box; without one, of the mask, or of the keypoints."""
        if self.box is not None:
            return self.box
        if self.rle is not None and self.rle.bounds is not None:
            return self.rle.bounds
        points = [each for each in self.points if each is not None]
        every = [*self.polygons, *([np.array(points)[:, :2]] if points else [])]
        if not every:
            return None
        (x1, y1), (x2, y2) = (f(np.concatenate(every), axis=0) for f in (np.min, np.max))
        return float(x1), float(y1), float(x2), float(y2)


@dataclass(frozen=True, eq=False)
class Drawing:
    """The marks of an image, with a title.

    Attributes:
        title: title of the image.
        marks: the marks, in the order of drawing.
        facts: lines below the title.
        notes: differences of the drawing from the file.
    """

    title: str
    marks: tuple[Mark, ...]
    facts: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def looks(self) -> object:
        """Return a key that is equal for drawings that look the same (boxes to 0.1 pixels)."""
        marks = sorted(
            # to 0.001 first: 0.25 and 0.2500001, apart by rounding, would be 0.2 and 0.3
            (m.text, m.style, m.color, tuple(round(round(side, 3), 1) for side in m.box or ()))
            for m in self.marks
        )
        return tuple(marks), self.facts

    @property
    def extent(self) -> tuple[float, float]:
        """Return the width and height that all marks need."""
        extents = [found for m in self.marks if (found := m.extent) is not None]
        return max((e[2] for e in extents), default=0), max((e[3] for e in extents), default=0)


def color_at(place: int | None) -> Color:
    """Return the color of a category by its place in the file's list; gray for an unlisted one."""
    if place is None:
        return GRAY
    red, green, blue = hls_to_rgb(place * _GOLDEN % 1, _LIGHT[place % len(_LIGHT)], 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)


def has_dark_text(color: Color) -> bool:
    """Return True if dark letters are more readable on a color than light ones (ITU-R BT.601)."""
    red, green, blue = color
    return 0.299 * red + 0.587 * green + 0.114 * blue > 128


def as_recorded(
    annotations: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
    image: Mapping[str, Any],
    color_order: Sequence[str | None] | None = None,
) -> Drawing:
    """Return the marks of an image's annotations, as recorded in the file.

    Args:
        color_order: category names in the order of colors; None: those of the file.
    """
    colors = {name: n for n, name in enumerate(color_order or ())}
    shift = len(colors)  # other names come after these
    marks: list[Mark] = []
    notes: list[Note] = []
    places = _places(categories)
    for record in annotations:
        cat_id = record.get("category_id")
        place = places.get(_key(cat_id))
        category = categories[place] if place is not None else {}
        unnamed = "no category" if cat_id is None else f"category {cat_id!r}"
        name = category.get("name", unnamed)
        text = " ".join(str(v) for v in (name, record.get("id")) if v is not None)
        mask = record.get("segmentation")
        polygons, rle, fault = _mask(mask, image)
        mark = Mark(
            color_at(None if place is None else colors.get(str(name), shift + place)),
            text,
            _corners(record.get("bbox")),
            polygons,
            rle,
            tuple(_points(record.get("keypoints"))),
            tuple(bones_of(category.get("skeleton"))),
            bool(record.get("iscrowd")),
            "ignored" if record.get("ignore") else "plain",
        )
        marks.append(mark)
        notes += (Note("annotation", record.get("id"), *n) for n in _not_drawn(record, mark, fault))
    title = str(image.get("file_name") or f"image {image.get('id')}")
    return Drawing(title, tuple(marks), (), tuple(notes))


def _not_drawn(
    record: Mapping[str, Any], mark: Mark, fault: MaskFault | None
) -> Iterator[tuple[str, str]]:
    """Yield notes on parts of an annotation that are not drawn, each with the reason."""
    segments = record.get("segments_info")
    if isinstance(segments, list):
        yield "panoptic segments not drawn", f"{len(segments):,} of them"
        return
    if fault is not None and fault.kind != "absent":
        yield "mask not drawn", fault.what
    if mark.box is None:
        box = record.get("bbox")
        yield "box not drawn", "there is none" if box is None else f"{box!r:.60}"
    keypoints = record.get("keypoints")
    if keypoints is not None and not mark.points and keypoints != []:
        yield "keypoints not drawn", f"{keypoints!r:.60}"


def as_loaded(
    explanation: Explanation,
    annotations: Mapping[int, Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> Drawing:
    """Return the marks of the objects of an image that a loader loads, and that it drops.

    Args:
        annotations: annotations of the image, by row in the file's list.
        categories: the category list of the file.
    """
    setting, view = explanation.setting, explanation.result
    title = " ".join(filter(None, (setting.loader, setting.named_mode)))
    if not isinstance(view, View):
        return Drawing(title, (), (f"raises {view.exception}: {view.what}{in_record(view)}",))
    places = _places(categories)
    marks = [
        Mark(GRAY, d.rule, _corners(annotations[d.row].get("bbox")), style="dropped")
        for d in view.dropped
        if d.kind == "annotation" and d.row in annotations
    ]
    boxless = Counter(mark.text for mark in marks if mark.box is None)
    for sample in view.samples:
        for each in sample.instances:
            place = places.get(_key(annotations.get(each.row, {}).get("category_id")))
            own = None if place is None else categories[place].get("name")
            name = view.name_of(each.label) if view.cat2label else own
            text = " ".join(str(v) for v in (each.label, name) if v is not None)
            box = _absolute(each.box, view.box_format, sample.width, sample.height)
            style: Style = "ignored" if each.ignore else "plain"
            marks.append(Mark(color_at(place), text, box, style=style))
    loads = sum(mark.box is None for mark in marks) - boxless.total()
    facts = [] if view.samples else ["does not load the image"]
    facts += [f"drops the image: {d.rule}" for d in view.dropped if d.kind == "image"]
    facts += [f"drops {plural(n, 'object')} without a box: {rule}" for rule, n in boxless.items()]
    facts += [f"loads {plural(loads, 'object')} without a box to draw"] if loads else []
    return Drawing(title, tuple(marks), tuple(facts))


def _places(categories: Sequence[Mapping[str, Any]]) -> dict[object, int]:
    """Return places in the category list by id."""
    found = {_key(c.get("id")): place for place, c in enumerate(categories)}
    found.pop(None, None)
    return found


def _key(value: object) -> object:
    return value if isinstance(value, (int, float, str)) else None


def _corners(box: Any) -> Box | None:
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    x, y, w, h = map(float, box)
    return x, y, x + w, y + h


def _absolute(box: Sequence[float], kind: str, width: Any, height: Any) -> Box | None:
    """Return the corners of a box in a loader's format."""
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
    return is_number and abs(value) < _FARTHEST and math.isfinite(value)


def _mask(
    mask: Any, image: Mapping[str, Any]
) -> tuple[tuple[Points, ...], Rle | None, MaskFault | None]:
    """Return polygons, or run lengths, or the reason why there are none to draw."""
    fault = mask_fault(mask, image.get("height"), image.get("width"))
    if fault is not None:
        return (), None, fault
    if isinstance(mask, dict):
        rle = Rle.of(mask)
        return (), rle, MaskFault("rle", "it has too many pixels") if rle is None else None
    found = tuple(np.array(part, np.float64).reshape(-1, 2) for part in mask)
    if any(np.abs(part).max() >= _FARTHEST for part in found):
        return (), None, MaskFault("polygon", f"it has a value above {_FARTHEST:g}")
    return found, None, None


def _points(keypoints: Any) -> Iterator[tuple[float, float, bool] | None]:
    """Yield keypoints, none of a broken list; COCO's 0 is absent, 1 hidden, 2 visible."""
    if not isinstance(keypoints, list) or not all(map(_is_number, keypoints)):
        return
    if len(keypoints) % 3:
        return
    for at in range(0, len(keypoints), 3):
        x, y, visible = keypoints[at : at + 3]
        yield (float(x), float(y), visible > 1) if visible else None


def bones_of(skeleton: Any) -> Iterator[tuple[int, int]]:
    """Yield the keypoints that a ``skeleton`` joins, by place from 0; the file's begin at 1."""
    for pair in skeleton if isinstance(skeleton, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair):
            yield pair[0] - 1, pair[1] - 1
