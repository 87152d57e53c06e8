"""How loaders are set up: in train and in test mode, with the classes of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cocosurgeon.loaders import LOADERS, detectron2, mmdet2, mmdet3

Mode = Literal["train", "test"]


def modes_of(loader: str, wanted: Sequence[Mode]) -> list[Mode]:
    """The modes in which a loader emits something else; one for a loader that has none."""
    return list(wanted) if loader in ("mmdet3", "mmdet2", "detectron2") else ["test"]


def order_of(loader: str) -> Literal["file", "id"]:
    """By what a loader orders images: as they stand in the file, or by id."""
    return "id" if loader in ("detr", "torchvision", "detectron2") else "file"


def options_for(loader: str, mode: Mode, classes: Sequence[str]) -> object:
    """A loader's options in a mode, as its usual configuration has them.

    Args:
        classes: class names, for loaders that are told.
    """
    is_test = mode == "test"
    if loader == "mmdet3":
        return mmdet3.Options(
            metainfo={"classes": tuple(classes)},
            filter_cfg=None if is_test else mmdet3.BASE_FILTER,
            test_mode=is_test,
        )
    if loader == "mmdet2":
        return mmdet2.Options(classes=tuple(classes), test_mode=is_test)
    if loader == "detectron2":
        return detectron2.Options(filter_empty=not is_test)
    return LOADERS[loader].options()
