"""What a snippet is about: a file, and where its images lie."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from cocosurgeon.annfile.source import Progress
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.index import Category
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.prefix import find_prefix

Split = Literal["train", "val", "test"]

SPLITS: tuple[Split, ...] = ("train", "val", "test")

_ASK = "say where the images are: --img-prefix FOLDER"


@dataclass(frozen=True, eq=False)
class Subject:
    """A file as a config will name it.

    Attributes:
        ann_file: its absolute path.
        img_prefix: the folder of its images, absolute; empty where file names are.
        document: the file as the frameworks read it, by Python's ``json``.
        categories: its category list, in order; ids are unique.
        splits: what it is used for.
        notes: what is to be known of where its images lie.
    """

    ann_file: str
    img_prefix: str
    document: Mapping[str, Any]
    categories: tuple[Category, ...]
    splits: tuple[Split, ...]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.ann_file).name

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return Path(self.ann_file).stem

    @property
    def is_annotated(self) -> bool:
        """Whether there is a list of annotations, be it empty."""
        return "annotations" in self.document

    @property
    def annotations(self) -> Sequence[Mapping[str, Any]]:
        """The annotations."""
        found: Sequence[Mapping[str, Any]] = self.document.get("annotations", ())
        return found

    @property
    def is_evaluated(self) -> bool:
        """Whether it is loaded for evaluation."""
        return "val" in self.splits or "test" in self.splits

    def classes(self) -> tuple[str, ...]:
        """Names in the order of the list.

        Raises:
            StructureError: a category has none.
        """
        for row, category in enumerate(self.categories):
            if category.name is None:
                raise StructureError(
                    f"categories[{row}] (id {category.id!r}) has no name that is text",
                    where=self.ann_file,
                    hint="the framework goes by names: write one into the file",
                )
        return tuple(str(c.name) for c in self.categories)


def subject_of(
    ann_file: str,
    img_prefix: str | None = None,
    splits: Sequence[str] = (),
    progress: Progress | None = None,
) -> Subject:
    """Read a file, and find its images.

    Args:
        ann_file: its path.
        img_prefix: the folder of its images; None: the one that has them.
        splits: what it is to be used for; none named: all that it can be.

    Raises:
        RequestError: no snippet can be right for such a file, or nothing says where its images are.
        DataError: it is broken.
    """
    if ann_file == "-":
        raise RequestError("a config names a file: write standard input to one first")
    path = Path(ann_file).absolute()
    dataset = read(path, progress)
    text = path.read_bytes()
    _require_plain(path, text[:3])
    _require_boxes(dataset, path)
    _require_unique(dataset.categories, path)
    document = json.loads(text)
    folder, notes = _images(path, document, img_prefix)
    return Subject(
        ann_file=str(path),
        img_prefix=folder,
        document=document,
        categories=dataset.categories,
        splits=_splits(splits, "annotations" in document, path),
        notes=notes,
    )


def _require_plain(path: Path, start: bytes) -> None:
    """Refuse what can be read here, and nowhere else."""
    if start[:2] == b"\x1f\x8b":
        raise RequestError(
            "the file is compressed, and no framework unpacks it",
            where=str(path),
            hint=f"unpack it: gunzip --keep {path.name}",
        )
    if start == b"\xef\xbb\xbf":
        raise RequestError(
            "the file begins with a byte order mark, at which Python's json stops",
            where=str(path),
            hint="save it as UTF-8 without one",
        )


def _require_boxes(dataset: Dataset, path: Path) -> None:
    """Refuse files of another kind than objects in boxes."""
    index = dataset.index
    if index.is_results:
        raise RequestError(
            "a results file: no dataset loads detections",
            where=str(path),
            hint="name the annotation file that they were made for",
        )
    records = index.annotation_records
    keys = records.first_keys() if records is not None and records.count else ()
    for key, kind in (("segments_info", "panoptic segments"), ("caption", "captions")):
        if key in keys and "bbox" not in keys:
            raise RequestError(
                f"a file of {kind}: these loaders read boxes of objects",
                where=str(path),
                hint="name a file of objects, such as instances_*.json",
            )
    if not dataset.categories:
        raise RequestError(
            "the file lists no categories, so there is no class to configure",
            where=str(path),
            hint="a file of objects or an image list has a list 'categories'",
        )


def _require_unique(categories: Sequence[Category], path: Path) -> None:
    seen: set[Id | None] = set()
    for row, category in enumerate(categories):
        if category.id is None or category.id in seen:
            what = "has no usable id" if category.id is None else f"repeats id {category.id!r}"
            raise StructureError(
                f"categories[{row}] {what}: frameworks part ways on which class that is",
                where=str(path),
                hint="give each category an id of its own",
            )
        seen.add(category.id)


def _splits(named: Sequence[str], is_annotated: bool, path: Path) -> tuple[Split, ...]:
    for split in named:
        if split not in SPLITS:
            raise RequestError(f"unknown split {split!r}", hint="train, val or test")
    if not is_annotated and "train" in named:
        raise RequestError(
            "the file has no list 'annotations': nothing to train on",
            where=str(path),
            hint="it can be tested on: --split test",
        )
    if not named:
        return SPLITS if is_annotated else ("test",)
    return cast("tuple[Split, ...]", tuple(split for split in SPLITS if split in named))


def _images(
    path: Path, document: Mapping[str, Any], img_prefix: str | None
) -> tuple[str, tuple[str, ...]]:
    """The folder of images, and what is to be said of it."""
    images = [i for i in document["images"] if isinstance(i, dict)]
    names = [n for i in images if isinstance(n := i.get("file_name"), str)]
    folders = Folders()
    if img_prefix is not None:
        folder = Path(img_prefix).absolute()
        missing = len(folders.missing(folder, set(names)))
        return str(folder), _told(folder, len(set(names)) - missing, len(set(names)))
    if names and all(os.path.isabs(name) for name in names):  # noqa: PTH117
        missing = len(folders.missing("", set(names)))
        whole = len(set(names))
        return "", (f"file names are absolute: {whole - missing:,} of {whole:,} are there",)
    found = find_prefix(path, names, folders)
    if found is None or found.folder is None:
        raise RequestError(
            f"no folder near the file has any of its {len(set(names)):,} images",
            where=str(path),
            hint=_ASK,
        )
    if found.tied:
        others = ", ".join(str(place) for place in found.tied[:3])
        raise RequestError(
            f"{1 + len(found.tied)} folders have as many of its images: {found.folder}, {others}",
            where=str(path),
            hint=_ASK,
        )
    return str(found.folder), _told(found.folder, found.found, found.names)


def _told(folder: Path, found: int, names: int) -> tuple[str, ...]:
    return (f"images: {found:,} of {names:,} are in {folder}",)
