"""Text lists: one line an image, its path and then its boxes, as older toolboxes read it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.files import reading
from cocosurgeon.formats.class_file import read_class_file
from cocosurgeon.formats.format import Feature, Format, Found, Part, Sizes, option
from cocosurgeon.formats.image_files import names_in_list, size_of_image
from cocosurgeon.formats.objects import Box, Class, Object, Picture
from cocosurgeon.text import plural

_CLASSES = ".classes.txt"
_DECIMALS = 6
"""Of pixels; more come from binary fractions."""
_FIELDS = ("x1", "y1", "x2", "y2", "x", "y", "cx", "cy", "w", "h", "label")
_BOXES = (
    {"x1", "y1", "x2", "y2"},
    {"x", "y", "w", "h"},
    {"cx", "cy", "w", "h"},
)


def _fields(text: str) -> tuple[str, ...]:
    """Return the fields of a box, as a text names them.

    Raises:
        ValueError: they are no box with a class number.
    """
    names = tuple(name.strip() for name in text.split(","))
    if {*names} - {"label"} not in _BOXES or "label" not in names or len({*names}) < len(names):
        raise ValueError(f"{text!r} is not a box with a label")
    return names


def _separator(text: str) -> str:
    """Return what separates the fields of a box.

    Raises:
        ValueError: it may be a part of a number.
    """
    plain = {"tab": "\t", "space": " ", "blank": " "}.get(text, text)
    if not plain or plain.strip("0123456789.-+eE") != plain:
        raise ValueError(f"{text!r} cannot separate numbers")
    return plain


@dataclass(frozen=True)
class Txt(Format):
    """A list of images.

    Attributes:
        fields: of a box, in order.
        separator: between them; boxes are separated by blanks.
    """

    name: ClassVar[str] = "txt"
    title: ClassVar[str] = "one line an image: path, then boxes with their class"
    is_folder: ClassVar[bool] = False
    suffix: ClassVar[str] = ".txt"
    wants_images: ClassVar[Literal["named"]] = "named"

    fields: tuple[str, ...] = option(
        f"Set the fields of a box, in order, from {', '.join(_FIELDS)} (default: "
        f"x1,y1,x2,y2,label).",
        metavar="NAMES",
        make=_fields,
        default=("x1", "y1", "x2", "y2", "label"),
    )
    separator: str = option(
        "Set the separator between the fields of a box: a text, tab or space (default: a comma).",
        metavar="TEXT",
        make=_separator,
        default=",",
    )

    @property
    def holds(self) -> frozenset[Feature]:
        return frozenset(("over-edge", "outside"))

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return path.suffix.lower() == cls.suffix and path.is_file()

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        lines = (
            " ".join((picture.path or picture.file_name, *map(self._box, picture.objects)))
            for picture in pictures
        )
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")

    def _box(self, each: Object) -> str:
        x, y, w, h = each.bbox
        values = {"x": x, "y": y, "w": w, "h": h, "x1": x, "y1": y, "x2": x + w, "y2": y + h}
        values |= {"cx": x + w / 2, "cy": y + h / 2, "label": each.label}
        return self.separator.join(_number(values[name]) for name in self.fields)

    def extras(self, parts: Sequence[Part], classes: Sequence[Class]) -> Mapping[str, bytes]:
        """Return the list of classes.

        Raises:
            RequestError: a name cannot be on a line, or ends as a box does.
        """
        files = [name for part in parts for name in part.names]
        for name in [*files, *(each.name for each in classes)]:
            if name != name.strip() or len(name.splitlines()) != 1:
                raise RequestError(
                    f"the name {name!r} cannot be on a line",
                    hint="rename it: not empty, without line breaks and blanks at its ends",
                )
        for name in files:
            if self._last(name)[0] is not None:
                raise RequestError(
                    f"the file_name {name!r} ends like a box", hint="rename the image"
                )
        text = "".join(f"{each.name}\n" for each in classes)
        return {_CLASSES: text.encode("utf-8", "surrogatepass")}

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        with reading(path, "the list"):
            text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        objects: dict[str, list[Object]] = {}
        first_line: dict[str, int] = {}
        for number, line in lines:
            place, of_line = self._line(line, f"{path}, line {number}")
            objects.setdefault(place, []).extend(of_line)
            first_line.setdefault(place, number)
        folder = images or path.parent
        names, notes = names_in_list([*objects], folder, known)
        if more := len(lines) - len(names):
            notes.append(f"{plural(more, 'line')} of an image listed before: joined to it")
        pictures = []
        for name, (place, of_image) in zip(names, objects.items(), strict=True):
            size = known.get(name) or size_of_image(folder / name) or size_of_image(place)
            if size is None:
                raise FormatError(
                    f"the image {name!r} cannot be read, so its size is not known",
                    where=f"{path}, line {first_line[place]}",
                    hint=f"{self._how}; --fields names others, --images the images' folder",
                )
            pictures.append(Picture(name, *size, tuple(of_image)))
        return Found(_class_names(path), pictures, notes)

    def _line(self, line: str, where: str) -> tuple[str, list[Object]]:
        """Split a line from its end: a path may have blanks."""
        objects: list[Object] = []
        rest = line.rstrip()
        while True:
            each, before = self._last(rest)
            if each is None:
                if not rest:
                    raise FormatError("a line has no path", where=where, hint=self._how)
                return rest, objects[::-1]
            objects.append(each)
            rest = before.rstrip()

    def _last(self, text: str) -> tuple[Object | None, str]:
        """Return the last box of a line, and what is before it; None where there is none."""
        count = len(self.fields)
        if self.separator.isspace():
            head, *cells = text.rsplit(maxsplit=count)
        else:
            head, *last = text.rsplit(maxsplit=1)
            cells = "".join(last).split(self.separator)
        if len(cells) != count:
            return None, text
        try:
            values = dict(zip(self.fields, map(float, cells), strict=True))
        except ValueError:
            return None, text
        if not values["label"].is_integer() or values["label"] < 0:
            return None, text
        if not all(map(math.isfinite, values.values())):
            return None, text
        return Object(int(values["label"]), _box_of(values)), head

    @property
    def _how(self) -> str:
        return f"a line is a path, and boxes: {self.separator.join(self.fields)}"


def _box_of(values: Mapping[str, float]) -> Box:
    if "x1" in values:
        x, y = values["x1"], values["y1"]
        return x, y, round(values["x2"] - x, _DECIMALS), round(values["y2"] - y, _DECIMALS)
    w, h = values["w"], values["h"]
    if "cx" in values:
        x, y = values["cx"] - w / 2, values["cy"] - h / 2
        return round(x, _DECIMALS), round(y, _DECIMALS), w, h
    return values["x"], values["y"], w, h


def _class_names(path: Path) -> tuple[Class, ...]:
    stem = path.name.removesuffix(path.suffix)
    places = (path.with_name(stem + _CLASSES), path.with_name("classes.txt"))
    file = next((place for place in places if place.is_file()), None)
    return () if file is None else read_class_file(file)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(value, _DECIMALS))
