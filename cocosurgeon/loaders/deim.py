"""DEIM: CocoDetection, as in D-FINE.

Read, not run, in Intellindust-AI-Lab/DEIM at a9aa4ad, ``engine/data/dataset/coco_dataset.py``.
``orig_size`` is (width, height).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cocosurgeon.loaders import dfine, rtdetr
from cocosurgeon.loaders.detr import conversion_errors
from cocosurgeon.loaders.loader import Loader
from cocosurgeon.loaders.view import Id, View

_FILE = "engine/data/dataset/coco_dataset.py"
RULES = (*dfine.DROPPED_BY_INDEX, *rtdetr.rules(_FILE, "122", "151"))
ERRORS = (
    *dfine.ITEM_ERRORS,
    *conversion_errors(
        _FILE,
        img_id=118,
        bbox=124,
        box="126,151",
        cat_id="133,135",
        label=137,
        keypoints=145,
        keypoint="146,149",
        area=169,
    ),
    rtdetr.not_of_coco(f"{_FILE}:133"),
)


@dataclass(frozen=True)
class Options(dfine.Options):
    """CocoDetection's ``img_folder`` and ``remap_mscoco_category``, as D-FINE's."""


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what DEIM loads from a parsed file; see ``registry.load``."""
    return dfine.loaded(LOADER.name, document, options, only)


LOADER = Loader(
    name="deim",
    title="DEIM, CocoDetection",
    version="a9aa4ad",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="img_folder",
    traps=rtdetr.TRAPS,
    is_width_first=True,
)
