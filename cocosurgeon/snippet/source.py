"""SnippetSource: an annotation file, and its image root."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import Category
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.search import find_prefix
from cocosurgeon.loaders import indexed
from cocosurgeon.loaders.index import Index
from cocosurgeon.progress import Progress

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class Snippet:
    """Lines to paste.

    Attributes:
        lines: Python, or YAML if the framework reads that.
        notes: things that no line can do.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SnippetSource:
    """An annotation file for a config.

    Attributes:
        ann_file: absolute path of the file.
        img_prefix: absolute image root; empty if file names are absolute.
        document: the file, parsed by Python's ``json`` as in frameworks.
        categories: its category list, in order; ids are unique.
        splits: the uses of the file: ``train``, ``val``, ``test``.
        notes: facts about its images.
    """

    ann_file: str
    img_prefix: str
    document: Mapping[str, Any]
    categories: tuple[Category, ...]
    splits: tuple[Split, ...]
    notes: tuple[str, ...]

    @property
    def stem(self) -> str:
        """Return the file's name without its suffix."""
        return Path(self.ann_file).stem

    @property
    def is_annotated(self) -> bool:
        """Return True if the file has a list of annotations, even an empty one."""
        return "annotations" in self.document

    @property
    def annotations(self) -> Sequence[Mapping[str, Any]]:
        """Return the annotations."""
        found: Sequence[Mapping[str, Any]] = self.document.get("annotations", ())
        return found

    @property
    def is_trained(self) -> bool:
        """Return True if it is loaded for training."""
        return "train" in self.splits

    @property
    def is_evaluated(self) -> bool:
        """Return True if it is loaded for evaluation."""
        return "val" in self.splits or "test" in self.splits

    @property
    def is_scored(self) -> bool:
        """Return True if it is loaded for evaluation and has a list of annotations."""
        return self.is_evaluated and self.is_annotated

    @cached_property
    def index(self) -> Index:
        """Return the file for ``loaders.load``, indexed once for all loads.

        Raises:
            LoaderError: pycocotools raises on the file.
        """
        return indexed(self.document)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Return class names in the order of the list.

        Raises:
            StructureError: a category has no name.
        """
        for row, category in enumerate(self.categories):
            if category.name is None:
                raise StructureError(
                    f"categories[{row}] (id {category.id!r}) has no name that is text",
                    where=self.ann_file,
                    hint="the framework uses names: write one into the file",
                )
        return tuple(str(c.name) for c in self.categories)


def read_source(
    ann_file: str,
    img_prefix: str | None = None,
    splits: Sequence[str] = (),
    progress: Progress | None = None,
) -> SnippetSource:
    """Read a file, once, and find its images.

    Args:
        ann_file: path of the file.
        img_prefix: the image root; None: it is looked for.
        splits: the uses of the file; empty: all possible ones.
        progress: called with (bytes done, bytes in all) while the file is read.

    Raises:
        RequestError: frameworks cannot read such a file, or its images are not found.
        DataError: the file is broken.
    """
    if ann_file == "-":
        raise RequestError("a config needs a file: save standard input to a file first")
    path = Path(ann_file).absolute()
    dataset = read(path, progress)
    _require_objects(dataset, path)
    document = json.loads(dataset.source.read(0, dataset.source.size))
    dataset.source.require_unchanged()
    folder, note = _images(path, document, img_prefix)
    return SnippetSource(
        ann_file=str(path),
        img_prefix=folder,
        document=document,
        categories=dataset.categories,
        splits=_splits(splits, "annotations" in document, path),
        notes=(note,),
    )


def _require_objects(dataset: Dataset, path: Path) -> None:
    """Refuse files that frameworks cannot read, and files that have no objects with boxes."""
    records = dataset.index.annotation_records
    keys = records.first_keys() if records is not None and records.count else ()
    refusals = {
        "the file is compressed, and no framework unpacks it": dataset.source.is_packed,
        "the file begins with a byte order mark, at which Python's json stops: save it without": (
            dataset.source.text_start > 0
        ),
        "a results file: no dataset loads detections": dataset.index.is_results,
        "a file of panoptic segments, not of boxes": "segments_info" in keys and "bbox" not in keys,
        "a file of captions, not of boxes": "caption" in keys and "bbox" not in keys,
        "the file lists no categories, so there is no class to configure": not dataset.categories,
    }
    for what, applies in refusals.items():
        if applies:
            hint = "name a plain file of objects in boxes, such as instances_*.json"
            raise RequestError(what, where=str(path), hint=hint)
    ids = [c.id for c in dataset.categories]
    row = next((i for i, key in enumerate(ids) if key is None or key in ids[:i]), None)
    if row is not None:
        what = "has no usable id" if ids[row] is None else f"repeats id {ids[row]!r}"
        raise StructureError(
            f"categories[{row}] {what}: frameworks differ on its class",
            where=str(path),
            hint="give each category an id of its own",
        )


def _splits(named: Sequence[str], is_annotated: bool, path: Path) -> tuple[Split, ...]:
    for split in named:
        if split not in SPLITS:
            raise RequestError(f"unknown split {split!r}", hint="use train, val or test")
    if not is_annotated and "train" in named:
        raise RequestError(
            "the file has no list 'annotations': nothing to train on",
            where=str(path),
            hint="use it for testing: --split test",
        )
    if not named:
        return SPLITS if is_annotated else ("test",)
    return tuple(split for split in SPLITS if split in named)


def _images(path: Path, document: Mapping[str, Any], img_prefix: str | None) -> tuple[str, str]:
    """Return the image root, and a note on it."""
    images = [i for i in document["images"] if isinstance(i, dict)]
    names = {n: None for i in images if isinstance(n := i.get("file_name"), str)}
    folders = Folders()
    if img_prefix is not None:
        folder = str(Path(img_prefix).absolute())
        found = len(names) - len(folders.missing(folder, names))
        return folder, f"images: {found:,} of {len(names):,} are in {folder}"
    best = find_prefix(path, tuple(names), folders)
    if names and best.absolute == best.names:
        return "", f"file names are absolute: {best.found:,} of {best.names:,} are there"
    if best.folder is not None and not best.ambiguous:
        note = f"images: {best.found:,} of {best.names:,} are in {best.folder}"
        return str(best.folder), note
    what = f"no folder near the file has any of its {best.names:,} images"
    if best.folder is not None:
        others = ", ".join(map(str, (best.folder, *best.ambiguous[:3])))
        what = f"{1 + len(best.ambiguous)} folders have as many of its images: {others}"
    hint = "name their folder: --img-prefix FOLDER"
    raise RequestError(what, where=str(path), hint=hint)
