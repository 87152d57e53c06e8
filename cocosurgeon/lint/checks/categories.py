"""Checks of the category list."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from cocosurgeon.categories.spaces import find_space, spaces
from cocosurgeon.dataset.keys import as_key
from cocosurgeon.lint.annotation_file import AnnotationFile, Record, repeated
from cocosurgeon.lint.check import Fault, check
from cocosurgeon.lint.ids import as_numbers
from cocosurgeon.loaders import LOADERS
from cocosurgeon.text import first_few, plural

_BACKGROUND = {"background", "__background__", "_background_", "bg", "root"}
_ALIKE = 0.9
"""Share of names in common from which a list is called nearly a label space."""
_NAMES = "choose one name for the class; names are compared exactly, case and blanks too"


def category(**fields: Any) -> Any:
    """Return a change that gives the last category these fields."""
    return lambda document: document["categories"][-1].update(fields)


@check(
    "categories-empty",
    "file",
    lambda document: document.update(categories=[]),
    group="categories",
    meaning="the category list is empty",
    arises="an export of images without classes",
    next="list the classes; without them no loader gives a label",
)
def categories_empty(file: AnnotationFile) -> Iterator[Fault]:
    if file.lists.get("categories") is not None and not file.count("categories"):
        yield Fault("no entry")


@check(
    "category-repeated",
    "file",
    lambda document: document["categories"].append({"id": 2, "name": "emu"}),
)
def category_repeated(file: AnnotationFile) -> Iterator[Fault]:
    for cat_id, rows in repeated(file.ids("categories")):
        names = ", ".join(repr(file.categories[row].get("name")) for row in rows[:5])
        yield Fault(
            f"category id {cat_id!r} is listed {len(rows)} times ({names})", "categories", rows[-1]
        )


@check(
    "category-name-repeated",
    "file",
    category(name="dog"),
    group="categories",
    meaning="two categories have the same name",
    arises="files were merged, or a class was added twice",
    next="make them one by a map of ids (`cocosurgeon remap --map`), or rename one",
)
def category_name_repeated(file: AnnotationFile) -> Iterator[Fault]:
    names = [c["name"] if isinstance(c.get("name"), str) else None for c in file.categories]
    for name, rows in repeated(names):
        ids = ", ".join(repr(file.categories[row].get("id")) for row in rows[:5])
        yield Fault(f"{name!r} is the name of {ids}", "categories", rows[-1])


@check(
    "category-name-similar",
    "file",
    category(name="Dog "),
    group="categories",
    meaning="two names of categories differ only by case, blanks or Unicode form",
    arises="two annotators spell a class differently",
    next=_NAMES,
    is_judged=False,
)
def category_name_similar(file: AnnotationFile) -> Iterator[Fault]:
    alike: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row, entry in enumerate(file.categories):
        if isinstance(name := entry.get("name"), str):
            plain = unicodedata.normalize("NFKC", name).casefold()
            alike["".join(plain.split())].setdefault(name, row)
    for names in alike.values():
        if len(names) > 1:
            yield Fault(" and ".join(map(repr, names)), "categories", max(names.values()))


@check("category-nameless", "categories", lambda document: document["categories"][-1].pop("name"))
def category_nameless(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("name")
    if isinstance(name, str) and name.strip():
        return None
    return f"name is {name!r}" if "name" in record else "no 'name'"


@check(
    "category-name-blanks",
    "categories",
    category(name="bird "),
    group="categories",
    meaning="the name of a category begins or ends with a blank",
    arises="a list was split at commas",
    next=_NAMES,
    is_judged=False,
)
def category_name_blanks(record: Record, _: AnnotationFile) -> str | None:
    name = record.get("name")
    return repr(name) if isinstance(name, str) and name.strip() and name != name.strip() else None


@check(
    "category-id-missing",
    "categories",
    lambda document: document["categories"][-1].pop("id"),
    group="categories",
    meaning="a category has no id",
    arises="an export wrote null, or no key",
    next="give it the number that its annotations have",
    further={"pycocotools": "COCO() raises KeyError: 'id'"},
)
def category_id_missing(record: Record, _: AnnotationFile) -> str | None:
    if as_key(record.get("id")) is None:
        return f"id is {record['id']!r}" if "id" in record else "no 'id'"
    return None


def _text_ids(document: Any) -> None:
    for entry in document["categories"]:
        entry["id"] = str(entry["id"])
    for annotation in document["annotations"]:
        annotation["category_id"] = str(annotation["category_id"])


@check(
    "category-id-text",
    "file",
    _text_ids,
    group="categories",
    meaning="category ids are text",
    arises="ids went through a table, or are names",
    next="write numbers: DETR makes tensors of them; `cocosurgeon remap FILE --renumber` does",
    repair=as_numbers("categories", str),
)
def category_id_text(file: AnnotationFile) -> Iterator[Fault]:
    rows = [row for row, i in enumerate(file.ids("categories")) if isinstance(i, str)]
    if rows:
        yield Fault(f"{len(rows):,} of {file.count('categories'):,}", "categories", rows[0])


@check(
    "category-id-float",
    "categories",
    lambda document: document["categories"][-1].update(id=3.0),
    group="categories",
    meaning="a category id is a number with a decimal point",
    arises="ids went through a table of floating-point numbers",
    next="write whole numbers: torchvision and DETR make tensors of them",
    severity="note",
    is_judged=False,
    repair=as_numbers("categories", float),
)
def category_id_float(record: Record, _: AnnotationFile) -> str | None:
    return f"id is {record['id']!r}" if isinstance(record.get("id"), float) else None


def _integer_ids(file: AnnotationFile) -> list[int]:
    return [i for i in file.ids("categories") if isinstance(i, int)]


@check(
    "category-ids-unsorted",
    "file",
    lambda document: document["categories"].reverse(),
    group="categories",
    meaning="categories are not listed in the order of their ids",
    arises="classes were added later, or sorted by name",
    next="MMDetection numbers labels by the list, detectron2 and YOLOX by id: `cocosurgeon remap "
    "FILE --sort id` makes them agree; an already trained model needs the old order",
)
def category_ids_unsorted(file: AnnotationFile) -> Iterator[Fault]:
    ids = _integer_ids(file)
    if len(ids) == file.count("categories") and ids != sorted(ids):
        row = next(n for n in range(1, len(ids)) if ids[n] < ids[n - 1])
        yield Fault(f"{ids[row]} is listed after {ids[row - 1]}", "categories", row)


@check(
    "category-ids-gap",
    "file",
    lambda document: (
        document["categories"][-1].update(id=7),
        [a.update(category_id=7) for a in document["annotations"] if a["category_id"] == 3],
    ),
    group="categories",
    meaning="category ids have gaps",
    arises="COCO's own ids have them (80 of 1 to 90), or classes were removed",
    next="nothing, unless a loader takes the id for the label: DETR needs max id + 1 classes",
    severity="note",
    is_judged=False,
)
def category_ids_gap(file: AnnotationFile) -> Iterator[Fault]:
    ids = sorted(set(_integer_ids(file)))
    if ids and (count := ids[-1] - ids[0] + 1) != len(ids):
        yield Fault(f"{len(ids):,} of the {count:,} ids from {ids[0]} to {ids[-1]}")


@check(
    "category-id-zero",
    "file",
    lambda document: (
        document["categories"][0].update(id=0),
        [a.update(category_id=0) for a in document["annotations"] if a["category_id"] == 1],
    ),
    group="categories",
    meaning="a category has the id 0",
    arises="ids are labels, counted from 0",
    next="nothing for loaders that number labels themselves; torchvision's detectors take label 0 "
    "for background: `cocosurgeon remap FILE --renumber --start 1`",
    severity="note",
)
def category_id_zero(file: AnnotationFile) -> Iterator[Fault]:
    for row, cat_id in enumerate(file.ids("categories")):
        if cat_id == 0:
            yield Fault(repr(file.categories[row].get("name")), "categories", row)


@check(
    "category-background",
    "file",
    lambda document: document["categories"].insert(0, {"id": 0, "name": "background"}),
    group="categories",
    meaning="a background or root class has no objects",
    arises="an export adds one (Roboflow, labelme, TensorFlow)",
    next="it takes a label, and shifts later labels: remove it from `classes`, unless the model "
    "also counts it",
    is_judged=False,
)
def category_background(file: AnnotationFile) -> Iterator[Fault]:
    for row, entry in enumerate(file.categories):
        name = entry.get("name")
        is_named = isinstance(name, str) and name.strip().casefold() in _BACKGROUND
        if is_named and not file.objects[as_key(entry.get("id"))]:
            yield Fault(f"{entry.get('id')!r} {name!r}", "categories", row)


@check(
    "category-unused",
    "file",
    lambda document: document["categories"].append({"id": 4, "name": "emu"}),
    group="categories",
    meaning="categories have no annotation",
    arises="the file is a part of a larger one, or a class is rare",
    next="keep them: without them, every later label shifts",
    severity="note",
    is_judged=False,
)
def category_unused(file: AnnotationFile) -> Iterator[Fault]:
    if not file.count("annotations"):
        return
    unused = [c for c in file.categories if not file.objects[as_key(c.get("id"))]]
    if unused:
        names = first_few([repr(c.get("name")) for c in unused])
        yield Fault(
            f"{len(unused):,} of {plural(len(file.categories), 'category', 'categories')}: {names}"
        )


@check(
    "category-parent",
    "file",
    lambda document: (
        document["categories"].insert(0, {"id": 0, "name": "animal"}),
        [c.update(supercategory="animal") for c in document["categories"][1:]],
    ),
    group="categories",
    meaning="a category without objects is the supercategory of others",
    arises="an export lists the parent classes, too (Roboflow)",
    next="RF-DETR skips it and numbers the others from 0, other loaders do not: their labels "
    "differ by the number of skipped entries before them. `cocosurgeon remap FILE --flat` makes "
    "it a "
    "category like the others",
)
def category_parent(file: AnnotationFile) -> Iterator[Fault]:
    by_use = [n for each in LOADERS.values() if (n := each.numbering_by_use) is not None]
    if all(numbering.takes_others(file.document.source.name) for numbering in by_use):
        return
    parents = {
        parent
        for c in file.categories
        if isinstance(parent := c.get("supercategory"), str) and parent != c.get("name")
    }
    for row, entry in enumerate(file.categories):
        name = entry.get("name")
        is_parent = isinstance(name, str) and name in parents
        if is_parent and not file.objects[as_key(entry.get("id"))]:
            yield Fault(f"{entry.get('id')!r} {name!r}", "categories", row)


@check(
    "category-space",
    "file",
    lambda document: document["categories"][1].update(name="bike"),
    base=lambda document: document.update(categories=_coco()),
    group="categories",
    meaning="the list equals a known label space, except for a few classes",
    arises="a class was renamed, removed or moved by hand",
    next="see what it is: `cocosurgeon spaces --guess FILE`; make them agree: `cocosurgeon remap "
    "FILE --to SPACE`",
    is_judged=False,
)
def category_space(file: AnnotationFile) -> Iterator[Fault]:
    mine: dict[Any, str] = {
        key: str(c.get("name")) for c in file.categories if (key := as_key(c.get("id"))) is not None
    }
    best: tuple[float, str] | None = None
    theirs: Mapping[Any, str]
    for space in map(find_space, spaces()):
        theirs = space.classes if space.is_named else {}
        if mine == theirs:
            return
        same = sum(theirs.get(key) == name for key, name in mine.items())
        share = same / max(len(mine), len(theirs), 1)
        if share >= _ALIKE and (best is None or share > best[0]):
            best = share, space.name
    if best is not None:
        yield Fault(f"{best[1]}: {_differences(mine, find_space(best[1]).classes)}")


def _in_use(file: AnnotationFile) -> Iterator[tuple[int, Any, object]]:
    """Yield row, id and name of the categories that have objects."""
    for row, entry in enumerate(file.categories):
        key = as_key(entry.get("id"))
        if key is not None and file.objects[key]:
            yield row, key, entry.get("name")


_OWN = (
    "set the loader up for categories of your own: `cocosurgeon verify FILE --loader NAME` names "
    "the option"
)


@check(
    "category-ids-foreign",
    "file",
    lambda document: (
        document["categories"].insert(11, {"id": 12, "name": "street sign"}),
        document["annotations"][0].update(category_id=12),
    ),
    base=lambda document: document.update(categories=_coco()),
    group="categories",
    meaning="a category with objects has none of the 80 ids of COCO",
    arises="the classes are not COCO's, but the loader is set up for COCO's",
    next=_OWN,
    severity="note",
    is_for_hurt=True,
)
def category_ids_foreign(file: AnnotationFile) -> Iterator[Fault]:
    theirs = find_space("coco91").classes
    foreign = [(row, key, name) for row, key, name in _in_use(file) if key not in theirs]
    if foreign:
        shown = first_few([f"{key!r} {name!r}" for _, key, name in foreign])
        yield Fault(shown, "categories", foreign[0][0])


@check(
    "category-names-foreign",
    "file",
    lambda document: document["categories"][0].update(name="human"),
    base=lambda document: document.update(categories=_coco()),
    group="categories",
    meaning="a category with objects has an id of COCO, and another name",
    arises="the classes are not COCO's, but the loader is set up for COCO's",
    next=_OWN,
    severity="note",
    is_for_hurt=True,
)
def category_names_foreign(file: AnnotationFile) -> Iterator[Fault]:
    theirs = find_space("coco91").classes
    foreign = [
        (row, f"{key!r} is {name!r}, in COCO {theirs[key]!r}")
        for row, key, name in _in_use(file)
        if theirs.get(key, name) != name
    ]
    if foreign:
        yield Fault(first_few([text for _, text in foreign], 3), "categories", foreign[0][0])


def _differences(mine: Mapping[Any, str], theirs: Mapping[Any, str]) -> str:
    """Return what a list has otherwise than a label space."""
    changed = [
        f"{key!r} is {name!r}, there {theirs[key]!r}"
        for key, name in mine.items()
        if theirs.get(key, name) != name
    ]
    lacking = [repr(name) for key, name in theirs.items() if key not in mine]
    added = [repr(name) for key, name in mine.items() if key not in theirs]
    parts = [first_few(changed, 3)] if changed else []
    parts += [f"without {first_few(lacking, 3)}"] if lacking else []
    parts += [f"and also {first_few(added, 3)}"] if added else []
    return "; ".join(parts)


def _coco() -> list[dict[str, Any]]:
    return [{"id": i, "name": name} for i, name in find_space("coco91").classes.items()]
