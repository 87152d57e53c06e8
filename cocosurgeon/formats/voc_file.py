"""One XML file of VOC: an image with its objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cocosurgeon.errors import FormatError
from cocosurgeon.formats.format import Sizes
from cocosurgeon.formats.image_files import SUFFIXES, size_of_image
from cocosurgeon.formats.objects import Object, Picture
from cocosurgeon.formats.voc_numbers import CORNERS, box_of_corners
from cocosurgeon.formats.xml_file import Element, read_xml

_HELD = frozenset(("name", "pose", "truncated", "difficult", "occluded", "bndbox"))


class File(NamedTuple):
    """An image and its XML file.

    Attributes:
        name: path of the XML file without its ending; or a line of a split's list.
        xml: the XML file; None where there is none.
        images: names of images that may be meant.
        where: what lists it, for errors.
    """

    name: str
    xml: str | None
    images: Sequence[str]
    where: str


class Read(NamedTuple):
    """An image, the class name of each of its objects, and remarks that are counted."""

    picture: Picture
    names: list[str]
    remarks: list[str]


def read_file(file: File, folder: Path, known: Sizes, base: int, listed: set[str]) -> Read:
    root = Element("annotation", 1) if file.xml is None else read_xml(file.xml)
    if root.tag != "annotation":
        raise FormatError(
            f"the root is <{root.tag}>, not <annotation>",
            where=f"{file.xml}, line {root.line}",
            hint="this is not an XML file of VOC: move it away",
        )
    remarks = [] if file.xml else ["images of the list without an XML file, taken as empty"]
    image = _image(file, root)
    path = folder / image
    size = known.get(image) or _size(root)
    if size is None and (size := size_of_image(path)) is not None and file.xml is not None:
        remarks.append("XML files without a size, which was read from the image")
    if size is None:
        raise FormatError(
            f"there is no size, and the image {image!r} cannot be read",
            where=file.xml or file.where,
            hint="name the folder of the images: --images DIR",
        )
    objects, names = [], []
    for element in root.children:
        if element.tag == "object":
            name, each = _object(element, base, file.xml or "", remarks)
            if listed and name not in listed:
                raise FormatError(
                    f"the class {name!r} is not in the list of classes",
                    where=f"{file.xml}, line {element.line}",
                    hint="complete the list, or move the file away",
                )
            objects.append(each)
            names.append(name)
    return Read(Picture(image, *size, tuple(objects), str(path)), names, remarks)


def _image(file: File, root: Element) -> str:
    """Return the name of an image: as its file is named, else as the XML file says."""
    said = root.text_of("filename") or root.text_of("path")
    last = _last(said.replace("\\", "/"))
    named = [image for image in file.images if _last(image) == last]
    if file.images:
        return (named or file.images)[0]
    folder = file.name.rpartition("/")[0]
    if PurePosixPath(last).suffix.lower() not in SUFFIXES:
        last = f"{_last(file.name)}.jpg"
    return f"{folder}/{last}" if folder else last


def _size(root: Element) -> tuple[int, int] | None:
    size = root.find("size") or Element("size", 1)
    try:
        width, height = (int(float(size.text_of(tag))) for tag in ("width", "height"))
    except (ValueError, OverflowError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def _object(element: Element, base: int, path: str, remarks: list[str]) -> tuple[str, Object]:
    name, box = element.text_of("name"), element.find("bndbox")
    if not name:
        raise FormatError(
            "an object has no name", where=f"{path}, line {element.line}", hint="name its class"
        )
    if box is None:
        raise FormatError(
            f"an object ({name}) has no <bndbox>",
            where=f"{path}, line {element.line}",
            hint="only boxes along the image's edges can be read: add one, or remove the object",
        )
    try:
        bbox = box_of_corners([box.text_of(tag) for tag in CORNERS], base)
    except ValueError as error:
        raise FormatError(
            f"the box of an object ({name}) cannot be read: {error}",
            where=f"{path}, line {box.line}",
            hint="it needs xmin, ymin, xmax, ymax",
        ) from error
    others = {child.tag for child in element.children} - _HELD
    remarks += (f"<{tag}> of objects, dropped" for tag in sorted(others))
    record: dict[str, object] = {
        tag: 1 for tag in ("truncated", "occluded") if _flag(element, tag, path)
    }
    if element.text_of("pose").lower() not in ("", "unspecified"):
        record["pose"] = element.text_of("pose")
    is_difficult = _flag(element, "difficult", path)
    return name, Object(0, bbox, is_ignored=is_difficult, record=record)


def _flag(element: Element, tag: str, path: str) -> bool:
    text = element.text_of(tag).lower()
    if text not in ("", "0", "1", "true", "false", "unspecified"):
        child = element.find(tag) or element
        raise FormatError(
            f"<{tag}> is {text!r}", where=f"{path}, line {child.line}", hint="it is 0 or 1"
        )
    return text in ("1", "true")


def _last(name: str) -> str:
    return name.rpartition("/")[2]
