"""Image files of a folder, and their sizes."""

from __future__ import annotations

import os
from pathlib import Path

_ENDINGS = (
    *("avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif"),
    *("tiff", "webp"),
)
SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS)
"""Endings of image files, in lower case (Ultralytics' list, ``ultralytics/data/utils.py``)."""


def image_files(folder: Path) -> list[str]:
    """Return the image files of a folder and of all folders in it, relative to it, sorted."""
    found: list[str] = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        inner = os.path.relpath(place, folder)
        for name in names:
            if os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122 - of 118,287
                found.append(name if inner == "." else f"{inner}/{name}".replace(os.sep, "/"))
    return sorted(found)


def size_of_image(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Return width and height of an image file as stored; None where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            size: tuple[int, int] = image.size
            return size
    except Exception:  # a broken file raises whatever its decoder fails with
        return None
