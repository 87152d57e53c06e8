"""Checks of images."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cocosurgeon.dataset.keys import as_key
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, is_number, repeated
from cocosurgeon.lint.check import Fault, check
from cocosurgeon.lint.ids import as_numbers
from cocosurgeon.lint.repair import RecordOutcome, Repair, safe, unsafe
from cocosurgeon.loaders import DEFAULT
from cocosurgeon.text import plural

_ID = "give each image a number of its own, and write it into its annotations, too"
_NAME = "write the name relative to the folder of images, with / between folders"


_LAST_PART = "removes the folders"
_SHARED = "images would share a name, or have none"


def image(**fields: Any) -> Any:
    """Return a change that gives an image without annotations these fields."""
    return lambda document: document["images"][-1].update(fields)


@check(
    "image-id-missing",
    "images",
    lambda document: document["images"][-1].pop("id"),
    group="images",
    meaning="an image has no id",
    arises="an export wrote null, or no key",
    next=_ID,
    further={"pycocotools": "COCO() raises KeyError: 'id'"},
)
def image_id_missing(record: Record, _: AnnotationFile) -> str | None:
    if as_key(record.get("id")) is None:
        return f"id is {record['id']!r}" if "id" in record else "no 'id'"
    return None


@check(
    "image-repeated",
    "file",
    lambda document: document["images"].append({**document["images"][0], "file_name": "d.jpg"}),
)
def image_repeated(file: AnnotationFile) -> Iterator[Fault]:
    for img_id, rows in repeated(file.ids("images")):
        yield Fault(f"image id {img_id!r} is listed {len(rows)} times", "images", rows[-1])


def _text_ids(document: Any) -> None:
    for image in document["images"]:
        image["id"] = str(image["id"])
    for annotation in document["annotations"]:
        annotation["image_id"] = str(annotation["image_id"])


@check(
    "image-id-text",
    "file",
    _text_ids,
    group="images",
    meaning="image ids are text",
    arises="ids went through a table, or are file names",
    next="write numbers: DETR and torchvision make tensors of them",
    repair=as_numbers("images", str),
)
def image_id_text(file: AnnotationFile) -> Iterator[Fault]:
    rows = [row for row, i in enumerate(file.ids("images")) if isinstance(i, str)]
    if rows and len(rows) == file.count("images"):
        yield Fault(f"all {plural(len(rows), 'image')}", "images", rows[0])


@check(
    "image-id-types",
    "file",
    lambda document: document["images"][-1].update(id="3"),
    group="images",
    meaning="some image ids are numbers, others text",
    arises="files of two tools were merged",
    next="write numbers everywhere: 1 and '1' never match, and mixed ids cannot be sorted",
    further={"pycocotools": "COCOeval raises TypeError where it sorts them"},
    repair=as_numbers("images", str),
)
def image_id_types(file: AnnotationFile) -> Iterator[Fault]:
    rows = [row for row, i in enumerate(file.ids("images")) if isinstance(i, str)]
    if rows and len(rows) < file.count("images"):
        text = f"{plural(len(rows), 'id')} of {file.count('images'):,} are text"
        yield Fault(text, "images", rows[0])


@check(
    "image-id-float",
    "images",
    lambda document: document["images"][-1].update(id=3.0),
    group="images",
    meaning="an image id is a number with a decimal point",
    arises="ids went through a table of floating-point numbers",
    next="write whole numbers: torchvision and DETR refuse others",
    repair=as_numbers("images", float),
)
def image_id_float(record: Record, _: AnnotationFile) -> str | None:
    return f"id is {record['id']!r}" if isinstance(record.get("id"), float) else None


@check(
    "image-size-missing",
    "images",
    lambda document: document["images"][0].pop("width"),
    group="images",
    meaning="an image has no width or height",
    arises="an export did not open the images",
    next="read them from the image files",
)
def image_size_missing(record: Record, _: AnnotationFile) -> str | None:
    gone = [key for key in ("width", "height") if record.get(key) is None]
    return f"no {' and no '.join(map(repr, gone))}" if gone else None


@check(
    "image-size-unusable",
    "images",
    lambda document: document["images"][0].update(width="100"),
    group="images",
    meaning="a width or height is not a positive number of pixels",
    arises="an export wrote 0 or text where it did not know the size",
    next="read them from the image files",
)
def image_size_unusable(record: Record, _: AnnotationFile) -> str | None:
    for key in ("width", "height"):
        value = record.get(key)
        if value is not None and not (is_number(value) and value >= 1 and value == int(value)):
            return f"{key} is {value!r}"
    return None


@check(
    "file-name-missing",
    "images",
    lambda document: document["images"][-1].pop("file_name"),
    group="images",
    meaning="an image has no file_name that is text",
    arises="an export wrote ids only",
    next=_NAME,
)
def file_name_missing(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    if isinstance(name, str) and name:
        return None
    return f"file_name is {name!r}" if "file_name" in record else "no 'file_name'"


def _names(file: AnnotationFile) -> list[str | None]:
    images = file.lists.get("images")
    names = [] if images is None else images.column("file_name").array.tolist()
    return [name if isinstance(name, str) and name else None for name in names]


@check(
    "file-name-repeated",
    "file",
    image(file_name="b.jpg"),
    group="images",
    meaning="a file_name is listed more than once",
    arises="files were merged, or a video's frames are named alike in each folder",
    next="keep one record of each image, with the annotations of both",
    is_judged=False,
)
def file_name_repeated(file: AnnotationFile) -> Iterator[Fault]:
    for name, rows in repeated(_names(file)):
        yield Fault(f"{name!r} is listed {len(rows)} times", "images", rows[-1])


@check(
    "file-name-case",
    "file",
    image(file_name="B.jpg"),
    group="images",
    meaning="two file names differ only by case",
    arises="two cameras, or a rename",
    next="rename one: on Windows and macOS they are one file",
    is_judged=False,
)
def file_name_case(file: AnnotationFile) -> Iterator[Fault]:
    by_case: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row, name in enumerate(_names(file)):
        if name is not None:
            by_case[name.casefold()].setdefault(name, row)
    for alike in by_case.values():
        if len(alike) > 1:
            yield Fault(" and ".join(map(repr, alike)), "images", max(alike.values()))


def _renaming(
    make: Callable[..., Repair],
    does: str,
    is_wrong: Callable[[str], bool],
    rename: Callable[[str], str],
) -> Repair:
    """Return the repair of names that are wrong; what two images would be called, none is."""

    def find(file: AnnotationFile) -> Iterator[RecordOutcome]:
        names = dict(enumerate(_names(file)))
        new = {row: rename(n) for row, n in names.items() if n is not None and is_wrong(n)}
        counts = Counter({**names, **new}.values())
        for row, name in new.items():
            is_free = name != "" and counts[name] == 1
            yield RecordOutcome("images", row, {("file_name",): name} if is_free else None)

    return make(does, find, left=_SHARED, of_file=True)


def last_part(name: str) -> str:
    """Return a name without its folders, of Windows or of others."""
    return re.split(r"[/\\]", name)[-1]


def _is_absolute(name: str) -> bool:
    return name.startswith(("/", "\\\\")) or name[1:3] in (":\\", ":/")


def _is_url(name: str) -> bool:
    return "://" in name


def _last_part_of_url(name: str) -> str:
    path = name.partition("://")[2].partition("/")[2]
    return last_part(re.split("[?#]", path)[0])


def _has_backslash(name: str) -> bool:
    return "\\" in name[1:] and name[1] != ":"


@check(
    "file-name-absolute",
    "images",
    image(file_name="/data/c.jpg"),
    group="images",
    meaning="a file_name is an absolute path",
    arises="an export wrote the path of its own machine",
    next=f"{_NAME}: joined to a folder of images an absolute path replaces it",
    is_judged=False,
    repair=_renaming(unsafe, _LAST_PART, _is_absolute, last_part),
)
def file_name_absolute(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    if not isinstance(name, str):
        return None
    return repr(name) if _is_absolute(name) else None


@check(
    "file-name-backslash",
    "images",
    image(file_name="c\\c.jpg"),
    group="images",
    meaning="a file_name has a backslash",
    arises="an export on Windows",
    next=_NAME,
    is_judged=False,
    repair=_renaming(safe, "writes /", _has_backslash, lambda name: name.replace("\\", "/")),
)
def file_name_backslash(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    return repr(name) if isinstance(name, str) and _has_backslash(name) else None


@check(
    "file-name-url",
    "images",
    image(file_name="https://example.org/c.jpg"),
    group="images",
    meaning="a file_name is a URL",
    arises="an export of a labeling server",
    next=f"download the images; {_NAME}",
    is_judged=False,
    repair=_renaming(unsafe, _LAST_PART, _is_url, _last_part_of_url),
)
def file_name_url(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    return repr(name) if isinstance(name, str) and _is_url(name) else None


@check(
    "file-name-extension",
    "images",
    image(file_name="c"),
    group="images",
    meaning="a file_name has no extension",
    arises="names were built from ids",
    next="write the whole name, with .jpg or .png",
    is_judged=False,
)
def file_name_extension(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    if not isinstance(name, str) or not name or "://" in name:
        return None
    return None if posixpath.splitext(name.replace("\\", "/"))[1] else repr(name)


@check(
    "file-name-form",
    "images",
    image(file_name="cafe\u0301.jpg"),
    group="images",
    meaning="a file_name is not in Unicode's composed form (NFC)",
    arises="names were read from a file system of macOS",
    next="write it in form NFC, and give the file the same name: names are compared byte by byte",
    is_judged=False,
)
def file_name_form(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    if not isinstance(name, str) or name.isascii() or unicodedata.is_normalized("NFC", name):
        return None
    return f"{name!r} ({name!a})"


@check(
    "file-name-images",
    "every-image",
    lambda document: document["images"][0].update(file_name="images/a.jpg"),
    group="images",
    meaning="a file_name has a folder called images/",
    arises="names are relative to the data root, not to the folder of images",
    next="write names relative to the folder of images: Ultralytics replaces the last images/ of "
    "a path by labels/, and finds no labels there",
    severity="note",
    is_for_hurt=True,
)
def file_name_images(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("file_name")
    return repr(name) if isinstance(name, str) and "images" in name.split("/")[:-1] else None


@check(
    "images-empty",
    "file",
    lambda document: None,
    group="images",
    meaning="images have no annotation",
    arises="they are background, or their annotations are lost",
    next="keep them, if they are background; training configs of MMDetection skip them "
    "(filter_empty_gt)",
    severity="note",
    is_judged=False,
)
def images_empty(file: AnnotationFile) -> Iterator[Fault]:
    annotations = file.lists.get("annotations")
    if annotations is None or file.lists.get("images") is None:
        return
    img_ids, owners = file.ids("images"), file.ids("annotations", "image_id")
    having = set(owners)
    rows = [row for row, i in enumerate(img_ids) if i not in having]
    pairs = zip(owners, file.ids("annotations", "category_id"), strict=True)
    of_known = {owner for owner, cat_id in pairs if cat_id in file.cat_ids}
    by_category = sum(i not in of_known for i in img_ids)
    if rows:
        text = f"{len(rows):,} of {plural(len(img_ids), 'image')}"
        has_categories = file.cat_ids and annotations.column("category_id").present
        if has_categories and by_category > len(rows):
            text += f"; {by_category:,} have none of a listed category"
        yield Fault(text, "images", rows[0])


@check(
    "images-ineffective",
    "file",
    lambda document: document["annotations"][3].update(image_id=3, iscrowd=1),
    group="images",
    meaning="images have annotations, but no object that a loader trains on",
    arises="their objects are crowds, tiny, or outside of the image",
    next="list them: `cocosurgeon subset FILE --empty=effective:LOADER --ids-out IDS`, drop them: "
    "`cocosurgeon subset FILE --except-ids-file IDS`; DINO fails on a batch of only these images",
    severity="note",
    is_judged=False,
)
def images_ineffective(file: AnnotationFile) -> Iterator[Fault]:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.index import AnnotationIndex
    from cocosurgeon.select.effective import is_effectively_empty

    if "images" not in file.lists or not file.count("annotations"):
        return
    try:
        dataset = Dataset.whole(AnnotationIndex.of(file.document))
        is_empty = is_effectively_empty(dataset, DEFAULT)
    except CocosurgeonError:
        return  # the loader raises on something that has a code of its own
    has_some = dataset.having(np.ones(len(dataset.annotation_rows), np.bool_))
    rows = dataset.index.images.row_of_image[dataset.image_indices[is_empty & has_some]]
    if len(rows):
        text = f"{plural(len(rows), 'image')}, by the rules of {DEFAULT}"
        yield Fault(text, "images", int(rows[0]))
