"""The folders of a data root: links that lead nowhere, wrong places, archives left packed."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.finding import Finding
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.places import ANNOTATIONS, IMAGE_FOLDERS, SPLITS
from cocosurgeon.layout.stock import misplaced
from cocosurgeon.layout.wording import counted

_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_OF_ANNOTATIONS = {  # COCO's archives of annotation files, and what those are called
    "annotations_": "instances_",
    "stuff_annotations_": "stuff_",
    "panoptic_annotations_": "panoptic_",
    "image_info_": "image_info_",
}


@dataclass(frozen=True)
class ImageFolder:
    """A folder of images.

    Attributes:
        path: the folder.
        images: how many files in it are images by their ending; links to files included.
    """

    path: Path
    images: int


def image_folders(root: Path, found: Sequence[Path], folders: Folders) -> list[Path]:
    """Folders of a data root that hold images by their name, or because images were found there.

    One under two names (a link) is given once.

    Args:
        found: the latter.
    """
    names = folders.names_of_folders(root)
    listed = [root / n for n in (*SPLITS, *IMAGE_FOLDERS) if n in names]
    for name in IMAGE_FOLDERS:
        inner = folders.names_of_folders(root / name) if name in names else ()
        listed += [root / name / n for n in SPLITS if n in inner]
    for base in (root / ANNOTATIONS, root):
        inner = folders.names_of_folders(base)
        listed += [base / n for n in inner if n.startswith("panoptic_") and "annot" not in n]
    once: dict[str, Path] = {}
    for folder in (*listed, *found):
        once.setdefault(os.path.realpath(folder), folder)
    return list(once.values())


def count_images(folder: Path, folders: Folders) -> ImageFolder:
    """Count the images of a folder by their endings."""
    return ImageFolder(folder, sum(n.lower().endswith(_ENDINGS) for n in folders.files(folder)))


def check_tree(root: Path, images: Sequence[Path], folders: Folders) -> Iterator[Finding]:
    """What is wrong with the folders, whatever annotation files say.

    Args:
        images: the folders of images.
    """
    annotations = root / ANNOTATIONS
    for folder in dict.fromkeys([root, annotations, *images]):
        yield from _links(folder, folders)
        if refusal := folders.refusal(folder):
            if refusal.errno not in (errno.ENOENT, errno.ELOOP):
                yield Finding(
                    "unreadable",
                    str(folder),
                    f"cannot be listed: {refusal.strerror or refusal}",
                    "give yourself the right to read it",
                )
            continue
        if folder != root and (inner := folder / folder.name).name in _own_folders(folder, folders):
            yield Finding("nested", str(folder), f"holds another {inner.name}", _unnest(inner))
        if folder not in (root, annotations) and folders.is_empty(folder):
            yield Finding(
                "empty", str(folder), "there is nothing in it", "unpack or link its images"
            )
    for name in sorted(_own_folders(root, folders)):
        of = ANNOTATIONS in name and name != ANNOTATIONS
        if of and ANNOTATIONS in _own_folders(root / name, folders):
            what = f"holds the folder {ANNOTATIONS}, which belongs in {root}"
            yield Finding("nested", str(root / name), what, _move_up(root / name / ANNOTATIONS))
    for folder in (root, annotations):
        yield from _archives(root, folder, folders)
    yield from _misplaced(root, folders)


def _own_folders(folder: Path, folders: Folders) -> frozenset[str]:
    """Names of the folders in a folder, without links: these may lead back to where one is."""
    listing = folders.listing(folder)
    return frozenset() if listing is None else listing.folders


def _links(folder: Path, folders: Folders) -> Iterator[Finding]:
    listing = folders.listing(folder)
    nowhere: list[str] = []
    loops: list[str] = []
    for name in sorted(listing.links) if listing is not None else ():
        try:
            (folder / name).stat()
        except OSError as error:
            (loops if error.errno == errno.ELOOP else nowhere).append(name)
    for names, where in ((nowhere, "nowhere"), (loops, "in a circle")):
        if names:
            first = folder / names[0]
            leading = f"{counted(len(names), 'link')} {'leads' if len(names) == 1 else 'lead'}"
            yield Finding(
                "dangling-link",
                str(folder),
                f"{leading} {where}, such as {first.name} -> {os.readlink(first)}",  # noqa: PTH115
                f"point it at what is there: ln -sfn TARGET {shlex.quote(str(first))}",
            )


def _archives(root: Path, folder: Path, folders: Folders) -> Iterator[Finding]:
    listing = folders.listing(folder)
    for name in sorted(listing.files | listing.links) if listing is not None else ():
        ending = next((e for e in _ARCHIVES if name.endswith(e)), None)
        if ending is None:
            continue
        stem = name.removesuffix(ending)
        if not _is_unpacked(root, folder, stem, folders):
            command = "unzip -q {} -d {}" if ending == ".zip" else "tar -xf {} -C {}"
            quoted = shlex.quote(str(folder / name)), shlex.quote(str(folder))
            yield Finding(
                "packed",
                str(folder / name),
                "an archive that is not unpacked",
                command.format(*quoted),
            )


def _is_unpacked(root: Path, folder: Path, stem: str, folders: Folders) -> bool:
    for archive, files in _OF_ANNOTATIONS.items():
        if stem.startswith(archive):
            listing = folders.listing(root / ANNOTATIONS)
            names = listing.files | listing.links if listing is not None else ()
            return any(n.startswith(files) for n in names)
    if stem not in SPLITS and not stem.startswith("panoptic_"):
        return True  # none of COCO's
    return folders.listing(folder / stem) is not None and not folders.is_empty(folder / stem)


def _misplaced(root: Path, folders: Folders) -> Iterator[Finding]:
    """Image folders in ``images/``, as ultralytics has them."""
    for name in SPLITS:
        there = root / "images" / name
        if folders.listing(there) is not None and folders.listing(root / name) is None:
            yield misplaced(there, root / name, "images", folders)


def _unnest(inner: Path) -> str:
    if inner.parent.is_symlink():
        further = shlex.quote(str(Path(os.readlink(inner.parent), inner.name)))  # noqa: PTH115
        return f"ln -sfn {further} {shlex.quote(str(inner.parent))}"
    outer = shlex.quote(str(inner.parent))
    aside = shlex.quote(f"{inner.parent}.outer")
    return f"mv {outer} {aside} && mv {aside}/{shlex.quote(inner.name)} {outer}; see what is left"


def _move_up(inner: Path) -> str:
    return f"mv {shlex.quote(str(inner))} {shlex.quote(str(inner.parents[1]))}"
