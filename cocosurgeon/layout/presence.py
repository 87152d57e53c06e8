"""An annotation file: its kind, and its present and missing images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.categories.guess import guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames, kind_of
from cocosurgeon.layout.search import Prefix, Search, image_search, png_search
from cocosurgeon.progress import Progress
from cocosurgeon.text import are, first_names, one_line


@dataclass(frozen=True)
class FilesOnDisk(Prefix):
    """The images, or the PNGs, of an annotation file, and reasons why some are missing.

    Attributes:
        in_other_folders: number of missing names that are in another folder, by folder.
        other_case: name in the folder that differs only in case or ending, by missing name.
        broken_links: number of missing names that are broken links.
    """

    in_other_folders: Mapping[Path, int]
    other_case: Mapping[str, str]
    broken_links: int

    @classmethod
    def of(cls, names: Sequence[str], search: Search) -> FilesOnDisk:
        """Look up every name; see ``Search.best``."""
        prefix, folders = search.best(names), search.folders
        missing, folder = prefix.missing, prefix.folder
        others = [p for p in search.likely if p != folder] if missing and folder else []
        counts = {p: len(missing) - len(folders.missing(p, missing)) for p in others}
        looked_in = search.likely if folder is None else (folder,)
        return cls(
            **vars(prefix),
            in_other_folders={p: n for p, n in counts.items() if n},
            other_case=max(
                (_other_case(p, missing, folders) for p in looked_in), key=len, default={}
            ),
            broken_links=max((folders.broken_links(p, missing) for p in looked_in), default=0),
        )

    def sentence(self, kind: str) -> str:
        """Return one sentence about missing files.

        Args:
            kind: ``images`` or ``PNGs``.
        """
        count, names = len(self.missing), first_names(self.missing)
        parts = [f"{count:,} of {self.names:,} {kind} {are(count)} not there: {names}"]
        parts += [f"{n:,} of them {are(n)} in {p}" for p, n in self.in_other_folders.items()]
        if self.other_case:
            count = len(self.other_case)
            name, other = map(one_line, next(iter(self.other_case.items())))
            parts.append(f"{count:,} {are(count)} there by another name: {other} for {name}")
        if self.broken_links:
            parts.append(f"links that lead nowhere: {self.broken_links:,} of them")
        return "; ".join(parts)


@dataclass(frozen=True)
class AnnotationFile:
    """A file that could be read.

    Attributes:
        path: path of the file.
        kind: see ``kind_of``.
        images, annotations, categories: numbers of records.
        spaces: label spaces that its ids and names fit, if all have one meaning; else empty.
        names: names of its images and PNGs.
        on_disk: its images; None for a results file, which names none.
        pngs: the PNGs of a panoptic file; None for any other.
    """

    path: Path
    kind: str
    images: int
    annotations: int
    categories: int
    spaces: tuple[str, ...]
    names: FileNames
    on_disk: FilesOnDisk | None
    pngs: FilesOnDisk | None


def inspect(
    path: Path, root: Path, folders: Folders, progress: Progress | None = None
) -> AnnotationFile:
    """Read an annotation file, and look up its images.

    Raises:
        CocosurgeonError: it cannot be read.
    """
    dataset = read(path, progress)
    index = dataset.index
    names = FileNames.of(index)
    kind = kind_of(index)
    on_disk = pngs = None
    if not index.is_results:
        on_disk = FilesOnDisk.of(names.images, image_search(path, folders, root))
    if on_disk is not None and kind == "panoptic":
        search = png_search(path, names, on_disk.folder, folders, root)
        pngs = FilesOnDisk.of(names.pngs, search)
    return AnnotationFile(
        path,
        kind,
        len(index.images.ids),
        0 if index.annotation_records is None else index.annotation_records.count,
        len(index.categories),
        _spaces(dataset),
        names,
        on_disk,
        pngs,
    )


def _spaces(dataset: Dataset) -> tuple[str, ...]:
    try:
        fitting = guess_space(Inventory.of(dataset)).fitting
    except CocosurgeonError:  # a list that fits no label space: an id appears twice
        return ()
    return fitting[0].spaces if len(fitting) == 1 else ()


def _other_case(folder: Path, names: Sequence[str], folders: Folders) -> dict[str, str]:
    """Return the name in a folder that differs only in case or ending, by name."""
    by_stem: dict[str, dict[str, str]] = {}
    found = {}
    for name in names:
        head, base = os.path.split(name)
        if head not in by_stem:
            by_stem[head] = {_stem(n): n for n in folders.files(folder / head)}
        if (other := by_stem[head].get(_stem(base))) is not None:
            found[name] = os.path.join(head, other)  # noqa: PTH118
    return found


def _stem(name: str) -> str:
    return os.path.splitext(name)[0].casefold()  # noqa: PTH122
