"""View: everything that a framework's loader emits for an annotation file, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Id: TypeAlias = int | float | str
"""An id as the file has it."""

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]
"""Corners; corner and size; centre and size. ``cxcywh`` is normalised by the image's size."""


@dataclass(frozen=True)
class Rule:
    """Why a loader leaves something out, or changes it.

    Attributes:
        name: a short stable name, such as ``no-area``.
        what: what is done, in one sentence.
        source: where that is to be read: repository's file and line.
    """

    name: str
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One object as it is emitted.

    Attributes:
        ann_id: id of its annotation; None where that has none.
        box: four numbers in the view's ``box_format``, pixels unless normalised; another count, or
            none, where a loader hands on a broken one as it stands (torchvision, detectron2).
        label: training index; None where the loader gives none (crowds in MMDetection 2.x); text
            where it is the category id itself and that is one (torchvision).
        ignore: whether it is marked to be ignored.
        mask: the segmentation as the loader hands it on (polygons, RLE, ...), None without one.
        row: the annotation's place in the file's list, from 0.
    """

    ann_id: Id | None
    box: tuple[float, ...]
    label: Id | None
    ignore: bool
    mask: object
    row: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One image as it is emitted.

    Attributes:
        img_id: its id.
        img_path: the file name, behind the image root that the loader was given.
        height, width: pixels, as the loader says; None where it does not.
        instances: in the order in which they are emitted.
    """

    img_id: Id
    img_path: str
    height: int | float | None
    width: int | float | None
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """An image or an annotation that is not emitted.

    Attributes:
        kind: which of the two.
        id: its id; None where it has none.
        row: its place in the file's list, from 0.
        img_id: the image (of an annotation: the one that it names).
        rule: name of the first rule that leaves it out.
    """

    kind: Literal["image", "annotation"]
    id: Id | None
    row: int
    img_id: Id | None
    rule: str


@dataclass(frozen=True, eq=False)
class View:
    """What a loader emits for a file.

    Attributes:
        loader: its name here.
        classes: ordered class names, as the framework will call labels.
        cat_ids: category ids that it takes, in its order.
        cat2label: category id -> label; empty where the label is the id itself.
        box_format: how boxes are given.
        single: whether boxes are rounded to float32.
        samples: images in the order in which they are emitted.
        dropped: images and annotations that are not emitted, each with its rule.
    """

    loader: str
    classes: tuple[str, ...]
    cat_ids: tuple[Id, ...]
    cat2label: Mapping[Id, int]
    box_format: BoxFormat
    single: bool
    samples: tuple[Sample, ...]
    dropped: tuple[Dropped, ...]

    def name_of(self, label: Id | None) -> str | None:
        """What the framework calls a label; None where it has no name for it."""
        if not isinstance(label, int) or not 0 <= label < len(self.classes):
            return None
        return self.classes[label]
