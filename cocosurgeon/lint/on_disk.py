"""Image files next to what their records say: headers alone are read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cocosurgeon.annfile.edit import Values
from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.findings.codes import add_codes
from cocosurgeon.lint.annotation_file import AnnotationFile, is_number, repeated
from cocosurgeon.lint.check import Fault
from cocosurgeon.lint.repair import DROP, RecordOutcome, unsafe
from cocosurgeon.progress import progress_of

if TYPE_CHECKING:
    from PIL import Image

_MANY = 2000
_PIECE = 256
_TAIL = 4096
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
"""What the last bytes of a whole file hold."""
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
"""Orientations of EXIF that swap width and height."""

ON_DISK_CODES = add_codes(
    "image-files",
    {
        "image-file-missing": (
            "an image is not in the folder",
            "another folder was named, a download was cut short, or names differ by case",
            "name the folder that file_name is relative to (--images), or complete it",
            "error",
        ),
        "image-file-unreadable": (
            "an image file cannot be read as an image",
            "a download was cut short, or an error page was saved instead",
            "download it again",
            "error",
        ),
        "image-file-truncated": (
            "an image file ends early",
            "a download or a copy was cut short",
            "download it again: loaders raise, or see gray where the end should be",
            "error",
        ),
        "image-file-size": (
            "an image has another size than its record says",
            "the image was resized, or a tool turned it by EXIF and wrote the new size",
            "write the size of the stored pixels; scale the boxes if the image was resized",
            "error",
        ),
        "image-file-copied": (
            "two image files have the same content",
            "files were merged, or an image was saved twice",
            "keep one of them; in both training and validation, it is a leak",
            "warning",
        ),
        "image-file-case": (
            "two files of the folder differ only by case",
            "two cameras, or a rename",
            "rename one: on Windows and macOS they are one file",
            "warning",
        ),
    },
)


@dataclass(frozen=True)
class ImageHeader:
    """Facts from the head of an image file.

    Attributes:
        fault: code and message of what is wrong with the file; None: nothing.
        size: width and height in pixels, as stored.
        orientation: of EXIF; 1 is upright.
        bytes: size of the file.
    """

    fault: tuple[str, str] | None = None
    size: tuple[int, int] | None = None
    orientation: int = 1
    bytes: int = 0


def read_header(path: str) -> ImageHeader:
    """Read the head of an image file, and its last bytes."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path takes as long as the header
        if not stat.S_ISREG(status.st_mode):
            return ImageHeader(("image-file-unreadable", "no file, but a folder, device or pipe"))
        with open(path, "rb") as file:  # noqa: PTH123
            return _header(file, status.st_size)
    except FileNotFoundError:
        return ImageHeader(("image-file-missing", "no such file"))
    except OSError as error:
        return ImageHeader(("image-file-unreadable", error.strerror or str(error)))
    except ValueError as error:  # a null byte, or half a character
        return ImageHeader(("image-file-missing", f"no name of a file ({error})"))


def _header(file: BinaryIO, size: int) -> ImageHeader:
    from PIL import Image

    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # headers alone are read
    try:
        with Image.open(file) as image:
            format, found = str(image.format), image.size
            is_turned = format in ("JPEG", "TIFF") and "exif" in image.info
            orientation = image.getexif().get(_ORIENTATION, 1) if is_turned else 1
            if (end := _ENDS.get(format)) is not None:
                file.seek(max(0, size - _TAIL))
                if end not in file.read() and not _is_whole(image):
                    what = f"{format} without its end, {size:,} bytes"
                    return ImageHeader(("image-file-truncated", what), bytes=size)
    except Exception:  # a damaged header makes Pillow's readers raise anything
        what = "an empty file" if size == 0 else "no image that Pillow knows"
        return ImageHeader(("image-file-unreadable", what), bytes=size)
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return ImageHeader(None, found, orientation, size)


def _is_whole(image: Image.Image) -> bool:
    """Return whether an image can be decoded: a video may follow it, as phones write them."""
    try:
        image.load()
    except Exception:
        return False
    return True


@dataclass(frozen=True)
class _Images:
    """The images of a file that have a name, and their headers.

    Attributes:
        rows: of their records.
        paths, headers: of the files, in the same order.
        names, widths, heights: of all records.
    """

    rows: Sequence[int]
    paths: Sequence[str]
    headers: Sequence[ImageHeader]
    names: Sequence[Any]
    widths: Sequence[Any]
    heights: Sequence[Any]


def _images(file: AnnotationFile, folder: Path) -> _Images:
    if not folder.is_dir():
        raise SourceUnavailableError(
            "no such folder of images", where=str(folder), hint="name the folder: --images DIR"
        )
    images = file.lists.get("images")
    if images is None or not images.count:
        return _Images((), (), (), (), (), ())
    columns = images.columns("file_name", "width", "height")
    names, widths, heights = (values.array.tolist() for values in columns)
    rows = [row for row, name in enumerate(names) if isinstance(name, str) and name]
    paths = [os.path.join(folder, names[row]) for row in rows]  # noqa: PTH118 - as loaders join
    return _Images(rows, paths, read_headers(paths), names, widths, heights)


def image_faults(file: AnnotationFile, folder: Path) -> Iterator[tuple[str, Fault]]:
    """Yield what is wrong with the images of a file, each with its code.

    Raises:
        SourceUnavailableError: there is no such folder.
        RequestError: the file lists no images.
    """
    images = _images(file, folder)
    if not images.names:
        raise RequestError("the file lists no images", where=file.document.source.name)
    rows, paths, headers, names = images.rows, images.paths, images.headers, images.names
    known = _names_by_case(folder, names) if any(h.fault for h in headers) else {}
    for row, header in zip(rows, headers, strict=True):
        if header.fault is not None:
            code, what = header.fault
            near = known.get(names[row].casefold()) if code == "image-file-missing" else None
            there = f"; there is {near!r}" if near not in (None, names[row]) else ""
            yield code, Fault(f"{names[row]!r}: {what}{there}", "images", row)
        elif differs := _size_differs(header, images.widths[row], images.heights[row]):
            yield "image-file-size", Fault(f"{names[row]!r}: {differs}", "images", row)
    for first, others in copies(paths, headers):
        for place in others:
            text = f"{names[rows[place]]!r} is {names[rows[first]]!r}"
            yield "image-file-copied", Fault(text, "images", rows[place])
    for one, other in _case_collisions(folder):
        yield "image-file-case", Fault(f"{one!r} and {other!r}")


def _without_missing(file: AnnotationFile, folder: Path) -> Iterator[RecordOutcome]:
    images = _images(file, folder)
    missing = {
        row
        for row, header in zip(images.rows, images.headers, strict=True)
        if header.fault is not None and header.fault[0] == "image-file-missing"
    }
    ids = file.ids("images")
    there = {img_id for row, img_id in enumerate(ids) if row not in missing}
    for row in sorted(missing):
        is_other = ids[row] is not None and ids[row] in there  # the same id, with a file
        yield RecordOutcome("images", row, None if is_other else DROP)


def _swapped(file: AnnotationFile, folder: Path) -> Iterator[RecordOutcome]:
    images = _images(file, folder)
    for row, header in zip(images.rows, images.headers, strict=True):
        width, height = images.widths[row], images.heights[row]
        if _size_differs(header, width, height):
            is_swapped = header.size == (height, width) and header.orientation not in _TURNED
            values: Values = {("width",): height, ("height",): width}
            yield RecordOutcome("images", row, values if is_swapped else None)


ON_DISK_REPAIRS = {
    "image-file-missing": unsafe(
        "drops the image and its annotations",
        _without_missing,
        left="another record of the same id has a file",
        of_file=True,
    ),
    "image-file-size": unsafe(
        "swaps width and height, if the image file says so",
        _swapped,
        left="width and height are not just swapped, or EXIF turns the image",
        of_file=True,
    ),
}


def read_headers(paths: Sequence[str]) -> list[ImageHeader]:
    """Read the headers of files; of many in several processes, since Pillow holds the lock."""
    from PIL import Image

    Image.preinit()
    found: list[ImageHeader] = []
    with ExitStack() as stack:
        progress = stack.enter_context(progress_of("reading images"))
        headers: Iterator[ImageHeader] = map(read_header, paths)
        if len(paths) >= _MANY:
            pool = stack.enter_context(ProcessPoolExecutor())
            headers = pool.map(read_header, paths, chunksize=_PIECE)
        for header in headers:
            found.append(header)
            if progress is not None and len(found) % _PIECE == 0:
                progress(len(found), len(paths))
    return found


def copies(paths: Sequence[str], headers: Sequence[ImageHeader]) -> Iterator[tuple[int, list[int]]]:
    """Yield the place of each file whose content others have, and theirs."""
    sizes = (header.bytes if header.fault is None else None for header in headers)
    for _, places in repeated(sizes):
        distinct = {paths[place]: place for place in reversed(places)}  # a name may be listed twice
        if len(distinct) < 2:
            continue
        chosen = sorted(distinct.values())
        by_content: defaultdict[bytes, list[int]] = defaultdict(list)
        for place in chosen:
            with open(paths[place], "rb") as file:  # noqa: PTH123
                by_content[hashlib.sha256(file.read()).digest()].append(place)
        for alike in by_content.values():
            if len(alike) > 1:
                yield alike[0], alike[1:]


def _size_differs(header: ImageHeader, width: object, height: object) -> str | None:
    if header.size is None or not (is_number(width) and is_number(height)):
        return None
    stored = [*header.size]
    if [width, height] == stored:
        return None
    text = f"{stored[0]} x {stored[1]} pixels, the record says {width} x {height}"
    if header.orientation in _TURNED and [height, width] == stored:
        return f"{text}: turned by EXIF (orientation {header.orientation})"
    return text


def _names_by_case(folder: Path, names: Sequence[object]) -> dict[str, str]:
    """Return the names of files that are there, by their names without case."""
    parents = {os.path.dirname(n) for n in names if isinstance(n, str)}  # noqa: PTH120
    found: dict[str, str] = {}
    for parent in parents:
        try:
            entries = [entry.name for entry in (folder / parent).iterdir()]
        except OSError:
            continue
        for entry in entries:
            name = os.path.join(parent, entry)  # noqa: PTH118
            found[name.casefold()] = name
    return found


def _case_collisions(folder: Path) -> Iterator[tuple[str, str]]:
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    for _, places in repeated(name.casefold() for name in names):
        yield names[places[0]], names[places[1]]
