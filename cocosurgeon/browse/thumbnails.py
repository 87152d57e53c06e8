"""Thumbnails of image files; imports nothing that is slow to load in a new process."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

SIDE = 176
"""Pixels of the longer side."""
_QUALITY = 60
_FEW = 64
_PIECE = 16
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)


class Thumbnail(NamedTuple):
    """A small picture of an image.

    Attributes:
        data: WebP; None where there is none.
        fault: ``missing``, or ``unreadable``; None where there is none.
        is_turned: whether EXIF turns the image, which a browser obeys and not every loader.
        size: width and height of the image in pixels, as a browser shows it.
    """

    data: bytes | None
    fault: str | None = None
    is_turned: bool = False
    size: tuple[int, int] | None = None


MISSING = Thumbnail(None, "missing")


def thumbnail(path: str | None) -> Thumbnail:
    """Return the thumbnail of an image file.

    Args:
        path: None: it is not known where the file is.
    """
    from PIL import Image, ImageOps

    path = path or ""
    try:
        os.stat(path)  # noqa: PTH116 - of any text
    except (OSError, ValueError):  # a null byte, or half a character
        return MISSING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files; they are still shown
            with Image.open(path) as image:
                orientation = image.getexif().get(_ORIENTATION, 1)
                size = image.size[::-1] if orientation in _SIDEWAYS else image.size
                image.draft("RGB", (SIDE, SIDE))
                small = _visible(image)
                small.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
                small = ImageOps.exif_transpose(small)
                stream = io.BytesIO()
                small.convert("RGB").save(stream, "WEBP", quality=_QUALITY, method=2)
    except Exception:  # a broken file raises whatever its decoder stumbles over
        return Thumbnail(None, "unreadable")
    return Thumbnail(stream.getvalue(), None, orientation not in (0, 1), size)


def _visible(image: Image.Image) -> Image.Image:
    """Return an image with 8 bits a channel; of more bits, the range that it uses is spread."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode not in ("I", "F") and not image.mode.startswith("I;"):
        return image
    import numpy as np
    from PIL import Image as Images

    values = np.asarray(image, np.float64)
    low, high = np.nanmin(values), np.nanmax(values)
    spread = np.nan_to_num((values - low) * (255 / ((high - low) or 1)))
    return Images.fromarray(spread.astype(np.uint8))


@contextmanager
def making(paths: Sequence[str | None]) -> Iterator[Iterator[Thumbnail]]:
    """Begin to make thumbnails, of many in several processes; the block takes them in order."""
    if len(paths) < _FEW:
        yield map(thumbnail, paths)
        return
    with ProcessPoolExecutor() as pool:
        try:
            yield pool.map(thumbnail, paths, chunksize=_PIECE)
        finally:
            pool.shutdown(cancel_futures=True)
