"""A subset with its images, to be carried to another machine: what goes where."""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import DataError, RequestError, SourceUnavailableError
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.names import FileNames
from cocosurgeon.layout.places import (
    ANNOTATIONS,
    SPLITS,
    data_roots,
    image_search,
    png_search,
    split_in,
)
from cocosurgeon.layout.prefix import Prefix, most_of
from cocosurgeon.layout.wording import are, counted, some


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
        bytes: of the annotation file itself.
        names: how many different files it names, images and PNGs.
        missing: images that are not there.
        missing_pngs: PNGs that are not there.
        repeated: how many records name a file that another one names already.
    """

    ann_file: Path
    data_prefix: str
    seg_prefix: str | None
    bytes: int
    names: int
    missing: tuple[str, ...]
    missing_pngs: tuple[str, ...]
    repeated: int

    @property
    def all_missing(self) -> tuple[str, ...]:
        """Images and PNGs that are not there."""
        return (*self.missing, *self.missing_pngs)


@dataclass(frozen=True)
class Gathering:
    """All that goes into the new tree.

    Attributes:
        ann_files: the annotation files.
        files: their images and PNGs, each once.
        shares: what each annotation file contributes.
        alike: places in the tree that differ only by case, or in how accents are written, in pairs.
    """

    ann_files: tuple[Carried, ...]
    files: tuple[Carried, ...]
    shares: tuple[Share, ...]
    alike: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Bytes in all, those of the annotation files included."""
        return sum(c.size for c in self.ann_files) + self.size_of_files

    @property
    def size_of_files(self) -> int:
        """Bytes of images and PNGs."""
        return sum(c.size for c in self.files)


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
        RequestError: a results file, or a compressed one; two files in one place; two folders
            that both have the images.
        SourceUnavailableError: images are not there.
        DataError: a file name leads out of the folder, or there is none.
    """
    folders = Folders()
    finder = _Finder(folders, root, img_prefix)
    ann_files, shares = [], []
    files: dict[str, Carried] = {}
    for dataset in datasets:
        share, carried = finder.share(dataset)
        if share.all_missing and not (allow_missing and carried):
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
        if (old := places.setdefault(each.target, each)) is not each:
            raise _two(each, old)
    _require_no_file_as_folder(places)
    return Gathering(tuple(ann_files), tuple(files.values()), tuple(shares), _alike(places))


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
        if dataset.index.is_results:
            raise RequestError(
                "a results file names no images",
                where=str(path),
                hint="gather the annotation file that it belongs to",
            )
        if path.suffix == ".gz":
            raise RequestError(
                "the file is compressed, and no framework unpacks it",
                where=str(path),
                hint=f"unpack it, and gather that: gunzip --keep {shlex.quote(str(path))}",
            )
        names = FileNames.of(dataset.index)
        if names.nameless:
            raise DataError(
                f"{counted(names.nameless, 'record')} without file_name",
                where=str(path),
                hint="write the names into the file: no loader finds such images",
            )
        _require_within(names, path)
        prefix = self._images(path, names.images)
        to = self._folder_name(path, prefix, names.images)
        missing = self.folders.missing(prefix, names.images)
        carried = _all_carried(names.images, missing, prefix, to)
        seg_prefix, lost = None, list[str]()
        if names.pngs:
            search = png_search(path, names, prefix, self.folders, self.root)
            found = most_of(names.pngs, search, path, self.folders)
            pngs = _chosen(found, path, "PNGs", None)
            seg_prefix = f"{ANNOTATIONS}/{pngs.name}"
            lost = self.folders.missing(pngs, names.pngs)
            carried += _all_carried(names.pngs, lost, pngs, seg_prefix)
        distinct = len(_distinct(names.images)) + len(_distinct(names.pngs))
        share = Share(
            ann_file=path,
            data_prefix=to,
            seg_prefix=seg_prefix,
            bytes=path.stat().st_size,
            names=distinct,
            missing=_distinct(missing),
            missing_pngs=_distinct(lost),
            repeated=len(names.images) + len(names.pngs) - distinct,
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
        search = image_search(ann_file, self.folders, self.root)
        found = most_of(names, search, ann_file, self.folders)
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
    if found is None or found.folder is None:
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
            f"{counted(len(out), 'file name')} {'leads' if len(out) == 1 else 'lead'} out of the "
            f"image folder, such as {out[0]!r}",
            where=str(path),
            hint="make them relative to one folder: there is no such place in another tree",
        )


def _all_carried(
    names: Sequence[str], missing: Sequence[str], prefix: Path, to: str
) -> list[Carried]:
    lost = frozenset(missing)
    there = _distinct([n for n in names if n not in lost])
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
    if old.source == new.source:
        return RequestError(
            f"an annotation file is named as an image: {new.source}",
            hint="cut that record out: no loader reads JSON as an image",
        )
    return RequestError(
        f"two files would be {new.target}: {old.source} and {new.source}",
        hint="gather them into two trees",
    )


def _require_no_file_as_folder(places: dict[str, Carried]) -> None:
    for target in places:
        for folder in PurePosixPath(target).parents:
            if (file := places.get(str(folder))) is not None:
                raise RequestError(f"{folder} would be a file and a folder: {file.source}")


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Each file once: ``./1.jpg`` is ``1.jpg``; ``1.jpg/`` is none that is there."""
    first: dict[tuple[PurePosixPath, bool], str] = {}
    for name in names:
        first.setdefault((PurePosixPath(name), name.endswith("/")), name)
    return tuple(first.values())


def _alike(targets: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs that a file system may take for one: it is macOS that asks neither case nor accents."""
    by_fold: defaultdict[str, list[str]] = defaultdict(list)
    for target in sorted(targets):
        folded = unicodedata.normalize("NFD", target).casefold()
        by_fold[unicodedata.normalize("NFD", folded)].append(target)
    return tuple((same[0], same[1]) for same in by_fold.values() if len(same) > 1)


def _missing(share: Share, *, whole: bool) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{len(share.all_missing):,} of {share.names:,} files that it names "
        f"{are(len(share.all_missing))} not there: {some(share.all_missing)}",
        where=str(share.ann_file),
        hint="name their folder with --img-prefix, or the data root"
        if whole
        else "complete the images, cut these records out, or go on without them (--allow-missing)",
    )
