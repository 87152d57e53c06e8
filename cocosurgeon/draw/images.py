"""Image files, found and opened as frameworks open them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from cocosurgeon.layout.search import find_prefix

GRAY = (128, 128, 128)
_ORIENTATION = 0x0112
_USUAL = (640, 480)
_LARGEST = 4_000_000
"""Pixels of a gray image; of larger ones, a smaller one is drawn."""


@dataclass(frozen=True, eq=False)
class Picture:
    """The pixels of an image.

    Attributes:
        image: RGB.
        scale: pixels of it for a pixel of the image that it stands for.
        notes: facts about it: it is not there, or of another size than its record says.
        is_upright: whether its EXIF tag, if it has one, turns nothing.
    """

    image: Image.Image
    scale: float
    notes: tuple[str, ...] = ()
    is_upright: bool = True


def find_folder(ann_file: Path, file_names: Sequence[str]) -> Path | None:
    """Return the folder in which an annotation file's images are; None where none is found."""
    return find_prefix(ann_file, file_names).folder


def open_picture(
    folder: Path | None, file_name: object, width: object, height: object, *, is_turned: bool
) -> Picture:
    """Open an image; a gray one of the recorded size, where it cannot be opened.

    Args:
        folder: in which ``file_name`` begins; None: not found.
        width, height: as the record has them.
        is_turned: whether it is turned by its EXIF tag, as OpenCV and detectron2 do; Pillow alone,
            as torchvision and DETR use it, does not.
    """
    if not isinstance(file_name, str) or not file_name:
        return _gray(width, height, "the record has no file_name")
    if folder is None and not Path(file_name).is_absolute():
        return _gray(width, height, f"{file_name}: no folder with images was found")
    path = (folder or Path()) / file_name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                is_upright = file.getexif().get(_ORIENTATION, 1) == 1
                found = ImageOps.exif_transpose(file) if is_turned else file
                image = found.convert("RGB")
    except FileNotFoundError:
        return _gray(width, height, f"{file_name} is not in {folder}")
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        return _gray(width, height, f"{file_name} cannot be opened: {error}")
    except Image.DecompressionBombWarning as error:
        return _gray(width, height, f"{file_name} is too large to be drawn: {error}")
    notes: tuple[str, ...] = ()
    if _is_size(width, height) and (width, height) != image.size:
        size = f"{image.width} x {image.height}"
        notes = (f"{file_name} is {size}, its record says {width} x {height}",)
    return Picture(image, 1.0, notes, is_upright)


def _gray(width: object, height: object, why: str) -> Picture:
    if not _is_size(width, height):
        return Picture(Image.new("RGB", _USUAL, GRAY), 1.0, (f"{why}; gray, of no recorded size",))
    assert isinstance(width, int) and isinstance(height, int)
    scale = min(1.0, (_LARGEST / (width * height)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Picture(Image.new("RGB", size, GRAY), scale, (f"{why}; drawn gray",))


def _is_size(width: object, height: object) -> bool:
    return all(type(side) is int and 0 < side < 1_000_000 for side in (width, height))
