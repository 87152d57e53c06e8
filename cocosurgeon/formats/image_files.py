"""Image files of a folder, and their sizes."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from itertools import takewhile
from pathlib import Path, PureWindowsPath

from cocosurgeon.text import plural

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


def names_in_list(
    paths: Sequence[str], folder: Path, known: Container[str]
) -> tuple[list[str], list[str]]:
    """Return the names of the images of a list, relative to their folder, and notes.

    A list may have been made on another computer. Of the folders that all paths begin with, so many
    are dropped that an image is found; of absolute paths all, where none is found. A path that ends
    with a known name has this name.

    Args:
        folder: of the images.
        known: the names that a manifest has.
    """
    plain = [path.replace("\\", "/") for path in paths]
    turned = sum("\\" in path for path in paths)
    notes = [f"{plural(turned, 'path')} with backslashes: read with slashes"] if turned else []
    parts = [path.split("/") for path in plain]
    levels = zip(*(each[:-1] for each in parts), strict=False)
    common = [level[0] for level in takewhile(lambda level: len({*level}) == 1, levels)]
    dropped = len(common) if plain and all(map(_is_absolute, plain)) else 0
    if any("/".join(each) not in known for each in parts):
        for count in range(len(common) + 1):
            places = (os.path.join(folder, *each[count:]) for each in parts)  # noqa: PTH118
            if not _is_absolute("/".join(parts[0][count:])) and any(map(os.path.isfile, places)):
                dropped = count
                break
    names = []
    for each in parts:
        ends = ("/".join(each[at:]) for at in range(len(each)))
        names.append(next((end for end in ends if end in known), "/".join(each[dropped:])))
    if dropped and any(name not in known for name in names):
        notes.append(f"names are relative to the folder {'/'.join(common[:dropped])}/ of all paths")
    return names, notes


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or PureWindowsPath(path).is_absolute()
