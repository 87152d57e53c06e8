"""The source with repairs, by independent rules.

The caller passes the rows of the records that a repair changes. The rules here decide their new
values, and that nothing else of their text changes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from cocosurgeon.masks import mask_fault, rle_runs
from cocosurgeon.verify.id_changes import LISTS_OF_IDS, Place, elements, fields
from cocosurgeon.verify.read_again import PlainFile, Record

_URL = re.compile(r"^.*?://[^/]*|[?#].*", re.DOTALL)
_LONGEST = 1e6

Path = tuple[str | int, ...]
Values = dict[Path, object]
"""New values of a record, by keys and places in lists."""


@dataclass(frozen=True, eq=False)
class RepairedRows:
    """Records of a source that a repair changes.

    Attributes:
        name: name of the repair: a code, or an option with its value.
        rows: rows of the records with new values, by list.
        kept: rows of all images and annotations before the repair.
    """

    name: str
    rows: Mapping[str, frozenset[int]]
    kept: Mapping[str, frozenset[int]]


@dataclass(frozen=True, eq=False)
class _State:
    """The records before a repair, by list, and those that it changes."""

    lists: Mapping[str, Sequence[Record]]
    rows: Mapping[str, frozenset[int]]
    argument: str

    def values(self, key: str, name: str) -> list[Any]:
        """Return one value of each record of a list."""
        return [record.value.get(name) for record in self.lists.get(key, ())]

    @cached_property
    def sizes(self) -> Mapping[object, tuple[Any, Any]]:
        """Return width and height of images, by id."""
        images = self.lists.get("images", ())
        return {
            r.value["id"]: (r.value.get("width"), r.value.get("height"))
            for r in images
            if isinstance(r.value.get("id"), (int, float, str))
        }

    @cached_property
    def new_ids(self) -> Mapping[int, int]:
        """Return new ids of the changed annotations by row: numbers above all present ones."""
        ids = self.values("annotations", "id")
        highest = max((n for n in map(_whole, ids) if n is not None), default=0)
        return {
            row: n for n, row in enumerate(sorted(self.rows["annotations"]), max(highest, 0) + 1)
        }

    @cached_property
    def numbers_of_text(self) -> Mapping[int, int]:
        """Return the number for each annotation with a text id: its own, or a new one if taken."""
        ids = self.values("annotations", "id")
        taken = {int(i) for i in ids if isinstance(i, (int, float)) and _whole(i) is not None}
        new = max((n for n in map(_whole, ids) if n is not None), default=0)
        new = max(new, 0)
        found: dict[int, int] = {}
        for record in self.lists["annotations"]:
            own = record.value.get("id")
            number = _whole(own)
            if isinstance(own, str) and number is not None:
                if number in taken:
                    number = new = new + 1
                taken.add(number)
                found[record.row] = number
        return found


Rule = Callable[[str, Record, _State], Values]


def repaired(source: PlainFile, repairs: Sequence[RepairedRows]) -> PlainFile:
    """Return a source with repaired records; row numbers stay."""
    lists: dict[str, list[Record]] = {key: list(records) for key, records in source.lists.items()}
    for repair in repairs:
        name, _, argument = repair.name.partition(" ")
        seen = {
            key: [r for r in records if r.row in repair.kept[key]]
            if key in repair.kept
            else records
            for key, records in lists.items()
        }
        state = _State(seen, repair.rows, argument)
        for key, rows in repair.rows.items():
            rule = RULES[name]
            lists[key] = [
                _edited(r, rule(key, r, state)) if r.row in rows else r for r in lists[key]
            ]
    return replace(source, lists={key: tuple(records) for key, records in lists.items()})


# ---- rules


def _whole(value: object) -> int | None:
    """Return an id as a whole number, also from text; None for any other id."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if isinstance(value, (int, float)) and math.isfinite(value) and value == int(value):
        return int(value)
    return None


def _ids(key: str, record: Record, _: _State, *, of: str, kind: type) -> Values:
    own, named = ("images", "image_id") if of == "images" else ("categories", "category_id")
    value = record.value
    paths: list[Path] = [("id" if key == own else named,)]
    if of == "images" and key == own:
        paths += [("prev_image_id",), ("next_image_id",)]
    if of == "categories":
        paths += [(k, n) for k in LISTS_OF_IDS for n in range(_length(value.get(k)))]
        segments = range(_length(value.get("segments_info")))
        paths += [("segments_info", n, "category_id") for n in segments]
    olds = {path: _at(value, path) for path in paths}
    numbers = {path: _whole(old) for path, old in olds.items() if isinstance(old, kind)}
    return {path: number for path, number in numbers.items() if number is not None}


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _at(value: Any, path: Path) -> Any:
    for part in path:
        is_there = isinstance(value, dict) if isinstance(part, str) else isinstance(value, list)
        value = (value.get(part) if isinstance(part, str) else value[part]) if is_there else None
    return value


def _without_points(_: str, record: Record, __: _State) -> Values:
    keys = ("id", "image_id", "category_id")
    ids = {key: record.value.get(key) for key in keys}
    return {(k,): int(v) for k, v in ids.items() if isinstance(v, float) and v.is_integer()}


def _size(record: Record, state: _State) -> tuple[Any, Any]:
    """Return width and height of a record's image."""
    img_id = record.value.get("image_id")
    is_id = isinstance(img_id, (int, float, str))
    return state.sizes.get(img_id, (None, None)) if is_id else (None, None)


def _usable_mask(record: Record, state: _State) -> Any:
    width, height = _size(record, state)
    mask = record.value.get("segmentation")
    return None if mask_fault(mask, height, width) else mask


def _area(_: str, record: Record, state: _State) -> Values:
    given: Any = record.value.get("area")
    if isinstance(given, str):
        with suppress(ValueError):
            number = int(given) if given.isdecimal() else float(given)
            if 0 < number < math.inf:
                return {("area",): number}
    mask: Any = _usable_mask(record, state)
    area: float = 0
    if isinstance(mask, dict):
        area = sum(_runs(mask)[1::2])
    elif mask is not None:
        area = _drawn_or_summed(mask, _size(record, state))
    if area <= 0:
        box: Any = record.value["bbox"]
        area = box[2] * box[3]
    return {("area",): area}


def _drawn_or_summed(polygons: Sequence[Any], size: tuple[Any, Any]) -> float:
    """Return the sum of the areas of polygons, or the area of their union if that differs."""
    from pycocotools import mask as masks

    total = float(sum(map(_polygon_area, polygons)))
    outline = 0.0
    for polygon in polygons:
        corners = list(zip(polygon[::2], polygon[1::2], strict=True))
        for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
            outline += max(abs(x1 - x2), abs(y1 - y2))
    if outline >= _LONGEST:
        return total
    width, height = size
    if not all(isinstance(s, (int, float)) and 0 < s < _LONGEST for s in size):
        width, height = (max(v for p in polygons for v in p[n::2]) for n in (0, 1))
        width, height = max(1, math.ceil(width) + 1), max(1, math.ceil(height) + 1)
    canvas = math.ceil(height), math.ceil(width)
    if canvas[0] * canvas[1] >= 1 << 32:  # from there on pycocotools draws something else
        return total
    pixels = int(masks.area(masks.merge(masks.frPyObjects(list(polygons), *canvas))))
    return total if abs(total - pixels) <= outline / 2 else pixels


def _polygon_area(polygon: Sequence[Any]) -> float:
    corners = list(zip(polygon[::2], polygon[1::2], strict=True))
    ends = [*corners[1:], corners[0]]
    ahead = sum(x * y2 for (x, _), (_, y2) in zip(corners, ends, strict=True))
    back = sum(x2 * y for (_, y), (x2, _) in zip(corners, ends, strict=True))
    return abs(float(ahead - back)) / 2


def _runs(rle: Mapping[str, Any]) -> list[int]:
    counts = rle["counts"]
    return counts if isinstance(counts, list) else rle_runs(counts)


def _box_of_mask(_: str, record: Record, state: _State) -> Values:
    import numpy as np

    mask: Any = _usable_mask(record, state)
    if isinstance(mask, dict):
        runs = _runs(mask)
        pixels = np.repeat(np.arange(len(runs)) % 2, runs).reshape(mask["size"][::-1])
        xs, ys = (np.flatnonzero(pixels.any(axis=axis)).tolist() for axis in (1, 0))
        box = [xs[0], ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1]
    else:
        columns, rows = ([v for p in mask for v in p[n::2]] for n in (0, 1))
        x, y = min(columns), min(rows)
        box = [x, y, max(columns) - x, max(rows) - y]
    return {("bbox",): box}


def _box(record: Record, new: Sequence[float]) -> Values:
    old: Any = record.value["bbox"]
    return {("bbox", n): new[n] for n in range(4) if new[n] != old[n]}


def _turned(_: str, record: Record, __: _State) -> Values:
    box: Any = record.value["bbox"]
    x, y, w, h = box
    return _box(record, (x + min(w, 0), y + min(h, 0), abs(w), abs(h)))


def _clipped(_: str, record: Record, state: _State) -> Values:
    box: Any = record.value["bbox"]
    new = list(box)
    for axis, side in enumerate(_size(record, state)):
        start, stop = box[axis], box[axis] + box[axis + 2]
        if start < 0 or stop > side:
            new[axis] = max(start, 0)  # in this order: 0.0 stays 0.0
            new[axis + 2] = min(stop, side) - new[axis]
            while new[axis] + new[axis + 2] > side:
                new[axis + 2] = math.nextafter(new[axis + 2], 0)
    return _box(record, new)


def _name(rename: Callable[[str, str], str]) -> Rule:
    def rule(_: str, record: Record, state: _State) -> Values:
        return {("file_name",): rename(str(record.value["file_name"]), state.argument)}

    return rule


def _alone(name: str, _: str = "") -> str:
    return name.replace("\\", "/").split("/")[-1]


_new_id: Rule = lambda _, record, state: {("id",): state.new_ids[record.row]}  # noqa: E731

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("image-id-text", "image-id-types"), partial(_ids, of="images", kind=str)),
    "image-id-type": partial(_ids, of="images", kind=str),
    "image-id-float": partial(_ids, of="images", kind=float),
    "category-id-text": partial(_ids, of="categories", kind=str),
    "category-id-type": partial(_ids, of="categories", kind=str),
    "category-id-float": partial(_ids, of="categories", kind=float),
    "annotation-id-missing": _new_id,
    "annotation-repeated": _new_id,
    "annotation-id-zero": _new_id,
    "annotation-id-named": _new_id,
    "annotation-id-text": lambda _, r, state: {("id",): state.numbers_of_text[r.row]},
    "annotation-ids-float": _without_points,
    "area-missing": _area,
    "area-unusable": _area,
    "area-not-positive": _area,
    "area-not-of-mask": _area,
    "iscrowd-missing": lambda *_: {("iscrowd",): 0},
    "iscrowd-unusable": lambda _, r, __: {("iscrowd",): int(float(str(r.value["iscrowd"] or 0)))},
    "box-missing": _box_of_mask,
    "box-malformed": _box_of_mask,
    "box-empty": _box_of_mask,
    "box-not-finite": _box_of_mask,
    "box-negative": _turned,
    "box-over-edge": _clipped,
    "box-beyond": _clipped,
    "file-name-backslash": _name(lambda name, _: "/".join(name.split("\\"))),
    "file-name-absolute": _name(_alone),
    "file-name-url": _name(lambda name, _: _alone(_URL.sub("", name))),
    "--strip-folder": _name(_alone),
    "--prefix": _name(lambda name, prefix: prefix + name),
    "image-file-size": lambda _, r, __: {
        ("width",): r.value["height"],
        ("height",): r.value["width"],
    },
}
"""Rules by repair. Repairs that only drop records have none."""


# ---- text


def _edited(record: Record, values: Values) -> Record:
    text = record.text
    for path, value in values.items():
        place = _place_of(text, path)
        if place is None:
            text = _with_field(text, str(path[0]), value)
        else:
            start, stop = place
            new = _dumped(value, text[start:stop].isascii(), _has_blanks(text))
            text = text[:start] + new + text[stop:]
    return Record(record.row, json.loads(text), text)


def _place_of(text: str, path: Path) -> Place | None:
    at = 0
    place: Place | None = None
    for part in path:
        if isinstance(part, str):
            place = dict(fields(text, at)).get(part)
        else:
            place = list(elements(text, at))[part]
        if place is None:
            return None
        at = place[0]
    return place


def _with_field(text: str, key: str, value: object) -> str:
    body = text[:-1].rstrip(" \t\r\n")
    new = _dumped(value, True, _has_blanks(text))
    if body == "{":
        return f'{{"{key}": {new}{text[len(body) :]}'
    lead, colon = _style(text)
    separator = "," + lead if "\n" in lead else ", " if _has_blanks(text) else ","
    return f'{body}{separator}"{key}"{colon}{new}{text[len(body) :]}'


def _style(text: str) -> tuple[str, str]:
    """Return the text before the first key of a record, and the text after the key."""
    quote = text.index('"')
    _, (value, _) = next(fields(text, 0))
    _, stop = json.JSONDecoder().raw_decode(text, quote)
    return text[1:quote], text[stop:value]


def _has_blanks(text: str) -> bool:
    return text[:-1].strip(" \t\r\n") == "{" or not _style(text)[1].endswith(":")


def _dumped(value: object, is_ascii: bool, has_blanks: bool) -> str:
    separators = (", ", ": ") if has_blanks else (",", ":")
    text = json.dumps(value, ensure_ascii=is_ascii, separators=separators)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=separators)
    return text
