"""YoloTree: a folder of YOLO labels as people have them, with data.yaml or without."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.files import reading
from cocosurgeon.formats.format import Sizes
from cocosurgeon.formats.image_files import image_files, size_of_image
from cocosurgeon.formats.objects import Box, Class, Object, Picture
from cocosurgeon.formats.outlines import area_of, box_of
from cocosurgeon.processes import in_processes
from cocosurgeon.text import plural

_SPLITS = ("train", "val", "test")
_CLASS_FILES = ("classes.txt", "labels/classes.txt", "obj.names")
_UNIT = 512
_NAMELESS = "class "
"""What is before the number in the name of a class that has none."""
_FARTHEST = 2.0
"""Share of a side from which a number cannot be one: it is in pixels."""


class _File(NamedTuple):
    """An image and its labels.

    Attributes:
        name: path of the image in the folder of images, with slashes.
        image: path of the image file; None where it is not there.
        labels: path of the text file; None where there is none.
        size: width and height in pixels; None: those of the image file.
    """

    name: str
    image: str | None
    labels: str | None
    size: tuple[int, int] | None = None


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
    files: tuple[_File, ...]
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
        config_file = _config_file(path)
        config = {} if config_file is None else _config(config_file)
        root = path if config_file is None else config_file.parent
        if not root.is_dir():
            raise SourceUnavailableError(
                "no such folder, and no data.yaml", where=str(path), hint="check the path"
            )
        notes: list[str] = []
        folders = _folders(root, config, part)
        places = _label_folders(folders, root)
        if images is None:
            files = [file for folder in folders for file in _files(folder, root)]
        else:
            every = [_File(n, str(images / n), _label_in(places, n)) for n in image_files(images)]
            files = [file for file in every if file.labels is not None]
            if skipped := len(every) - len(files):
                notes.append(
                    f"{plural(skipped, 'image')} of {images} without a label file: skipped"
                )
        files = [file._replace(size=known.get(file.name)) for file in files]
        there = {file.name for file in files}
        gone = [(name, size) for name, size in known.items() if name not in there]
        files += [_File(name, None, _label_in(places, name), size) for name, size in gone]
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
        if "kpt_shape" in config:
            notes.append("keypoints (kpt_shape) are not read: only boxes")
        classes = _classes(root, config)
        if invented := sum(each.name.startswith(_NAMELESS) for each in classes):
            notes.append(
                f"{plural(invented, 'class number')} without a name: named {_NAMELESS}NUMBER"
            )
        count = config.get("nc")
        if classes and isinstance(count, int) and count != len(classes):
            notes.append(
                f"data.yaml has nc: {count}, and {plural(len(classes), 'name')}, which count here; "
                "Ultralytics refuses it"
            )
        return cls(classes, tuple(files), notes, _keypoints(config))

    def pictures(self) -> Iterator[Picture]:
        """Read the images, in several processes."""
        units = [self.files[at : at + _UNIT] for at in range(0, len(self.files), _UNIT)]
        read = partial(_pictures, classes=len(self.classes) or None, keypoints=self.keypoints)
        for found in in_processes(read, units, len(units)):
            yield from found


# ---- where things are


def _config_file(path: Path) -> Path | None:
    if path.suffix.lower() in (".yaml", ".yml"):
        return path
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else []
    named = [each for each in found if each.stem == "data"]
    return named[0] if named else found[0] if len(found) == 1 else None


def _config(path: Path) -> Mapping[str, Any]:
    try:
        import yaml
    except ImportError as error:
        raise RequestError(
            "reading data.yaml needs PyYAML", hint="pip install 'cocosurgeon[yolo]'"
        ) from error
    with reading(path, "data.yaml"):
        text = path.read_bytes()
    try:
        config = yaml.safe_load(text)
        plain = yaml.load(text, yaml.BaseLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise FormatError(
            f"not YAML: {error}", where=str(path), hint="repair it, or name the folder"
        ) from error
    if not isinstance(config, dict):
        raise FormatError("data.yaml is not a mapping", where=str(path), hint="repair it")
    # YAML takes yes, null and 1.0 for values that are no texts; as names of classes they are.
    return config | ({"names": plain["names"]} if "names" in config else {})


def _folders(root: Path, config: Mapping[str, Any], part: str | None) -> list[Path]:
    """Return the folders, or lists, of a split's images."""
    splits: dict[str, tuple[Path, ...]] = {}
    base = Path(str(config.get("path") or ""))
    base = base if base.is_absolute() and base.is_dir() else root / base
    base = base if base.is_dir() else root
    for split in _SPLITS:
        named = config.get(split)
        if named:
            paths = [
                str(p).replace("\\", "/") for p in (named if isinstance(named, list) else [named])
            ]
            splits[split] = tuple(_in(base, each) for each in paths)
    if not splits:
        return _parts_without_config(root, part)
    found = set(splits.values())
    if part is None:
        if len(found) > 1:
            raise RequestError(
                f"there are several parts: {', '.join(splits)}",
                where=str(root),
                hint=f"name one: --split {next(iter(splits))}",
            )
        return list(found.pop())
    every = {place.name: (place,) for places in splits.values() for place in places}
    if part not in {**every, **splits}:
        raise RequestError(
            f"there is no part {part!r}", where=str(root), hint=f"one of {', '.join(splits)}"
        )
    return list({**every, **splits}[part])


def _keypoints(config: Mapping[str, Any]) -> int:
    """Return the count of numbers that the keypoints of an object have; 0 without keypoints."""
    shape = config.get("kpt_shape")
    if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
        return 0
    return math.prod(shape)


def _in(base: Path, name: str) -> Path:
    """Return the path of a split; ``../`` that leads nowhere is dropped, as Ultralytics does."""
    place = base / name
    return base / name[3:] if name.startswith("../") and not place.exists() else place


def _parts_without_config(root: Path, part: str | None) -> list[Path]:
    images = root / "images" if (root / "images").is_dir() else root
    inner = [images / split for split in (part, "train", "val", "valid", "test") if split]
    there = [place for place in dict.fromkeys(inner) if place.is_dir()]
    if part is not None:
        if images / part not in there:
            raise RequestError(
                f"there is no part {part!r}",
                where=str(images),
                hint=f"one of {', '.join(p.name for p in there)}" if there else None,
            )
        return [images / part]
    return [images]


def _files(folder: Path, root: Path) -> list[_File]:
    """Return the images of a folder, or of a list of images, with their labels."""
    if folder.is_file():
        with reading(folder, "the list of images"):
            lines = folder.read_text("utf-8-sig", "surrogateescape").replace("\\", "/").splitlines()
        named = [line.strip() for line in lines if line.strip()]
        paths = [str(folder.parent / n[2:]) if n.startswith("./") else str(root / n) for n in named]
        top = os.path.commonpath([os.path.dirname(p) for p in paths]) if paths else ""  # noqa: PTH120
        names = [os.path.relpath(p, top).replace(os.sep, "/") for p in paths]
    else:
        names = image_files(folder)
        paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118
    return [_File(n, p, _labels_of(p)) for n, p in zip(names, paths, strict=True)]


def _labels_of(image: str) -> str | None:
    """Return the label file of an image: in labels/ in the place of the last images/, or next to
    it (``ultralytics/data/utils.py``, ``img2label_paths``)."""
    plain = os.path.splitext(image)[0] + ".txt"  # noqa: PTH122
    before, found, after = plain.replace(os.sep, "/").rpartition("/images/")
    for place in ([f"{before}/labels/{after}"] if found else []) + [plain]:
        if os.path.isfile(place):  # noqa: PTH113
            return place
    return None


def _label_folders(folders: Sequence[Path], root: Path) -> list[Path]:
    """Return folders that may have the labels of images that lie elsewhere, or nowhere."""
    found = []
    for folder in folders:
        before, images, after = folder.as_posix().rpartition("/images")
        found += [Path(f"{before}/labels{after}")] if images else []
    return [place for place in (*found, *folders, root / "labels", root) if place.is_dir()]


def _label_in(folders: Sequence[Path], name: str) -> str | None:
    found = (_labels_of(os.path.join(folder, name)) for folder in folders)  # noqa: PTH118
    return next((place for place in found if place is not None), None)


def _label_files(folders: Sequence[Path]) -> Iterator[str]:
    """Yield the text files in the labels/ of each images/; in other folders they may be others."""
    for folder in folders:
        before, images, after = folder.as_posix().rpartition("/images")
        for place, _, names in os.walk(f"{before}/labels{after}") if images else ():
            yield from (f"{place}/{n}" for n in names if n.endswith(".txt") and n != "classes.txt")


def _classes(root: Path, config: Mapping[str, Any]) -> tuple[Class, ...]:
    names = config.get("names")
    if isinstance(names, dict):
        try:
            numbered = {int(label): str(name) for label, name in names.items()}
        except (TypeError, ValueError) as error:
            raise FormatError(
                "names of data.yaml are not numbered", where=str(root), hint="repair data.yaml"
            ) from error
        most = max(numbered, default=-1)
        return tuple(Class(numbered.get(label, f"{_NAMELESS}{label}")) for label in range(most + 1))
    if isinstance(names, list):
        return tuple(Class(str(name)) for name in names)
    for place in (folder / name for folder in (root, root.parent) for name in _CLASS_FILES):
        if place.is_file():
            with reading(place, "the list of classes"):
                lines = place.read_text("utf-8-sig", "surrogateescape").splitlines()
            while lines and not lines[-1].strip():
                lines.pop()
            return tuple(Class(line.strip()) for line in lines)  # an empty line has a number, too
    return ()


# ---- what is in the files


def _pictures(files: Sequence[_File], classes: int | None, keypoints: int) -> list[Picture]:
    return [_picture(file, classes, keypoints) for file in files]


def _picture(file: _File, classes: int | None, keypoints: int) -> Picture:
    size = file.size or (size_of_image(file.image) if file.image else None)
    if size is None:
        raise FormatError(
            "the image cannot be read, so its size is not known",
            where=file.image or file.name,
            hint="remove it, or replace it by a readable image",
        )
    objects: list[Object] = []
    if file.labels is not None:
        with reading(file.labels, "the labels"), open(file.labels, "rb") as stream:  # noqa: PTH123
            text = stream.read()
        for number, line in enumerate(text.decode("utf-8-sig", "replace").splitlines(), 1):
            if line.strip():
                cells = line.split()
                if keypoints and len(cells) == 5 + keypoints:
                    cells = cells[:5]
                objects.append(_row(cells, size, classes, f"{file.labels}, line {number}"))
    return Picture(file.name, *size, tuple(objects), file.image)


def _row(cells: Sequence[str], size: tuple[int, int], classes: int | None, where: str) -> Object:
    try:
        label, *values = map(float, cells)
    except ValueError as error:
        raise FormatError(f"not a row: {error}", where=where, hint=_ROW) from error
    if label != label or label < 0 or label != int(label):
        raise FormatError(f"the class number is {cells[0]}", where=where, hint=_ROW)
    if classes is not None and label >= classes:
        raise FormatError(
            f"class number {int(label)}, and there are {plural(classes, 'class', 'classes')}: "
            f"0 to {classes - 1}",
            where=where,
            hint="complete the list of classes, or correct the row",
        )
    if not all(abs(v) < _FARTHEST for v in values):
        raise FormatError(
            "a number is not a share of the image's side: shares are from 0 to 1",
            where=where,
            hint="divide pixels by the image's width and height",
        )
    width, height = size
    if len(values) == 4:
        x, y, w, h = values
        box = ((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
        decimals = decimals_for(cells[1:], max(size))
        rounded = (*(round(v, decimals) for v in box),)
        return Object(int(label), rounded, area=round(rounded[2] * rounded[3], 4))  # type: ignore[arg-type]
    if len(values) < 6 or len(values) % 2:
        raise FormatError(f"a row has {plural(len(cells), 'number')}", where=where, hint=_ROW)
    decimals = decimals_for(cells[1:], max(size))
    sides = (width, height) * (len(values) // 2)
    exact = [v * side for v, side in zip(values, sides, strict=True)]
    polygon = [round(v, decimals) for v in exact]
    # Not of the rounded points: a width is a difference of two.
    x, y, w, h = (round(v, decimals) for v in box_of(exact))
    around: Box = (x, y, w, h)
    return Object(int(label), around, [polygon], area=round(area_of(polygon), 4))


_ROW = "a row is a class number and 4 numbers of a box, or 6 or more of a polygon, in pairs"


def decimals_for(cells: Sequence[str], side: int) -> int:
    """Return the decimals of pixels that the digits of a row stand for; 2 at least, since few
    digits may be exact ones."""
    digits = max(len(cell.partition(".")[2]) for cell in cells)
    return max(2, digits - math.ceil(math.log10(side)))
