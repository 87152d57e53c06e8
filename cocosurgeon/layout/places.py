"""Where the images and the PNGs of an annotation file may lie, told by its place and its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames

ANNOTATIONS = "annotations"
IMAGE_FOLDERS = ("images", "JPEGImages", "imgs", "img", "data")
SPLITS = (
    *("train2017", "val2017", "test2017", "unlabeled2017"),
    *("train2014", "val2014", "test2014", "test2015"),
    *("train", "val", "valid", "test"),
)
_PHOTOGRAPHS = frozenset({*SPLITS, *IMAGE_FOLDERS})


@dataclass(frozen=True)
class Search:
    """The folders in which files of one sort are looked for.

    Attributes:
        likely: the likeliest first; only such as can be listed, and one under two names once.
        others: gives those that are tried where none of the likely ones has any.
    """

    likely: tuple[Path, ...]
    others: Callable[[], list[Path]]


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


def image_search(ann_file: Path, folders: Folders, root: Path | None = None) -> Search:
    """Where an annotation file's images may lie.

    In each data root: folders that the annotation file's name contains (``train2017`` for
    ``instances_train2017_first100.json``), there and in ``images/``; the root itself, for names
    that hold a folder; ``images/`` and its kin; COCO's other folders. Else any folder of the
    likeliest root. Folders of panoptic PNGs are none of them, whatever names they hold.
    """
    bases = data_roots(ann_file, root)
    found: list[Path] = []
    for base in bases:
        inner = _with_image_folders(base, folders)
        told = [place / n for place, names in inner.items() for n in names_told(ann_file, names)]
        found += [*told, *(place / n for place in told for n in IMAGE_FOLDERS), base]
        found += [base / name for name in IMAGE_FOLDERS]
        found += [place / n for place in inner for n in SPLITS]

    def likely(places: Sequence[Path]) -> list[Path]:
        return _distinct([p for p in places if not is_of_pngs(p.name) or p in bases], folders)

    return Search(tuple(likely(found)), lambda: likely(_all_folders(bases[0], folders)))


def png_search(
    ann_file: Path,
    names: FileNames,
    images: Path | None,
    folders: Folders,
    root: Path | None = None,
) -> Search:
    """Where a panoptic file's PNGs may lie.

    In each data root, and first in its ``annotations/``: folders that the annotation file's name
    contains (``panoptic_val2017``); other folders that are called like PNGs; the folder itself,
    for names that hold one. Else any folder of the likeliest root. Where PNGs have the names of
    images, folders of images are none of them: a photograph is no PNG of segments.

    Args:
        images: the folder of its images, if there is one.
    """
    bases = data_roots(ann_file, root)
    found: list[Path] = []
    for base in dict.fromkeys(place for b in bases for place in (b / ANNOTATIONS, b)):
        inner = folders.subfolders(base)
        told = names_told(ann_file, inner)
        found += [base / n for n in (*told, *filter(is_of_pngs, inner))] + [base]
    are_alike = not set(names.pngs).isdisjoint(names.images)
    photographs = None if images is None else os.path.realpath(images)

    def likely(places: Sequence[Path]) -> list[Path]:
        return [
            place
            for place in _distinct(places, folders)
            if not are_alike
            or (place.name not in _PHOTOGRAPHS and os.path.realpath(place) != photographs)
        ]

    def others() -> list[Path]:
        beside = bases[0] / ANNOTATIONS
        return likely(
            [*_all_folders(bases[0], folders), *(beside / n for n in folders.subfolders(beside))]
        )

    return Search(tuple(likely(found)), others)


def is_of_pngs(folder: str) -> bool:
    """Whether a folder is called like one of PNGs: ``panoptic_val2017``."""
    return _is_word("panoptic", folder) and any(_is_word(s, folder) for s in SPLITS)


def split_in(ann_file: Path) -> str | None:
    """The COCO split that an annotation file's name tells: ``train2017``; None if it tells none."""
    said = re.search(
        r"(?<![^\W_])(train|val|test|unlabeled)(?:-dev|-challenge)?(20\d\d)", ann_file.name
    )
    split = "".join(said.groups()) if said else None
    return split if split in SPLITS else None


def is_told(place: Path, ann_file: Path) -> bool:
    """Whether an annotation file's name tells a folder, or the one that it is the images of."""
    names = [place.name, *([place.parent.name] if place.name in IMAGE_FOLDERS else [])]
    return split_in(ann_file) in names or bool(names_told(ann_file, names))


def names_told(ann_file: Path, names: Sequence[str]) -> list[str]:
    """Those of some names that stand in a file's name as whole words, longest first."""
    stem = ann_file.name.removesuffix(".gz").removesuffix(".json")
    return sorted((n for n in names if _is_word(n, stem)), key=lambda n: (-len(n), n))


def _is_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None


def _all_folders(base: Path, folders: Folders) -> list[Path]:
    """Every folder of a data root, and those in its ``images/`` and the like."""
    inner = _with_image_folders(base, folders)
    return [place / n for place, names in inner.items() for n in names]


def _with_image_folders(base: Path, folders: Folders) -> dict[Path, list[str]]:
    """The folders in a folder, and in those of its folders that are called ``images``."""
    inner = {base: folders.subfolders(base)}
    return inner | {
        base / n: folders.subfolders(base / n) for n in IMAGE_FOLDERS if n in inner[base]
    }


def _distinct(found: Sequence[Path], folders: Folders) -> list[Path]:
    """Folders that can be listed; one under two names once."""
    first: dict[str, Path] = {}
    for place in dict.fromkeys(found):
        if folders.listing(place) is not None:
            first.setdefault(os.path.realpath(place), place)
    return list(first.values())
