"""YoloTree: a folder of YOLO labels as people have them, with data.yaml or without."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cocosurgeon.errors import SourceUnavailableError
from cocosurgeon.files import reading
from cocosurgeon.formats.format import Sizes
from cocosurgeon.formats.image_files import image_files, names_in_list
from cocosurgeon.formats.objects import Class, Picture
from cocosurgeon.formats.yolo_config import YoloConfig
from cocosurgeon.formats.yolo_rows import File, read_image
from cocosurgeon.processes import in_processes
from cocosurgeon.text import plural

_UNIT = 512


@dataclass(frozen=True, eq=False)
class YoloTree:
    """A part of a tree of labels.

    Attributes:
        classes: by class number; empty where nothing names them.
        files: images with their labels.
        notes: what was assumed, skipped.
        keypoints: the count of numbers of keypoints at the end of a row.
    """

    classes: tuple[Class, ...]
    files: tuple[File, ...]
    notes: list[str]
    keypoints: int = 0

    @classmethod
    def at(cls, path: Path, images: Path | None, part: str | None, known: Sizes) -> YoloTree:
        """Find the images and labels of a tree.

        Args:
            path: data.yaml, or a folder: with data.yaml, with images/ and labels/ at any depth, or
                with text files next to the images.
            images: the folder of the images; None: as data.yaml says, or next to the labels.
            part: the split.
            known: sizes of images that need not be there.

        Raises:
            SourceUnavailableError: nothing is there.
            RequestError: there are several splits, and none is named.
            FormatError: data.yaml is broken.
        """
        config = YoloConfig.at(path)
        folders, notes = config.folders(part)
        places = _label_folders([*([images] if images else []), *folders], config.root)
        files: list[File] = []
        top = os.path.commonpath([folder.absolute() for folder in folders])
        for folder in folders:
            inner = os.path.relpath(folder, top)
            if folder.is_file():
                files += _files_of_list(folder, config.root, images, known, notes)
            elif images is None:
                files += (
                    File(name if inner == "." else f"{inner}/{name}", image, _labels_of(image))
                    for name in image_files(folder)
                    for image in (os.path.join(folder, name),)  # noqa: PTH118
                )
        if images is not None and not any(folder.is_file() for folder in folders):
            every = [File(n, str(images / n), _label_in(places, n)) for n in image_files(images)]
            files = [file for file in every if file.labels is not None]
            if skipped := len(every) - len(files):
                notes.append(
                    f"{plural(skipped, 'image')} of {images} without a label file: skipped"
                )
        files = [file._replace(size=known.get(file.name)) for file in files]
        there = {file.name for file in files}
        gone = [(name, size) for name, size in known.items() if name not in there]
        files += [File(name, None, _label_in(places, name), size) for name, size in gone]
        if not files:
            raise SourceUnavailableError(
                "no image files are found",
                where=", ".join(map(str, [images] if images else folders)),
                hint="name their folder: --images DIR",
            )
        if over := len({*_label_files(folders)} - {file.labels for file in files}):
            notes.append(f"{plural(over, 'label file')} without an image: skipped")
        if without := sum(file.labels is None for file in files):
            notes.append(f"{plural(without, 'image')} without a label file: taken as empty")
        if config.keypoints:
            notes.append("keypoints (kpt_shape) are not read: only boxes")
        classes, of_names = config.classes()
        return cls(classes, tuple(files), [*notes, *of_names], config.keypoints)

    def pictures(self) -> Iterator[Picture]:
        """Read the images, in several processes."""
        units = [self.files[at : at + _UNIT] for at in range(0, len(self.files), _UNIT)]
        read = partial(_read, classes=len(self.classes) or None, keypoints=self.keypoints)
        for found in in_processes(read, units, len(units)):
            yield from found


def _read(files: Sequence[File], classes: int | None, keypoints: int) -> list[Picture]:
    return [read_image(file, classes, keypoints) for file in files]


# ---- where things are


def _files_of_list(
    path: Path, root: Path, images: Path | None, known: Sizes, notes: list[str]
) -> Iterator[File]:
    """Yield the images that a list names, with their labels.

    Args:
        notes: takes what was assumed.
    """
    with reading(path, "the list of images"):
        lines = path.read_text("utf-8-sig", "surrogateescape").splitlines()
    named = [line.strip() for line in lines if line.strip()]
    plain = [name.replace("\\", "/") for name in named]
    paths = [str(path.parent / n[2:] if n.startswith("./") else root / n) for n in plain]
    if images is None and any(map(os.path.isfile, paths)):
        top = os.path.commonpath([Path(p).absolute().parent for p in paths])
        names = [os.path.relpath(p, top).replace(os.sep, "/") for p in paths]
    else:
        folder = images or root
        names, of_names = names_in_list(named, folder, known)
        paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118
        notes += of_names
    for name, image in zip(names, paths, strict=True):
        yield File(name, image, _labels_of(image))


def _labels_of(image: str) -> str | None:
    """Return the label file of an image: in labels/ in the place of the last images/, or next to
    it (``ultralytics/data/utils.py``, ``img2label_paths``)."""
    plain = os.path.splitext(image)[0]  # noqa: PTH122
    for place in (_in_labels(plain), plain):
        if place is not None and os.path.isfile(f"{place}.txt"):  # noqa: PTH113
            return f"{place}.txt"
    return None


def _in_labels(path: str) -> str | None:
    """Return a path with labels/ in the place of its last images/; None where it has none."""
    before, found, after = f"/{path}/".replace(os.sep, "/").rpartition("/images/")
    return f"{before}/labels/{after}"[1:].rstrip("/") if found else None


def _label_folders(folders: Sequence[Path], root: Path) -> list[Path]:
    """Return folders that may have the labels of images that lie elsewhere, or nowhere."""
    found = [Path(place) for each in folders if (place := _in_labels(str(each))) is not None]
    return [place for place in (*found, *folders, root / "labels", root) if place.is_dir()]


def _label_in(folders: Sequence[Path], name: str) -> str | None:
    found = (_labels_of(os.path.join(folder, name)) for folder in folders)  # noqa: PTH118
    return next((place for place in found if place is not None), None)


def _label_files(folders: Sequence[Path]) -> Iterator[str]:
    """Yield the text files in the labels/ of each images/; in other folders they may be others."""
    for folder in folders:
        for place, _, names in os.walk(_in_labels(str(folder)) or ""):
            texts = (name for name in names if name.lower().endswith(".txt"))
            yield from (f"{place}/{name}" for name in texts if name != "classes.txt")
