"""CSV: one row an annotation, for spreadsheets and pandas; an image without any has one, too."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from cocosurgeon.errors import EncodingError, FormatError
from cocosurgeon.files import reading
from cocosurgeon.formats.format import MASKS, Feature, Format, Found, Sizes
from cocosurgeon.formats.image_files import names_in_list, size_of_image
from cocosurgeon.formats.objects import Box, Class, Id, Object, Picture
from cocosurgeon.text import plural

COLUMNS = (
    *("image_id", "file_name", "width", "height", "id", "category_id", "category", "label"),
    *("x", "y", "w", "h", "area", "iscrowd", "ignore", "segmentation"),
)
_OTHER_NAMES = {
    "filename": "file_name",
    "image": "file_name",
    "path": "file_name",
    "class": "category",
    "name": "category",
    "class_name": "category",
    "ann_id": "id",
    "bbox_x": "x",
    "bbox_y": "y",
    "bbox_w": "w",
    "bbox_h": "h",
    "x1": "xmin",
    "y1": "ymin",
    "x2": "xmax",
    "y2": "ymax",
}
"""Names that other tools give to these columns."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_NO_HEADER = ("file_name", *_CORNERS, "category")
"""The columns of tables without a header, such as those of Keras RetinaNet."""
_DELIMITERS = (",", ";", "\t")
_TEXTS = frozenset(("file_name", "category"))
"""Columns whose blanks count: names are as they are."""

_HOW = f"the columns are {', '.join(COLUMNS)}; or {', '.join(_CORNERS)} for the box"


@dataclass(frozen=True)
class Csv(Format):
    """A table in CSV, with the names of COCO's keys; x, y, w, h in pixels."""

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "one row an annotation, for spreadsheets and pandas"
    is_folder: ClassVar[bool] = False
    suffix: ClassVar[str] = ".csv"
    wants_images: ClassVar[Literal["no"]] = "no"

    @property
    def holds(self) -> frozenset[Feature]:
        return MASKS | {"crowd", "ignored", "area", "over-edge", "outside"}

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return path.suffix.lower() == cls.suffix

    def head(self, classes: Sequence[Class]) -> bytes:
        return (",".join(COLUMNS) + "\n").encode()

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        stream = io.StringIO()
        table = csv.writer(stream, lineterminator="\n")
        for picture in pictures:
            image = (picture.img_id, picture.file_name, picture.width, picture.height)
            for each in picture.objects:
                table.writerow((*image, *_cells(each, classes)))
            if not picture.objects:
                table.writerow((*image, *[""] * (len(COLUMNS) - len(image))))
        return stream.getvalue().encode("utf-8", "surrogatepass")

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        names, rows, notes = _columns(*_rows(path), str(path))
        listed = [*dict.fromkeys(cells[names.index("file_name")] for _, cells in rows)]
        folder = images or path.parent
        found, of_names = names_in_list(listed, folder, known)
        table = _Table(names, folder, dict(zip(listed, found, strict=True)), known)
        for number, cells in rows:
            table.add(cells, f"{path}, line {number}")
        return Found(table.classes(), table.pictures(), [*notes, *of_names])


_Rows: TypeAlias = Sequence[tuple[int, list[str]]]
"""Cells with the number of their line; rows of empty cells are skipped."""


def _rows(path: Path) -> tuple[_Rows, list[str]]:
    """Return the rows of a table, and notes; a cell may be a mask of any length.

    Raises:
        EncodingError: it is not in UTF-8.
        FormatError: it is broken.
    """
    with reading(path, "the table"):
        data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EncodingError(
            f"the table is not UTF-8: byte 0x{data[error.start]:02x}",
            where=f"{path}, line {line}",
            hint="save it as UTF-8",
            offset=error.start,
        ) from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    notes = [f"columns are separated by {delimiter!r}"] if delimiter != "," else []
    limit = csv.field_size_limit(len(text) + 1)
    table = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=f"{delimiter} " in first,
    )
    try:
        return [(table.line_num, cells) for cells in table if any(cells)], notes
    except csv.Error as error:
        raise FormatError(
            f"broken CSV: {error}", where=f"{path}, line {table.line_num}", hint="repair the table"
        ) from error
    finally:
        csv.field_size_limit(limit)


def _columns(rows: _Rows, notes: list[str], path: str) -> tuple[list[str], _Rows, list[str]]:
    """Return the names of the columns, the rows below them, and notes.

    Raises:
        FormatError: a column is missing, or there twice; a row is short.
    """
    if not rows:
        raise FormatError("the table is empty", where=path, hint=_HOW)
    where = f"{path}, line {rows[0][0]}"
    names = [_OTHER_NAMES.get(n.strip().lower(), n.strip().lower()) for n in rows[0][1]]
    lower, rows = rows[1:], rows
    if "file_name" not in names or not ({*"xywh"} <= {*names} or {*_CORNERS} <= {*names}):
        if len(names) != len(_NO_HEADER) or not all(map(_is_number, names[1:5])):
            raise FormatError("the table lacks columns", where=where, hint=_HOW)
        names, lower = [*_NO_HEADER], rows
        notes.append(f"no header: the columns are taken as {', '.join(_NO_HEADER)}")
    twice = [name for name in (*COLUMNS, *_CORNERS) if names.count(name) > 1]
    if twice:
        raise FormatError(f"two columns are {twice[0]!r}", where=where, hint="rename one of them")
    for number, cells in lower:
        if len(cells) < len(names):
            raise FormatError(
                f"a row has {plural(len(cells), 'cell')}, and the table {len(names)} columns",
                where=f"{path}, line {number}",
                hint="add empty cells",
            )
    return names, lower, notes


def _is_number(text: str) -> bool:
    try:
        return not text or math.isfinite(float(text))
    except ValueError:
        return False


def _cells(each: Object, classes: Sequence[Class]) -> Iterator[object]:
    mask = each.segmentation
    yield each.ann_id
    yield classes[each.label].cat_id
    yield classes[each.label].name
    yield each.label
    yield from map(_number, each.bbox)
    yield "" if each.area is None else _number(each.area)
    yield int(each.is_crowd)
    yield int(each.is_ignored)
    yield "" if mask is None else json.dumps(mask, separators=(",", ":"))


def _number(value: float) -> object:
    return int(value) if value.is_integer() else value


class _Table:
    """Rows of a table, collected by image."""

    def __init__(
        self, names: Sequence[str], folder: Path, name_of: Mapping[str, str], known: Sizes
    ) -> None:
        self._names, self._folder, self._name_of, self._known = names, folder, name_of, known
        self._pictures: dict[str, Picture] = {}
        self._objects: dict[str, list[Object]] = {}
        self._classes: dict[Class, int] = {}

    def add(self, cells: Sequence[str], where: str) -> None:
        """Take a row.

        Raises:
            FormatError: a cell is no number, or a mask no JSON.
        """
        row = dict(zip(self._names, cells, strict=False))
        row = {key: cell if key in _TEXTS else cell.strip() for key, cell in row.items()}
        name = self._name_of[row["file_name"]]
        if not name:
            raise FormatError("a row has no file_name", where=where, hint=_HOW)
        if name not in self._pictures:
            self._pictures[name] = Picture(name, *self._size(name, row, where), ())
            img_id = _id(row.get("image_id", ""))
            self._pictures[name] = replace(self._pictures[name], img_id=img_id)
            self._objects[name] = []
        if row.get("category") or row.get("label") or row.get("category_id"):
            try:
                self._objects[name].append(self._object(row))
            except ValueError as error:
                raise FormatError(f"not a row: {error}", where=where, hint=_HOW) from error
        elif any(row.get(key) for key in ("x", "xmin")):
            raise FormatError("a row has a box, and no category", where=where, hint=_HOW)

    def _size(self, name: str, row: Mapping[str, str], where: str) -> tuple[int, int]:
        if name in self._known:
            return self._known[name]
        if row.get("width") and row.get("height"):
            try:
                width, height = int(float(row["width"])), int(float(row["height"]))
            except (ValueError, OverflowError) as error:
                raise FormatError(f"not a size: {error}", where=where, hint=_HOW) from error
            if width > 0 and height > 0:
                return width, height
        size = size_of_image(self._folder / name) or size_of_image(row["file_name"])
        if size is None:
            raise FormatError(
                f"the row has no usable width and height, and the image {name!r} cannot be read",
                where=where,
                hint="name the folder of the images: --images DIR",
            )
        return size

    def _object(self, row: Mapping[str, str]) -> Object:
        if "x" in row:
            x, y, w, h = (float(row[key]) for key in "xywh")
        else:
            x, y, right, bottom = (float(row[key]) for key in _CORNERS)
            w, h = right - x, bottom - y
        box: Box = (x, y, w, h)
        text, area = row.get("segmentation"), row.get("area")
        if not all(map(math.isfinite, (*box, float(area or 0)))):
            raise ValueError("its box or area is not finite")
        mask = json.loads(text) if text else None
        if not isinstance(mask, (list, dict, type(None))):
            raise ValueError("its segmentation is neither polygons nor RLE")
        return Object(
            label=self._label(row),
            bbox=box,
            segmentation=mask,
            area=float(area) if area else None,
            is_crowd=row.get("iscrowd", "") in ("1", "true", "True"),
            is_ignored=row.get("ignore", "") in ("1", "true", "True"),
            ann_id=_id(row.get("id", "")),
        )

    def _label(self, row: Mapping[str, str]) -> int:
        """Return the number of a row's class, in the order of first use."""
        name = row.get("category") or row.get("category_id") or row["label"]
        found = Class(name, _id(row.get("category_id", "")))
        return self._classes.setdefault(found, len(self._classes))

    def classes(self) -> tuple[Class, ...]:
        """Return the classes in the order of first use."""
        return tuple(self._classes)

    def pictures(self) -> Iterator[Picture]:
        """Return the images, in the order of first use."""
        for name, picture in self._pictures.items():
            yield replace(picture, objects=tuple(self._objects[name]))


def _id(text: str) -> Id | None:
    """Return an id: a number where it looks like one."""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text or None
