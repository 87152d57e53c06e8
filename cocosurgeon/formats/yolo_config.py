"""YoloConfig: data.yaml of a YOLO dataset, or the files that stand for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.files import reading
from cocosurgeon.formats.class_file import read_class_file
from cocosurgeon.formats.objects import Class
from cocosurgeon.text import plural

_SPLITS = ("train", "val", "test")
_CLASS_FILES = ("classes.txt", "labels/classes.txt", "obj.names")
_NAMELESS = "class "
"""What is before the number in the name of a class that has none."""
_MOST = 100_000
"""Class numbers that a list of names may have."""


@dataclass(frozen=True, eq=False)
class YoloConfig:
    """Splits and classes of a dataset.

    Attributes:
        root: the folder of data.yaml.
        values: what data.yaml has; nothing without one.
    """

    root: Path
    values: Mapping[str, Any]

    @classmethod
    def at(cls, path: Path) -> YoloConfig:
        """Read data.yaml, or any one YAML file of a folder.

        Raises:
            SourceUnavailableError: there is no such folder.
            FormatError: data.yaml is broken.
        """
        file = path if path.suffix.lower() in (".yaml", ".yml") else None
        if file is None and path.is_dir():
            found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
            named = [each for each in found if each.stem == "data"]
            file = named[0] if named else found[0] if len(found) == 1 else None
        root = path if file is None else file.parent
        if not root.is_dir():
            raise SourceUnavailableError(
                "no such folder, and no data.yaml", where=str(path), hint="check the path"
            )
        return cls(root, {} if file is None else _read(file))

    def folders(self, part: str | None) -> tuple[list[Path], list[str]]:
        """Return the folders, or lists, of a split's images, and notes.

        Raises:
            RequestError: there are several splits, and none is named; or there is none of the name.
        """
        base = Path(str(self.values.get("path") or ""))
        base = base if base.is_absolute() and base.is_dir() else self.root / base
        base = base if base.is_dir() else self.root
        splits: dict[str, tuple[Path, ...]] = {}
        notes: list[str] = []
        every: dict[str, tuple[Path, ...]] = {}
        for split in _SPLITS:
            if not (named := self.values.get(split)):
                continue
            names = [str(n) for n in (named if isinstance(named, list) else [named])]
            places = [_place(base, name) for name in names]
            splits[split] = tuple(places)
            moved = [n for n, p in zip(names, places, strict=True) if not (base / n).exists()]
            every |= {_split_name(place): (place,) for place in places}
            if moved and all(place.exists() for place in places):
                notes.append(f"{split}: {moved[0]} is not there: read from {places[0]}")
        every |= splits
        if not splits:
            return [self._folder_of(part)], []
        if part is None:
            if len({*splits.values()}) > 1:
                raise RequestError(
                    f"there are several parts: {', '.join(splits)}",
                    where=str(self.root),
                    hint=f"name one: --split {next(iter(splits))}",
                )
            part = next(iter(splits))
        if part not in every:
            raise RequestError(
                f"there is no part {part!r}",
                where=str(self.root),
                hint=f"use one of {', '.join(splits)}",
            )
        return list(every[part]), [n for n in notes if n.partition(":")[0] == part]

    def _folder_of(self, part: str | None) -> Path:
        """Return the folder of a split's images where no data.yaml names it."""
        images = self.root / "images" if (self.root / "images").is_dir() else self.root
        if part is None or (images / part).is_dir():
            return images / (part or "")
        there = [name for name in (*_SPLITS, "valid") if (images / name).is_dir()]
        raise RequestError(
            f"there is no part {part!r}",
            where=str(images),
            hint=f"use one of {', '.join(there)}" if there else None,
        )

    def classes(self) -> tuple[tuple[Class, ...], list[str]]:
        """Return the classes by class number, none where nothing names them, and notes.

        Raises:
            FormatError: their numbers are none.
        """
        names, count = self.values.get("names"), self.values.get("nc")
        if not isinstance(count, int):
            count = None
        if isinstance(names, list):
            names = dict(enumerate(names))
        if not isinstance(names, dict):
            places = (f / name for f in (self.root, self.root.parent) for name in _CLASS_FILES)
            file = next((place for place in places if place.is_file()), None)
            if file is not None:
                return read_class_file(file), []
            names = {}
        try:
            numbered = {int(label): str(name) for label, name in names.items()}
        except (TypeError, ValueError) as error:
            raise self._broken("names of data.yaml are not numbered", "number them") from error
        total = max(numbered) + 1 if numbered else count or 0
        if total > _MOST or min(numbered, default=0) < 0:
            wrong = max(numbered, default=total) if total > _MOST else min(numbered)
            raise self._broken(
                f"data.yaml has the class number {wrong}", f"they are from 0 to {_MOST - 1}"
            )
        notes = []
        if invented := total - len(numbered):
            notes = [f"{plural(invented, 'class number')} without a name: named {_NAMELESS}NUMBER"]
        if count not in (None, total):
            notes.append(
                f"data.yaml has nc: {count}, and {plural(total, 'name')}, which count here; "
                "Ultralytics refuses it"
            )
        names = (numbered.get(label, f"{_NAMELESS}{label}") for label in range(total))
        return tuple(map(Class, names)), notes

    def _broken(self, what: str, hint: str) -> FormatError:
        return FormatError(what, where=str(self.root), hint=hint)

    @property
    def keypoints(self) -> int:
        """The count of numbers that the keypoints of an object have; 0 without keypoints."""
        shape = self.values.get("kpt_shape")
        if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
            return 0
        return math.prod(shape)


def _read(path: Path) -> Mapping[str, Any]:
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


def _place(base: Path, name: str) -> Path:
    """Return the path of a split: as it is named, else its longest end that is there.

    Ultralytics drops ``../`` that leads nowhere; an absolute path may be of another computer.
    """
    parts = name.replace("\\", "/").split("/")
    ends = [base / "/".join(parts[at:]) for at in range(len(parts))]
    return next((end for end in ends if end.exists()), ends[name.startswith("../")])


def _split_name(place: Path) -> str:
    """Return the name of a folder of images, which may be in it: train/images, images/train."""
    return place.parent.name if place.name == "images" else PurePosixPath(place).name
