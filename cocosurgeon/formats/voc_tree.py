"""VocTree: a folder of VOC's XML files as people have them, with lists or without."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.files import read_lines, reading
from cocosurgeon.formats.format import Found, Sizes
from cocosurgeon.formats.image_files import SUFFIXES, image_files
from cocosurgeon.formats.objects import Class, Object, Picture
from cocosurgeon.formats.voc_file import File, Read, read_file
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.text import first_names, plural

_CLASS_FILES = ("labels.txt", "labelmap.txt", "class_names.txt", "classes.txt")
_NO_CLASSES = frozenset(("background", "_background_", "__background__", "__ignore__"))
"""What a list of classes may begin with."""
_UNIT = 512


@dataclass(frozen=True, eq=False)
class VocTree:
    """A part of a tree of XML files.

    Attributes:
        files: its images with their XML files.
        folder: the folder of the images.
        class_file: the list of classes; None where there is none.
        known: sizes of images that need not be there.
        notes: what was assumed, skipped.
    """

    files: Sequence[File]
    folder: Path
    class_file: Path | None
    known: Sizes
    notes: Sequence[str]

    @classmethod
    def at(cls, path: Path, images: Path | None, part: str | None, known: Sizes) -> VocTree:
        """Find the XML files and images of a tree.

        Args:
            path: a folder with Annotations/ in it, or one above it; or with XML files at any depth.
            images: the folder of the images; None: JPEGImages/ or images/, or next to the XML.
            part: the split: a list in ImageSets/Main/, or a folder.
            known: sizes of images that need not be there.

        Raises:
            SourceUnavailableError: nothing is there.
            RequestError: there are several splits, and none is named; or there is none of the name.
        """
        root, annotations = _places(path)
        listed = _listed(root, part)
        if listed is None and part is not None:
            root = annotations = _inner(root, annotations, part)
        xmls = _xml_files(annotations)
        if listed is None:
            listed = dict.fromkeys(xmls, str(annotations))
        listed = {_listed_name(line, xmls): where for line, where in listed.items()}
        if not listed:
            raise SourceUnavailableError(
                "no XML files are found", where=str(annotations), hint="check the path"
            )
        folder = images or _child(root, "jpegimages", "images") or annotations
        there = image_files(folder)
        by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for image in dict.fromkeys((*known, *there)):
            by_stem[str(PurePosixPath(image).with_suffix(""))].append(image)
        by_last: defaultdict[str, list[str]] = defaultdict(list)
        for stem, found in by_stem.items():
            by_last[stem.rpartition("/")[2]] += found
        files = [
            File(name, xmls.get(name), by_stem.get(name) or by_last[name.rpartition("/")[2]], where)
            for name, where in listed.items()
        ]
        notes = []
        over = len({*there}.difference(*(file.images for file in files)))
        if over and part is None:
            notes = [
                f"{plural(over, 'image')} of {folder} without an XML file, or not listed: skipped"
            ]
        places = (p / name for p in (root, annotations, root.parent) for name in _CLASS_FILES)
        class_file = next((place for place in places if place.is_file()), None)
        return cls(files, folder, class_file, known, notes)

    def read(self, base: int) -> Found:
        """Read all files, in several processes.

        Args:
            base: the number of the first pixel.

        Raises:
            FormatError: a file is broken; the error names file and line.
        """
        listed = [] if self.class_file is None else _class_names(self.class_file)
        files, notes = self.files, [*self.notes]
        units = [files[at : at + _UNIT] for at in range(0, len(files), _UNIT)]
        read = partial(_read, folder=self.folder, known=self.known, base=base)
        found: list[Read] = []
        with progress_of("reading XML files") as progress:
            for some in in_processes(partial(read, listed={*listed}), units, len(units)):
                found += some
                if progress:
                    progress(len(found), len(files))
        remarks = Counter(remark for each in found for remark in each.remarks)
        notes += [f"{what} ({count:,})" for what, count in remarks.items()]
        used = {name for each in found for name in each.names}
        if not listed:
            notes.append("no list of classes: the XML files' classes, in alphabetical order")
        if unused := (_NO_CLASSES - used).intersection(listed):
            notes.append(f"no object is {' or '.join(sorted(unused))}: it is not a class")
        names = [name for name in listed if name not in unused] if listed else sorted(used)
        labels = {name: label for label, name in reversed([*enumerate(names)])}
        if twice := sorted(name for name in used if names.count(name) > 1):
            notes.append(f"{first_names(twice)} appears twice in the list: the first line counts")
        return Found(tuple(map(Class, names)), [_labeled(each, labels) for each in found], notes)


# ---- where things are


def _places(path: Path) -> tuple[Path, Path]:
    """Return the folder of a dataset, and that of its XML files."""
    if not path.is_dir():
        what = "this is a file, and VOC is a folder" if path.exists() else "no such folder"
        raise SourceUnavailableError(what, where=str(path), hint="name the folder")
    if path.name.lower() == "annotations":
        return path.parent, path
    for root in (path, _child(path, "vocdevkit")):
        if root is None:
            continue
        if (annotations := _child(root, "annotations")) is not None:
            return root, annotations
        inner = {p: _child(p, "annotations") for p in sorted(root.iterdir()) if p.is_dir()}
        found = [(place, annotations) for place, annotations in inner.items() if annotations]
        if len(found) > 1:
            raise RequestError(
                f"there are several datasets: {', '.join(place.name for place, _ in found)}",
                where=str(root),
                hint=f"name one: {found[0][0]}",
            )
        if found:
            return found[0]
    return path, path


def _child(folder: Path, *names: str) -> Path | None:
    """Return a folder in a folder by its name in lower case; None where there is none."""
    inner = {p.name.lower(): p for p in sorted(folder.iterdir()) if p.is_dir()}
    return next((inner[name] for name in names if name in inner), None)


def _inner(root: Path, annotations: Path, part: str) -> Path:
    for folder in (annotations / part, root / part):
        if folder.is_dir():
            return folder
    raise RequestError(
        f"there is no part {part!r}: no list in ImageSets/Main, and no folder",
        where=str(root),
        hint="remove --split to read all of it",
    )


def _xml_files(folder: Path) -> dict[str, str]:
    """Return the XML files of a folder and all folders in it, by their paths without ending."""
    found: dict[str, str] = {}
    for place, _, names in os.walk(folder, followlinks=True):
        inner = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in names:
            stem, ending = os.path.splitext(name)  # noqa: PTH122 - of 118,287
            if ending.lower() == ".xml":
                key = stem if inner == "." else f"{inner}/{stem}"
                found[key] = os.path.join(place, name)  # noqa: PTH118
    return dict(sorted(found.items()))


def _listed(root: Path, part: str | None) -> dict[str, str] | None:
    """Return the images that a split lists, each with file and line; None where none lists any."""
    found = {p.name.removesuffix(".txt"): p for p in sorted(root.glob("ImageSets/Main/*.txt"))}
    # VOC has a list for each class and split, too: dog_train.txt
    splits = [n for n in found if not any(n.endswith(f"_{other}") for other in found)]
    if not splits:
        return None
    if part is None and len(splits) > 1:
        raise RequestError(
            f"there are several parts: {', '.join(splits)}",
            where=str(root / "ImageSets/Main"),
            hint=f"name one: --split {splits[0]}",
        )
    name = splits[0] if part is None else part
    if name not in found:
        raise RequestError(
            f"there is no part {name!r}",
            where=str(root / "ImageSets/Main"),
            hint=f"use one of {', '.join(splits)}",
        )
    with reading(found[name], "the list of images"):
        lines = found[name].read_text("utf-8-sig", "surrogateescape").splitlines()
    places = {line.strip(): f"{found[name]}, line {n}" for n, line in enumerate(lines, 1)}
    return {line: place for line, place in places.items() if line}


def _listed_name(line: str, xmls: Mapping[str, str]) -> str:
    """Return the name of an image in a list: as its XML file; else without 1 or -1, or an ending,
    behind it."""
    if line in xmls:
        return line
    words = line.replace("\\", "/").rsplit(maxsplit=1)
    name = words[0] if len(words) == 2 and words[1] in ("-1", "0", "1") else line
    path = PurePosixPath(name.replace("\\", "/"))
    return str(path.with_suffix("") if path.suffix.lower() in SUFFIXES | {".xml"} else path)


def _class_names(path: Path) -> list[str]:
    """Return the names in a list of classes; labelmap.txt has colors and more behind them."""
    lines = read_lines(str(path), "the list of classes", "a line names a class")
    if path.name == "labelmap.txt":
        lines = [line.partition(":")[0].strip() for line in lines if not line.startswith("#")]
    return lines


# ---- what is in the files


def _read(
    files: Sequence[File], folder: Path, known: Sizes, base: int, listed: set[str]
) -> list[Read]:
    return [read_file(file, folder, known, base, listed) for file in files]


def _labeled(each: Read, labels: Mapping[str, int]) -> Picture:
    objects: Iterator[tuple[Object, str]] = zip(each.picture.objects, each.names, strict=True)
    return replace(
        each.picture,
        objects=tuple(replace(found, label=labels[name]) for found, name in objects),
    )
