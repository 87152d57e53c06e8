"""What stock configs and scripts name below a data root.

Read in MMDetection 3.3.0 and 2.28.2 (``configs/_base_/datasets``), and in DETR's ``datasets``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders

_INSTANCES = ("annotations/instances_train2017.json", "annotations/instances_val2017.json")
_PANOPTIC = ("annotations/panoptic_train2017.json", "annotations/panoptic_val2017.json")
_IMAGES = ("train2017", "val2017")


@dataclass(frozen=True)
class Expectation:
    """Files and folders that a framework opens.

    Attributes:
        framework: whose, by which option or config.
        rule: where that stands.
        own: those without which nobody means this: it is passed over where all of them lack.
        paths: all of them.
    """

    framework: str
    rule: str
    own: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Readiness:
    """How far a data root is what a framework expects.

    Attributes:
        framework, rule: see ``Expectation``.
        lacking: paths that are not there.
    """

    framework: str
    rule: str
    lacking: tuple[str, ...]


EXPECTATIONS = (
    Expectation(
        "MMDetection, detection and instances",
        "configs/_base_/datasets/coco_detection.py, coco_instance.py",
        _INSTANCES,
        (*_INSTANCES, *_IMAGES),
    ),
    Expectation(
        "MMDetection, panoptic",
        "configs/_base_/datasets/coco_panoptic.py",
        (*_PANOPTIC, "annotations/panoptic_train2017", "annotations/panoptic_val2017"),
        (
            *_PANOPTIC,
            *_IMAGES,
            "annotations/panoptic_train2017",
            "annotations/panoptic_val2017",
        ),
    ),
    Expectation(
        "MMDetection, instances with semantic maps",
        "configs/_base_/datasets/coco_instance_semantic.py",
        ("stuffthingmaps/train2017",),
        (*_INSTANCES, *_IMAGES, "stuffthingmaps/train2017"),
    ),
    Expectation(
        "MMDetection, test split",
        "configs/_base_/datasets/coco_detection.py",
        ("annotations/image_info_test-dev2017.json", "test2017"),
        ("annotations/image_info_test-dev2017.json", "test2017"),
    ),
    Expectation(
        "DETR, --coco_path",
        "datasets/coco.py",
        _INSTANCES,
        (*_INSTANCES, *_IMAGES),
    ),
    Expectation(
        "DETR, --coco_panoptic_path",
        "datasets/coco_panoptic.py",
        (*_PANOPTIC, "panoptic_train2017", "panoptic_val2017"),
        (*_PANOPTIC, "panoptic_train2017", "panoptic_val2017"),
    ),
)


def readiness(root: Path, folders: Folders) -> list[Readiness]:
    """What each framework would miss, of those that anything here is meant for."""
    found = []
    for expected in EXPECTATIONS:
        lacking = tuple(p for p in expected.paths if not _is_there(root, p, folders))
        if not set(expected.own) <= set(lacking):
            found.append(Readiness(expected.framework, expected.rule, lacking))
    return found


def _is_there(root: Path, path: str, folders: Folders) -> bool:
    if path.endswith(".json"):
        return not folders.missing(root, [path])
    return folders.listing(root / path) is not None and not folders.is_empty(root / path)
