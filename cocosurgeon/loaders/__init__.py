"""What detectors' loaders emit for an annotation file: their rules, in pure Python.

No framework is needed, and nothing is shared with ``annfile/``: a file is read as they read it, by
``json.load``. ``load("mmdet3", document, mmdet3.Options(test_mode=True))`` gives a View.

view         View: what is emitted, what is not, and why
failures     what a framework raises, as an error with a stable rule
index        what pycocotools makes of a file: ids, duplicates, who owns what
leftovers    everything that is not emitted, each with its rule
class_names  which class names a dataset of MMDetection has
tensors      which values torch makes no tensor of
mmdet        what both lines of MMDetection do with an annotation
mmdet3       MMDetection 3.x
mmdet2       MMDetection 2.x
torchvision  torchvision's CocoDetection
detr         DETR, DINO, RT-DETR
detectron2   detectron2
yolox        YOLOX
registry     the loaders by name
"""

from cocosurgeon.loaders.failures import NothingLeftError
from cocosurgeon.loaders.index import indexed
from cocosurgeon.loaders.registry import LOADERS, Loader, find_loader, load
from cocosurgeon.loaders.view import Dropped, Id, Instance, Rule, Sample, View

__all__ = [
    "LOADERS",
    "Dropped",
    "Id",
    "Instance",
    "Loader",
    "NothingLeftError",
    "Rule",
    "Sample",
    "View",
    "find_loader",
    "indexed",
    "load",
]
