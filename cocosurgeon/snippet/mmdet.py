"""What both lines of MMDetection are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cocosurgeon.loaders import View, mmdet
from cocosurgeon.snippet.text import comment, items

HERE = (
    "Paste it below `_base_` in a config of your own: dicts are merged into those of the base. "
    "Where the base wraps its dataset (RepeatDataset, ...), put it one `dataset` deeper."
)
ORDER = (
    "In the order of the file's `categories`, by which labels are numbered, whatever stands here."
)


def class_list(classes: Sequence[str]) -> list[str]:
    """Class names as a list, in which one is still a list."""
    return ["[", *items(map(repr, classes)), "]"]


def heads(count: int) -> list[str]:
    """Where the model says how many classes there are."""
    return [
        f"# model: num_classes = {count}",
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
