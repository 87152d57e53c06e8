"""Kinds of data folders: programs that write or read a tree, by the paths in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.search import ANNOTATIONS, ROBOFLOW


@dataclass(frozen=True)
class TreeKind:
    """A program that writes or reads such trees.

    Attributes:
        name: name of the program.
        signs: sets of paths; a tree that has all paths of one set is of this kind. Folders end
            with ``/``.
        labels: the labels that it reads in place of a COCO file; empty if it reads one.
    """

    name: str
    signs: Sequence[Sequence[str]]
    labels: str = ""


_CVAT = f"{ANNOTATIONS}/instances_default.json"
KINDS = (
    TreeKind("Roboflow", [[f"{split}/{ROBOFLOW}"] for split in ("train", "valid", "test")]),
    TreeKind("Roboflow, one split", [[ROBOFLOW]]),
    TreeKind("CVAT", [[_CVAT, "images/"]]),
    TreeKind(
        "Ultralytics",
        [
            *([f"images/{s}/", f"labels/{s}/"] for s in ("train", "val", "train2017", "val2017")),
            ["data.yaml", "images/", "labels/"],
            ["data.yaml", "train/images/", "train/labels/"],
        ],
        labels="text files in labels/",
    ),
    TreeKind("MMDetection", [[f"{ANNOTATIONS}/", "train2017/"], [f"{ANNOTATIONS}/", "val2017/"]]),
)
"""Kinds of trees, of which the first one that fits is used."""


def tree_kind(root: Path, folders: Folders) -> TreeKind | None:
    """Return the kind of a data folder; None if none fits."""

    def has(path: str) -> bool:
        if path.endswith("/"):
            return folders.error(root / path) is None
        return not folders.missing(root, [path])

    return next((kind for kind in KINDS if any(all(map(has, s)) for s in kind.signs)), None)
