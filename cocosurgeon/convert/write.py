"""Write datasets in another format: whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cocosurgeon.atomic import Notice, appearing
from cocosurgeon.convert.adapt import Adaptation
from cocosurgeon.convert.conversion import Conversion, Images, Wishes, prepare
from cocosurgeon.convert.lump import NO_LABEL, Lump, pictures_of
from cocosurgeon.convert.manifest import (
    manifest_path,
    read_manifest,
)
from cocosurgeon.convert.new_manifest import Done, manifest_of
from cocosurgeon.convert.pictures import Pictures
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import RequestError
from cocosurgeon.formats.format import Crowds, Format, Part, WholeFormat
from cocosurgeon.formats.objects import Class
from cocosurgeon.formats.registry import make_format
from cocosurgeon.layout.copy_tree import require_free
from cocosurgeon.layout.new_folder import new_folder
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.text import plural
from cocosurgeon.urls import refuse_urls


def write(
    work: Conversion, out: Path, *, force: bool = False, notice: Notice = lambda _: None
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
    if work.lost and not work.wishes.allow_loss:
        kinds = {loss.kind for losses in work.losses.values() for loss in losses}
        more = "; or drop the crowds: --crowds drop" if "crowd" in kinds else ""
        raise RequestError(
            f"{work.kind.name} cannot hold {plural(len(work.lost), 'thing')} of it: "
            + "; ".join(work.lost),
            hint=f"write it without them: --allow-loss{more}",
        )
    if isinstance(work.kind, WholeFormat):
        _write_whole(work, work.kind, out, notice)
        return out
    manifest = manifest_path(out, is_folder=work.kind.is_folder)
    if work.kind.is_folder:
        _write_folder(work, out, manifest, notice)
    else:
        _write_file(work, out, manifest, force, notice)
    return manifest


def _write_whole(work: Conversion, kind: WholeFormat, out: Path, notice: Notice) -> None:
    may_be_equal = kind.recognizes(out)
    if not may_be_equal:
        require_free(out)
    (dataset,) = work.datasets.values()
    with new_folder(out, may_be_equal, notice) as draft:
        kind.write_whole(dataset, draft)


def _write_folder(work: Conversion, out: Path, manifest: Path, notice: Notice) -> None:
    may_be_equal = _is_of_same(work, manifest)
    if not may_be_equal:
        require_free(out)
    with new_folder(out, may_be_equal, notice) as draft:
        done = Done.of(work.parts)
        extras = _extras(work)
        for _ in _units(work, draft, done):
            pass
        for name, text in extras.items():
            _with_parent(draft / name).write_bytes(text)
        (draft / manifest.name).write_bytes(manifest_of(work, done).to_json())


def _write_file(work: Conversion, out: Path, manifest: Path, force: bool, notice: Notice) -> None:
    if len(work.parts) > 1:
        raise RequestError(
            f"{work.kind.name} is one file, and cannot hold several parts",
            hint="convert one file at a time, or merge them: cocosurgeon merge",
        )
    stem = out.name.removesuffix(out.suffix)
    extras = {out.with_name(stem + name): text for name, text in _extras(work).items()}
    with appearing([out, manifest, *extras], force=force, notice=notice) as files:
        done = Done.of(work.parts)
        files[0].writelines(_text(work, out, done))
        files[1].write(manifest_of(work, done).to_json())
        for file, text in zip(files[2:], extras.values(), strict=True):
            file.write(text)


def _text(work: Conversion, out: Path, done: Done) -> Iterator[bytes]:
    """Yield the text of a format of one file."""
    ((name, pictures),) = work.parts.items()
    whole = work.kind.text_of(pictures.dataset, work.changes)
    if whole is not None:
        yield from whole
        done.sizes[name].extend(pictures.recorded_sizes)
        done.are_written[name].extend((pictures.labels != NO_LABEL).tolist())
        return
    yield work.kind.head(work.classes)
    yield from _units(work, out, done)


def _extras(work: Conversion) -> Mapping[str, bytes]:
    return work.kind.extras(
        [_part(*each, work.kind) for each in work.parts.items()],
        work.classes,
    )


def _is_of_same(work: Conversion, manifest: Path) -> bool:
    """Return whether a folder may be this conversion's: its manifest names the same sources."""
    found = read_manifest(manifest)
    sizes = {name: each.dataset.opened.size for name, each in work.parts.items()}
    return found is not None and sizes == {
        name: part.source.get("size") for name, part in found.parts.items()
    }


def _units(work: Conversion, out: Path, done: Done) -> Iterator[bytes]:
    """Write all units, in several processes; yield the text of each."""
    adapt = Adaptation.of(work.kind, work.wishes.crowds, clip=work.wishes.clip)
    units = [
        (name, *unit)
        for name, pictures in work.parts.items()
        for unit in work.kind.units(_part(name, pictures, work.kind))
    ]
    total = sum(stop - first for _, _, first, stop in units)
    images = work.wishes.images
    lumps = ((name, unit, work.parts[name].lump(*span)) for name, unit, *span in units)
    tasks = (_Task(work.kind, adapt, out, *each, work.classes, images) for each in lumps)
    with progress_of("writing") as progress:
        written = 0
        for (name, *_), result in zip(units, in_processes(_write, tasks, len(units)), strict=True):
            done.sizes[name].extend(result.sizes)
            done.are_written[name].extend(result.are_written)
            written += len(result.sizes)
            if progress:
                progress(written, total)
            yield result.text


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
    """Record of what one process wrote; see ``Done``."""

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
        OutputError: something is there, it is at a URL, or the system refuses.
    """
    refuse_urls([out])
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
