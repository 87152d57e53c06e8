"""A subset with its images, to be carried to another machine: what goes where."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import DataError, RequestError, SourceUnavailableError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames
from cocosurgeon.layout.prefix import ANNOTATIONS, SPLITS, Prefix, data_roots, find_prefix, split_in
from cocosurgeon.layout.presence import some


@dataclass(frozen=True)
class Carried:
    """A file and its place in the new tree.

    Attributes:
        source: the file, links followed.
        target: its place, relative to the tree.
        size: bytes.
        mtime_ns: when it was changed last.
    """

    source: Path
    target: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Share:
    """What one annotation file contributes.

    Attributes:
        ann_file: the file.
        data_prefix: where its images are to be, relative to the tree; empty for the tree itself.
        seg_prefix: where its PNGs are to be; None without any.
        names: how many different files it names.
        missing: those that are not there.
        repeated: how many records name a file that another one names already.
        alike: names that differ only by case, in pairs.
    """

    ann_file: Path
    data_prefix: str
    seg_prefix: str | None
    names: int
    missing: tuple[str, ...]
    repeated: int
    alike: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Gathering:
    """All that goes into the new tree.

    Attributes:
        ann_files: the annotation files.
        files: their images and PNGs, each once.
        shares: what each annotation file contributes.
    """

    ann_files: tuple[Carried, ...]
    files: tuple[Carried, ...]
    shares: tuple[Share, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(c.size for c in (*self.ann_files, *self.files))


def gathering_of(
    datasets: Sequence[Dataset],
    *,
    root: Path | None = None,
    img_prefix: Path | None = None,
    allow_missing: bool = False,
) -> Gathering:
    """Find the files of annotation files, and say where each goes.

    File names stay what they are: they are relative to the folder of images there, too. That is
    called as it is here, or by COCO's split where it has no name of its own; PNGs go to
    ``annotations/``, where MMDetection looks for them.

    Args:
        datasets: whole annotation files.
        root: a data root to look for images in first.
        img_prefix: the folder of images; None: it is looked for.
        allow_missing: go on when images are not there.

    Raises:
        RequestError: a results file; two files in one place; two folders that both have the
            images.
        SourceUnavailableError: images are not there.
        DataError: a file name leads out of the folder, or there is none.
    """
    folders = Folders()
    finder = _Finder(folders, root, img_prefix)
    ann_files, shares = [], []
    files: dict[str, Carried] = {}
    for dataset in datasets:
        share, carried = finder.share(dataset)
        if share.missing and not (allow_missing and carried):
            raise _missing(share, whole=not carried)
        path = share.ann_file
        ann_file = _carried(path, f"{ANNOTATIONS}/{path.name}")
        if (ann_file.size, ann_file.mtime_ns) != dataset.source.identity[2:]:
            raise dataset.source.changed()
        ann_files.append(ann_file)
        shares.append(share)
        for each in carried:
            _add(files, each)
    places: dict[str, Carried] = dict(files)
    for each in ann_files:
        if each.target in places:
            raise _two(each, places[each.target])
        places[each.target] = each
    _require_no_file_as_folder(places)
    return Gathering(tuple(ann_files), tuple(files.values()), tuple(shares))


@dataclass(frozen=True)
class _Finder:
    folders: Folders
    root: Path | None
    img_prefix: Path | None

    def share(self, dataset: Dataset) -> tuple[Share, list[Carried]]:
        path = dataset.source.path
        if path is None:
            raise RequestError(
                "a stream has no place to look for images beside",
                where=dataset.source.name,
                hint="write the subset to a file, and name that",
            )
        if dataset.content.is_results:
            raise RequestError(
                "a results file names no images",
                where=str(path),
                hint="gather the annotation file that it belongs to",
            )
        names = FileNames.of(dataset.content)
        if names.nameless:
            raise DataError(
                f"{names.nameless:,} records have no file_name",
                where=str(path),
                hint="write the names into the file: no loader finds such images",
            )
        _require_within(names, path)
        prefix = self._images(path, names.images)
        to = self._folder_name(path, prefix, names.images)
        missing = self.folders.missing(prefix, names.images)
        carried = _all_carried(names.images, missing, prefix, to)
        seg_prefix = None
        if names.pngs:
            found = find_prefix(path, names.pngs, self.folders, self.root)
            pngs = _chosen(found, path, "PNGs", None)
            seg_prefix = f"{ANNOTATIONS}/{pngs.name}"
            lost = self.folders.missing(pngs, names.pngs)
            carried += _all_carried(names.pngs, lost, pngs, seg_prefix)
            missing += lost
        distinct = {*names.images, *names.pngs}
        records = len(names.images) + len(names.pngs)
        share = Share(
            path,
            to,
            seg_prefix,
            len(distinct),
            tuple(dict.fromkeys(missing)),
            records - len(distinct),
            _alike(distinct),
        )
        return share, carried

    def _images(self, ann_file: Path, names: Sequence[str]) -> Path:
        if self.img_prefix is not None:
            if refusal := self.folders.refusal(self.img_prefix):
                raise SourceUnavailableError(
                    f"cannot look into the folder of images: {refusal.strerror or refusal}",
                    where=str(self.img_prefix),
                    hint="name a folder with --img-prefix",
                )
            return self.img_prefix
        found = find_prefix(ann_file, names, self.folders, self.root)
        return _chosen(found, ann_file, "images", self.root) if names else ann_file.parent

    def _folder_name(self, ann_file: Path, prefix: Path, names: Sequence[str]) -> str:
        """What the folder of images is called in the new tree."""
        split = split_in(ann_file)
        if prefix.name in SPLITS:
            return prefix.name
        place = os.path.realpath(prefix)
        if any(place == os.path.realpath(r) for r in data_roots(ann_file, self.root)):
            return "" if names and all("/" in n for n in names) else split or "images"
        return split or Path(place).name


def _chosen(found: Prefix | None, ann_file: Path, what: str, root: Path | None) -> Path:
    if found is None:
        raise SourceUnavailableError(
            f"no folder has any of its {what}",
            where=str(ann_file),
            hint="name the data root, or the folder of images with --img-prefix"
            if root is None and what == "images"
            else f"cocosurgeon layout says where {what} are looked for",
        )
    if found.tied:
        raise RequestError(
            f"{len(found.tied) + 1} folders have {found.found:,} of its {found.names:,} {what}: "
            + ", ".join(map(str, (found.folder, *found.tied))),
            where=str(ann_file),
            hint="name one with --img-prefix" if what == "images" else "take one of them away",
        )
    return found.folder


def _require_within(names: FileNames, path: Path) -> None:
    """Refuse names that lead out of the folder that they are relative to."""
    out = [n for n in (*names.images, *names.pngs) if n.startswith("/") or ".." in n.split("/")]
    if out:
        raise DataError(
            f"{len(out):,} file names lead out of the image folder, such as {out[0]!r}",
            where=str(path),
            hint="make them relative to one folder: there is no such place in another tree",
        )


def _all_carried(
    names: Sequence[str], missing: Sequence[str], prefix: Path, to: str
) -> list[Carried]:
    lost = frozenset(missing)
    there = [n for n in dict.fromkeys(names) if n not in lost]
    return [_carried(prefix / n, str(PurePosixPath(to, n))) for n in there]


def _carried(path: Path, target: str) -> Carried:
    try:
        real = Path(os.path.realpath(path))
        status = real.stat()
        return Carried(real, target, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read it: {error.strerror}", where=str(path)
        ) from error


def _add(files: dict[str, Carried], new: Carried) -> None:
    old = files.setdefault(new.target, new)
    if old.source != new.source:
        raise _two(new, old)


def _two(new: Carried, old: Carried) -> RequestError:
    return RequestError(
        f"two files would be {new.target}: {old.source} and {new.source}",
        hint="gather them into two trees",
    )


def _require_no_file_as_folder(places: dict[str, Carried]) -> None:
    for target in places:
        for folder in PurePosixPath(target).parents:
            if (file := places.get(str(folder))) is not None:
                raise RequestError(f"{folder} would be a file and a folder: {file.source}")


def _alike(names: set[str]) -> tuple[tuple[str, str], ...]:
    by_fold: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        by_fold[name.casefold()].append(name)
    return tuple((same[0], same[1]) for same in by_fold.values() if len(same) > 1)


def _missing(share: Share, *, whole: bool) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{len(share.missing):,} of {share.names:,} files that it names are not there: "
        + some(share.missing),
        where=str(share.ann_file),
        hint="name their folder with --img-prefix, or the data root"
        if whole
        else "complete the images, cut these records out, or go on without them (--allow-missing)",
    )
