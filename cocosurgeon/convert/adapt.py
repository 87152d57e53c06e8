"""Images as a format takes them: crowds as wanted, boxes cut off at the edge."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cocosurgeon.formats.format import Crowds, Format
from cocosurgeon.formats.objects import Object, Picture, Polygon
from cocosurgeon.formats.outlines import clipped


@dataclass(frozen=True)
class Adaptation:
    """Treatment of objects that a format cannot hold as they are.

    Attributes:
        crowds: what becomes of crowds.
        clip: whether boxes and polygons are cut off at the image's edge.
        drops_outside: whether boxes outside the image are dropped.
    """

    crowds: Crowds
    clip: bool
    drops_outside: bool

    @classmethod
    def of(cls, kind: Format, crowds: Crowds | None, *, clip: bool) -> Adaptation:
        """Return what a format needs, with the user's choices.

        Args:
            crowds: None: the format's own default.
            clip: cut off also where the format holds boxes over the edge.
        """
        is_cut = clip or "over-edge" not in kind.holds
        is_dropped = clip or "outside" not in kind.holds
        return cls(kind.crowds[0] if crowds is None else crowds, is_cut, is_dropped)

    def __call__(self, picture: Picture) -> Picture:
        """Return an image with its objects as they are to be written."""
        objects = (self._adapted(each, picture) for each in picture.objects)
        return replace(picture, objects=tuple(each for each in objects if each is not None))

    def _adapted(self, each: Object, picture: Picture) -> Object | None:
        if each.is_crowd and self.crowds == "drop":
            return None
        if each.is_crowd and self.crowds == "ignore":
            each = replace(each, is_ignored=True)
        x, y, width, height = each.bbox
        left, top = max(x, 0.0), max(y, 0.0)
        right, bottom = min(x + width, picture.width), min(y + height, picture.height)
        if right <= left or bottom <= top:
            return None if self.drops_outside else each
        if not self.clip:
            return each
        mask = each.segmentation
        sides = (picture.width, picture.height)
        if (
            isinstance(mask, list)
            and all(_is_polygon(polygon) for polygon in mask)
            and any(_is_over(polygon, *sides) for polygon in mask)
        ):
            parts = [clipped(polygon, *sides) for polygon in mask]
            mask = [part for part in parts if len(part) >= 6] or None
        if (left, top, right, bottom) == (x, y, x + width, y + height):
            return each if mask is each.segmentation else replace(each, segmentation=mask)
        return replace(each, bbox=(left, top, right - left, bottom - top), segmentation=mask)


def _is_over(polygon: Polygon, width: int, height: int) -> bool:
    return min(polygon) < 0 or max(polygon[::2]) > width or max(polygon[1::2]) > height


def _is_polygon(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 6
        and len(value) % 2 == 0
        and all(isinstance(v, (int, float)) for v in value)
    )
