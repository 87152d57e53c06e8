"""Pixels of image files, as RGB; imports nothing that is slow to load in a new process."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cocosurgeon.errors import DataError, SourceUnavailableError

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""Values of the EXIF tag -> names of Pillow's ``Transpose``; from 5 on, sides are swapped."""
_MOST = 1 << 28
"""Most pixels that are decoded; 800 MB in RGB."""


class Pixels(NamedTuple):
    """The pixels of an image file.

    Attributes:
        image: the image, RGB; smaller than the file's if that is much larger than ``longest``.
        size: width and height of the file's image, rotated like ``image``.
        is_upright: True unless an EXIF tag rotates the image.
        is_spread: True if the file has more than 8 bits a channel, and its range was stretched.
    """

    image: Image.Image
    size: tuple[int, int]
    is_upright: bool
    is_spread: bool


def read_pixels(path: str, longest: int, *, is_turned: bool) -> Pixels:
    """Read an image file; a JPEG file is decoded only to the needed size.

    Args:
        longest: pixels of the longer side that will be shown.
        is_turned: True to rotate it by its EXIF tag, as OpenCV, detectron2 and browsers do; False
            for Pillow alone, as in torchvision and DETR.

    Raises:
        SourceUnavailableError: there is no such file.
        DataError: the file is no readable image, or has too many pixels.
    """
    from PIL import Image

    try:
        os.stat(path)  # noqa: PTH116 - of any text
    except (OSError, ValueError) as error:  # a null byte or a lone surrogate
        raise SourceUnavailableError("no such file", where=path) from error
    try:
        with _of_any_size(), Image.open(path) as file:
            orientation, size = file.getexif().get(_ORIENTATION, 1), file.size
            file.draft("RGB", (longest, longest))
            if file.width * file.height > _MOST:
                raise DataError(f"{size[0]:,} x {size[1]:,} pixels are too many")
            image = _visible(file, longest)
            if (factor := min(image.size) // (2 * longest)) > 1:
                image = image.reduce(factor)
            if is_turned and orientation in _TURNS:
                image = image.transpose(Image.Transpose[_TURNS[orientation]])
                size = size if orientation < 5 else size[::-1]
            return Pixels(image.convert("RGB"), size, orientation not in _TURNS, _is_deep(file))
    except DataError:
        raise
    except Exception as error:  # decoders raise many kinds of errors on broken files
        raise DataError(f"it cannot be read: {error}", where=path) from error


@contextmanager
def _of_any_size() -> Iterator[None]:
    """Let Pillow open images of any size without a warning; decoded pixels are counted here."""
    from PIL import Image

    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual files, which are drawn all the same
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _is_deep(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def _visible(image: Image.Image, longest: int) -> Image.Image:
    """Return an image with 8 bits a channel; with more bits, the used range is stretched."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "1":
        return image.convert("L")
    if not _is_deep(image):
        return image
    import numpy as np
    from PIL import Image as Images

    step = max(1, max(image.size) // (2 * longest))
    values = np.asarray(image)[::step, ::step].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    low, high = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0, 0)
    spread = np.nan_to_num((values - low) * (255 / ((high - low) or 1)))
    return Images.fromarray(spread.astype(np.uint8))
