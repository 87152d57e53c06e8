"""A data root checked: annotation files, image folders, and what frameworks would miss."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.annfile.source import Progress
from cocosurgeon.errors import SourceUnavailableError, StructureError
from cocosurgeon.layout.annotations import AnnotationFile, Unreadable, look_at
from cocosurgeon.layout.finding import Finding
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.frameworks import Readiness, readiness
from cocosurgeon.layout.links import link_line
from cocosurgeon.layout.places import ANNOTATIONS, SPLITS, split_in
from cocosurgeon.layout.presence import Presence
from cocosurgeon.layout.stock import out_of_place
from cocosurgeon.layout.tree import ImageFolder, check_tree, count_images, image_folders
from cocosurgeon.layout.wording import counted

Watch = Callable[[str], contextlib.AbstractContextManager[Progress | None]]
"""Makes a progress bar for one file: ``Voice.progress``."""


@dataclass(frozen=True)
class Layout:
    """A data root.

    Attributes:
        root: the folder.
        files: its annotation files.
        unreadable: files in ``annotations/`` that are none.
        folders: its folders of images.
        frameworks: what each framework would miss.
        findings: what is wrong.
        notes: what else to know.
    """

    root: Path
    files: tuple[AnnotationFile, ...]
    unreadable: tuple[Unreadable, ...]
    folders: tuple[ImageFolder, ...]
    frameworks: tuple[Readiness, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check_layout(root: Path, watch: Watch = lambda _: contextlib.nullcontext()) -> Layout:
    """Check a data root. Annotation files are looked for in it and in its ``annotations/``.

    Raises:
        SourceUnavailableError: it is no folder that can be listed.
    """
    folders = Folders()
    if refusal := folders.refusal(root):
        raise SourceUnavailableError(
            f"cannot look into the data root: {refusal.strerror or refusal}",
            where=str(root),
            hint="name the folder that holds annotations/, train2017/ and val2017/",
        )
    if root.name == ANNOTATIONS and folders.listing(root / ANNOTATIONS) is None:
        raise SourceUnavailableError(
            "this is the folder of annotation files, not the data root",
            where=str(root),
            hint=f"cocosurgeon layout {shlex.quote(str(root.parent))}",
        )
    looked = []
    for path in _ann_files(root, folders):
        with watch(f"reading {path.name}") as progress:
            looked.append(look_at(path, root, folders, progress))
    files = tuple(f for f in looked if isinstance(f, AnnotationFile))
    broken = tuple(f for f in looked if isinstance(f, Unreadable) and not _is_other(f, root))
    others = [f.path for f in looked if isinstance(f, Unreadable) and _is_other(f, root)]
    found = [p.folder for f in files for p in (f.on_disk, f.pngs) if p is not None and p.folder]
    images = image_folders(root, found, folders)
    findings = [
        *check_tree(root, images, folders),
        *_no_annotations(root, files, folders),
        *(Finding("unreadable", str(f.path), f.error.what, f.error.hint) for f in broken),
        *(finding for f in files for finding in _of_file(f, root, folders)),
    ]
    notes = [note for f in files for note in _notes(f)]
    notes += [f"{path}: JSON, but no annotation file; passed over" for path in others]
    notes += _panoptic_notes(root, folders)
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
        ends = [n for n in names if n.endswith((".json", ".json.gz")) and not n.startswith(".")]
        found += [folder / n for n in ends if not folders.missing(folder, [n])]
    return found


def _is_other(file: Unreadable, root: Path) -> bool:
    """Whether it is some other JSON file, where such files may well lie."""
    return file.path.parent == root and isinstance(file.error, StructureError)


def _no_annotations(
    root: Path, files: tuple[AnnotationFile, ...], folders: Folders
) -> Iterator[Finding]:
    wanted = root / ANNOTATIONS
    if not files:
        what = f"no annotation file here or in {ANNOTATIONS}/"
        yield Finding(
            "no-annotations", str(root), what, f"name the folder that holds {ANNOTATIONS}/"
        )
    elif folders.listing(wanted) is None:
        names = " ".join(shlex.quote(str(f.path)) for f in files[:3]) + " ..." * (len(files) > 3)
        quoted = shlex.quote(str(wanted))
        yield Finding(
            "no-annotations",
            str(root),
            f"annotation files lie in it; MMDetection's and DETR's configs name {ANNOTATIONS}/",
            f"mkdir {quoted} && mv {names} {quoted}",
        )


def _of_file(file: AnnotationFile, root: Path, folders: Folders) -> Iterator[Finding]:
    path = str(file.path)
    if file.path.suffix == ".gz" and folders.missing(file.path.parent, [file.path.stem]):
        what = "compressed: it is read here, and no framework unpacks it"
        yield Finding("compressed", path, what, f"gunzip --keep {shlex.quote(path)}")
    if file.names.nameless:
        what = f"{counted(file.names.nameless, 'record')} without file_name: loaders stop there"
        yield Finding("nameless", path, what, "write the names into the file")
    split = split_in(file.path)
    if file.on_disk is not None and file.on_disk.missing:
        hint = _hint(file.on_disk, root / (split or "images"), folders)
        yield Finding("images-missing", path, file.on_disk.account("images"), hint)
    if file.pngs is not None and file.pngs.missing:
        wanted = root / ANNOTATIONS / f"panoptic_{split or 'train2017'}"
        hint = _hint(file.pngs, wanted, folders)
        yield Finding("pngs-missing", path, file.pngs.account("PNGs"), hint)
    yield from out_of_place(file, root, folders)


def _hint(presence: Presence, wanted: Path, folders: Folders) -> str:
    name = presence.missing[0]
    if presence.spelled:
        return "rename the files as the annotation file has them, case and ending"
    if name.startswith("/"):
        return "paths of another machine: write them relative to the folder of images"
    if "\\" in name:
        return "the names were written on Windows: write / for \\ in the annotation file"
    if re.match(r"COCO_\w+2014_", name):
        return "names of the 2014 release; the 2017 folders have the last 16 characters of them"
    if presence.elsewhere:
        return "the split was made anew: link the images into one folder, or cut the file by folder"
    if presence.dangling:
        return "point the links at what is there"
    if presence.folder is None:
        line = link_line(None, wanted, folders)
        return f"put them in {wanted}{f', or link the folder: {line}' if line else ''}"
    return f"complete {presence.folder} (an archive cut short?)"


def _notes(file: AnnotationFile) -> Iterator[str]:
    for of, presence in (("images", file.on_disk), ("PNGs", file.pngs)):
        if presence is None:
            continue
        if presence.tied:
            others = ", ".join(map(str, presence.tied))
            yield f"{file.path}: {presence.folder} and {others} have as many of its {of}"
        if presence.absolute:
            count = f"{presence.absolute:,} of {presence.names:,}"
            yield f"{file.path}: {count} names are absolute: they hold on one machine only"


def _panoptic_notes(root: Path, folders: Folders) -> Iterator[str]:
    names = [f"panoptic_{split}" for split in SPLITS]
    for name in names:
        of_mmdet, of_detr = root / ANNOTATIONS / name, root / name
        there = [folders.listing(p) is not None for p in (of_mmdet, of_detr)]
        if there == [True, False]:
            yield f"DETR looks for the PNGs in {of_detr}: {_line(of_mmdet, of_detr, folders)}"
        elif there == [False, True]:
            line = _line(of_detr, of_mmdet, folders)
            yield f"MMDetection looks for the PNGs in {of_mmdet}: {line}"


def _line(there: Path, wanted: Path, folders: Folders) -> str:
    return link_line(there, wanted, folders) or "a file is in the way"
