"""Thumbnails of image files; imports nothing that is slow to load in a new process."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from cocosurgeon.draw.pixels import read_pixels
from cocosurgeon.errors import DataError, SourceUnavailableError

SIDE = 176
"""Pixels of the longer side."""
_QUALITY = 60
_FEW = 64
_PIECE = 16


class Thumbnail(NamedTuple):
    """A small picture of an image.

    Attributes:
        data: WebP; None without an image.
        fault: ``missing`` or ``unreadable``; None without a fault.
        is_turned: True if EXIF rotates the image, as in a browser but not in every loader.
        size: width and height of the image in pixels, as in a browser.
        is_spread: True if the file has more than 8 bits a channel, and its range was stretched.
    """

    data: bytes | None
    fault: str | None = None
    is_turned: bool = False
    size: tuple[int, int] | None = None
    is_spread: bool = False


MISSING = Thumbnail(None, "missing")


def thumbnail(path: str | None) -> Thumbnail:
    """Return the thumbnail of an image file.

    Args:
        path: path of the file; None: unknown.
    """
    from PIL import Image

    try:
        pixels = read_pixels(path or "", SIDE, is_turned=True)
    except SourceUnavailableError:
        return MISSING
    except DataError:
        return Thumbnail(None, "unreadable")
    pixels.image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    pixels.image.save(stream, "WEBP", quality=_QUALITY, method=2)
    return Thumbnail(stream.getvalue(), None, not pixels.is_upright, pixels.size, pixels.is_spread)


@contextmanager
def making(paths: Sequence[str | None]) -> Iterator[Iterator[Thumbnail]]:
    """Start to make thumbnails, many of them in several processes; yield them in order."""
    if len(paths) < _FEW:
        yield map(thumbnail, paths)
        return
    with ProcessPoolExecutor() as pool:
        try:
            yield pool.map(thumbnail, paths, chunksize=_PIECE)
        finally:
            pool.shutdown(cancel_futures=True)
