"""Repairs of parsed JSON, written apart from the tool's: one code at a time, the plain way."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

TEXT_IDS = (
    *("image-id-text", "image-id-types", "image-id-type"),
    *("category-id-text", "category-id-type"),
)


def repaired(document: Any, code: str) -> Any:
    """Return a document without the faults of a code, as far as they can be repaired."""
    document = copy.deepcopy(document)
    if _has_text_ids(document, code):
        listed = "images" if code.startswith("image") else "categories"
        _numbers(document, listed, "image_id" if listed == "images" else "category_id", str)
    elif code in TEXT_IDS:
        pass
    elif code == "image-id-float":
        if any(type(i.get("id")) is float for i in document["images"]):
            _numbers(document, "images", "image_id", float)
    elif code == "category-id-float":
        if any(type(c.get("id")) is float for c in document["categories"]):
            _numbers(document, "categories", "category_id", float)
    elif code.startswith("annotation-id") or code == "annotation-repeated":
        _annotation_ids(document["annotations"], code)
    elif code == "file-name-backslash":
        for image in document["images"]:
            image["file_name"] = image["file_name"].replace("\\", "/")
    elif code == "annotation-copied":
        used = {k for a in document["annotations"] for k, v in a.items() if v is not None}
        seen: list[Any] = []
        kept = []
        for each in document["annotations"]:
            plain = {k: v for k, v in each.items() if k != "id"}
            keys = [k for k in ("image_id", "category_id", "iscrowd") if k in used]
            is_whole = _is_box(each.get("bbox")) and None not in map(each.get, keys)
            if plain not in seen or not is_whole:
                kept.append(each)
            seen.append(plain)
        document["annotations"] = kept
    else:
        kept = [_annotation(a, code, document) for a in document["annotations"]]
        document["annotations"] = [a for a in kept if a is not None]
    return document


def _whole(value: Any) -> int | None:
    try:
        number = float(value) if not isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number == int(number) else None


def _key(annotation: Any) -> Any:
    return annotation.get("image_id")


def _has_text_ids(document: Any, code: str) -> bool:
    images, categories = ([r.get("id") for r in document[k]] for k in ("images", "categories"))
    are_text = {isinstance(i, str) for i in images}
    if code == "category-id-text":
        return any(isinstance(i, str) for i in categories)
    if code in ("image-id-text", "image-id-types"):
        return are_text == ({True} if code == "image-id-text" else {True, False})
    if code == "image-id-type":
        return any(_is_of_other_type(_key(a), images) for a in document["annotations"])
    if code == "category-id-type":
        found = (a.get("category_id") for a in document["annotations"])
        return any(_is_of_other_type(i, categories) for i in found)
    return False


def _is_of_other_type(value: Any, ids: list[Any]) -> bool:
    if isinstance(value, str):
        return value not in ids and _whole(value) is not None and _whole(value) in ids
    return value is not None and value not in ids and str(int(value)) in ids


def _numbers(document: Any, listed: str, named: str, kind: type) -> None:
    """All ids of a kind as numbers, or none of them."""
    places = [(r, "id") for r in document[listed]] + [(r, named) for r in document["annotations"]]
    used = {r[k] for r, k in places if isinstance(r.get(k), str)}
    readable = [n for n in map(_whole, used) if n is not None]
    ids = {r.get("id") for r in document[listed]}
    new = [_whole(i) if isinstance(i, kind) else i for i in ids]
    if None in new or len(set(new)) < len(ids) or len(set(readable)) < len(readable):
        return
    for record, key in places:
        number = _whole(record.get(key))
        if isinstance(record.get(key), kind) and number is not None:
            record[key] = number


def _annotation_ids(annotations: Any, code: str) -> None:
    numbers = [n for a in annotations if (n := _whole(a.get("id"))) is not None]
    new = max([0, *numbers])
    if code == "annotation-ids-float":
        for each in annotations:
            keys = [k for k in ("id", "image_id", "category_id") if type(each.get(k)) is float]
            if all(each[key] == int(each[key]) for key in keys):
                each.update({key: int(each[key]) for key in keys})
        return
    taken = {a["id"] for a in annotations if isinstance(a.get("id"), (int, float))}
    seen: set[Any] = set()
    for each in annotations:
        own = each.get("id")
        is_number = isinstance(own, str) and _whole(own) is not None
        if code == "annotation-id-text" and is_number:
            if _whole(own) in taken:
                new += 1
                each["id"] = new
            else:
                each["id"] = _whole(own)
            taken.add(each["id"])
        elif (
            (code == "annotation-id-missing" and own is None)
            or (code == "annotation-repeated" and own is not None and own in seen)
            or (code == "annotation-id-zero" and own == 0)
            or (code == "annotation-id-named" and isinstance(own, str) and not is_number)
        ):
            new += 1
            each["id"] = new
        seen.add(own)


def _is_box(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and all(map(math.isfinite, box))


def _mask(annotation: Any) -> Any:
    """Return the pixels or the corners of a usable mask."""
    mask = annotation.get("segmentation")
    if isinstance(mask, dict):
        runs, (height, width) = mask["counts"], mask["size"]
        return np.repeat(np.arange(len(runs)) % 2, runs).reshape(width, height).T
    return np.array(mask[0]).reshape(-1, 2) if mask and len(mask[0]) >= 6 else None


def _area(annotation: Any) -> float | None:
    mask = _mask(annotation)
    if mask is not None and "counts" in annotation["segmentation"]:
        return int(mask.sum())
    if mask is not None:
        x, y = mask.T
        return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    return None


def _annotation(a: Any, code: str, document: Any) -> Any:
    images = {i.get("id"): i for i in document["images"]}
    cat_ids = [c.get("id") for c in document["categories"]]
    image = images.get(_key(a), {})
    box = a.get("bbox")
    x, y, w, h = box if _is_box(box) else (0, 0, 0, 0)
    width, height = image.get("width", math.inf), image.get("height", math.inf)
    is_outside = x >= width or y >= height or x + w <= 0 or y + h <= 0
    if code.startswith("area"):
        area, own = a.get("area"), _area(a)
        is_number = isinstance(area, (int, float)) and math.isfinite(area)
        is_wrong = {
            "area-missing": "area" not in a,
            "area-unusable": "area" in a and not is_number,
            "area-not-positive": is_number and area <= 0,
            "area-not-of-mask": is_number and own is not None and area != own,
        }[code]
        new = own if own is not None else w * h
        if isinstance(area, str) and area != "x":
            new = float(area) if "." in area else int(area)
        return {**a, "area": new} if is_wrong and new > 0 else a
    if code == "iscrowd-missing":
        return {"iscrowd": 0, **a}
    if code == "iscrowd-unusable" and a.get("iscrowd", 0) in (None, "0", "1", "1.0", ""):
        return {**a, "iscrowd": int(float(a["iscrowd"] or 0))}
    if code in ("box-missing", "box-empty", "box-not-finite", "box-malformed"):
        is_empty = _is_box(box) and min(w, h) == 0
        is_wrong = {
            "box-missing": "bbox" not in a,
            "box-empty": is_empty,
            "box-not-finite": isinstance(box, list) and len(box) == 4 and not _is_box(box),
            "box-malformed": "bbox" in a and box in (None, []),
        }[code]
        if not is_wrong:
            return a
        mask = _mask(a)
        if mask is None:
            return a if code in ("box-missing", "box-malformed") else None
        if "counts" in a["segmentation"]:
            rows, columns = np.nonzero(mask)
            left, top = columns.min(), rows.min()
            new = [left, top, columns.max() - left + 1, rows.max() - top + 1]
        else:
            left, top = mask.min(axis=0)
            new = [left, top, *(mask.max(axis=0) - mask.min(axis=0))]
        return {**a, "bbox": [value.item() for value in new]}
    if code == "box-negative" and min(w, h) < 0:
        return {**a, "bbox": [min(x, x + w), min(y, y + h), abs(w), abs(h)]}
    if code == "box-outside" and min(w, h) > 0 and is_outside:
        return None
    if code in ("box-over-edge", "box-beyond") and image and min(w, h) > 0 and not is_outside:
        beyond = max(-x, -y, x + w - width, y + h - height)
        if (0 < beyond < 1) if code == "box-over-edge" else beyond >= 1:
            left, top = max(x, 0), max(y, 0)
            right, bottom = min(x + w, width), min(y + h, height)
            return {**a, "bbox": [left, top, right - left, bottom - top]}
    if code == "annotation-imageless" and _key(a) is None:
        return None
    if code == "annotation-orphaned" and images and _key(a) is not None:
        known = [*images, *map(_whole, images), *map(str, images)]
        return a if _key(a) in known or _whole(_key(a)) in known else None
    if code == "category-unlisted" and cat_ids and a.get("category_id") is not None:
        known = [*cat_ids, *map(_whole, cat_ids), *map(str, cat_ids)]
        return a if a["category_id"] in known or _whole(a["category_id"]) in known else None
    return a
