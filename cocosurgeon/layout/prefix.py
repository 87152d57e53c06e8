"""The image folder that belongs to an annotation file, told by the names of its images."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders

ANNOTATIONS = "annotations"
IMAGE_FOLDERS = ("images", "JPEGImages", "imgs", "img", "data")
SPLITS = (
    *("train2017", "val2017", "test2017", "unlabeled2017"),
    *("train2014", "val2014", "test2014", "test2015"),
    *("train", "val", "valid", "test"),
)


@dataclass(frozen=True)
class Prefix:
    """The folder that file names are relative to: ``data_prefix`` in 3.x, ``img_prefix`` in 2.x.

    Attributes:
        folder: the folder.
        found: how many of the names lead to a file there.
        names: how many different names were looked up: all that were given.
        absolute: how many of the names are absolute, and need no folder.
        tied: other folders that have as many of the names, the likeliest first: nothing but the
            order of places speaks for ``folder`` against them. Where the annotation file's name
            tells the folder (``val2017``), others that it does not tell are no match for it.
    """

    folder: Path
    found: int
    names: int
    absolute: int
    tied: tuple[Path, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every name is there."""
        return self.found == self.names


def find_prefix(
    ann_file: Path,
    file_names: Sequence[str],
    folders: Folders | None = None,
    root: Path | None = None,
) -> Prefix | None:
    """The folder that has most of an annotation file's images.

    Places are tried in the order of ``places``, and where they have nothing, all folders of the
    data root. One folder under two names (a link) is one place, under the first of them. Every
    name is looked up.

    Args:
        ann_file: the annotation file; only its place and name count.
        file_names: ``file_name`` of its images (or of panoptic PNGs).
        folders: listings to share with other searches.
        root: a data root to look in before those that the annotation file's place tells.

    Returns:
        The folder; None where no place has any of the names.
    """
    folders = folders or Folders()
    names = list(dict.fromkeys(file_names))
    absolute = [n for n in names if os.path.isabs(n)]  # noqa: PTH117
    relative = [n for n in names if not os.path.isabs(n)]  # noqa: PTH117
    of_absolute = len(absolute) - len(folders.missing("", absolute))
    best, most = _best(places(ann_file, folders, root), relative, folders)
    if relative and not most:
        best, most = _best(_all_folders(ann_file, folders, root), relative, folders)
    if most + of_absolute == 0:
        return None
    if not most:
        best = best[:1] or [ann_file.parent]
    elif told := [place for place in best if _is_told(place, ann_file)]:
        best = told
    return Prefix(best[0], most + of_absolute, len(names), len(absolute), tuple(best[1:]))


def _best(tried: Sequence[Path], names: Sequence[str], folders: Folders) -> tuple[list[Path], int]:
    """The places that have most of some names, and how many that is."""
    counts = [len(names) - len(folders.missing(place, names)) for place in tried]
    most = max(counts, default=0)
    return [place for place, count in zip(tried, counts, strict=True) if count == most], most


def data_roots(ann_file: Path, root: Path | None = None) -> list[Path]:
    """Folders that may be the data root of an annotation file, the likeliest first.

    The one that is named; the folder above ``annotations/``, or else the annotation file's own
    folder; the other of these two.
    """
    here = Path(os.path.abspath(ann_file)).parent  # noqa: PTH100 - links are kept as they are
    told = [here.parent, here] if here.name == ANNOTATIONS else [here, here.parent]
    if root is None:
        return told
    whole = Path(os.path.abspath(root))  # noqa: PTH100
    spelled = [root / t.relative_to(whole) if t.is_relative_to(whole) else t for t in told]
    return list(dict.fromkeys([root, *spelled]))


def places(ann_file: Path, folders: Folders, root: Path | None = None) -> list[Path]:
    """Folders that may hold an annotation file's images, the likeliest first.

    In each data root: folders that the annotation file's name contains (``train2017`` for
    ``instances_train2017_first100.json``), there and in ``images/``; the root itself, for names
    that hold a folder; ``images/`` and its kin; COCO's other folders. Only folders that can be
    listed are given, and one under two names once.
    """
    found: list[Path] = []
    for base in data_roots(ann_file, root):
        inner = {base: folders.subfolders(base)}
        inner |= {base / n: folders.subfolders(base / n) for n in IMAGE_FOLDERS if n in inner[base]}
        told = [place / n for place, names in inner.items() for n in _named(ann_file, names)]
        found += [*told, *(place / n for place in told for n in IMAGE_FOLDERS), base]
        found += [base / name for name in IMAGE_FOLDERS]
        found += [place / n for place in inner for n in SPLITS]
    return _distinct(found, folders)


def _all_folders(ann_file: Path, folders: Folders, root: Path | None) -> list[Path]:
    """Every folder of the likeliest data root, and those in its ``images/`` and the like."""
    base = data_roots(ann_file, root)[0]
    inner = {base: folders.subfolders(base)}
    inner |= {base / n: folders.subfolders(base / n) for n in IMAGE_FOLDERS if n in inner[base]}
    return _distinct([place / n for place, names in inner.items() for n in names], folders)


def _distinct(found: Sequence[Path], folders: Folders) -> list[Path]:
    """Folders that can be listed; one under two names once."""
    first: dict[str, Path] = {}
    for place in dict.fromkeys(found):
        if folders.listing(place) is not None:
            first.setdefault(os.path.realpath(place), place)
    return list(first.values())


def split_in(ann_file: Path) -> str | None:
    """The COCO split that an annotation file's name tells: ``train2017``; None if it tells none."""
    said = re.search(
        r"(?<![^\W_])(train|val|test|unlabeled)(?:-dev|-challenge)?(20\d\d)", ann_file.name
    )
    split = "".join(said.groups()) if said else None
    return split if split in SPLITS else None


def _is_told(place: Path, ann_file: Path) -> bool:
    """Whether an annotation file's name tells a folder, or the one that it is the images of."""
    names = [place.name, *([place.parent.name] if place.name in IMAGE_FOLDERS else [])]
    return split_in(ann_file) in names or bool(_named(ann_file, names))


def _named(ann_file: Path, names: Sequence[str]) -> list[str]:
    """Those of some names that stand in a file's name as whole words, longest first."""
    stem = ann_file.name.removesuffix(".gz").removesuffix(".json")
    words = [n for n in names if re.search(rf"(?<![^\W_]){re.escape(n)}(?![^\W_])", stem)]
    return sorted(words, key=lambda n: (-len(n), n))
