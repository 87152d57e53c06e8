"""RF-DETR: CocoDetection, read in 1.11.2. Samples before any transform, images at full size.

Folder mode is that of a folder with ``train/_annotations.coco.json`` (build_roboflow_from_coco):
categories get labels in the order of their ids, but for those that are named as the
``supercategory`` of another one and have no annotation. COCO mode (build_coco) takes category ids
as labels. Masks and the keypoint models, which number categories differently, are not covered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn

from cocosurgeon.files import require_file
from cocosurgeon.loaders import detr, torchvision
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED
from cocosurgeon.loaders.index import ERRORS as INDEX_ERRORS
from cocosurgeon.loaders.index import IMAGE_ERRORS, Index, indexed, sorted_ids
from cocosurgeon.loaders.loader import Loader, LoaderOptions, Mode, NumberingByUse
from cocosurgeon.loaders.tensors import box_error, cast_error, float_error
from cocosurgeon.loaders.view import Id, Record, Rule, View, errors_for, fail
from cocosurgeon.text import first_few

_FILE = "rfdetr/datasets/coco.py"
RULES = (
    SHADOWED,
    UNLISTED,
    replace(detr.CROWD, source=f"{_FILE}:783"),
    replace(detr.DEGENERATE, source=f"{_FILE}:807"),
)
ERRORS = (
    *INDEX_ERRORS,
    torchvision.UNSORTABLE,
    *errors_for("no", "category_id", "KeyError", f"{_FILE}:678,796"),
    *errors_for("bad", "category_id", "TypeError, ValueError, ...", f"{_FILE}:678,805"),
    *errors_for("bad", "id", "TypeError, ValueError, ... (of a category)", f"{_FILE}:96,680"),
    *errors_for("bad", "supercategory", "TypeError", f"{_FILE}:160"),
    *errors_for("no", "name", "KeyError", f"{_FILE}:169,685"),
    *errors_for("bad", "name", "TypeError", f"{_FILE}:169"),
    Rule(
        "mixed-category-ids",
        "ids of categories without a label are text and numbers, which do not sort: TypeError",
        f"{_FILE}:681",
    ),
    Rule(
        "bad-train-file",
        "the categories of train's file are not a list of categories: AttributeError, ...",
        f"{_FILE}:197",
    ),
    *IMAGE_ERRORS,
    *errors_for("no", "file_name", "KeyError", f"{_FILE}:713"),
    *errors_for("bad", "file_name", "TypeError", f"{_FILE}:714"),
    Rule("huge-id", "an image id is beyond int64: ValueError", f"{_FILE}:779"),
    *errors_for("no", "bbox", "KeyError", f"{_FILE}:785"),
    *errors_for("bad", "bbox", "ValueError, TypeError, ...", f"{_FILE}:787,809"),
    Rule("unlisted-category", "its category has no label: KeyError", f"{_FILE}:797"),
    *errors_for("no", "area", "KeyError", f"{_FILE}:817"),
    *errors_for("bad", "area", "TypeError, ValueError, ...", f"{_FILE}:817"),
)

_ANN_FILE = "_annotations.coco.json"
_OTHER_SPLITS = ("valid", "test")
_NO_PARENT = frozenset({"", "none", "null", None})


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDetection's ``img_folder``, and how it is built.

    Attributes:
        mode: ``folder``, or ``coco`` for category ids as labels.
        train_file: annotation file of the train split, from which other splits take their labels;
            empty: the file's own labels. For a file in a folder ``valid`` or ``test`` it is found.
    """

    img_folder: str = ""
    mode: Literal["folder", "coco"] = "folder"
    train_file: str = ""

    @classmethod
    def from_dump(
        cls, mode: Mode, classes: Sequence[str], options: Mapping[str, Any]
    ) -> LoaderOptions:
        import msgspec

        return msgspec.convert(options, cls)

    def with_own(self, own: Mapping[str, Any]) -> LoaderOptions:
        if train_file := own.get("train_file"):
            require_file(Path(train_file))
        return super().with_own(own)

    def of_file(self, ann_file: str) -> Options:
        folder = Path(ann_file).absolute().parent
        train = folder.parent / "train" / _ANN_FILE
        is_other = bool(ann_file) and folder.name in _OTHER_SPLITS
        if self.train_file or not is_other or not train.is_file():
            return self
        return replace(self, train_file=str(train))

    @property
    def sorts_categories(self) -> bool:
        return self.mode == "folder"


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what RF-DETR loads from a parsed file; see ``registry.load``."""
    has_labels = options.mode == "folder"
    train = _of_train(options.train_file) if has_labels and options.train_file else None
    index = indexed(document)
    sorted_ids(index.image_rows, "image")  # before it numbers labels
    numbered = (train or _of_file(index)) if has_labels else None

    def prepare(_: Record, kept: detr.Kept) -> tuple[Sequence[int], Sequence[object]]:
        """``ConvertCoco``: rfdetr/datasets/coco.py:775-820."""
        boxes = detr.column(kept, "bbox")
        detr.require(kept, "bbox", box_error(boxes, ragged_only=True))
        cat_ids = detr.column(kept, "category_id")
        if numbered is None:
            detr.require(kept, "category_id", cast_error(cat_ids))
            labels = [int(i) for i in cat_ids]
        else:
            labels = [_label(numbered.cat2label, row, ann) for row, ann in kept]
        detr.require(kept, "bbox", box_error(boxes))
        detr.require(kept, "area", float_error(detr.column(kept, "area")))
        return labels, [None] * len(kept)

    items = detr.integer_items(torchvision.items(index, options.img_folder))
    samples, dropped = detr.converted(index, items, only, detr.conversion(prepare))
    return View(
        loader=LOADER.name,
        classes=numbered.classes if numbered else (),
        cat_ids=numbered.cat_ids if numbered else (),
        cat2label=numbered.cat2label if numbered else {},
        box_format="xyxy",
        single=True,
        samples=samples,
        dropped=dropped,
    )


def _label(cat2label: Mapping[Id, int], row: int, ann: Record) -> int:
    cat_id = ann["category_id"]
    if cat_id not in cat2label:
        what = f"category_id {cat_id!r} is not among the categories with a label"
        fail("KeyError", "unlisted-category", what, f"annotations[{row}]")
    return cat2label[cat_id]


# ---- labels


@dataclass(frozen=True)
class _Numbered:
    """Categories with a label, in the order of labels.

    Attributes:
        categories: their records.
        cat_ids: their ids as integers.
    """

    categories: Sequence[Record]
    cat_ids: tuple[int, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """``RFDETR._load_classes``; None for a name that is missing."""
        return tuple(category.get("name") for category in self.categories)  # type: ignore[misc]

    @property
    def cat2label(self) -> dict[Id, int]:
        return {cat_id: label for label, cat_id in enumerate(self.cat_ids)}


def _of_file(index: Index) -> _Numbered:
    annotations = (index.annotations[row] for row in index.last_rows.values())
    used = _integers((a.get("category_id", _NONE) for a in annotations), "category_id")
    return _of_list(index.categories or (), used)


def _of_train(path: str) -> _Numbered | None:
    """``_train_split_cat2label``: rfdetr/datasets/coco.py:191-206."""
    try:
        train = json.loads(Path(path).read_text("utf-8"))
        used = [int(annotation["category_id"]) for annotation in train.get("annotations", [])]
        kept = _kept(train["categories"], used)
        return _Numbered(kept, tuple(int(category["id"]) for category in kept))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    except (AttributeError, OverflowError) as error:
        fail(type(error).__name__, "bad-train-file", f"train's categories: {error}", path)


def _of_list(categories: Iterable[Record], used: Collection[int]) -> _Numbered:
    """``CocoDetection.__init__``: rfdetr/datasets/coco.py:679-686."""
    last = {category["id"]: category for category in categories}
    try:
        kept = _kept(last.values(), used)
    except KeyError as error:
        _fail(error, "no-name")
    except TypeError as error:
        is_bad = any(_is_container(c.get("supercategory")) for c in last.values())
        _fail(error, "bad-supercategory" if is_bad else "bad-name")
    except OverflowError as error:
        _fail(error, "bad-id")
    found = _Numbered(kept, tuple(_integers((category["id"] for category in kept), "id")))
    try:
        for cat_id in sorted(last.keys() - found.cat2label.keys()):
            last[cat_id]["name"]
    except TypeError as error:
        _fail(error, "mixed-category-ids")
    except KeyError as error:
        _fail(error, "no-name")
    return found


def _kept(categories: Iterable[Record], used: Collection[int]) -> list[Record]:
    """``filter_parent_categories``: rfdetr/datasets/coco.py:149-172."""
    ordered = sorted(categories, key=lambda c: ((n := _number(c)) is None, n or 0))
    parents = {
        above
        for category in ordered
        if (above := category.get("supercategory", "none")) not in _NO_PARENT
        and above != category.get("name")
    }
    if not parents:
        return ordered
    in_use = frozenset(used)
    return [c for c in ordered if c["name"] not in parents or _number(c) in in_use] or ordered


def _number(category: Record) -> int | None:
    try:
        return int(category["id"])
    except (KeyError, TypeError, ValueError):
        return None


_NONE = object()
"""Stands for a value that a record does not have."""


def _integers(values: Iterable[object], key: str) -> list[int]:
    """Return values of a key as integers, as ``int`` takes them."""
    name = key.replace("_", "-")
    found = []
    for value in values:
        if value is _NONE:
            fail("KeyError", f"no-{name}", f"a record has no {key!r}")
        try:
            found.append(int(value))  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError) as error:
            _fail(error, f"bad-{name}")
    return found


def _is_container(value: object) -> bool:
    return isinstance(value, (list, dict))


def _fail(error: Exception, rule: str) -> NoReturn:
    what = f"the categories cannot be numbered: {type(error).__name__}: {error}"
    fail(type(error).__name__, rule, what, "categories")


# ---- labels that depend on use


def _reads(path: str) -> bool:
    """Return whether a path is that of a split's file in a folder of three splits."""
    file = Path(path).absolute()
    return file.name == _ANN_FILE and file.parent.name in ("train", *_OTHER_SPLITS)


def _takes_others(path: str) -> bool:
    """Return whether a file takes the labels of the train file next to it."""
    return bool(Options().of_file(path).train_file)


def _labels(categories: Sequence[Record], used: Collection[Id], path: str) -> Mapping[Id, int]:
    train_file = Options().of_file(path).train_file
    train = _of_train(train_file) if train_file else None
    index = indexed({"categories": categories})
    numbered = train or _of_list(index.categories or (), _integers(used, "category_id"))
    return numbered.cat2label


def _advice(
    source: Sequence[Record], here: Mapping[Id, int], there: Mapping[Id, int]
) -> str | None:
    names = {n: c.get("name") for c in source if (n := _number(c)) is not None}
    ordered = sorted(names)
    moved = [n for n in ordered if (n in here) != (n in there)]
    above = [(c.get("supercategory"), c.get("name")) for c in source]
    parents = [up for up, name in above if isinstance(up, str) and up and up != name]
    labels = {n: label for label, n in enumerate(n for n in ordered if n in there)}
    if not moved or labels != there or any(names[n] not in parents for n in moved):
        return None
    lines = [f"`{n},`" for n in ordered if n not in there]
    flat = "--flat --map FILE --unmapped keep" if lines else "--flat"
    of_file = f" FILE has the line{'s' if lines[1:] else ''} {' and '.join(lines)}." * bool(lines)
    return (
        "RF-DETR gives no label to parent categories without annotations: "
        f"{first_few([f'{n} {names[n]!r}' for n in moved])}. Cut and flatten in one command: "
        f"`cocosurgeon subset SOURCE ... {flat} --recipe RECIPE`, and verify with `--recipe "
        f"RECIPE`.{of_file} Flatten `train`, too: `valid` and `test` take its labels. Neither "
        f"dropping the parents nor a placeholder annotation helps"
    )


LOADER = Loader(
    name="rfdetr",
    title="RF-DETR, CocoDetection",
    version="1.11.2",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    order="id",
    image_root="img_folder",
    numbering_by_use=NumberingByUse(_reads, _takes_others, _labels, _advice),
)
