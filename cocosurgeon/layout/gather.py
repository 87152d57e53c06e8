"""Files to copy for a subset with its images, so that it can be moved to another machine."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import DataError, RequestError, SourceUnavailableError
from cocosurgeon.files import reading
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames
from cocosurgeon.layout.search import (
    ANNOTATIONS,
    SPLITS,
    Prefix,
    data_roots,
    image_search,
    png_search,
    split_in,
)
from cocosurgeon.text import are, first_names, plural
from cocosurgeon.version import DOCS


@dataclass(frozen=True)
class FileCopy:
    """A file and its path in the new tree.

    Attributes:
        source: path of the file, links followed.
        target: path relative to the tree.
        size: number of bytes.
        mtime_ns: time of the last change, in nanoseconds.
        is_outside: True if a link in the image root leads to a file outside.
    """

    source: Path
    target: str
    size: int
    mtime_ns: int
    is_outside: bool = False


@dataclass(frozen=True)
class PerAnnFile:
    """The files of one annotation file.

    Attributes:
        ann_file: path of the annotation file, as given.
        copy: the annotation file as a file to copy.
        data_prefix: image root, relative to the tree; empty for the tree itself.
        seg_prefix: folder of its PNGs; None without any.
        names: number of different image files and PNGs that it names.
        missing: images that do not exist.
        missing_pngs: PNGs that do not exist.
        repeated: number of records that name the same file as an earlier record.
    """

    ann_file: Path
    copy: FileCopy
    data_prefix: str
    seg_prefix: str | None
    names: int
    missing: tuple[str, ...]
    missing_pngs: tuple[str, ...]
    repeated: int

    @property
    def all_missing(self) -> tuple[str, ...]:
        """Images and PNGs that do not exist."""
        return (*self.missing, *self.missing_pngs)


@dataclass(frozen=True)
class FilesToCopy:
    """All files of the new tree.

    Attributes:
        per_ann_file: the files of each annotation file.
        files: images and PNGs, each once.
        alike: pairs of paths in the tree that differ only in case, or in the encoding of accents.
    """

    per_ann_file: tuple[PerAnnFile, ...]
    files: tuple[FileCopy, ...]
    alike: tuple[tuple[str, str], ...]

    @property
    def ann_files(self) -> tuple[FileCopy, ...]:
        """Annotation files."""
        return tuple(each.copy for each in self.per_ann_file)

    @property
    def outside(self) -> tuple[FileCopy, ...]:
        """Images and PNGs outside the image root, to which links in it lead."""
        return tuple(file for file in self.files if file.is_outside)

    @property
    def image_bytes(self) -> int:
        """Number of bytes of images and PNGs."""
        return sum(file.size for file in self.files)


def files_to_copy(
    datasets: Sequence[Dataset],
    *,
    root: str | Path | None = None,
    img_prefix: str | Path | None = None,
    allow_missing: bool = False,
) -> FilesToCopy:
    """Find the files of annotation files, and the path of each in the new tree.

    File names are unchanged, and relative to the image root in the tree. The image root keeps its
    folder name, or gets that of COCO's split if it has none. PNGs go to ``annotations/``, where
    MMDetection looks for them.

    Args:
        datasets: whole annotation files.
        root: a data root in which images are looked for first.
        img_prefix: the image root; None: it is looked for.
        allow_missing: continue if images do not exist.

    Raises:
        RequestError: a file is a results file, or compressed; two files have one path in the tree;
            or two folders have the images.
        SourceUnavailableError: images do not exist.
        DataError: a file name leads out of the image root, or is missing.
    """
    folders = Folders()
    root = None if root is None else Path(root)
    img_prefix = None if img_prefix is None else Path(img_prefix)
    per_ann_file = []
    files: dict[str, FileCopy] = {}
    for dataset in datasets:
        found, copies = _files_of(dataset, folders, root, img_prefix)
        if found.all_missing and not (allow_missing and copies):
            missing = found.all_missing
            raise SourceUnavailableError(
                f"{len(missing):,} of {found.names:,} files that it names {are(len(missing))} not "
                f"there: {first_names(missing)}",
                where=str(found.ann_file),
                hint="complete the images, drop these records, or gather without them "
                "(--allow-missing)"
                if copies
                else "name their folder with --img-prefix, or the data root",
            )
        per_ann_file.append(found)
        for new in copies:
            old = files.setdefault(new.target, new)
            if old.source != new.source:  # one image of several annotation files is copied once
                raise _same_target(new, old)
    by_target = dict(files)
    for new in (each.copy for each in per_ann_file):
        if (old := by_target.setdefault(new.target, new)) is not new:
            raise _same_target(new, old)
    for target in by_target:
        for folder in PurePosixPath(target).parents:
            if (file := by_target.get(str(folder))) is not None:
                raise RequestError(f"{folder} would be a file and a folder: {file.source}")
    return FilesToCopy(tuple(per_ann_file), tuple(files.values()), _alike(by_target))


def _require_gatherable(dataset: Dataset, names: FileNames) -> Path:
    """Return the path of an annotation file; refuse one whose images cannot be in a new tree."""
    path, where = dataset.source.path, dataset.source.name
    refusals = {
        "standard input and pipes have no folder near which images are looked for": path is None,
        "a results file names no images": dataset.index.is_results,
        "the file is compressed, and no framework unpacks it": dataset.source.is_packed,
    }
    for what, applies in refusals.items():
        if applies:
            hint = "gather the annotation file itself: an unpacked .json file"
            raise RequestError(what, where=where, hint=hint)
    if names.nameless:
        what = f"{plural(names.nameless, 'record')} without file_name"
        hint = "write the names into the file: no loader finds images without a name"
        raise DataError(what, where=where, hint=hint)
    out = [n for n in (*names.images, *names.pngs) if n.startswith("/") or ".." in n.split("/")]
    if out:
        what = plural(len(out), "file name leads", "file names lead")
        what += f" out of the image folder, such as {out[0]!r}"
        hint = "make them relative to one folder"
        raise DataError(what, where=where, hint=hint)
    assert path is not None
    return path


def _files_of(
    dataset: Dataset, folders: Folders, root: Path | None, img_prefix: Path | None
) -> tuple[PerAnnFile, list[FileCopy]]:
    """Find the images and PNGs of one annotation file."""
    names = FileNames.of(dataset.index)
    ann_file = _require_gatherable(dataset, names)
    if img_prefix is not None:
        prefix = img_prefix
        if error := folders.error(prefix):
            raise SourceUnavailableError(
                f"cannot read the folder of images: {error.strerror or error}",
                where=str(prefix),
                hint="name a folder with --img-prefix",
            )
    elif names.images:
        best = image_search(ann_file, folders, root).best(names.images)
        prefix = _require_one(best, ann_file, "images", root)
    else:
        prefix = ann_file.parent
    data_prefix = _target_folder(ann_file, prefix, names.images, root)
    copies, missing = _file_copies(names.images, prefix, data_prefix, folders)
    seg_prefix, missing_pngs = None, tuple[str, ...]()
    if names.pngs:
        best = png_search(ann_file, names, prefix, folders, root).best(names.pngs)
        pngs = _require_one(best, ann_file, "PNGs", None)
        seg_prefix = f"{ANNOTATIONS}/{pngs.name}"
        png_copies, missing_pngs = _file_copies(names.pngs, pngs, seg_prefix, folders)
        copies += png_copies
    distinct = len(_distinct(names.images)) + len(_distinct(names.pngs))
    repeated = len(names.images) + len(names.pngs) - distinct
    copy = _file_copy(ann_file, f"{ANNOTATIONS}/{ann_file.name}")
    if (copy.size, copy.mtime_ns) != dataset.source.identity[2:]:
        raise dataset.source.changed()
    found = PerAnnFile(
        ann_file, copy, data_prefix, seg_prefix, distinct, missing, missing_pngs, repeated
    )
    return found, copies


def _require_one(best: Prefix, ann_file: Path, kind: str, root: Path | None) -> Path:
    """Return the folder that has most files; refuse none, or several with equally many."""
    if best.folder is None:
        raise SourceUnavailableError(
            f"no folder has any of its {kind}",
            where=str(ann_file),
            hint="name the data root, or the folder of images with --img-prefix"
            if root is None and kind == "images"
            else f"{DOCS}/layout.md lists the folders in which {kind} are looked for",
        )
    if best.ambiguous:
        raise RequestError(
            f"{len(best.ambiguous) + 1} folders have {best.found:,} of its {best.names:,} {kind}: "
            + ", ".join(map(str, (best.folder, *best.ambiguous))),
            where=str(ann_file),
            hint="name one with --img-prefix" if kind == "images" else "move one of them away",
        )
    return best.folder


def _target_folder(ann_file: Path, prefix: Path, names: Sequence[str], root: Path | None) -> str:
    """Return the name of the image root in the new tree."""
    split = split_in(ann_file)
    if prefix.name in SPLITS:
        return prefix.name
    real = os.path.realpath(prefix)
    if any(real == os.path.realpath(r) for r in data_roots(ann_file, root)):
        return "" if names and all("/" in n for n in names) else split or "images"
    return split or Path(real).name


def _file_copies(
    names: Sequence[str], folder: Path, target: str, folders: Folders
) -> tuple[list[FileCopy], tuple[str, ...]]:
    """Return the existing files, each once, and the names of missing ones."""
    missing = dict.fromkeys(folders.missing(folder, names))
    found = _distinct([n for n in names if n not in missing])
    real = Path(os.path.realpath(folder))
    copies = [_file_copy(folder / n, str(PurePosixPath(target, n))) for n in found]
    copies = [replace(c, is_outside=not c.source.is_relative_to(real)) for c in copies]
    return copies, _distinct(missing)


def _file_copy(path: Path, target: str) -> FileCopy:
    with reading(path):
        real = Path(os.path.realpath(path))
        status = real.stat()
    return FileCopy(real, target, status.st_size, status.st_mtime_ns)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return each file once: ``./1.jpg`` is ``1.jpg``; ``1.jpg/`` is not an existing file."""
    first: dict[tuple[PurePosixPath, bool], str] = {}
    for name in names:
        first.setdefault((PurePosixPath(name), name.endswith("/")), name)
    return tuple(first.values())


def _alike(targets: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs that are one file on macOS, which ignores case and the encoding of accents."""
    by_fold: defaultdict[str, list[str]] = defaultdict(list)
    for target in sorted(targets):
        folded = unicodedata.normalize("NFD", target).casefold()
        by_fold[unicodedata.normalize("NFD", folded)].append(target)
    return tuple((same[0], same[1]) for same in by_fold.values() if len(same) > 1)


def _same_target(new: FileCopy, old: FileCopy) -> RequestError:
    if old.source == new.source:
        return RequestError(
            f"an annotation file has the name of an image: {new.source}",
            hint="drop that record: no loader reads JSON as an image",
        )
    return RequestError(
        f"two files would be {new.target}: {old.source} and {new.source}",
        hint="gather them into two trees",
    )
