"""Write datasets in another format: whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Records
from cocosurgeon.atomic import Notice, appearing
from cocosurgeon.convert.adapt import Adaptation
from cocosurgeon.convert.conversion import Conversion, Images, Wishes, prepare
from cocosurgeon.convert.manifest import (
    Manifest,
    PartManifest,
    highest_id,
    manifest_path,
    read_manifest,
)
from cocosurgeon.convert.pictures import NO_LABEL, Lump, Pictures, pictures_of
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.formats.format import Crowds, Format, Part, WholeFormat
from cocosurgeon.formats.objects import Class
from cocosurgeon.formats.registry import make_format, options_of
from cocosurgeon.layout.copy_tree import require_free
from cocosurgeon.layout.new_folder import new_folder
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.recipe import SourceIdentity
from cocosurgeon.steps.recipe_form import as_json
from cocosurgeon.text import plural


def write(
    conversion: Conversion, out: Path, *, force: bool = False, notice: Notice = lambda _: None
) -> Path:
    """Write the output; it appears whole or not at all.

    Args:
        force: replace an existing file. An existing folder is never replaced.
        notice: prints a line.

    Returns:
        The path of the manifest; of a format that needs none, the output.

    Raises:
        RequestError: something is lost, and the user does not allow it.
        OutputError: something is there, or the system refuses.
    """
    return _Writer(conversion).write(out, force=force, notice=notice)


@dataclass(frozen=True, eq=False)
class _Writer:
    """Writer of a conversion.

    Attributes:
        work: the conversion.
    """

    work: Conversion

    def write(self, out: Path, *, force: bool, notice: Notice) -> Path:
        """Write the output; see ``write``."""
        if self.work.lost and not self.work.wishes.allow_loss:
            raise RequestError(
                f"{self.work.kind.name} cannot hold {plural(len(self.work.lost), 'thing')} of it: "
                + "; ".join(self.work.lost),
                hint="write it without them: --allow-loss",
            )
        if isinstance(self.work.kind, WholeFormat):
            self._write_whole(self.work.kind, out, notice)
            return out
        manifest = manifest_path(out, is_folder=self.work.kind.is_folder)
        if self.work.kind.is_folder:
            self._write_folder(out, manifest, notice)
        else:
            self._write_file(out, manifest, force, notice)
        return manifest

    def _write_whole(self, kind: WholeFormat, out: Path, notice: Notice) -> None:
        may_be_equal = kind.recognizes(out)
        if not may_be_equal:
            require_free(out)
        (dataset,) = self.work.datasets.values()
        with new_folder(out, may_be_equal, notice) as draft:
            kind.write_whole(dataset, draft)

    def _write_folder(self, out: Path, manifest: Path, notice: Notice) -> None:
        if not out.absolute().parent.is_dir():
            raise OutputError(
                "the folder of the output does not exist", where=str(out), hint="make it first"
            )
        may_be_equal = self._is_of_same(manifest)
        if not may_be_equal:
            require_free(out)
        with new_folder(out, may_be_equal, notice) as draft:
            done = _Done.of(self.work.parts)
            extras = self._extras()
            for _ in self._units(draft, done):
                pass
            for name, text in extras.items():
                _with_parent(draft / name).write_bytes(text)
            (draft / manifest.name).write_bytes(self._manifest(done).to_json())

    def _write_file(self, out: Path, manifest: Path, force: bool, notice: Notice) -> None:
        if len(self.work.parts) > 1:
            raise RequestError(
                f"{self.work.kind.name} is one file, and cannot hold several parts",
                hint="convert one file at a time, or merge them: cocosurgeon merge",
            )
        stem = out.name.removesuffix(out.suffix)
        extras = {out.with_name(stem + name): text for name, text in self._extras().items()}
        with appearing([out, manifest, *extras], force=force, notice=notice) as files:
            done = _Done.of(self.work.parts)
            files[0].writelines(self._text(out, done))
            files[1].write(self._manifest(done).to_json())
            for file, text in zip(files[2:], extras.values(), strict=True):
                file.write(text)

    def _text(self, out: Path, done: _Done) -> Iterator[bytes]:
        """Yield the text of a format of one file."""
        ((name, pictures),) = self.work.parts.items()
        whole = self.work.kind.text_of(pictures.dataset, self.work.changes)
        if whole is not None:
            yield from whole
            done.sizes[name].extend(pictures.recorded_sizes)
            done.are_written[name].extend((pictures.labels != NO_LABEL).tolist())
            return
        yield self.work.kind.head(self.work.classes)
        yield from self._units(out, done)
        yield self.work.kind.tail(self.work.classes)

    def _extras(self) -> Mapping[str, bytes]:
        return self.work.kind.extras(
            [_part(*each, self.work.kind) for each in self.work.parts.items()],
            self.work.classes,
        )

    def _is_of_same(self, manifest: Path) -> bool:
        """Return whether a folder may be this conversion's: its manifest names the same sources."""
        found = read_manifest(manifest)
        sizes = {name: each.dataset.opened.size for name, each in self.work.parts.items()}
        return found is not None and sizes == {
            name: part.source.get("size") for name, part in found.parts.items()
        }

    def _units(self, out: Path, done: _Done) -> Iterator[bytes]:
        """Write all units, in several processes; yield the text of each."""
        adapt = Adaptation.of(self.work.kind, self.work.wishes.crowds, clip=self.work.wishes.clip)
        units = [
            (name, *unit)
            for name, pictures in self.work.parts.items()
            for unit in self.work.kind.units(_part(name, pictures, self.work.kind))
        ]
        total = sum(stop - first for _, _, first, stop in units)
        images = self.work.wishes.images
        lumps = ((name, unit, self.work.parts[name].lump(*span)) for name, unit, *span in units)
        tasks = (
            _Task(self.work.kind, adapt, out, *each, self.work.classes, images) for each in lumps
        )
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
        options = {
            each.name: getattr(self.work.kind, each.name)
            for each in options_of(type(self.work.kind))
        }
        wishes = {
            "space": self.work.wishes.space,
            "crowds": self.work.wishes.crowds,
            "clip": self.work.wishes.clip,
        }
        first = next(iter(self.work.parts.values()))
        return Manifest(
            self.work.kind.name,
            {**options, **wishes},
            _category_records(first),
            *_own_categories(first),
            {name: self._part_manifest(name, done) for name in self.work.parts},
        )

    def _part_manifest(self, name: str, done: _Done) -> PartManifest:
        pictures = self.work.parts[name]
        dataset = pictures.dataset
        widths, heights = zip(*done.sizes[name], strict=True) if done.sizes[name] else ((), ())
        written = np.array(done.are_written[name], np.bool_)
        rows = pictures.annotation_rows[written]
        order = np.argsort(rows)
        ids: list[Id | None] = []
        marked: dict[str, list[int]] = {"iscrowd": [], "ignore": []}
        records = dataset.index.annotation_records
        if records is not None and len(rows):
            ids = _ids(records)[rows[order]].tolist()
            for key, column in zip(marked, records.columns(*marked), strict=True):
                values = enumerate(column.array[rows[order]].tolist())
                marked[key] = [place for place, value in values if value in (1, True)]
        return PartManifest(
            source=vars(SourceIdentity.of(dataset)),
            steps=as_json(self.work.plans.get(name, Plan())),
            lost=[loss.what for loss in self.work.losses[name]],
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
            crowds=marked["iscrowd"],
            ignored=marked["ignore"],
            highest={
                "images": highest_id(dataset.index.images.ids.tolist()),
                "annotations": 0 if records is None else highest_id(_ids(records).tolist()),
            },
        )


def _ids(records: Records) -> Array:
    return as_keys(records.column("id").array)


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


def _part(name: str, pictures: Pictures, kind: Format) -> Part:
    sizes: list[int] = []
    if kind.wants_images == "read":
        sizes = [0 if path is None else os.path.getsize(path) for path in pictures.paths]  # noqa: PTH202
    return Part(name, pictures.names, sizes, frozenset(pictures.labels.tolist()) - {NO_LABEL})


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


def _own_categories(pictures: Pictures) -> tuple[list[Mapping[str, Any]], list[int]]:
    """Return the records of the source's own list with the class number of each, where class
    numbers are those of a label space."""
    records, after = pictures.dataset.index.category_records, pictures.dataset.category_list
    if pictures.before is None or records is None or after is None:
        return [], []
    listing = pictures.before.category_list or CategoryList.of(pictures.before.index)
    label_of = {entry.row: entry.category.id for entry in after.entries}
    texts = zip(listing.entries, listing.texts(records), strict=True)
    found = [(json.loads(text), label_of.get(entry.row)) for entry, text in texts]
    known = [(record, label) for record, label in found if isinstance(label, int)]
    return [record for record, _ in known], [label for _, label in known]


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
    write(conversion, Path(out), force=force)
    return conversion
