"""onedl-mmdetection, the fork of MMDetection 3.x that is kept up: CocoDataset, read in 3.5.1.

Its ``mmdet/datasets/coco.py``, ``lvis.py`` and ``objects365.py`` are those of 3.3.0, line by line.
The ``base_dataset.py`` of its mmengine differs in what is not loaded: a link, and a default value.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from cocosurgeon.loaders import mmdet3
from cocosurgeon.loaders.view import Id, View


@dataclass(frozen=True)
class Options(mmdet3.Options):
    """CocoDataset's arguments, those of MMDetection 3.x."""


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what the fork loads from a parsed file; see ``registry.load``."""
    return mmdet3.loaded(LOADER.name, document, options, only)


_PACKAGE = "onedl-mmdetection"
assert mmdet3.LOADER.real is not None
LOADER = replace(
    mmdet3.LOADER,
    name="onedl",
    title="onedl-mmdetection, CocoDataset",
    version="3.5.1",
    options=Options,
    view=view,
    real=replace(mmdet3.LOADER.real, package=_PACKAGE),
    is_usual=False,
)
