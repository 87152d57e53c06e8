"""Folders that may have the images or PNGs of an annotation file, and the one that has most."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames
from cocosurgeon.sample import IMAGE_FOLDERS as IMAGE_FOLDERS_OF_SAMPLE
from cocosurgeon.sample import is_of_sample

ANNOTATIONS = "annotations"
IMAGE_FOLDERS = ("images", "JPEGImages", "imgs", "img", "data")
ROBOFLOW = "_annotations.coco.json"
"""Name of each split's annotation file in Roboflow's COCO export, next to the split's images."""
SPLITS = (
    *("train2017", "val2017", "test2017", "unlabeled2017"),
    *("train2014", "val2014", "test2014", "test2015"),
    *("train", "val", "valid", "test"),
)


@dataclass(frozen=True)
class Prefix:
    """The folder that file names are relative to: ``data_prefix`` in 3.x, ``img_prefix`` in 2.x.

    Attributes:
        folder: the folder that has most of the names; None if none has any, or if all names are
            absolute.
        names: number of different names, all of which were looked up.
        missing: names without a file there.
        absolute: number of absolute names.
        ambiguous: other folders that have as many of the names, the likeliest first. If the
            annotation file's name contains that of the folder (``val2017``), only folders for which
            it does, too.
    """

    folder: Path | None
    names: int
    missing: tuple[str, ...]
    absolute: int
    ambiguous: tuple[Path, ...]

    @property
    def found(self) -> int:
        """Number of different names with a file."""
        return self.names - len(self.missing)


@dataclass(frozen=True)
class Search:
    """The folders in which an annotation file's images, or its PNGs, are looked for.

    Attributes:
        ann_file: path of the annotation file.
        folders: listings, shared with other searches.
        likely: folders that can be listed, each once, the likeliest first.
        others: returns the folders to try if none of the likely ones has any file.
    """

    ann_file: Path
    folders: Folders
    likely: tuple[Path, ...]
    others: Callable[[], list[Path]]

    def best(self, file_names: Sequence[str]) -> Prefix:
        """Return the folder that has most of some names; look up every name."""
        names = list(dict.fromkeys(file_names))
        absolute = [n for n in names if os.path.isabs(n)]  # noqa: PTH117
        relative = [n for n in names if not os.path.isabs(n)]  # noqa: PTH117
        found = self._most(self.likely, relative)
        if relative and not found:
            found = self._most(self.others(), relative)
        # of folders with equally many images, prefer one named in the annotation file's name
        best = [f for f in found if _is_named_in(f, self.ann_file)] or list(found)
        folder = best[0] if best else None
        lost = {*(relative if folder is None else found[folder])}
        lost.update(self.folders.missing("", absolute))
        missing = tuple(n for n in names if n in lost)
        return Prefix(folder, len(names), missing, len(absolute), tuple(best[1:]))

    def _most(self, candidates: Sequence[Path], names: Sequence[str]) -> dict[Path, list[str]]:
        """Return the folders that have most names, with the names that each lacks."""
        missing = {place: self.folders.missing(place, names) for place in candidates}
        fewest = min(map(len, missing.values()), default=len(names))
        if fewest == len(names):
            return {}
        return {place: lost for place, lost in missing.items() if len(lost) == fewest}


def find_prefix(
    ann_file: Path,
    file_names: Sequence[str],
    folders: Folders | None = None,
    root: Path | None = None,
) -> Prefix:
    """Return the folder that has most of an annotation file's images; see ``image_search``.

    Args:
        ann_file: path of the annotation file, which is not read.
        file_names: names of the images.
        folders: listings to share with other searches; None: new ones.
        root: a data root to search before those that follow from the path.
    """
    return image_search(ann_file, folders or Folders(), root).best(file_names)


def data_roots(ann_file: Path, root: Path | None = None) -> list[Path]:
    """Return folders that may be the data root of an annotation file, the likeliest first.

    The given root; the folder above ``annotations/`` if the file is in such a folder, else the
    file's own folder; then the other one of these two.
    """
    own = Path(os.path.abspath(ann_file)).parent  # noqa: PTH100 - links are kept as they are
    likely = [own.parent, own] if own.name == ANNOTATIONS else [own, own.parent]
    if root is None:
        return likely
    whole = Path(os.path.abspath(root))  # noqa: PTH100
    as_given = [root / p.relative_to(whole) if p.is_relative_to(whole) else p for p in likely]
    return list(dict.fromkeys([root, *as_given]))


def image_search(ann_file: Path, folders: Folders, root: Path | None = None) -> Search:
    """Return the folders that may have an annotation file's images.

    In each data root: folders that the annotation file's name contains (``train2017`` for
    ``instances_train2017_first100.json``), there and in ``images/``; the root itself, for names
    with a folder; ``images/`` and similar folders; COCO's other folders. If none has any image: all
    folders of the likeliest root. Folders of panoptic PNGs are excluded.
    """
    bases = data_roots(ann_file, root)
    found: list[Path] = []
    for base in bases:
        inner = _with_image_folders(base, folders)
        named = [place / n for place, names in inner.items() for n in _named_in(ann_file, names)]
        found += [*named, *(place / n for place in named for n in IMAGE_FOLDERS), base]
        found += [base / name for name in IMAGE_FOLDERS]
        found += [place / n for place in inner for n in SPLITS]

    def images_only(places: Sequence[Path]) -> list[Path]:
        return _distinct([p for p in places if not _is_png_folder(p.name) or p in bases], folders)

    def others() -> list[Path]:
        # Results of the sample data are written to the current folder, far from the images.
        sample = IMAGE_FOLDERS_OF_SAMPLE if is_of_sample(ann_file) else ()
        return images_only([*_all_folders(bases[0], folders), *sample])

    if ann_file.name == ROBOFLOW:  # all splits have this name, often images, too
        own = images_only([data_roots(ann_file)[0]])
        return Search(ann_file, folders, tuple(own), lambda: [*images_only(found), *others()])
    return Search(ann_file, folders, tuple(images_only(found)), others)


def png_search(
    ann_file: Path,
    names: FileNames,
    images: Path | None,
    folders: Folders,
    root: Path | None = None,
) -> Search:
    """Return the folders that may have a panoptic file's PNGs.

    In each data root, and first in its ``annotations/``: folders that the annotation file's name
    contains (``panoptic_val2017``); other folders with names of PNG folders; the folder itself, for
    names with a folder. If none has any PNG: all folders of the likeliest root. If PNGs have the
    names of images, folders of images are excluded, among them ``images``, the image root.
    """
    bases = data_roots(ann_file, root)
    found: list[Path] = []
    for base in dict.fromkeys(place for b in bases for place in (b / ANNOTATIONS, b)):
        inner = folders.subfolders(base)
        named = _named_in(ann_file, inner)
        found += [base / n for n in (*named, *filter(_is_png_folder, inner))] + [base]
    same_names = not set(names.pngs).isdisjoint(names.images)
    photographs = None if images is None else os.path.realpath(images)

    def pngs_only(places: Sequence[Path]) -> list[Path]:
        distinct = _distinct(places, folders)
        if not same_names:
            return distinct
        others = [p for p in distinct if p.name not in (*SPLITS, *IMAGE_FOLDERS)]
        return [p for p in others if os.path.realpath(p) != photographs]

    def others() -> list[Path]:
        inner = bases[0] / ANNOTATIONS
        return pngs_only(
            [*_all_folders(bases[0], folders), *(inner / n for n in folders.subfolders(inner))]
        )

    return Search(ann_file, folders, tuple(pngs_only(found)), others)


def split_in(ann_file: Path) -> str | None:
    """Return the COCO split in an annotation file's name, such as ``train2017``; None without."""
    match = re.search(
        r"(?<![^\W_])(train|val|test|unlabeled)(?:-dev|-challenge)?(20\d\d)", ann_file.name
    )
    split = "".join(match.groups()) if match else None
    return split if split in SPLITS else None


def _is_png_folder(folder: str) -> bool:
    """Return True for a name like ``panoptic_val2017``."""
    return _is_word("panoptic", folder) and any(_is_word(s, folder) for s in SPLITS)


def _is_named_in(place: Path, ann_file: Path) -> bool:
    names = [place.name, *([place.parent.name] if place.name in IMAGE_FOLDERS else [])]
    return split_in(ann_file) in names or bool(_named_in(ann_file, names))


def _named_in(ann_file: Path, names: Sequence[str]) -> list[str]:
    """Return the names that a file's name contains as whole words, longest first."""
    stem = ann_file.name.removesuffix(".gz").removesuffix(".json")
    return sorted((n for n in names if _is_word(n, stem)), key=lambda n: (-len(n), n))


def _is_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None


def _all_folders(base: Path, folders: Folders) -> list[Path]:
    inner = _with_image_folders(base, folders)
    return [place / n for place, names in inner.items() for n in names]


def _with_image_folders(base: Path, folders: Folders) -> dict[Path, list[str]]:
    """Return the folders in a folder, and in its folders named ``images``."""
    inner = {base: folders.subfolders(base)}
    return inner | {
        base / n: folders.subfolders(base / n) for n in IMAGE_FOLDERS if n in inner[base]
    }


def _distinct(found: Sequence[Path], folders: Folders) -> list[Path]:
    """Return the folders that can be listed, each once even if it has two names."""
    first: dict[str, Path] = {}
    for place in dict.fromkeys(found):
        if folders.error(place) is None:
            first.setdefault(os.path.realpath(place), place)
    return list(first.values())
