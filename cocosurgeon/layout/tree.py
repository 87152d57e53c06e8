"""Folders of a data root: broken links, wrong places, archives; and paths that frameworks open.

Paths are those of MMDetection 3.3.0 and 2.28.2 (``configs/_base_/datasets``), and of DETR's
``datasets``.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.findings.finding import Finding
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.presence import AnnotationFile
from cocosurgeon.layout.search import ANNOTATIONS, IMAGE_FOLDERS, SPLITS, split_in
from cocosurgeon.text import plural

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_ANNOTATION_ARCHIVES = {  # COCO's archives of annotation files, and how those files begin
    "annotations_": "instances_",
    "stuff_annotations_": "stuff_",
    "panoptic_annotations_": "panoptic_",
    "image_info_": "image_info_",
}
_CONFIGS = "configs/_base_/datasets/"
_INSTANCES = ("annotations/instances_train2017.json", "annotations/instances_val2017.json")
_PANOPTIC = ("annotations/panoptic_train2017.json", "annotations/panoptic_val2017.json")
_PNGS = ("panoptic_train2017", "panoptic_val2017")
_IMAGES = ("train2017", "val2017")
_TEST = ("annotations/image_info_test-dev2017.json", "test2017")
_FRAMEWORKS = {
    # framework: its configs; paths, one of which shows that it is used; further paths that it opens
    "MMDetection, detection and instances": (
        f"{_CONFIGS}coco_detection.py, coco_instance.py",
        _INSTANCES,
        _IMAGES,
    ),
    "MMDetection, panoptic": (
        f"{_CONFIGS}coco_panoptic.py",
        (*_PANOPTIC, *(f"annotations/{p}" for p in _PNGS)),
        _IMAGES,
    ),
    "MMDetection, instances with semantic maps": (
        f"{_CONFIGS}coco_instance_semantic.py",
        ("stuffthingmaps/train2017",),
        (*_INSTANCES, *_IMAGES),
    ),
    "MMDetection, test split": (f"{_CONFIGS}coco_detection.py", _TEST, ()),
    "DETR, --coco_path": ("datasets/coco.py", _INSTANCES, _IMAGES),
    "DETR, --coco_panoptic_path": ("datasets/coco_panoptic.py", (*_PANOPTIC, *_PNGS), ()),
}


@dataclass(frozen=True)
class Readiness:
    """A data root, compared with the paths that a framework opens.

    Attributes:
        framework: the framework, and the option or config.
        rule: the framework's file that has the paths.
        lacking: the missing paths.
    """

    framework: str
    rule: str
    lacking: tuple[str, ...]


def readiness(root: Path, folders: Folders) -> list[Readiness]:
    """Return the missing paths of each framework for which the data root has some path."""
    found = []
    for framework, (rule, own, further) in _FRAMEWORKS.items():
        files = [p for p in (*own, *further) if p.endswith(".json")]
        missing = folders.missing(root, files)
        missing += [p for p in (*own, *further) if not (p in files or folders.is_filled(root / p))]
        if not set(own) <= set(missing):
            found.append(Readiness(framework, rule, tuple(missing)))
    return found


def image_folders(root: Path, found: Sequence[Path], folders: Folders) -> list[Path]:
    """Return folders with names of image folders, or with images, each once (links followed).

    Args:
        found: folders in which images were found.
    """
    names = _folders_and_links(root, folders)
    listed = [root / n for n in (*SPLITS, *IMAGE_FOLDERS) if n in names]
    for name in IMAGE_FOLDERS:
        listed += [root / name / n for n in SPLITS if n in _folders_and_links(root / name, folders)]
    for base in (root / ANNOTATIONS, root):
        inner = _folders_and_links(base, folders)
        listed += [
            base / n for n in sorted(inner) if n.startswith("panoptic_") and "annot" not in n
        ]
    once: dict[str, Path] = {}
    for folder in (*listed, *found):
        once.setdefault(os.path.realpath(folder), folder)
    return list(once.values())


def count_images(folder: Path, folders: Folders) -> int:
    """Count the images of a folder, and links to files, by their suffixes."""
    return sum(n.lower().endswith(_IMAGE_SUFFIXES) for n in folders.files(folder))


def check_tree(root: Path, images: Sequence[Path], folders: Folders) -> Iterator[Finding]:
    """Check the folders of a data root; ``images`` are its image folders."""
    annotations = root / ANNOTATIONS
    for folder in dict.fromkeys([root, annotations, *images]):
        yield from _broken_links(folder, folders)
        if error := folders.error(folder):
            if error.errno not in (errno.ENOENT, errno.ELOOP):
                what = f"cannot be listed: {error.strerror or error}"
                yield Finding(
                    "unreadable", what, path=str(folder), hint="make it readable for yourself"
                )
            continue
        inner = folder / folder.name
        if folder != root and inner.name in folders.listing(folder).folders:
            hint = f"move the content of {inner} up into {folder}"
            yield Finding("nested", f"holds another {inner.name}", path=str(folder), hint=hint)
        if folder not in (root, annotations) and not folders.is_filled(folder):
            hint = "unpack or link its images"
            yield Finding("empty", "there is nothing in it", path=str(folder), hint=hint)
    # links are not followed: they may lead back to a folder above
    for name in sorted(folders.listing(root).folders):
        inner = root / name / ANNOTATIONS
        is_archive = ANNOTATIONS in name and name != ANNOTATIONS  # such as annotations_trainval2017
        if is_archive and ANNOTATIONS in folders.listing(inner.parent).folders:
            what = f"holds the folder {ANNOTATIONS}, which belongs in {root}"
            yield Finding("nested", what, path=str(inner.parent), hint=f"move {inner} into {root}")
    for folder in (root, annotations):
        yield from _archives(root, folder, folders)


def check_splits(root: Path, folders: Folders) -> Iterator[Finding]:
    """Find image folders inside ``images/``, where MMDetection and DETR do not look."""
    for name in SPLITS:
        found = root / "images" / name
        if folders.error(found) is None and folders.error(root / name) is not None:
            yield _misplaced(found, root / name, "images", folders)


def check_split_folders(file: AnnotationFile, root: Path, folders: Folders) -> Iterator[Finding]:
    """Find existing images and PNGs where MMDetection or DETR does not look for them.

    A subset (``instances_train2017_first100.json``) is opened with the image folder of its split.
    """
    split = split_in(file.path)
    # file names of LVIS begin with the folder; its configs name none
    if split is None or file.kind == "LVIS":
        return
    png_folder = f"panoptic_{split}"
    for kind, names, on_disk, wanted in (
        ("images", file.names.images, file.on_disk, [root / split]),
        ("PNGs", file.names.pngs, file.pngs, [root / ANNOTATIONS / png_folder, root / png_folder]),
    ):
        if on_disk is None or on_disk.folder is None:
            continue
        distinct = dict.fromkeys(names)
        if len(on_disk.missing) < min(len(folders.missing(w, distinct)) for w in wanted):
            yield _misplaced(on_disk.folder, wanted[0], kind, folders)


def _misplaced(found: Path, wanted: Path, kind: str, folders: Folders) -> Finding:
    who = "MMDetection and DETR look" if kind == "images" else "MMDetection looks"
    what = f"{who} for these {kind} in {wanted}"
    hint = f"move them to {wanted}, or make that a link to {found}"
    if found == wanted.parent:
        hint = f"the names hold the folder: remove {wanted.name}/ from them, or set no prefix"
    elif folders.is_filled(wanted):
        what += ", which has other files"
        hint = f"also put them into {wanted}, or name the annotation file after their split"
    return Finding("misplaced", what, path=str(found), hint=hint)


def _folders_and_links(folder: Path, folders: Folders) -> frozenset[str]:
    listing = folders.listing(folder)
    return listing.folders | listing.links


def _broken_links(folder: Path, folders: Folders) -> Iterator[Finding]:
    broken: dict[str, list[str]] = {"nowhere": [], "in a circle": []}
    for name in sorted(folders.listing(folder).links):
        try:
            (folder / name).stat()
        except OSError as error:
            broken["in a circle" if error.errno == errno.ELOOP else "nowhere"].append(name)
    for where, names in broken.items():
        if names:
            first = f"{names[0]} -> {os.readlink(folder / names[0])}"  # noqa: PTH115
            what = f"{plural(len(names), 'link leads', 'links lead')} {where}, such as {first}"
            hint = "point links at files or folders that exist, or remove them"
            yield Finding("dangling-link", what, path=str(folder), hint=hint)


def _archives(root: Path, folder: Path, folders: Folders) -> Iterator[Finding]:
    listing = folders.listing(folder)
    for name in sorted(listing.files | listing.links):
        ending = next((e for e in _ARCHIVES if name.endswith(e)), None)
        if ending and not _is_unpacked(root, folder, name.removesuffix(ending), folders):
            what, hint = "an archive that is not unpacked", f"unpack it in {folder}"
            yield Finding("archive", what, path=str(folder / name), hint=hint)


def _is_unpacked(root: Path, folder: Path, stem: str, folders: Folders) -> bool:
    for archive, files in _ANNOTATION_ARCHIVES.items():
        if stem.startswith(archive):
            listing = folders.listing(root / ANNOTATIONS)
            return any(n.startswith(files) for n in listing.files | listing.links)
    is_coco = stem in SPLITS or stem.startswith("panoptic_")
    return not is_coco or folders.is_filled(folder / stem)
