"""Ultralytics: convert_coco, and verify_image_label on the labels that it writes. Read in 8.4.190.

The conversion writes one text file for each image that has an annotation. Training reads these:
for each image file below ``images/``, in order of paths, the label file of the same name.

Boxes are corners in pixels: the center and the size of a line, which have six digits and are
float32, times the JSON's ``width`` and ``height``. They differ from the file's by at most a
millionth of the image's side, plus what float32 rounds.
"""

from __future__ import annotations

import math
import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cocosurgeon.loaders.dropped import SHADOWED
from cocosurgeon.loaders.index import NOT_AN_OBJECT, Index
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.view import (
    NUMBERS,
    Dropped,
    Id,
    Instance,
    Record,
    Rule,
    Sample,
    View,
    errors_for,
    fail,
    failure,
)
from cocosurgeon.text import plural

_CONVERTER = "ultralytics/data/converter.py"
_UTILS = "ultralytics/data/utils.py"

IMAGE_DROPPED = "image-dropped"
"""Code of the finding that a whole image is dropped for one of its annotations."""

NO_IMAGE_FILE = Rule(
    "no-image-file",
    "its `file_name` is missing, leads out of the folder, or has no suffix of an image",
    "ultralytics/data/base.py:209,219",
)
SAME_FILE = Rule(
    "same-file",
    "an earlier record has the same `file_name`; that image has the objects of both",
    f"{_CONVERTER}:367",
)
SMALL = Rule(
    "small-image",
    "a side of the image is less than 10 pixels; here, the JSON's `width` or `height`",
    f"{_UTILS}:271",
)
OUT_OF_BOUNDS = Rule(
    "out-of-bounds",
    "a box of the image has a center or a size above 1.01 times the image's, or NaN: "
    "the whole image is dropped",
    f"{_UTILS}:480",
    fault=IMAGE_DROPPED,
)
NEGATIVE = Rule(
    "negative-label",
    "a box of the image has a center below -0.01 times the image's size, or a label is negative "
    "(category 0 without `cls91to80`): the whole image is dropped",
    f"{_UTILS}:482",
    fault=IMAGE_DROPPED,
)
FRACTION = Rule(
    "fractional-label",
    "a label of the image is not a whole number: the whole image is dropped",
    f"{_UTILS}:483",
    fault=IMAGE_DROPPED,
)
BEYOND_NAMES = Rule(
    "label-beyond-names",
    "a label of the image is not below the number of names in data.yaml (`nc`): the whole image "
    "is dropped",
    f"{_UTILS}:487",
    fault=IMAGE_DROPPED,
)
CROWD = Rule("crowd", "its `iscrowd` is true in Python's sense", f"{_CONVERTER}:313")
DEGENERATE = Rule("degenerate", "its box has a width or height of 0 or less", f"{_CONVERTER}:320")
DUPLICATE = Rule(
    "duplicate",
    "another object of the image has the same label, and the same box to six digits",
    f"{_CONVERTER}:369, {_UTILS}:491",
)
LABELS_LOST = Rule(
    "labels-lost",
    "the `file_name` has a folder `images/`: labels are looked for in `labels/` in its place, "
    "where the conversion does not write them",
    f"{_UTILS}:146",
)
RULES = (
    SHADOWED,
    NO_IMAGE_FILE,
    SAME_FILE,
    SMALL,
    OUT_OF_BOUNDS,
    NEGATIVE,
    FRACTION,
    BEYOND_NAMES,
    CROWD,
    DEGENERATE,
    DUPLICATE,
    LABELS_LOST,
)

NO_CLASS = Rule(
    "no-coco-class",
    "with `cls91to80`: the category id is 0 or one of the eleven from 12 to 91 without a class in "
    "COCO: TypeError",
    f"{_CONVERTER}:323,369",
)
BEYOND_TABLE = Rule(
    "beyond-coco-table",
    "with `cls91to80`: the category id is above 91 (or below -90): IndexError",
    f"{_CONVERTER}:323",
)
UNLISTED = Rule(
    "unlisted-image", "its image is not in the list of images: KeyError", f"{_CONVERTER}:305"
)
ODD_ID = Rule(
    "odd-id", "an image id is not an integer: ValueError or TypeError", f"{_CONVERTER}:291"
)
ERRORS = (
    Rule(NOT_AN_OBJECT.name, "the file is not an object: TypeError", f"{_CONVERTER}:291"),
    *errors_for("no", "images", "KeyError", f"{_CONVERTER}:291"),
    *errors_for("bad", "images", "TypeError", f"{_CONVERTER}:291"),
    *errors_for("no", "id", "KeyError", f"{_CONVERTER}:291"),
    ODD_ID,
    *errors_for("no", "annotations", "KeyError", f"{_CONVERTER}:294"),
    *errors_for("bad", "annotations", "TypeError", f"{_CONVERTER}:294"),
    *errors_for("no", "image_id", "KeyError", f"{_CONVERTER}:295"),
    *errors_for("bad", "image_id", "TypeError or ValueError", f"{_CONVERTER}:295,305"),
    UNLISTED,
    *errors_for("no", "height width file_name", "KeyError", f"{_CONVERTER}:306"),
    *errors_for("no", "bbox", "KeyError", f"{_CONVERTER}:316"),
    *errors_for("bad", "bbox", "IndexError, ValueError, ...", f"{_CONVERTER}:316"),
    *errors_for("bad", "width height", "TypeError", f"{_CONVERTER}:318"),
    *errors_for("no", "category_id", "KeyError", f"{_CONVERTER}:323"),
    *errors_for("bad", "category_id", "TypeError, OverflowError", f"{_CONVERTER}:323"),
    NO_CLASS,
    BEYOND_TABLE,
    *errors_for("bad", "file_name", "TypeError", f"{_CONVERTER}:365"),
)

_NOT_COCO = (
    "for categories other than COCO's: `--option cls91to80=false` (convert_coco(..., "
    "cls91to80=False)), with ids from 1: `cocosurgeon remap FILE --renumber --start 1`"
)

_WITHOUT_CLASS = frozenset((12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91))
_IDS = [i for i in range(1, 92) if i not in _WITHOUT_CLASS]
_COCO80 = [_IDS.index(i) if i in _IDS else None for i in range(1, 92)]
"""``coco91_to_coco80_class``: category id - 1 -> label."""

_IMAGE_FORMATS = (
    *("avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png"),
    *("tif", "tiff", "webp"),
)
_LEAST_SIDE = 10
_COLUMNS = ("label", "center x", "center y", "width", "height")
_MOST_NAMES = 10_000


@dataclass(frozen=True)
class Options(LoaderOptions):
    """``cls91to80`` of convert_coco, and ``nc`` of data.yaml.

    Attributes:
        nc: the number of names; None: as many as the file's categories need, which is what
            ``snippet`` writes.
    """

    cls91to80: bool = True
    nc: int | None = None

    @property
    def names_hint(self) -> str:
        return "number the categories from 1: `cocosurgeon remap FILE --renumber --start 1`"


@dataclass(frozen=True)
class _Line:
    """A line of a label file.

    Attributes:
        row: of its annotation.
        numbers: label, center x and y, width and height; as they are read from the text.
    """

    row: int
    numbers: tuple[float, ...]


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what Ultralytics trains on after the conversion; see ``registry.load``."""
    lists = _lists(document)
    images = _list(lists, "images")
    image_rows = _image_rows(images)
    annotations = _list(lists, "annotations")
    categories = _usable(lists.get("categories"))
    rows_of = _rows_of(annotations)
    rules: dict[int, str] = {}
    lines: defaultdict[str, list[_Line]] = defaultdict(list)
    for img_id, rows in rows_of.items():
        row = _image_row(img_id, rows, image_rows)
        path, written = _converted(row, images[row], rows, annotations, options, rules)
        lines[path] += written
    cat2label = _labels(categories, options)
    classes = _class_names(categories, cat2label)
    last = set(image_rows.values())
    gone = {row: SHADOWED.name for row in range(len(images)) if row not in last}
    most = len(classes) if options.nc is None else options.nc
    samples, loaded, reasons = [], set[int](), dict[int, str]()
    for path, row in sorted(_files(images, image_rows, gone).items()):
        found = lines.get(_label_path(path), [])
        rule, kept = _verified(found, images[row], most)
        for line in found:
            rules.setdefault(line.row, rule or DUPLICATE.name)
        if rule:
            gone[row] = rule
            if rule != SMALL.name:
                reasons[row] = _reason(rule, found, annotations, most)
            continue
        loaded.update(line.row for line, _ in kept)
        height, width = images[row].get("height"), images[row].get("width")
        instances = tuple(
            Instance(
                ann_id=annotations[line.row].get("id"),
                box=_corners(numbers, _side(width), _side(height)),
                label=int(numbers[0]),
                ignore=False,
                mask=None,
                row=line.row,
            )
            for line, numbers in kept
        )
        samples.append(Sample(images[row]["id"], path, height, width, instances))
    for img_id, rows in rows_of.items():
        rule = gone.get(image_rows[img_id], LABELS_LOST.name)
        rules = dict.fromkeys(rows, rule) | rules
    return View(
        loader=LOADER.name,
        classes=classes,
        cat_ids=tuple(cat2label),
        cat2label=cat2label,
        box_format="xyxy",
        single=True,
        samples=tuple(samples),
        dropped=(
            *_dropped("image", images, "id", gone, reasons),
            *_dropped(
                "annotation",
                annotations,
                "image_id",
                {row: rule for row, rule in rules.items() if row not in loaded},
            ),
        ),
    )


def _lists(document: object) -> Mapping[str, Any]:
    if isinstance(document, Index):
        there = {"images": document.has_images, "annotations": document.has_annotations}
        lists = {"images": document.images, "annotations": document.annotations}
        known = {key: found for key, found in lists.items() if there[key]}
        return known | {"categories": document.categories}
    if not isinstance(document, dict):
        fail("TypeError", NOT_AN_OBJECT.name, "the file is not a JSON object")
    return document


def _usable(categories: object) -> list[Record]:
    """Return categories of which data.yaml can be made: the conversion reads none."""
    records = categories if isinstance(categories, list) else []
    return [c for c in records if isinstance(c, dict) and isinstance(c.get("id"), NUMBERS)]


def _list(document: Mapping[str, Any], key: str) -> list[Record]:
    if key not in document:
        fail("KeyError", f"no-{key}", f"the file has no {key!r}")
    try:
        return list(document[key])
    except TypeError as error:
        fail("TypeError", f"bad-{key}", f"{key!r} is not a list: {error}")


def _image_rows(images: Sequence[Record]) -> dict[Id, int]:
    """Return image id -> row of its last record: converter.py:291."""
    rows = dict[Id, int]()
    for row, image in enumerate(images):
        try:
            img_id = image["id"]
        except (KeyError, TypeError) as error:
            raise failure(error, "images", row, image, ["id"]) from error
        if not isinstance(img_id, int):
            what = f"the image id {img_id!r} is not an integer"
            fail(_exception_for(img_id), ODD_ID.name, what, f"images[{row}]")
        rows[img_id] = row
    return rows


def _exception_for(img_id: object) -> str:
    """Return what Python raises for an id that is formatted as an integer."""
    return "ValueError" if isinstance(img_id, (float, str)) else "TypeError"


def _rows_of(annotations: Sequence[Record]) -> dict[Id, list[int]]:
    """Return image id -> rows of the annotations that name it: converter.py:293-295."""
    rows: defaultdict[Id, list[int]] = defaultdict(list)
    for row, ann in enumerate(annotations):
        try:
            rows[ann["image_id"]].append(row)
        except (KeyError, TypeError) as error:
            raise failure(error, "annotations", row, ann, ["image_id"]) from error
    return rows


def _image_row(img_id: Id, rows: Sequence[int], image_rows: Mapping[Id, int]) -> int:
    where = f"annotations[{rows[0]}]"
    if not isinstance(img_id, int):
        what = f"the image_id {img_id!r} is not an integer"
        fail(_exception_for(img_id), "bad-image-id", what, where)
    if img_id not in image_rows:
        what = f"image_id {img_id!r} is not in the list of images"
        fail("KeyError", UNLISTED.name, what, where)
    return image_rows[img_id]


def _converted(
    image_row: int,
    image: Record,
    rows: Sequence[int],
    annotations: Sequence[Record],
    options: Options,
    rules: dict[int, str],
) -> tuple[str, list[_Line]]:
    """Return the label file of an image, and its lines: converter.py:305-369."""
    try:
        size, name = (image["height"], image["width"])[::-1], image["file_name"]
    except KeyError as error:
        fields = ["height", "width", "file_name"]
        raise failure(error, "images", image_row, image, fields) from error
    lines = dict[tuple[Any, ...], int]()
    for row in rows:
        ann = annotations[row]
        if ann.get("iscrowd", False):
            rules[row] = CROWD.name
            continue
        try:
            box = _normalized(ann["bbox"], *size)
            if box[2] <= 0 or box[3] <= 0:
                rules[row] = DEGENERATE.name
                continue
            place = ann["category_id"] - 1
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            fields = ["bbox", "width", "height", "category_id"]
            raise failure(error, "annotations", row, ann, fields, image) from error
        numbers = _label(place, row, ann, options), *box
        if lines.setdefault(numbers, row) != row:
            rules[row] = DUPLICATE.name
    path = _label_file(name, image_row, image)
    return path, [_line(row, numbers, annotations[row]) for numbers, row in lines.items()]


def _label_file(name: Any, image_row: int, image: Record) -> str:
    """Return the label file of an image: converter.py:365-367."""
    try:
        path = str(PurePosixPath("labels", name).with_suffix(".txt"))
        if "\0" in path:
            raise ValueError("embedded null byte")
    except (TypeError, ValueError) as error:
        raise failure(error, "images", image_row, image, ["file_name"]) from error
    return posixpath.normpath(path)


def _line(row: int, numbers: tuple[Any, ...], ann: Record) -> _Line:
    """Return a line as it is read: converter.py:369."""
    if numbers[0] is None:
        what = f"category_id {ann['category_id']!r} has no class in COCO"
        fail("TypeError", NO_CLASS.name, what, f"annotations[{row}]")
    try:
        return _Line(row, tuple(float(f"{v:g}") for v in numbers))
    except OverflowError as error:
        raise failure(error, "annotations", row, ann, ["category_id"]) from error


def _normalized(bbox: Any, width: Any, height: Any) -> tuple[float, ...]:
    """Center and size of a box, divided by the image's size: converter.py:316-319."""
    numbers = (*bbox, width, height) if isinstance(bbox, list) and len(bbox) == 4 else ()
    if numbers and width and height and all(isinstance(v, NUMBERS) for v in numbers):
        x, y, w, h = map(float, bbox)
        return (x + w / 2) / width, (y + h / 2) / height, w / width, h / height
    box = np.array(bbox, np.float64)
    with np.errstate(all="ignore"):
        box[:2] += box[2:] / 2
        box[[0, 2]] /= width
        box[[1, 3]] /= height
    return tuple(box.tolist())


def _label(place: Any, row: int, ann: Record, options: Options) -> Any:
    """Return a label: converter.py:323. A category without a class is found when it is written."""
    if not options.cls91to80:
        return place
    try:
        return _COCO80[place]
    except IndexError:
        what = f"category_id {ann['category_id']!r} is beyond COCO's table of 91"
        fail("IndexError", BEYOND_TABLE.name, what, f"annotations[{row}]")
    except TypeError as error:
        raise failure(error, "annotations", row, ann, ["category_id"]) from error


def _labels(categories: Sequence[Record], options: Options) -> dict[Id, int]:
    """Return category id -> label, of the categories that get one."""
    places = {c["id"]: c["id"] - 1 for c in categories}
    if not options.cls91to80:
        return {cat_id: int(place) for cat_id, place in places.items() if place % 1 == 0}
    known = {i: p for i, p in places.items() if isinstance(p, int) and -91 <= p < 91}
    labels = {cat_id: _COCO80[place] for cat_id, place in known.items()}
    return {cat_id: label for cat_id, label in labels.items() if label is not None}


def _class_names(categories: Sequence[Record], labels: Mapping[Id, int]) -> tuple[str, ...]:
    """Return names by label, empty for labels without a category; none where ids are too large."""
    names = {labels[c["id"]]: c.get("name", "") for c in categories if c["id"] in labels}
    most = max(names, default=-1)
    return tuple(names.get(i, "") for i in range(most + 1)) if most < _MOST_NAMES else ()


def _files(
    images: Sequence[Record], image_rows: Mapping[Id, int], gone: dict[int, str]
) -> dict[str, int]:
    """Return image files below ``images/``, each with the row of its record."""
    files = dict[str, int]()
    for row in image_rows.values():
        path = posixpath.normpath(str(images[row].get("file_name")))
        if not _is_found(path):
            gone[row] = NO_IMAGE_FILE.name
        elif files.setdefault(path, row) != row:
            gone[row] = SAME_FILE.name
    return files


def _is_found(path: str) -> bool:
    """Return whether an image is looked for: base.py:209,219. Nothing hidden is."""
    parts = path.split("/")
    ending = parts[-1].rpartition(".")
    return (
        not any(part.startswith(".") for part in parts)
        and parts[0] != ""
        and ending[1] == "."
        and ending[2].lower() in _IMAGE_FORMATS
    )


def _label_path(path: str) -> str:
    """Return where labels of an image are looked for: utils.py:145-146."""
    return "/labels/".join(f"/images/{path}".rsplit("/images/", 1)).rpartition(".")[0][1:] + ".txt"


def _verified(
    lines: Sequence[_Line], image: Record, most: int
) -> tuple[str | None, list[tuple[_Line, list[float]]]]:
    """Return the rule that drops the image, or else its objects in float32: utils.py:439-512."""
    sizes = image.get("width"), image.get("height")
    if any(isinstance(side, NUMBERS) and 1 <= side < _LEAST_SIDE for side in sizes):
        return SMALL.name, []
    if not lines:
        return None, []
    table = _table(lines)
    least = table.min()
    if not table[:, 1:].max() <= 1.01:
        return OUT_OF_BOUNDS.name, []
    if not (least >= 0 or (least >= -0.01 and table[:, 3:5].min() >= 0)):
        return NEGATIVE.name, []
    if not (table[:, 0] % 1 == 0).all():
        return FRACTION.name, []
    if not table[:, 0].max() < most:
        return BEYOND_NAMES.name, []
    rows = table.tolist()
    if len(set(map(tuple, rows))) == len(rows):
        return None, list(zip(lines, rows, strict=True))
    _, first = np.unique(table, axis=0, return_index=True)  # sorted, as they are loaded then
    return None, [(lines[i], rows[i]) for i in first]


def _table(lines: Sequence[_Line]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return np.array([line.numbers for line in lines]).astype(np.float32)


def _reason(rule: str, lines: Sequence[_Line], annotations: Sequence[Record], most: int) -> str:
    """Return the annotation for which a rule drops the image, its number, and the limit."""
    table = _table(lines)
    limit = "the limit is 1.01"
    if rule == OUT_OF_BOUNDS.name:
        numbers = np.where(np.isnan(table), np.inf, table)
        numbers[:, 0] = -np.inf
        place, column = divmod(int(numbers.argmax()), 5)
    elif rule == NEGATIVE.name:
        place, column = divmod(int(table.argmin()), 5)
        limit = f"the limit is {-0.01 if column else 0}"
    elif rule == FRACTION.name:
        place, column, limit = int(np.argmax(table[:, 0] % 1 != 0)), 0, "no whole number"
    else:
        place, column, limit = int(table[:, 0].argmax()), 0, f"there are {plural(most, 'name')}"
    ann_id = annotations[lines[place].row].get("id")
    return f"annotation {ann_id!r}: {_COLUMNS[column]} {table[place, column]:.6g}, {limit}"


def _side(value: object) -> float:
    """Return an image's side; NaN where it is no number."""
    return float(value) if isinstance(value, NUMBERS) else math.nan


def _corners(numbers: Sequence[float], width: float, height: float) -> tuple[float, ...]:
    """Return the corners of a line's box in pixels."""
    _, x, y, w, h = numbers
    return (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height


def _dropped(
    kind: Literal["image", "annotation"],
    records: Sequence[Record],
    image_key: str,
    rules: Mapping[int, str],
    reasons: Mapping[int, str] = MappingProxyType({}),
) -> Iterator[Dropped]:
    for row, rule in sorted(rules.items()):
        record = records[row]
        yield Dropped(kind, record.get("id"), row, record[image_key], rule, reasons.get(row, ""))


LOADER = Loader(
    name="ultralytics",
    title="Ultralytics, convert_coco and verify_image_label",
    version="8.4.190",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    turns_by_exif=True,
    tree_format="yolo",
    tree_options=("cls91to80=false",),
    view=view,
    order="path",
    mixes_records=True,
    traps=dict.fromkeys((NO_CLASS.name, BEYOND_TABLE.name), _NOT_COCO),
)
