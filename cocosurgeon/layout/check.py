"""A data root, checked: annotation files, image folders, and missing paths of frameworks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.errors import CocosurgeonError, SourceUnavailableError, StructureError
from cocosurgeon.files import is_gzip
from cocosurgeon.findings.codes import Severity
from cocosurgeon.findings.finding import Finding
from cocosurgeon.layout import tree
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.kinds import TreeKind, tree_kind
from cocosurgeon.layout.presence import AnnotationFile, FilesOnDisk, inspect
from cocosurgeon.layout.search import ANNOTATIONS, ROBOFLOW, SPLITS, split_in
from cocosurgeon.progress import ShowProgress
from cocosurgeon.text import plural

"""Makes a progress bar for one file, given its title."""


@dataclass(frozen=True)
class Layout:
    """A data root.

    Attributes:
        root: the folder.
        kind: name of the program that writes or reads such trees; None if unknown.
        files: its annotation files.
        unreadable: reasons by file in ``annotations/`` that could not be read.
        folders: number of images by folder.
        frameworks: missing paths by framework.
        findings: faults.
        notes: further facts.
    """

    root: Path
    kind: TreeKind | None
    files: tuple[AnnotationFile, ...]
    unreadable: Mapping[Path, CocosurgeonError]
    folders: Mapping[Path, int]
    frameworks: tuple[tree.Readiness, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check_layout(root: Path, bar: ShowProgress = lambda _: contextlib.nullcontext()) -> Layout:
    """Check a data root. Annotation files are looked for in it and in its ``annotations/``.

    Exports of Roboflow have one in each split, next to its images.

    Args:
        root: the folder of ``annotations/``, ``train2017/``, ...
        bar: makes a progress bar for each file that is read.

    Raises:
        SourceUnavailableError: the folder cannot be listed.
    """
    folders = Folders()
    if refusal := folders.error(root):
        raise SourceUnavailableError(
            f"cannot read the data root: {refusal.strerror or refusal}",
            where=str(root),
            hint="name the folder that holds annotations/, train2017/ and val2017/",
        )
    if root.name == ANNOTATIONS and folders.error(root / ANNOTATIONS):
        raise SourceUnavailableError(
            "this is the folder of annotation files, not the data root",
            where=str(root),
            hint=f"name its parent folder: cocosurgeon layout {root.parent}",
        )
    files, unreadable, notes = list[AnnotationFile](), dict[Path, CocosurgeonError](), list[str]()
    for path in _ann_files(root, folders):
        try:
            with bar(f"reading {path.name}") as progress:
                files.append(inspect(path, root, folders, progress))
        except CocosurgeonError as error:
            if path.parent == root and isinstance(error, StructureError):  # such as package.json
                notes.append(f"{path}: JSON, but not an annotation file: skipped")
            else:
                unreadable[path] = error
    kind = tree_kind(root, folders)
    found = [p.folder for f in files for p in (f.on_disk, f.pngs) if p is not None and p.folder]
    images = tree.image_folders(root, found, folders)
    findings = [
        *tree.check_tree(root, images, folders),
        *(() if kind is not None and kind.labels else tree.check_splits(root, folders)),
        *_check_annotations_folder(root, kind, files, folders),
        *(Finding("unreadable", e.what, path=str(p), hint=e.hint) for p, e in unreadable.items()),
        *(finding for f in files for finding in _check_file(f, root, folders)),
    ]
    notes += [note for f in files for note in _notes(f)]
    notes += [_roboflow_note(f, root) for f in files if f.path.name == ROBOFLOW]
    notes += _png_notes(root, folders)
    return Layout(
        root,
        kind,
        tuple(files),
        unreadable,
        {p: tree.count_images(p, folders) for p in images if not folders.error(p)},
        tuple(tree.readiness(root, folders)),
        tuple(dict.fromkeys(findings)),
        tuple(notes),
    )


def _ann_files(root: Path, folders: Folders) -> list[Path]:
    found = []
    for folder in (root / ANNOTATIONS, root):
        listing = folders.listing(folder)
        names = sorted(listing.files | listing.links)
        json = [n for n in names if n.endswith((".json", ".json.gz")) and not n.startswith(".")]
        found += [folder / n for n in json if not folders.missing(folder, [n])]
    splits = [root / name for name in SPLITS if not folders.error(root / name)]
    return found + [s / ROBOFLOW for s in splits if not folders.missing(s, [ROBOFLOW])]


def _roboflow_note(file: AnnotationFile, root: Path) -> str:
    folder = file.path.parent.relative_to(root)
    prefix = "" if folder == Path() else f"{folder}/"
    return (
        f"{file.path}: as Roboflow exports it, next to its images: "
        f"ann_file={prefix + ROBOFLOW!r}, data_prefix=dict(img={prefix!r})"
    )


def _check_annotations_folder(
    root: Path, kind: TreeKind | None, files: Sequence[AnnotationFile], folders: Folders
) -> Iterator[Finding]:
    wanted = root / ANNOTATIONS
    if not files:
        what = f"no annotation file here or in {ANNOTATIONS}/"
        hint = f"name the folder that holds {ANNOTATIONS}/"
        if kind is not None and kind.labels:
            what += f"; {kind.name} reads {kind.labels}"
            hint = f"add the COCO file that they were made from: {wanted}/instances_train.json"
        severity: Severity | None = "note" if kind is not None and kind.labels else None
        yield Finding("no-annotations", what, path=str(root), hint=hint, own_severity=severity)
    elif folders.error(wanted) and any(file.path.name != ROBOFLOW for file in files):
        what = f"annotation files are in it; MMDetection and DETR look in {ANNOTATIONS}/"
        yield Finding("no-annotations", what, path=str(root), hint=f"move them into {wanted}")


def _check_file(file: AnnotationFile, root: Path, folders: Folders) -> Iterator[Finding]:
    path = str(file.path)
    plain = file.path.name.removesuffix(".gz")
    has_plain = plain != file.path.name and not folders.missing(file.path.parent, [plain])
    if is_gzip(file.path) and not has_plain:
        what = "it is read here, but no framework unpacks it"
        yield Finding(
            "compressed", what, path=path, hint=f"unpack it as {plain} in the same folder"
        )
    if file.names.nameless:
        what = f"{plural(file.names.nameless, 'record')} without file_name: loaders stop there"
        yield Finding("nameless", what, path=path, hint="write the names into the file")
    split = split_in(file.path)
    if (images := file.on_disk) is not None and images.missing:
        is_roboflow = file.path.name == ROBOFLOW
        wanted = file.path.parent if is_roboflow else root / (split or "images")
        hint = _hint(images, wanted, folders)
        yield Finding("images-missing", images.sentence("images"), path=path, hint=hint)
    if (pngs := file.pngs) is not None and pngs.missing:
        wanted = root / ANNOTATIONS / f"panoptic_{split or 'train2017'}"
        hint = _hint(pngs, wanted, folders)
        yield Finding("pngs-missing", pngs.sentence("PNGs"), path=path, hint=hint)
    yield from tree.check_split_folders(file, root, folders)


def _hint(on_disk: FilesOnDisk, wanted: Path, folders: Folders) -> str:
    name = on_disk.missing[0]
    if on_disk.other_case:
        return "rename the files as in the annotation file, with its case and suffix"
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
        link = "" if folders.is_filled(wanted) else ", or make that a link to their folder"
        return f"put them in {wanted}{link}"
    return f"complete {on_disk.folder} (was its archive incomplete?)"


def _notes(file: AnnotationFile) -> Iterator[str]:
    for kind, on_disk in (("images", file.on_disk), ("PNGs", file.pngs)):
        if on_disk is None or not on_disk.found:
            continue
        if on_disk.ambiguous:
            others = ", ".join(map(str, on_disk.ambiguous))
            yield f"{file.path}: {on_disk.folder} and {others} have as many of its {kind}"
        if on_disk.absolute:
            count = f"{on_disk.absolute:,} of {on_disk.names:,}"
            yield f"{file.path}: absolute names, which work on one machine only: {count}"


def _png_notes(root: Path, folders: Folders) -> Iterator[str]:
    """Report PNGs that only one of the frameworks finds."""
    for split in SPLITS:
        mmdet, detr = root / ANNOTATIONS / f"panoptic_{split}", root / f"panoptic_{split}"
        exist = [folders.error(p) is None for p in (mmdet, detr)]
        if exist == [True, False]:
            yield f"DETR looks for the PNGs in {detr}: make it a link to {mmdet}"
        elif exist == [False, True]:
            yield f"MMDetection looks for the PNGs in {mmdet}: make it a link to {detr}"
