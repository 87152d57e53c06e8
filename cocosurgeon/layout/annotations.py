"""One annotation file: what it is, and whether its images are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.annfile.source import Progress
from cocosurgeon.categories.guess import guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.kinds import kind_of
from cocosurgeon.layout.names import FileNames
from cocosurgeon.layout.places import image_search, png_search
from cocosurgeon.layout.presence import Presence


@dataclass(frozen=True)
class AnnotationFile:
    """What a file is.

    Attributes:
        path: the file.
        kind: instances, keypoints, panoptic, captions, image info, stuff, LVIS, video, results.
        images, annotations, categories: how many it has.
        spaces: the category spaces that its ids and names fit, all with one meaning; empty where
            none fits, or more than one meaning.
        names: the names of its images and PNGs.
        on_disk: its images; None for a results file, which names none.
        pngs: the PNGs of a panoptic file; None for others.
    """

    path: Path
    kind: str
    images: int
    annotations: int
    categories: int
    spaces: tuple[str, ...]
    names: FileNames
    on_disk: Presence | None
    pngs: Presence | None


@dataclass(frozen=True)
class Unreadable:
    """A file that is none.

    Attributes:
        path: the file.
        error: why.
    """

    path: Path
    error: CocosurgeonError


def look_at(
    path: Path, root: Path, folders: Folders, progress: Progress | None = None
) -> AnnotationFile | Unreadable:
    """Read an annotation file, and look its images up."""
    try:
        dataset = read(path, progress)
        index = dataset.index
        names = FileNames.of(index)
        kind = kind_of(index)
        records = index.annotation_records
        on_disk = pngs = None
        if not index.is_results:
            search = image_search(path, folders, root)
            on_disk = Presence.of(path, names.images, search, folders)
            if kind == "panoptic":
                search = png_search(path, names, on_disk.folder, folders, root)
                pngs = Presence.of(path, names.pngs, search, folders)
        return AnnotationFile(
            path,
            kind,
            len(index.images.ids),
            0 if records is None else records.count,
            len(index.categories),
            _spaces(dataset),
            names,
            on_disk,
            pngs,
        )
    except CocosurgeonError as error:
        return Unreadable(path, error)


def _spaces(dataset: Dataset) -> tuple[str, ...]:
    try:
        fitting = guess_space(Inventory.of(dataset)).fitting
    except CocosurgeonError:  # a category list that no space has, such as one with double ids
        return ()
    return fitting[0].spaces if len(fitting) == 1 else ()
