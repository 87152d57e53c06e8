"""Detectors' loaders: what each loads from an annotation file, by its rules, in pure Python.

No framework is needed, and nothing is shared with ``annfile/``: a file is read as they read it, by
``json.load``. ``load("mmdet3", document, mmdet3.Options(test_mode=True))`` gives a View.

A framework is one module with a ``LOADER``, which holds all facts of it; nothing else names it.

view          View: what is loaded, what is dropped and why; errors with a stable rule
loader        Loader: all facts of a framework's loader; the options that every loader has
index         ids, duplicates and owners in a file, as pycocotools finds them
dropped       everything that is not loaded, each with its rule
tensors       values of which torch makes no tensor
derived       classes of MMDetection's that derive from CocoDataset
mmdet         rules that both lines of MMDetection share
mmdet3        MMDetection 3.x
mmdet2        MMDetection 2.x
onedl         onedl-mmdetection, a fork of 3.x
torchvision   torchvision's CocoDetection
torchvision2  torchvision's wrap_dataset_for_transforms_v2
detr          DETR, and the conversion that others have from it
dino          DINO
rtdetr        RT-DETR, and the table of COCO's categories
dfine         D-FINE, and ids as faster-coco-eval makes them
deim          DEIM
rfdetr        RF-DETR
transformers  DetrImageProcessor of Hugging Face
detectron2    detectron2
yolox         YOLOX
ultralytics   Ultralytics, by its conversion
registry      the loaders by name
settings      a loader as it is set up: mode, class names, options
labels        labels of a category list under each loader
explain       one image through loaders
"""

from cocosurgeon.loaders.index import indexed
from cocosurgeon.loaders.loader import Loader, LoaderOptions
from cocosurgeon.loaders.registry import (
    DEFAULT,
    LOADERS,
    config_loaders,
    find_loader,
    load,
    loaders_by_script,
    probed_loaders,
    real_library,
)
from cocosurgeon.loaders.view import Dropped, Id, Instance, NothingLeftError, Rule, Sample, View

__all__ = [
    "DEFAULT",
    "LOADERS",
    "Dropped",
    "Id",
    "Instance",
    "Loader",
    "LoaderOptions",
    "NothingLeftError",
    "Rule",
    "Sample",
    "View",
    "config_loaders",
    "find_loader",
    "indexed",
    "load",
    "loaders_by_script",
    "probed_loaders",
    "real_library",
]
