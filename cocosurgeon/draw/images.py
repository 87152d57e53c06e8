"""Images to draw on: of image files, or gray ones if a file cannot be read."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cocosurgeon.draw.pixels import read_pixels
from cocosurgeon.errors import CocosurgeonError

GRAY = (128, 128, 128)
_USUAL = (640, 480)
_LONGEST = 2000
"""Most pixels of the longer side of a gray image; larger ones are scaled down."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image to draw on.

    Attributes:
        image: the image, RGB.
        scale: pixels of it for one pixel of the original image.
        notes: differences from the record, each with a reason if needed.
        is_upright: True unless an EXIF tag rotates the image.
    """

    image: Image.Image
    scale: float
    notes: tuple[tuple[str, str], ...] = ()
    is_upright: bool = True


def open_picture(
    folder: Path | None,
    file_name: object,
    recorded: tuple[object, object],
    extent: tuple[float, float],
    *,
    longest: int,
    is_turned: bool,
) -> Picture:
    """Open an image; return a gray one of the recorded size if it cannot be opened.

    Args:
        folder: the image root; None: not found.
        recorded: width and height of the record, in pixels.
        extent: width and height that the marks need, if none are recorded.
        longest: pixels of the longer side that will be shown.
        is_turned: True to rotate it by its EXIF tag; see ``read_pixels``.
    """
    width, height = map(_side, recorded)
    size = None if width is None or height is None else (width, height)
    if not isinstance(file_name, str) or not file_name:
        return _gray(size, extent, "the record has no file_name")
    if folder is None and not os.path.isabs(file_name):  # noqa: PTH117 - of any text
        return _gray(size, extent, "no folder has its file (--images DIR)")
    path = os.path.join(folder or "", file_name)  # noqa: PTH118 - of any text
    try:
        pixels = read_pixels(path, longest, is_turned=is_turned)
    except CocosurgeonError as error:
        where = f": {path}" if folder is None else f" in {folder}"
        where = where if error.what == "no such file" else ""
        return _gray(size, extent, f"{error.what}{where}")
    notes = []
    if size is not None and size != pixels.size:
        sizes = [" x ".join(f"{side:g}" for side in each) for each in (pixels.size, size)]
        notes.append(("file of another size than recorded", f"{sizes[0]}, recorded {sizes[1]}"))
    if pixels.is_spread:
        notes.append(("more than 8 bits a channel: values are rescaled", ""))
    scale = pixels.image.width / pixels.size[0]
    return Picture(pixels.image, scale, tuple(notes), pixels.is_upright)


def _gray(size: tuple[float, float] | None, extent: tuple[float, float], why: str) -> Picture:
    what = "drawn gray"
    if size is None:
        what = "drawn gray, without a usable recorded size"
        size = max(_USUAL[0], extent[0]), max(_USUAL[1], extent[1])
    scale = min(1.0, _LONGEST / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    return Picture(Image.new("RGB", (width, height), GRAY), scale, ((what, why),))


def _side(value: object) -> float | None:
    """Return a recorded width or height; None unless it is a positive number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        side = float(value)
    except OverflowError:
        return None
    return side if side > 0 and math.isfinite(side) else None
