"""View: everything that a framework's loader loads from an annotation file, what it drops, and the
errors that it raises, each with a stable rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeAlias

from cocosurgeon.errors import LoaderError

Id: TypeAlias = int | float | str
"""An id as the file has it."""

Record: TypeAlias = dict[str, Any]
"""A record as the frameworks take it, with values of any type."""

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]
"""Corners; corner and size; center and size. ``cxcywh`` is divided by the image's size."""

NUMBERS = (int, float)
NOTHING_LEFT = "empty-dataset"


@dataclass(frozen=True)
class Rule:
    """A reason why a loader drops or changes something, or raises.

    Attributes:
        name: a short stable name, such as ``no-area``.
        what: what is done, in one sentence.
        source: the framework's file and line.
        fault: code of the finding, where what it drops is a fault of the file.
    """

    name: str
    what: str
    source: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One object as it is loaded.

    Attributes:
        ann_id: id of its annotation; None where that has none.
        box: four numbers in the view's ``box_format``, pixels unless normalized; another count, or
            none, where a loader passes a broken one on (torchvision, detectron2).
        label: training index; None where the loader gives none (crowds in MMDetection 2.x); text
            where it is the category id itself and that is one (torchvision).
        ignore: whether it is marked to be ignored.
        mask: the segmentation as the loader passes it on (polygons, RLE, ...), None without one.
        row: index of the annotation in the file's list, from 0.
    """

    ann_id: Id | None
    box: tuple[float, ...]
    label: Id | None
    ignore: bool
    mask: object
    row: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One image as it is loaded.

    Attributes:
        img_id: its id.
        img_path: the file name, joined to the image root that the loader was given.
        height, width: pixels, as the loader says; None where it does not.
        instances: in the order in which they are loaded.
    """

    img_id: Id
    img_path: str
    height: int | float | None
    width: int | float | None
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """An image or an annotation that is not loaded.

    Attributes:
        kind: which of the two.
        id: its id; None where it has none.
        row: its index in the file's list, from 0.
        img_id: the image (of an annotation: the one that it names).
        rule: name of the first rule that drops it.
        reason: of an image, the annotation for which it is dropped; empty where it is for none.
    """

    kind: Literal["image", "annotation"]
    id: Id | None
    row: int
    img_id: Id | None
    rule: str
    reason: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """Everything that a loader loads from a file.

    Attributes:
        loader: its name here.
        classes: ordered class names, as the framework will call labels; empty for a label that no
            category has.
        cat_ids: category ids that it takes, in its order.
        cat2label: category id -> label; empty where the label is the id itself.
        box_format: how boxes are given.
        single: whether boxes are rounded to float32.
        samples: images in the order in which they are loaded.
        dropped: images and annotations that are not loaded, each with its rule.
    """

    loader: str
    classes: tuple[str, ...] = ()
    cat_ids: tuple[Id, ...] = ()
    cat2label: Mapping[Id, int] = field(default_factory=dict)
    box_format: BoxFormat
    single: bool
    samples: tuple[Sample, ...]
    dropped: tuple[Dropped, ...]

    def name_of(self, label: Id | None) -> str | None:
        """Return what the framework calls a label; None where it has no name for it."""
        if not isinstance(label, int) or not 0 <= label < len(self.classes):
            return None
        return self.classes[label]


class NothingLeftError(LoaderError):
    """A framework raises since no image is left.

    Attributes:
        view: what is left, and what was dropped by which rule.
    """

    def __init__(self, what: str, *, exception: str, view: View) -> None:
        self.view = view
        super().__init__(what, exception=exception, rule=NOTHING_LEFT)


def fail(exception: str, rule: str, what: str, where: str | None = None) -> NoReturn:
    """Raise what a framework raises by an assertion, or by an exception of its own."""
    raise LoaderError(what, exception=exception, rule=rule, where=where)


def failure(
    error: Exception,
    kind: str,
    row: int,
    record: object,
    fields: Iterable[str],
    image: object = None,
) -> LoaderError:
    """Return what a framework raises at a record, as an error that names the field.

    Args:
        error: what Python raised where the framework would have.
        kind: the list that holds the record.
        row: its index in the list.
        record: the record itself, of any type.
        fields: what is read of it (and of its image), in the order in which it is read.
        image: the image record of an annotation, whose fields are read as well.
    """
    if isinstance(error, KeyError) and error.args[0] in fields:
        name, how = str(error.args[0]), "no"
        problem = f"has no {name!r}"
    else:
        name, how = _first_unusable(record, image, fields) or kind, "bad"
        problem = "cannot be read" if name == kind else f"has a {name!r} that cannot be used"
    record_id = f", id {record['id']!r}" if isinstance(record, dict) and "id" in record else ""
    return LoaderError(
        f"a record {problem}: {type(error).__name__}: {error}",
        # of a type of a library's own, the built-in type that it derives from
        exception=next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"),
        rule=f"{how}-{name.replace('_', '-')}",
        where=f"{kind}[{row}]{record_id}",
    )


def errors_for(how: str, fields: str, exception: str, source: str) -> tuple[Rule, ...]:
    """Return the rules that ``failure`` gives for fields: ``no-width``, ``bad-bbox``, ..."""
    says = {"no": "there is no `{}`: {}", "bad": "`{}` cannot be used: {}"}[how]
    return tuple(
        Rule(f"{how}-{f.replace('_', '-')}", says.format(f, exception), source)
        for f in fields.split()
    )


def _first_unusable(record: object, image: object, fields: Iterable[str]) -> str | None:
    if not isinstance(record, dict):
        return None
    known = image | record if isinstance(image, dict) else record
    return next((f for f in fields if f in known and not _is_usable(f, known[f])), None)


def _is_usable(name: str, value: object) -> bool:
    if name == "bbox":
        return isinstance(value, list) and len(value) == 4 and all(_fits_float(v) for v in value)
    if name in ("id", "image_id", "category_id"):
        return isinstance(value, (int, float, str, type(None)))
    if name in ("file_name", "name"):
        return isinstance(value, str)
    return name not in ("segmentation", "iscrowd") and _fits_float(value)


def _fits_float(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1023)
