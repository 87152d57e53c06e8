"""Pascal VOC: Annotations/ with an XML file an image, JPEGImages/, and lists in ImageSets/Main/.

Readers do not agree on what the number of a pixel means: ``docs/voc.md`` says which reader
means which base.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal
from xml.sax.saxutils import escape

from cocosurgeon.errors import RequestError
from cocosurgeon.formats.format import Crowds, Feature, Format, Found, Part, Sizes, option
from cocosurgeon.formats.objects import Class, Object, Picture
from cocosurgeon.formats.voc_numbers import corners
from cocosurgeon.formats.voc_tree import VocTree

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file can have."""


@dataclass(frozen=True)
class Voc(Format):
    """A tree of Pascal VOC.

    Attributes:
        base: the number of the first pixel. 1: pixels are numbered from 1, and xmax and ymax are
            the last pixels inside. 0: the corners of the box as they are in COCO.
    """

    name: ClassVar[str] = "voc"
    title: ClassVar[str] = "Pascal VOC: one XML file an image"
    crowds: ClassVar[tuple[Crowds, ...]] = ("keep", "drop", "ignore")
    wants_images: ClassVar[Literal["linked"]] = "linked"

    base: int = option(
        "Number the first pixel 0 or 1. 1: both corners are inside the box (VOC devkit, "
        "Detectron2). 0: corners as in COCO (labelImg, CVAT).",
        metavar="0|1",
        values={"1": "VOC devkit", "0": "labelImg, CVAT"},
        make=int,
    )

    @property
    def holds(self) -> frozenset[Feature]:
        return frozenset(("ignored", "over-edge", "outside"))

    def held_keys(self, record: Mapping[str, Any]) -> Iterator[str]:
        """Yield truncated and occluded where they are 0 or 1, and pose where it is a text."""
        for key in ("truncated", "occluded"):
            if record.get(key) in (0, 1):
                yield key
        if _has_pose(record):
            yield "pose"

    def remarks(self, picture: Picture) -> Iterator[str]:
        if not picture.file_name.endswith(".jpg"):
            yield "images that are not .jpg: MMDetection and Detectron2 look for .jpg only"
        for each in picture.objects:
            if not all(value.is_integer() for value in each.bbox):
                yield "boxes with fractions of pixels, which MMDetection and labelImg cut off"

    def image_place(self, part: str, file_name: str) -> str:
        return f"JPEGImages/{file_name}"

    def label_place(self, part: str, file_name: str) -> str:
        return f"Annotations/{_id_of(file_name)}.xml"

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        for picture in pictures:
            path = out / self.label_place(part, picture.file_name)
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = self._lines(picture, classes)
            path.write_bytes("".join(f"{line}\n" for line in lines).encode())
        return b""

    def _lines(self, picture: Picture, classes: Sequence[Class]) -> Iterator[str]:
        yield "<annotation>"
        yield "\t<folder>JPEGImages</folder>"
        yield f"\t<filename>{_escaped(picture.file_name)}</filename>"
        yield "\t<size>"
        yield f"\t\t<width>{picture.width}</width>"
        yield f"\t\t<height>{picture.height}</height>"
        yield "\t\t<depth>3</depth>"
        yield "\t</size>"
        yield "\t<segmented>0</segmented>"
        for each in picture.objects:
            yield "\t<object>"
            for tag, text in _values(each, classes):
                yield f"\t\t<{tag}>{text}</{tag}>"
            yield "\t\t<bndbox>"
            for tag, text in corners(each.bbox, self.base):
                yield f"\t\t\t<{tag}>{text}</{tag}>"
            yield "\t\t</bndbox>"
            yield "\t</object>"
        yield "</annotation>"

    def extras(self, parts: Sequence[Part], classes: Sequence[Class]) -> Mapping[str, bytes]:
        """Return the list of each split's images, and two lists of classes.

        A line of labels.txt is a class number, so it also has the placeholders of a label space.

        Raises:
            RequestError: a name cannot be in XML or on a line; an object's class shares its name.
        """
        names = [each.name for each in classes]
        once = {name for name, count in Counter(names).items() if count == 1}
        used = {names[label] for part in parts for label in part.labels}
        if twice := sorted(used - once):
            raise RequestError(
                f"objects are of two classes named {twice[0]!r}, and VOC knows classes by their "
                "names only",
                hint="rename one of them",
            )
        lists = {f"ImageSets/Main/{p.name}.txt": [*map(_id_of, p.names)] for p in parts}
        lists["labels.txt"] = names
        if not any(":" in name for name in names):
            # What CVAT and Datumaro read: name, color, parts, actions.
            lists["labelmap.txt"] = [f"{name}:::" for name in names if name in once]
        return {name: _list(lines) for name, lines in lists.items()}

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        return VocTree.at(path, images, part, known).read(self.base)


def _id_of(file_name: str) -> str:
    return str(PurePosixPath(file_name).with_suffix(""))


def _list(lines: Sequence[str]) -> bytes:
    for line in lines:
        if line != line.strip() or len(line.splitlines()) != 1 or _NO_XML.search(line):
            raise RequestError(
                f"the name {line!r} cannot be in XML and in lists with a line for each",
                hint="rename it: without blanks at its ends, line breaks and control characters",
            )
    return "".join(f"{line}\n" for line in lines).encode()


def _values(each: Object, classes: Sequence[Class]) -> Iterator[tuple[str, object]]:
    """Yield what is known of an object besides its box."""
    record = each.record
    yield "name", _escaped(classes[each.label].name)
    yield "pose", _escaped(record["pose"]) if _has_pose(record) else "Unspecified"
    yield "truncated", int(record.get("truncated") in (1, True))
    yield "difficult", int(each.is_ignored)
    if record.get("occluded") in (0, 1):
        yield "occluded", int(record["occluded"])


def _has_pose(record: Mapping[str, Any]) -> bool:
    pose = record.get("pose")
    return isinstance(pose, str) and pose == pose.strip() != "" and not _NO_XML.search(pose)


def _escaped(text: str) -> str:
    return escape(text, {"\r": "&#13;"})
