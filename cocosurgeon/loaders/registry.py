"""The loaders by name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from cocosurgeon.errors import UnknownNameError
from cocosurgeon.loaders import detectron2, detr, mmdet2, mmdet3, torchvision, yolox
from cocosurgeon.loaders.view import Id, Rule, View
from cocosurgeon.text import did_you_mean


@dataclass(frozen=True)
class Loader:
    """A framework's loader.

    Attributes:
        name: what it is called here.
        title: framework and class.
        version: in which its rules were read.
        options: a frozen dataclass: the framework's own arguments, with its defaults.
        rules: why images and annotations are dropped; what ``Dropped.rule`` names.
        errors: why it raises; what ``LoaderError.rule`` names.
        view: what it emits for a parsed file, options, and the images that matter.
    """

    name: str
    title: str
    version: str
    options: type[Any]
    rules: tuple[Rule, ...]
    errors: tuple[Rule, ...]
    view: Callable[[object, Any, Collection[Id | None] | None], View]


LOADERS = {
    loader.name: loader
    for loader in (
        Loader(
            "mmdet3",
            "MMDetection 3.x, CocoDataset",
            "3.3.0",
            mmdet3.Options,
            mmdet3.RULES,
            mmdet3.ERRORS,
            mmdet3.view,
        ),
        Loader(
            "mmdet2",
            "MMDetection 2.x, CocoDataset",
            "2.28.2",
            mmdet2.Options,
            mmdet2.RULES,
            mmdet2.ERRORS,
            mmdet2.view,
        ),
        Loader(
            "detr",
            "DETR, DINO and RT-DETR without its remap: CocoDetection",
            "9a4b93a",
            detr.Options,
            detr.RULES,
            detr.ERRORS,
            detr.view,
        ),
        Loader(
            "torchvision",
            "torchvision, CocoDetection",
            "0.28.0",
            torchvision.Options,
            torchvision.RULES,
            torchvision.ERRORS,
            torchvision.view,
        ),
        Loader(
            "detectron2",
            "detectron2, load_coco_json and get_detection_dataset_dicts",
            "910b796",
            detectron2.Options,
            detectron2.RULES,
            detectron2.ERRORS,
            detectron2.view,
        ),
        Loader(
            "yolox",
            "YOLOX, COCODataset",
            "0.3.0",
            yolox.Options,
            yolox.RULES,
            yolox.ERRORS,
            yolox.view,
        ),
    )
}


def find_loader(name: str) -> Loader:
    """The loader of a name; an error, with the nearest name, if there is none."""
    if name not in LOADERS:
        raise UnknownNameError(
            f"no loader is called {name!r}",
            hint=did_you_mean(name, LOADERS) or f"there are: {', '.join(LOADERS)}",
        )
    return LOADERS[name]


def load(
    name: str, document: object, options: object = None, only: Collection[Id | None] | None = None
) -> View:
    """What a loader emits for a parsed file.

    Args:
        name: ``mmdet3``, ``mmdet2``, ``detr``, ``torchvision``, ``detectron2`` or ``yolox``.
        document: what ``json.load`` gives for the annotation file, or ``indexed`` of it. It is not
            changed.
        options: the loader's own, its ``Options``; None for the framework's defaults.
        only: emit the samples of these images only, and what is dropped of them; everything else
            (labels, duplicates, errors, order, filters) is still decided on the whole file.

    Raises:
        UnknownNameError: for another name.
        LoaderError: where the framework raises.
    """
    loader = find_loader(name)
    chosen = loader.options() if options is None else options
    if not isinstance(chosen, loader.options):
        raise TypeError(f"options of {name} are a {loader.options.__module__}.Options")
    return loader.view(document, chosen, only)
