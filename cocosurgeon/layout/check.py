"""A data root, checked: annotation files, image folders, and what frameworks would miss."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.annfile.source import Progress
from cocosurgeon.errors import SourceUnavailableError, StructureError
from cocosurgeon.layout.finding import Finding, plural
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.presence import AnnotationFile, FilesOnDisk, UnreadableFile, inspect
from cocosurgeon.layout.search import ANNOTATIONS, SPLITS, split_in
from cocosurgeon.layout.tree import (
    ImageFolder,
    Readiness,
    check_split_folders,
    check_tree,
    count_images,
    image_folders,
    readiness,
)

ProgressBar = Callable[[str], contextlib.AbstractContextManager[Progress | None]]
"""Makes a progress bar for one file, given its title."""


@dataclass(frozen=True)
class Layout:
    """A data root.

    Attributes:
        root: the folder.
        files: its annotation files.
        unreadable: files in ``annotations/`` that could not be read.
        folders: its folders of images.
        frameworks: what each framework would miss.
        findings: what is wrong.
        notes: what else to know.
    """

    root: Path
    files: tuple[AnnotationFile, ...]
    unreadable: tuple[UnreadableFile, ...]
    folders: tuple[ImageFolder, ...]
    frameworks: tuple[Readiness, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check_layout(root: Path, bar: ProgressBar = lambda _: contextlib.nullcontext()) -> Layout:
    """Check a data root. Annotation files are looked for in it and in its ``annotations/``.

    Args:
        root: the folder of ``annotations/``, ``train2017/``, ...
        bar: makes a progress bar for each file that is read.

    Raises:
        SourceUnavailableError: it is no folder that can be listed.
    """
    folders = Folders()
    if error := folders.error(root):
        raise SourceUnavailableError(
            f"cannot look into the data root: {error.strerror or error}",
            where=str(root),
            hint="name the folder that holds annotations/, train2017/ and val2017/",
        )
    if root.name == ANNOTATIONS and folders.listing(root / ANNOTATIONS) is None:
        raise SourceUnavailableError(
            "this is the folder of annotation files, not the data root",
            where=str(root),
            hint=f"name the folder above it: cocosurgeon layout {root.parent}",
        )
    inspected = []
    for path in _ann_files(root, folders):
        with bar(f"reading {path.name}") as progress:
            inspected.append(inspect(path, root, folders, progress))
    files = tuple(f for f in inspected if isinstance(f, AnnotationFile))
    unreadable = [f for f in inspected if isinstance(f, UnreadableFile)]
    # package.json and the like may be in a data root; in annotations/ they are broken files
    others = [
        f for f in unreadable if f.path.parent == root and isinstance(f.error, StructureError)
    ]
    broken = tuple(f for f in unreadable if f not in others)
    found = [p.folder for f in files for p in (f.on_disk, f.pngs) if p is not None and p.folder]
    images = image_folders(root, found, folders)
    findings = [
        *check_tree(root, images, folders),
        *_check_annotations_folder(root, files, folders),
        *(Finding("unreadable", str(f.path), f.error.what, f.error.hint) for f in broken),
        *(finding for f in files for finding in _check_file(f, root, folders)),
    ]
    notes = [note for f in files for note in _notes(f)]
    notes += [f"{f.path}: JSON, but no annotation file; skipped" for f in others]
    notes += _png_notes(root, folders)
    return Layout(
        root,
        files,
        broken,
        tuple(count_images(p, folders) for p in images if folders.listing(p) is not None),
        tuple(readiness(root, folders)),
        tuple(dict.fromkeys(findings)),
        tuple(notes),
    )


def _ann_files(root: Path, folders: Folders) -> list[Path]:
    found = []
    for folder in (root / ANNOTATIONS, root):
        listing = folders.listing(folder)
        names = sorted(listing.files | listing.links) if listing is not None else []
        json = [n for n in names if n.endswith((".json", ".json.gz")) and not n.startswith(".")]
        found += [folder / n for n in json if not folders.missing(folder, [n])]
    return found


def _check_annotations_folder(
    root: Path, files: tuple[AnnotationFile, ...], folders: Folders
) -> Iterator[Finding]:
    wanted = root / ANNOTATIONS
    if not files:
        what = f"no annotation file here or in {ANNOTATIONS}/"
        hint = f"name the folder that holds {ANNOTATIONS}/"
        yield Finding("no-annotations", str(root), what, hint)
    elif folders.listing(wanted) is None:
        what = f"annotation files are in it; MMDetection and DETR look in {ANNOTATIONS}/"
        yield Finding("no-annotations", str(root), what, f"move them into {wanted}")


def _check_file(file: AnnotationFile, root: Path, folders: Folders) -> Iterator[Finding]:
    path = str(file.path)
    if file.path.suffix == ".gz" and folders.missing(file.path.parent, [file.path.stem]):
        what = "compressed: it is read here, and no framework unpacks it"
        yield Finding("compressed", path, what, f"unpack it as {file.path.stem}, next to it")
    if file.names.nameless:
        what = f"{plural(file.names.nameless, 'record')} without file_name: loaders stop there"
        yield Finding("nameless", path, what, "write the names into the file")
    split = split_in(file.path)
    if (images := file.on_disk) is not None and images.missing:
        hint = _hint(images, root / (split or "images"))
        yield Finding("images-missing", path, images.sentence("images"), hint)
    if (pngs := file.pngs) is not None and pngs.missing:
        hint = _hint(pngs, root / ANNOTATIONS / f"panoptic_{split or 'train2017'}")
        yield Finding("pngs-missing", path, pngs.sentence("PNGs"), hint)
    yield from check_split_folders(file, root, folders)


def _hint(on_disk: FilesOnDisk, wanted: Path) -> str:
    name = on_disk.missing[0]
    if on_disk.other_case:
        return "rename the files as the annotation file has them, case and ending"
    if name.startswith("/"):
        return "paths of another machine: write them relative to the folder of images"
    if "\\" in name:
        return "the names were written on Windows: write / for \\ in the annotation file"
    if re.match(r"COCO_\w+2014_", name):
        return "names of the 2014 release; the 2017 folders have the last 16 characters of them"
    if on_disk.in_other_folders:
        return "the images were split again: link them into one folder, or cut the file by folder"
    if on_disk.broken_links:
        return "point the links at files that exist"
    if on_disk.folder is None:
        return f"put them in {wanted}, or make that a link to their folder"
    return f"complete {on_disk.folder} (an archive cut short?)"


def _notes(file: AnnotationFile) -> Iterator[str]:
    for kind, on_disk in (("images", file.on_disk), ("PNGs", file.pngs)):
        if on_disk is None or not on_disk.found:
            continue
        if on_disk.ambiguous:
            others = ", ".join(map(str, on_disk.ambiguous))
            yield f"{file.path}: {on_disk.folder} and {others} have as many of its {kind}"
        if on_disk.absolute:
            count = f"{on_disk.absolute:,} of {on_disk.names:,}"
            yield f"{file.path}: {count} names are absolute: they hold on one machine only"


def _png_notes(root: Path, folders: Folders) -> Iterator[str]:
    """Report PNGs that one framework finds and the other does not."""
    for split in SPLITS:
        mmdet, detr = root / ANNOTATIONS / f"panoptic_{split}", root / f"panoptic_{split}"
        exist = [folders.listing(p) is not None for p in (mmdet, detr)]
        if exist == [True, False]:
            yield f"DETR looks for the PNGs in {detr}: make it a link to {mmdet}"
        elif exist == [False, True]:
            yield f"MMDetection looks for the PNGs in {mmdet}: make it a link to {detr}"
