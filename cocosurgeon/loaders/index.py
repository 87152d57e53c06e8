"""Index of a parsed annotation file, as pycocotools makes it.

Read in pycocotools 2.0.11, ``pycocotools/coco.py``: createIndex, getAnnIds, getCatIds, loadAnns,
loadImgs. Ids are dictionary keys there as here, so ``139.0`` is 139, and ``"139"`` is not. A record
that repeats an id takes the first one's position and replaces its content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cocosurgeon.loaders.view import NUMBERS, Id, Record, Rule, errors_for, fail, failure

NOT_AN_OBJECT = Rule(
    "not-an-object", "the file is a list, not an object: AssertionError", "pycocotools/coco.py:83"
)
ERRORS = (
    NOT_AN_OBJECT,
    *errors_for("bad", "annotations", "TypeError", "pycocotools/coco.py:94"),
    *errors_for("no", "image_id", "KeyError", "pycocotools/coco.py:95"),
    *errors_for("no", "id", "KeyError", "pycocotools/coco.py:96,100,104"),
    *errors_for("no", "category_id", "KeyError", "pycocotools/coco.py:108"),
    *errors_for("bad", "image_id", "TypeError", "pycocotools/coco.py:95"),
    *errors_for("bad", "id", "TypeError", "pycocotools/coco.py:96,100,104"),
    *errors_for("bad", "category_id", "TypeError", "pycocotools/coco.py:108"),
    *errors_for("bad", "images", "TypeError", "pycocotools/coco.py:99"),
    *errors_for("bad", "categories", "TypeError", "pycocotools/coco.py:103"),
)
NO_CATEGORIES = Rule(
    "no-categories", "the file has no list of categories: KeyError", "pycocotools/coco.py:168,170"
)
IMAGE_ERRORS = (
    Rule(
        "text-id",
        "an image id is text, which is looked up letter by letter: KeyError, or another image",
        "pycocotools/coco.py:136,226",
    ),
    Rule("odd-id", "an image id is neither int nor text: TypeError", "pycocotools/coco.py:228"),
)


@dataclass(frozen=True, eq=False)
class Index:
    """A file, indexed.

    Attributes:
        images, annotations, categories: the lists unchanged; categories are None without a list.
        has_images, has_annotations: whether there are these lists.
        image_rows: image id -> row of its last record, in the order of the first ones.
        rows_of: image id -> rows of the annotations that name it.
        last_rows: annotation id -> row of its last record.
        images_of: category id -> ids that its annotations name as their images.
    """

    images: Sequence[Record]
    annotations: Sequence[Record]
    categories: Sequence[Record] | None
    has_images: bool
    has_annotations: bool
    image_rows: Mapping[Id, int]
    rows_of: Mapping[Id, list[int]]
    last_rows: Mapping[Id, int]
    images_of: Mapping[Id, set[Id]]

    @property
    def is_unique(self) -> bool:
        """True if no two annotations have the same id."""
        return len(self.last_rows) == len(self.annotations)

    def loaded(self, rows: Iterable[int]) -> list[int]:
        """Return rows of the records that loadAnns gives for rows: the last ones of their ids."""
        return [self.last_rows[self.annotations[row]["id"]] for row in rows]

    def rows(self, img_id: Id) -> list[int]:
        """Return rows of the records that are loaded for an image; by getAnnIds with a list."""
        rows = self.rows_of.get(img_id, [])
        return rows if self.is_unique else self.loaded(rows)

    def image(self, img_id: Id) -> tuple[int, Record]:
        """Return what loadImgs gives for a single id: text is looked up letter by letter."""
        if isinstance(img_id, str):
            try:
                rows = [self.image_rows[letter] for letter in img_id]
                row = rows[0]
            except (KeyError, IndexError) as error:
                what = f"the image id {img_id!r} is looked up letter by letter: {error!r}"
                fail(type(error).__name__, "text-id", what)
        elif type(img_id) is int:
            row = self.image_rows[img_id]
        else:
            fail("TypeError", "odd-id", f"the image id {img_id!r} is neither an int nor text")
        return row, self.images[row]

    def listed_categories(self) -> Sequence[Record]:
        """Return the list of categories; an error without one."""
        if self.categories is None:
            fail("KeyError", NO_CATEGORIES.name, "the file has no list of categories")
        return self.categories

    def cat_ids(self, names: Sequence[str] = ()) -> tuple[Id, ...]:
        """Return ids of the categories with these names, in the file's order; without names, all.

        A single text is searched for each category's name.
        """
        kept = list[Id]()
        for row, category in enumerate(self.listed_categories()):
            try:
                if not len(names) or category["name"] in names:
                    kept.append(category["id"])
            except (KeyError, TypeError) as error:
                raise failure(error, "categories", row, category, ["name"]) from error
        return tuple(kept)


def indexed(document: object) -> Index:
    """Index a parsed file, in the order in which createIndex does it, and fail where it fails.

    An index is returned unchanged, so that several loaders need one only.
    """
    if isinstance(document, Index):
        return document
    if type(document) is not dict:
        fail("AssertionError", NOT_AN_OBJECT.name, "the file is not a JSON object")
    annotations = record_list(document, "annotations")
    rows_of: defaultdict[Id, list[int]] = defaultdict(list)
    last_rows: dict[Id, int] = {}
    for row, annotation in enumerate(annotations or ()):
        try:
            rows_of[annotation["image_id"]].append(row)
            last_rows[annotation["id"]] = row
        except (KeyError, TypeError) as error:
            fields = ["image_id", "id"]
            raise failure(error, "annotations", row, annotation, fields) from error
    images = record_list(document, "images")
    image_rows = _by_id(images or (), "images")
    categories = record_list(document, "categories")
    _by_id(categories or (), "categories")
    images_of: defaultdict[Id, set[Id]] = defaultdict(set)
    for row, annotation in enumerate(annotations or () if categories is not None else ()):
        try:
            images_of[annotation["category_id"]].add(annotation["image_id"])
        except (KeyError, TypeError) as error:
            fields = ["category_id"]
            raise failure(error, "annotations", row, annotation, fields) from error
    return Index(
        images=images or [],
        annotations=annotations or [],
        categories=categories,
        has_images=images is not None,
        has_annotations=annotations is not None,
        image_rows=image_rows,
        rows_of=rows_of,
        last_rows=last_rows,
        images_of=images_of,
    )


def record_list(document: dict[str, Any], key: str) -> list[Record] | None:
    """Return a list of records; None where the file has none."""
    if key not in document:
        return None
    try:
        return list(document[key])
    except TypeError as error:
        fail("TypeError", f"bad-{key}", f"{key!r} is not a list: {error}")


def sorted_ids(ids: Iterable[Id], kind: str) -> list[Id]:
    """Return ids sorted; fail where they are text and numbers, which do not sort."""
    try:
        return sorted(ids)
    except TypeError as error:
        fail("TypeError", "unsortable-ids", f"{kind} ids cannot be sorted: {error}")


def box_as_it_is(ann: Record) -> tuple[float, ...]:
    """Return an annotation's box where it is a list of numbers, of any length; else none."""
    box = ann.get("bbox")
    is_usable = isinstance(box, list) and all(isinstance(v, NUMBERS) for v in box)
    return tuple(box) if isinstance(box, list) and is_usable else ()


def _by_id(records: Iterable[Record], kind: str) -> dict[Id, int]:
    rows: dict[Id, int] = {}
    for row, record in enumerate(records):
        try:
            rows[record["id"]] = row
        except (KeyError, TypeError) as error:
            raise failure(error, kind, row, record, ["id"]) from error
    return rows
