"""Write datasets in another format: whole or not at all, and what is lost is listed before."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Records
from cocosurgeon.atomic import Notice, appearing, appearing_folder
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.categories.to_space import to_space
from cocosurgeon.convert.adapt import Adaptation
from cocosurgeon.convert.losses import Loss, Survey, losses_of, survey
from cocosurgeon.convert.manifest import (
    Manifest,
    PartManifest,
    highest_id,
    manifest_path,
    read_manifest,
)
from cocosurgeon.convert.pictures import NO_LABEL, Lump, Pictures, classes_in_order, pictures_of
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.formats.format import Crowds, Format, Part
from cocosurgeon.formats.objects import Class
from cocosurgeon.formats.registry import make_format, options_of
from cocosurgeon.layout.copy_tree import require_free
from cocosurgeon.layout.search import find_prefix
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.recipe import SourceIdentity
from cocosurgeon.steps.recipe_form import as_json
from cocosurgeon.text import first_names, plural

Images = Literal["link", "copy", "none"]
_LUMP = 512
"""Images that are counted at a time."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Choices of a user about a conversion.

    Attributes:
        space: the label space that class numbers are of; None: the order of the file's own list.
        crowds: what becomes of crowds; None: the format's default.
        clip: cut boxes off at the image's edge.
        allow_loss: write although something is lost.
        images: whether image files are linked into a folder, copied, or left out.
        folder: the folder of the images; None: it is looked for.
    """

    space: str | None = None
    crowds: Crowds | None = None
    clip: bool = False
    allow_loss: bool = False
    images: Images = "link"
    folder: Path | None = None


def as_policy(text: str | None) -> Crowds | None:
    """Return what becomes of crowds.

    Raises:
        RequestError: there is no such way.
    """
    for known in get_args(Crowds):
        if text == known:
            return cast(Crowds, text)
    if text is not None:
        hint = f"one of {', '.join(get_args(Crowds))}"
        raise RequestError(f"--crowds cannot be {text!r}", hint=hint)
    return None


@dataclass(frozen=True, eq=False)
class Conversion:
    """Datasets that are ready to be written in another format.

    Attributes:
        kind: the format with its options.
        parts: the images of each part, by the part's name.
        plans: the steps that were applied, by part.
        wishes: what the user wants.
        surveys: counts, by part.
        losses: what is lost, by part.
        notes: what was assumed.
        warnings: what may not be as meant.
        changes: counts of values that writing changed.
    """

    kind: Format
    parts: Mapping[str, Pictures]
    plans: Mapping[str, Plan]
    wishes: Wishes
    surveys: Mapping[str, Survey]
    losses: Mapping[str, tuple[Loss, ...]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def classes(self) -> tuple[Class, ...]:
        """The classes by class number, which all parts share."""
        return next(iter(self.parts.values())).classes

    @property
    def lost(self) -> list[str]:
        """Sentences about what is lost; of several parts, each with the part's name."""
        return [
            loss.what if len(self.parts) == 1 else f"{name}: {loss.what}"
            for name, losses in self.losses.items()
            for loss in losses
        ]

    def write(self, out: Path, *, force: bool = False, notice: Notice = lambda _: None) -> Path:
        """Write the output; it appears whole or not at all.

        Args:
            force: replace an existing file. An existing folder is never replaced.
            notice: prints a line.

        Returns:
            The path of the manifest.

        Raises:
            RequestError: something is lost, and the user does not allow it.
            OutputError: something is there, or the system refuses.
        """
        if self.lost and not self.wishes.allow_loss:
            raise RequestError(
                f"{self.kind.name} cannot hold {plural(len(self.lost), 'thing')} of it: "
                + "; ".join(self.lost),
                hint="write the rest: --allow-loss",
            )
        manifest = manifest_path(out, is_folder=self.kind.is_folder)
        if self.kind.is_folder:
            self._write_folder(out, manifest, notice)
        else:
            self._write_file(out, manifest, force, notice)
        return manifest

    def _write_folder(self, out: Path, manifest: Path, notice: Notice) -> None:
        may_be_equal = self._is_of_same(manifest)
        if not may_be_equal:
            require_free(out)
        try:
            with appearing_folder(out, notice) as draft:
                done = _Done.of(self.parts)
                extras = self._extras()
                for _ in self._units(draft, done):
                    pass
                for name, text in extras.items():
                    _with_parent(draft / name).write_bytes(text)
                (draft / manifest.name).write_bytes(self._manifest(done).to_json())
                if may_be_equal and _is_equal_tree(draft, out):
                    raise _UnchangedError
                require_free(out)
        except _UnchangedError:
            notice(f"{out}: unchanged")

    def _write_file(self, out: Path, manifest: Path, force: bool, notice: Notice) -> None:
        if len(self.parts) > 1:
            raise RequestError(
                f"{self.kind.name} is one file, and cannot hold several parts",
                hint="convert one file at a time, or merge them: cocosurgeon merge",
            )
        stem = out.name.removesuffix(out.suffix)
        extras = {out.with_name(stem + name): text for name, text in self._extras().items()}
        with appearing([out, manifest, *extras], force=force, notice=notice) as files:
            done = _Done.of(self.parts)
            files[0].writelines(self._text(out, done))
            files[1].write(self._manifest(done).to_json())
            for file, text in zip(files[2:], extras.values(), strict=True):
                file.write(text)

    def _text(self, out: Path, done: _Done) -> Iterator[bytes]:
        """Yield the text of a format of one file."""
        ((name, pictures),) = self.parts.items()
        whole = self.kind.text_of(pictures.dataset, self.changes)
        if whole is not None:
            yield from whole
            done.sizes[name].extend(pictures.recorded_sizes)
            done.are_written[name].extend((pictures.labels != NO_LABEL).tolist())
            return
        yield self.kind.head(self.classes)
        yield from self._units(out, done)
        yield self.kind.tail(self.classes)

    def _extras(self) -> Mapping[str, bytes]:
        return self.kind.extras(
            [_part(*each, self.kind) for each in self.parts.items()], self.classes
        )

    def _is_of_same(self, manifest: Path) -> bool:
        """Return whether a folder may be this conversion's: its manifest names the same sources."""
        found = read_manifest(manifest)
        sizes = {name: each.dataset.opened.size for name, each in self.parts.items()}
        return found is not None and sizes == {
            name: part.source.get("size") for name, part in found.parts.items()
        }

    def _units(self, out: Path, done: _Done) -> Iterator[bytes]:
        """Write all units, in several processes; yield the text of each."""
        adapt = Adaptation.of(self.kind, self.wishes.crowds, clip=self.wishes.clip)
        units = [
            (name, *unit)
            for name, pictures in self.parts.items()
            for unit in self.kind.units(_part(name, pictures, self.kind))
        ]
        total = sum(stop - first for _, _, first, stop in units)
        images = self.wishes.images
        lumps = ((name, unit, self.parts[name].lump(*span)) for name, unit, *span in units)
        tasks = (_Task(self.kind, adapt, out, *each, self.classes, images) for each in lumps)
        with progress_of("writing") as progress:
            written = 0
            for (name, *_), result in zip(
                units, in_processes(_write, tasks, len(units)), strict=True
            ):
                done.sizes[name].extend(result.sizes)
                done.are_written[name].extend(result.are_written)
                written += len(result.sizes)
                if progress:
                    progress(written, total)
                yield result.text

    def _manifest(self, done: _Done) -> Manifest:
        options = {each.name: getattr(self.kind, each.name) for each in options_of(type(self.kind))}
        wishes = {
            "space": self.wishes.space,
            "crowds": self.wishes.crowds,
            "clip": self.wishes.clip,
        }
        return Manifest(
            self.kind.name,
            {**options, **wishes},
            _category_records(next(iter(self.parts.values()))),
            {name: self._part_manifest(name, done) for name in self.parts},
        )

    def _part_manifest(self, name: str, done: _Done) -> PartManifest:
        pictures = self.parts[name]
        dataset = pictures.dataset
        widths, heights = zip(*done.sizes[name], strict=True) if done.sizes[name] else ((), ())
        written = np.array(done.are_written[name], np.bool_)
        rows = pictures.annotation_rows[written]
        order = np.argsort(rows)
        is_crowd = np.zeros(len(rows), np.bool_)
        ids: list[Id | None] = []
        records = dataset.index.annotation_records
        if records is not None and len(rows):
            ids = _ids(records)[rows[order]].tolist()
            crowds = records.column("iscrowd").array[rows[order]].tolist()
            is_crowd = np.array([c in (1, True) for c in crowds])
        return PartManifest(
            source=vars(SourceIdentity.of(dataset)),
            steps=as_json(self.plans.get(name, Plan())),
            lost=[loss.what for loss in self.losses[name]],
            images={
                "id": dataset.img_ids,
                "file_name": pictures.names,
                "width": list(widths),
                "height": list(heights),
            },
            annotations={
                "id": ids,
                "image": pictures.owners[written][order].tolist(),
                "label": pictures.labels[written][order].tolist(),
            },
            crowds=np.flatnonzero(is_crowd).tolist(),
            highest={
                "images": highest_id(dataset.index.images.ids.tolist()),
                "annotations": 0 if records is None else highest_id(_ids(records).tolist()),
            },
        )


def _ids(records: Records) -> Array:
    return as_keys(records.column("id").array)


class _UnchangedError(Exception):
    """The folder is there already, byte for byte."""


@dataclass(frozen=True)
class _Done:
    """Record of what was written so far, by part.

    Attributes:
        sizes: width and height of each image.
        are_written: of each annotation of each image, whether it was written.
    """

    sizes: Mapping[str, list[tuple[int, int]]]
    are_written: Mapping[str, list[bool]]

    @classmethod
    def of(cls, parts: Iterable[str]) -> _Done:
        """Return that nothing of these parts is written."""
        names = list(parts)
        return cls({name: [] for name in names}, {name: [] for name in names})


class _Task(NamedTuple):
    """Images to be written by one process."""

    kind: Format
    adapt: Adaptation
    out: Path
    part: str
    unit: str
    lump: Lump
    classes: tuple[Class, ...]
    images: Images


class _Written(NamedTuple):
    """Record of what one process wrote; see ``_Done``."""

    text: bytes
    sizes: list[tuple[int, int]]
    are_written: list[bool]


def _write(task: _Task) -> _Written:
    pictures = [task.adapt(picture) for picture in pictures_of(task.lump)]
    are_written: list[bool] = []
    for picture, labels in zip(pictures, task.lump.labels, strict=True):
        places = {each.place for each in picture.objects}
        are_written += [place in places for place in range(len(labels))]
        target = task.kind.image_place(task.part, picture.file_name)
        if target is not None and picture.path is not None and task.images != "none":
            _put(Path(picture.path), _with_parent(task.out / target), task.images)
    text = task.kind.write_unit(task.out, task.part, task.unit, pictures, task.classes)
    return _Written(text, [(p.width, p.height) for p in pictures], are_written)


def _put(image: Path, target: Path, how: Images) -> None:
    if how == "copy":
        shutil.copy2(image, target)
    else:
        target.symlink_to(os.path.realpath(image))


def _with_parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _is_equal_tree(one: Path, other: Path) -> bool:
    files = [sorted(_files_in(folder)) for folder in (one, other)]
    return files[0] == files[1] and all(_is_equal(one / name, other / name) for name in files[0])


def _files_in(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        yield from (os.path.relpath(os.path.join(place, name), folder) for name in names)  # noqa: PTH118


def _is_equal(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return filecmp.cmp(one, other, shallow=False)


def _part(name: str, pictures: Pictures, kind: Format) -> Part:
    sizes: list[int] = []
    if kind.wants_images == "read":
        sizes = [0 if path is None else os.path.getsize(path) for path in pictures.paths]  # noqa: PTH202
    return Part(name, pictures.names, sizes)


def _category_records(pictures: Pictures) -> list[Mapping[str, Any]]:
    """Return the record of each class, by class number; of a class that has none, its name."""
    index = pictures.dataset.index
    listing = pictures.dataset.category_list or CategoryList.of(index)
    texts = [] if index.category_records is None else listing.texts(index.category_records)
    ids = [category.id for category in listing.categories]
    records = dict(zip(ids, map(json.loads, texts), strict=True))
    return [
        records.get(each.cat_id) or {"id": each.cat_id, "name": each.name}
        for each in pictures.classes
    ]


# ---- before anything is written


def prepare(
    datasets: Mapping[str, Dataset],
    kind: Format,
    wishes: Wishes,
    plans: Mapping[str, Plan] | None = None,
) -> Conversion:
    """Count what is lost, and check all that can be checked before anything is written.

    Args:
        datasets: by name of the part; of a format of one file, one.
        kind: the format with its options.
        plans: the steps that were applied to each, for the manifest.

    Raises:
        RequestError: parts of different classes; two images of one name; no such crowd policy.
        SourceUnavailableError: the format needs image files that are not there.
        DataError: an image has no name, or no size.
    """
    if wishes.crowds is not None and wishes.crowds not in kind.crowds:
        raise RequestError(
            f"{kind.name} cannot {wishes.crowds} crowds",
            hint=f"one of {', '.join(kind.crowds)}",
        )
    parts = {name: _pictures(dataset, kind, wishes) for name, dataset in datasets.items()}
    _require_same_classes(parts)
    warnings: list[str] = []
    taken: dict[str, str] = {}
    for name, pictures in parts.items():
        warnings += _about_images(pictures, kind, wishes)
        if kind.is_folder:
            _require_places(name, pictures, kind, taken)
    surveys = {name: _surveyed(pictures, kind) for name, pictures in parts.items()}
    losses = {
        name: tuple(losses_of(surveys[name], pictures, kind, wishes.crowds, clip=wishes.clip))
        for name, pictures in parts.items()
    }
    notes = [note for each in datasets.values() for note in each.notes]
    read = sum(each.sizes_read for each in surveys.values())
    if read:
        notes.append(f"{plural(read, 'image')} without a size: it was read from the file")
    remarks = sum((each.remarks for each in surveys.values()), Counter[str]())
    notes += [f"{what} ({count:,})" for what, count in remarks.items()]
    return Conversion(
        kind, parts, plans or {}, wishes, surveys, losses, tuple(notes), tuple(warnings)
    )


def _pictures(dataset: Dataset, kind: Format, wishes: Wishes) -> Pictures:
    label_of: dict[Id, int]
    if wishes.space is not None:
        names = find_space(wishes.space).names_in_list()
        dataset = to_space(dataset, wishes.space)
        classes = tuple(Class(name, label) for label, name in enumerate(names))
        label_of = {label: label for label in range(len(names))}
    else:
        classes, label_of = classes_in_order(dataset)
    pictures = Pictures(dataset, classes, label_of, wishes.folder)
    path = dataset.opened.path
    if wishes.folder is None and path is not None and pictures.names:
        return Pictures(dataset, classes, label_of, find_prefix(path, pictures.names).folder)
    return pictures


def _require_same_classes(parts: Mapping[str, Pictures]) -> None:
    first, *others = parts.items()
    for name, pictures in others:
        if [c.name for c in pictures.classes] != [c.name for c in first[1].classes]:
            raise RequestError(
                f"{first[0]} and {name} list different classes, or in another order: a class "
                "number would mean two things",
                hint="bring one into the order of the other: cocosurgeon remap FILE --like OTHER",
            )


def _about_images(pictures: Pictures, kind: Format, wishes: Wishes) -> Iterator[str]:
    """Yield a warning where image files are not there that are wanted."""
    if kind.wants_images == "no" or (kind.wants_images == "linked" and wishes.images == "none"):
        return
    missing = [n for n, p in zip(pictures.names, pictures.paths, strict=True) if p is None]
    if not missing:
        return
    what = f"{len(missing):,} of {plural(len(pictures.names), 'image file')} not found"
    what += f": {first_names(missing)}"
    if kind.wants_images == "read":
        raise SourceUnavailableError(
            what, where=pictures.dataset.opened.name, hint="name their folder: --images DIR"
        )
    yield (
        f"{what}; "
        + {
            "linked": "none is put into the folder for them (name their folder: --images DIR)",
            "named": "their names are written as the file has them",
        }[kind.wants_images]
    )


def _require_places(part: str, pictures: Pictures, kind: Format, taken: dict[str, str]) -> None:
    """Refuse names that lead out of the folder, and two images with one place in it.

    Args:
        taken: takes the image of each place; it has those of earlier parts.
    """
    where = pictures.dataset.source.name
    for name in pictures.names:
        if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name[:2]:
            raise RequestError(
                f"the file_name {name!r} leads out of the folder of images",
                where=where,
                hint="write names relative to one folder",
            )
        for place in {kind.image_place(part, name), kind.label_place(part, name)} - {None}:
            assert place is not None
            plain = str(PurePosixPath(place))
            if plain in taken:
                raise RequestError(
                    f"the images {taken[plain]!r} and {name!r} would both be {plain}",
                    where=where,
                    hint="rename one of them, or leave it out",
                )
            taken[plain] = name


def _surveyed(pictures: Pictures, kind: Format) -> Survey:
    total = len(pictures.names)
    count = -(-total // _LUMP)
    found = Survey()
    with progress_of("counting what is lost") as progress:
        lumps = pictures.lumps(0, total, _LUMP)
        for place, each in enumerate(in_processes(partial(survey, kind=kind), lumps, count), 1):
            found = found + each
            if progress:
                progress(min(place * _LUMP, total), total)
    return found


# ---- in Python


def convert_to(
    datasets: Dataset | Mapping[str, Dataset],
    format: str,
    out: str | os.PathLike[str],
    *,
    images: str | os.PathLike[str] | None = None,
    image_files: Images = "link",
    space: str | None = None,
    crowds: Crowds | None = None,
    clip: bool = False,
    allow_loss: bool = False,
    force: bool = False,
    **options: object,
) -> Conversion:
    """Write a dataset in another format: ``convert_to(data, "yolo", "tree", allow_loss=True)``.

    Args:
        datasets: one, or several by the name of their split.
        format: its name: yolo, voc, csv, ...
        out: a new folder, or a file.
        images: the folder of the images; None: they are looked for.
        image_files: ``link`` them into the folder, ``copy`` them, or ``none``.
        space: the label space of class numbers; None: the order of the file's own list.
        crowds: ``drop``, ``keep`` or ``ignore``; None: the format's default.
        clip: cut boxes and polygons off at the image's edge.
        allow_loss: write although something is lost.
        force: replace an existing file.
        options: of the format, as on the command line, with ``_`` for ``-``.

    Returns:
        The conversion: ``lost``, ``notes``, ``warnings``.

    Raises:
        RequestError: something is lost, and that is not allowed.
        OutputError: something is there, or the system refuses.
    """
    parts = {"train": datasets} if isinstance(datasets, Dataset) else datasets
    wishes = Wishes(
        space=space,
        crowds=crowds,
        clip=clip,
        allow_loss=allow_loss,
        images=image_files,
        folder=None if images is None else Path(images),
    )
    conversion = prepare(parts, make_format(format, options), wishes)
    conversion.write(Path(out), force=force)
    return conversion
