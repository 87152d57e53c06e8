"""What both lines of MMDetection are told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View, mmdet
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment, items

HERE = (
    "Paste it below `_base_` in a config of your own: dicts are merged into those of the base. "
    "Where the base wraps its dataset (RepeatDataset, ...), put it one `dataset` deeper."
)
ORDER = (
    "In the order of the file's `categories`, by which labels are numbered, whatever stands here."
)

_PUT_IN = re.compile(
    r"""\{\{\s*file(Dirname|Basename|BasenameNoExtension|Extname)\s*\}\}
    | \{\{\s*_base_\.[\w.]+\s*\}\}
    | \{\{['"]?\s*\$\w+\s*:\s*\S*?\s*['"]?\}\}""",
    re.VERBOSE,
)
"""Text in whose place ``Config.fromfile`` puts something else, wherever it stands."""


def require_verbatim(subject: Subject) -> None:
    """Refuse text that does not stay what it is in a config, or in its dump.

    Raises:
        RequestError: a path or a class name holds such text.
    """
    for text in (subject.ann_file, subject.img_prefix, *subject.classes()):
        if found := _PUT_IN.search(text):
            raise RequestError(
                f"Config.fromfile puts something else in the place of {found.group()!r}: {text!r}",
                hint="name it without that: a path by a link, a class in the file",
            )


def class_list(classes: Sequence[str]) -> list[str]:
    """Class names as a list, in which one is still a list."""
    return ["[", *items(map(repr, classes)), "]"]


def heads(count: int) -> list[str]:
    """How many classes there are, and where a model says it."""
    return [
        f"num_classes = {count}",
        "# For your model, below this line: model = dict(bbox_head=dict(num_classes=num_classes))",
        "#   model.bbox_head.num_classes: DETR, DINO, DDQ, RetinaNet, YOLOX, ...",
        "#   model.roi_head.bbox_head.num_classes: Faster R-CNN (Mask R-CNN: mask_head, too;",
        "#   Cascade: each of the list)",
    ]


def filtered(view: View) -> tuple[int, int]:
    """How many images the filter of training leaves out: for want of records, for their size."""
    rules = Counter(d.rule for d in view.dropped if d.kind == "image")
    return rules[mmdet.FILTER_EMPTY_GT.name], rules[mmdet.MIN_SIZE.name]


def about_empty(empty: int) -> list[str]:
    """What a pipeline may do to images without objects."""
    if not empty:
        return []
    return comment(
        f"{empty:,} images have no object to train on: RandomCrop with allow_negative_crop=False "
        "(its default) puts another image in the place of each.",
        "    ",
    )
