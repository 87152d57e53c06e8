"""Faults to be put into a faithful subset, one at a time, and the codes of all their findings.

The subset is that of the sample's first 40 images, the loader MMDetection's 3.x in train and in
test mode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rawtext import records

Change = Callable[[Any], object]

OBJECT, OTHER, CROWD = 2, 5, 31
"""Rows of annotations: two objects of one image, a person and a motorcycle; a crowd."""
EMPTY, SINGLE = 10, 5
"""Rows of images: one without annotations, one with a single one."""


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        change: puts it in.
        codes: those of all findings, the file's and the loader's.
    """

    change: Change
    codes: frozenset[str]


FAULTS: dict[str, Fault] = {}
"""Change the parsed file, in place."""

PLANNED: dict[str, Fault] = {}
"""The same; found only by who knows the recipe."""

RESPELLED: dict[str, Fault] = {}
"""Give another text that parses to the same."""


def fault(codes: str, table: dict[str, Fault] = FAULTS) -> Callable[[Change], Change]:
    def enter(change: Change) -> Change:
        table[change.__name__] = Fault(change, frozenset(codes.split()))
        return change

    return enter


# ---- categories


@fault("category-lost classes label-shift instance-lost category-unlisted")
def category_dropped(doc: Any) -> None:
    del doc["categories"][2]


@fault("category-lost classes label-shift")
def categories_pruned_to_used_ones(doc: Any) -> None:
    used = {a["category_id"] for a in doc["annotations"]}
    doc["categories"] = [c for c in doc["categories"] if c["id"] in used]


@fault("category-order classes label-shift")
def categories_swapped(doc: Any) -> None:
    doc["categories"][0:2] = doc["categories"][1::-1]


@fault("category-changed")
def category_names_swapped(doc: Any) -> None:
    first, second = doc["categories"][:2]
    first["name"], second["name"] = second["name"], first["name"]


@fault("category-changed classes label-shift instance-lost sample-lost")
def category_renamed_in_case(doc: Any) -> None:
    doc["categories"][0]["name"] = "Person"


@fault("category-changed classes label-shift instance-lost sample-lost")
def category_renamed_with_a_blank(doc: Any) -> None:
    doc["categories"][0]["name"] = "person "


@fault("category-added classes label-shift")
def category_duplicated(doc: Any) -> None:
    doc["categories"].insert(1, dict(doc["categories"][0]))


@fault("category-added classes label-shift")
def category_name_twice(doc: Any) -> None:
    doc["categories"].insert(0, {"id": 1000, "name": "person"})


@fault("category-added")
def category_added_that_nobody_asks_for(doc: Any) -> None:
    doc["categories"].append({"id": 1000, "name": "unicorn"})


@fault("category-changed classes instance-lost sample-lost category-unlisted")
def category_given_another_id(doc: Any) -> None:
    doc["categories"][0]["id"] = 1000


@fault("category-changed classes label-shift instance-lost sample-lost category-unlisted")
def category_list_shifted_by_one(doc: Any) -> None:
    for category in doc["categories"]:
        category["id"] += 1


@fault("category-order classes label-shift")
def categories_sorted_by_name(doc: Any) -> None:
    doc["categories"].sort(key=lambda c: c["name"])


@fault(
    "category-lost loader-error classes instance-lost sample-lost category-unlisted nothing-loaded"
)
def categories_emptied(doc: Any) -> None:
    doc["categories"] = []


@fault("id-type classes instance-lost sample-lost category-unlisted")
def category_id_a_string(doc: Any) -> None:
    doc["categories"][0]["id"] = "1"


@fault("category-changed")
def supercategory_changed(doc: Any) -> None:
    doc["categories"][0]["supercategory"] = "human"


# ---- category ids of annotations


@fault("annotation-category label-shift")
def category_of_one_annotation_changed(doc: Any) -> None:
    doc["annotations"][OBJECT]["category_id"] = 18


@fault("annotation-category label-shift instance-lost category-unlisted")
def categories_of_annotations_shifted_by_one(doc: Any) -> None:
    for annotation in doc["annotations"]:
        annotation["category_id"] += 1


@fault("annotation-category category-changed classes")
def both_renumbered_without_a_recipe(doc: Any) -> None:
    place = {c["id"]: n for n, c in enumerate(doc["categories"])}
    for annotation in doc["annotations"]:
        annotation["category_id"] = place[annotation["category_id"]]
    for category in doc["categories"]:
        category["id"] = place[category["id"]]


@fault("id-type instance-lost category-unlisted")
def category_id_of_an_annotation_a_string(doc: Any) -> None:
    doc["annotations"][OBJECT]["category_id"] = "1"


@fault("annotation-category instance-lost category-unlisted")
def category_that_is_not_listed(doc: Any) -> None:
    doc["annotations"][OBJECT]["category_id"] = 12


# ---- annotations


@fault("annotation-lost instance-lost")
def annotation_lost(doc: Any) -> None:
    del doc["annotations"][OBJECT]


@fault("annotation-lost sample-lost instance-lost")
def only_annotation_of_an_image_lost(doc: Any) -> None:
    img_id = doc["images"][SINGLE]["id"]
    doc["annotations"] = [a for a in doc["annotations"] if a["image_id"] != img_id]


@fault("annotation-lost instance-lost sample-lost")
def annotations_emptied(doc: Any) -> None:
    doc["annotations"] = []


@fault("annotation-moved instance-lost instance-added")
def annotation_moved_to_another_image(doc: Any) -> None:
    doc["annotations"][OBJECT]["image_id"] = doc["images"][0]["id"]


@fault("annotation-moved instance-added instance-lost sample-added")
def annotation_moved_to_an_empty_image(doc: Any) -> None:
    doc["annotations"][OBJECT]["image_id"] = doc["images"][EMPTY]["id"]


@fault("annotation-duplicated loader-error")
def annotation_duplicated(doc: Any) -> None:
    doc["annotations"].append(dict(doc["annotations"][OBJECT]))


@fault("annotation-added instance-added")
def annotation_duplicated_with_a_new_id(doc: Any) -> None:
    doc["annotations"].append({**doc["annotations"][OBJECT], "id": 1})


@fault("annotation-added annotation-orphaned")
def annotation_of_an_image_not_kept(doc: Any) -> None:
    doc["annotations"].append({**doc["annotations"][OBJECT], "id": 1, "image_id": 999})


@fault("annotation-order instance-order")
def annotations_of_an_image_swapped(doc: Any) -> None:
    rows = doc["annotations"]
    rows[OBJECT], rows[OTHER] = rows[OTHER], rows[OBJECT]


@fault("annotation-order instance-order")
def annotations_sorted_by_id(doc: Any) -> None:
    doc["annotations"].sort(key=lambda a: a["id"])


@fault("annotation-id instance-added instance-lost")
def annotation_id_0(doc: Any) -> None:
    doc["annotations"][OBJECT]["id"] = 0


@fault("annotation-id instance-added instance-lost")
def annotation_ids_renumbered(doc: Any) -> None:
    for row, annotation in enumerate(doc["annotations"], 1):
        annotation["id"] = row


@fault("annotation-id instance-order label-shift box mask")
def annotation_ids_swapped(doc: Any) -> None:
    one, other = doc["annotations"][OBJECT], doc["annotations"][OTHER]
    one["id"], other["id"] = other["id"], one["id"]


@fault("id-type instance-added instance-lost")
def annotation_id_a_string(doc: Any) -> None:
    doc["annotations"][OBJECT]["id"] = str(doc["annotations"][OBJECT]["id"])


@fault("id-type")
def annotation_ids_floats(doc: Any) -> None:
    for annotation in doc["annotations"]:
        annotation["id"] = float(annotation["id"])


@fault("annotation-id loader-error")
def annotation_id_gone(doc: Any) -> None:
    del doc["annotations"][OBJECT]["id"]


@fault("id-type instance-lost annotation-orphaned")
def image_id_of_an_annotation_a_string(doc: Any) -> None:
    doc["annotations"][OBJECT]["image_id"] = str(doc["annotations"][OBJECT]["image_id"])


@fault("id-type")
def image_id_of_an_annotation_a_float(doc: Any) -> None:
    doc["annotations"][OBJECT]["image_id"] = float(doc["annotations"][OBJECT]["image_id"])


# ---- boxes


@fault("annotation-changed box")
def box_moved_by_a_thousandth(doc: Any) -> None:
    doc["annotations"][OBJECT]["bbox"][0] += 0.001


@fault("annotation-changed box instance-added")
def box_as_corners(doc: Any) -> None:
    for annotation in doc["annotations"]:
        x, y, w, h = annotation["bbox"]
        annotation["bbox"] = [x, y, x + w, y + h]


@fault("annotation-changed loader-error")
def box_a_string(doc: Any) -> None:
    doc["annotations"][OBJECT]["bbox"] = "81.41 208.0 47.31 24.1"


@fault("annotation-changed loader-error")
def box_of_three_numbers(doc: Any) -> None:
    doc["annotations"][OBJECT]["bbox"].pop()


@fault("annotation-changed instance-lost")
def box_of_negative_width(doc: Any) -> None:
    doc["annotations"][OBJECT]["bbox"][2] *= -1


@fault("annotation-changed instance-lost")
def box_not_a_number(doc: Any) -> None:
    doc["annotations"][OBJECT]["bbox"][0] = float("nan")


@fault("annotation-changed instance-lost")
def area_0(doc: Any) -> None:
    doc["annotations"][OBJECT]["area"] = 0


@fault("annotation-changed")
def area_changed(doc: Any) -> None:
    doc["annotations"][OBJECT]["area"] += 1


@fault("annotation-changed loader-error")
def area_missing(doc: Any) -> None:
    del doc["annotations"][OBJECT]["area"]


@fault("annotation-changed loader-error")
def area_null(doc: Any) -> None:
    doc["annotations"][OBJECT]["area"] = None


# ---- flags and masks


@fault("annotation-changed ignore")
def iscrowd_lost(doc: Any) -> None:
    del doc["annotations"][CROWD]["iscrowd"]


@fault("annotation-changed")
def iscrowd_of_an_object_lost(doc: Any) -> None:
    del doc["annotations"][OBJECT]["iscrowd"]


@fault("annotation-changed ignore")
def iscrowd_a_string(doc: Any) -> None:
    doc["annotations"][OBJECT]["iscrowd"] = "0"


@fault("annotation-changed ignore")
def iscrowd_set(doc: Any) -> None:
    doc["annotations"][OBJECT]["iscrowd"] = 1


@fault("annotation-changed instance-lost")
def ignore_added(doc: Any) -> None:
    doc["annotations"][OBJECT]["ignore"] = 1


@fault("annotation-changed mask")
def segmentation_truncated(doc: Any) -> None:
    del doc["annotations"][OBJECT]["segmentation"][0][-2:]


@fault("annotation-changed mask")
def segmentation_emptied(doc: Any) -> None:
    doc["annotations"][OBJECT]["segmentation"] = []


@fault("annotation-changed mask")
def segmentation_gone(doc: Any) -> None:
    del doc["annotations"][OBJECT]["segmentation"]


@fault("annotation-changed mask")
def size_of_a_mask_wrong(doc: Any) -> None:
    doc["annotations"][CROWD]["segmentation"]["size"].reverse()


# ---- images


@fault("image-changed sample-changed")
def width_wrong(doc: Any) -> None:
    doc["images"][0]["width"] += 1


@fault("image-changed sample-changed sample-lost instance-lost")
def width_below_the_least(doc: Any) -> None:
    doc["images"][EMPTY + 1]["width"] = 31


@fault("image-changed sample-changed")
def height_and_width_swapped(doc: Any) -> None:
    image = doc["images"][0]
    image["height"], image["width"] = image["width"], image["height"]


@fault("image-changed loader-error")
def width_missing(doc: Any) -> None:
    del doc["images"][0]["width"]


@fault("annotation-orphaned")
def image_lost_but_its_annotations_kept(doc: Any) -> None:
    del doc["images"][0]


@fault("image-added sample-added")
def image_added(doc: Any) -> None:
    doc["images"].append({**doc["images"][0], "id": 1})


@fault("image-duplicated")
def image_duplicated(doc: Any) -> None:
    doc["images"].append(dict(doc["images"][0]))


@fault("image-order sample-order")
def images_sorted_by_id(doc: Any) -> None:
    doc["images"].sort(key=lambda i: i["id"])


@fault("image-changed sample-changed")
def file_name_changed(doc: Any) -> None:
    doc["images"][0]["file_name"] = "val2017/" + doc["images"][0]["file_name"]


@fault("image-changed")
def extra_key_of_an_image_changed(doc: Any) -> None:
    doc["images"][0]["license"] = 2


@fault("id-type annotation-orphaned sample-added")
def image_id_a_string(doc: Any) -> None:
    doc["images"][0]["id"] = str(doc["images"][0]["id"])


@fault("id-type")
def image_id_a_float(doc: Any) -> None:
    doc["images"][0]["id"] = float(doc["images"][0]["id"])


@fault("image-added annotation-orphaned loader-error")
def image_id_gone(doc: Any) -> None:
    del doc["images"][0]["id"]


@fault("image-added annotation-added sample-added")
def image_ids_renumbered(doc: Any) -> None:
    place = {image["id"]: n for n, image in enumerate(doc["images"])}
    for image in doc["images"]:
        image["id"] = place[image["id"]]
    for annotation in doc["annotations"]:
        annotation["image_id"] = place[annotation["image_id"]]


# ---- top-level keys


@fault("key-lost")
def info_lost(doc: Any) -> None:
    del doc["info"]


@fault("key-lost loader-error")
def categories_lost(doc: Any) -> None:
    del doc["categories"]


@fault("key-lost instance-lost sample-lost")
def annotations_lost(doc: Any) -> None:
    del doc["annotations"]


@fault("key-added")
def key_added(doc: Any) -> None:
    doc["made_by"] = "another tool"


@fault("key-changed")
def info_changed(doc: Any) -> None:
    doc["info"]["year"] = 2018


@fault("key-changed")
def licenses_changed(doc: Any) -> None:
    doc["licenses"][0]["name"] = "none"


@fault("key-changed")
def licenses_emptied(doc: Any) -> None:
    doc["licenses"] = []


@fault("key-changed loader-error")
def annotations_null(doc: Any) -> None:
    doc["annotations"] = None


# ---- what only the recipe tells


@fault("image-lost annotation-lost", PLANNED)
def image_lost_with_its_annotations(doc: Any) -> None:
    img_id = doc["images"].pop(0)["id"]
    doc["annotations"] = [a for a in doc["annotations"] if a["image_id"] != img_id]


@fault("image-lost", PLANNED)
def empty_image_lost(doc: Any) -> None:
    del doc["images"][EMPTY]


# ---- text


def _in(text: str, key: str, row: int, change: Callable[[str], str]) -> str:
    record = records(text, key)[row]
    changed = change(record)
    assert changed != record
    return text.replace(record, changed)


@fault("text-differs", RESPELLED)
def zeros_behind_a_number(text: str) -> str:
    return _in(text, "annotations", OBJECT, lambda r: re.sub(r"(\.\d+)\b", r"\g<1>00", r, count=1))


@fault("text-differs", RESPELLED)
def number_with_an_exponent(text: str) -> str:
    return _in(text, "annotations", OBJECT, lambda r: re.sub(r"(\.\d+)\b", r"\1e0", r, count=1))


@fault("text-differs", RESPELLED)
def order_of_keys_in_an_annotation(text: str) -> str:
    return _in(text, "annotations", OBJECT, _reversed)


@fault("text-differs", RESPELLED)
def order_of_keys_in_an_image(text: str) -> str:
    return _in(text, "images", 0, _reversed)


@fault("text-differs", RESPELLED)
def blank_in_an_annotation(text: str) -> str:
    return _in(text, "annotations", OBJECT, lambda r: r.replace(",", ", ", 1))


@fault("text-differs", RESPELLED)
def blank_in_an_image(text: str) -> str:
    return _in(text, "images", 0, lambda r: r.replace(",", ", ", 1))


@fault("text-differs", RESPELLED)
def escape_in_a_file_name(text: str) -> str:
    return _in(text, "images", 0, lambda r: r.replace(".jpg", "\\u002ejpg", 1))


@fault("text-differs", RESPELLED)
def blank_in_a_category(text: str) -> str:
    return _in(text, "categories", 0, lambda r: r.replace(",", ", ", 1))


@fault("text-differs", RESPELLED)
def blank_in_info(text: str) -> str:
    return text.replace('"year"', ' "year"')


def _reversed(record: str) -> str:
    return json.dumps(dict(reversed(json.loads(record).items())))


@fault("key-duplicated", RESPELLED)
def key_twice(text: str) -> str:
    return text.replace("{", '{"info": {}, ', 1)
