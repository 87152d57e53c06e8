"""YOLO, as Ultralytics reads it: images/, labels/ with a text file an image, and data.yaml.

A row of a text file is a class number with a box (center, width, height) or with a polygon, as
shares of the image's sides (``ultralytics/data/utils.py``, ``verify_image_label``).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

from cocosurgeon.formats.format import Feature, Format, Found, Part, Sizes, option
from cocosurgeon.formats.image_files import SUFFIXES
from cocosurgeon.formats.objects import Class, Object, Picture
from cocosurgeon.formats.outlines import box_of, outline
from cocosurgeon.formats.yolo_tree import YoloTree
from cocosurgeon.masks import mask_fault
from cocosurgeon.text import yaml_string

_DIGITS = 6
_OVER = 0.01
"""Share of a side by which a number may lie over the edge."""
_SIDE = 5000
"""The longest side in pixels of which six digits give a box within 0.01 pixels."""


@dataclass(frozen=True)
class Yolo(Format):
    """Ultralytics' tree.

    Attributes:
        masks: write polygons in the place of boxes.
    """

    name: ClassVar[str] = "yolo"
    title: ClassVar[str] = "Ultralytics' tree: images, labels as text, data.yaml"
    wants_images: ClassVar[Literal["linked"]] = "linked"

    masks: bool = option("Write polygons instead of boxes, for segmentation.", default=False)

    @property
    def holds(self) -> frozenset[Feature]:
        """Return what it can hold: of a box over the edge, too, Ultralytics takes the center."""
        return frozenset(
            ("over-edge", *(("mask", "polygons", "run-lengths") if self.masks else ()))
        )

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        names = ("data.yaml", "classes.txt", "labels")
        return path.suffix.lower() in (".yaml", ".yml") or any((path / n).exists() for n in names)

    def image_place(self, part: str, file_name: str) -> str:
        return f"images/{part}/{file_name}"

    def label_place(self, part: str, file_name: str) -> str:
        """Return where Ultralytics looks: in labels/ in the place of the last images/, which may be
        a folder in the file name."""
        before, _, after = f"/{self.image_place(part, file_name)}".rpartition("/images/")
        stem = os.path.splitext(after)[0]  # noqa: PTH122 - of 118,287
        return f"{before}/labels/{stem}.txt".lstrip("/")

    def remarks(self, picture: Picture) -> Iterator[str]:
        ending = os.path.splitext(picture.file_name)[1].lower()  # noqa: PTH122
        if ending not in SUFFIXES:
            yield "images with an ending that Ultralytics does not read"
        if any(self._reaches_out(each, picture) for each in picture.objects):
            yield (
                "images with an object that reaches so far over the edge that Ultralytics drops "
                "the whole image (--clip cuts it off)"
            )

    def _reaches_out(self, each: Object, picture: Picture) -> bool:
        """Return whether a center or a size is no share: ``ultralytics/data/utils.py:480``. Of a
        polygon, it is that of the box around it."""
        sides = (picture.width, picture.height)
        x, y, w, h = each.bbox
        mask = each.segmentation
        if self.masks and isinstance(mask, list) and mask_fault(mask, *sides[::-1]) is None:
            x, y, w, h = box_of([v for polygon in mask for v in polygon])
        return any(
            middle < -_OVER * side or max(middle, length) > (1 + _OVER) * side
            for middle, length, side in zip((x + w / 2, y + h / 2), (w, h), sides, strict=True)
        )

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        made = set[str]()
        for picture in pictures:
            path = f"{out}/{self.label_place(part, picture.file_name)}"
            folder = path.rpartition("/")[0]
            if folder not in made:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
                made.add(folder)
            rows = (self._row(each, picture) for each in picture.objects)
            with open(path, "wb") as file:  # noqa: PTH123
                file.write("".join(f"{row}\n" for row in rows).encode())
        return b""

    def _row(self, each: Object, picture: Picture) -> str:
        width, height = picture.width, picture.height
        digits = digits_for(max(width, height))
        if self.masks and each.segmentation is not None:
            drawn = outline(each.segmentation, width, height)
            if drawn is not None:
                sides = (width, height) * (len(drawn.polygon) // 2)
                values = (v / side for v, side in zip(drawn.polygon, sides, strict=True))
                return " ".join((str(each.label), *(f"{v:.{digits}f}" for v in values)))
        x, y, w, h = each.bbox
        box = ((x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
        return " ".join((str(each.label), *(f"{v:.{digits}f}" for v in box)))

    def extras(self, parts: Sequence[Part], classes: Sequence[Class]) -> Mapping[str, bytes]:
        """Return data.yaml. Ultralytics needs both train and val: where one is missing, its line
        names the images of the other, and says so."""
        folders = [f"images/{part.name}" for part in parts]
        splits = {s: [f for f in folders if split_of(f) == s] for s in ("train", "val", "test")}
        lines = ["# Paths begin in the folder of this file."]
        for split, of_split in splits.items():
            if not of_split and split != "test":
                lines.append(f"# There is no part {split!r}: the same images again.")
            if named := of_split or (folders if split != "test" else []):
                places = ", ".join(map(yaml_string, named))
                lines.append(f"{split}: {places if len(named) == 1 else f'[{places}]'}")
        lines += [f"nc: {len(classes)}", "names:"]
        lines += [f"  {label}: {yaml_string(each.name)}" for label, each in enumerate(classes)]
        return {"data.yaml": "".join(f"{ln}\n" for ln in lines).encode("utf-8", "surrogatepass")}

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        tree = YoloTree.at(path, images, part, known)
        return Found(tree.classes, tree.pictures(), tree.notes)


def digits_for(side: int) -> int:
    """Return the digits of a share of a side, in pixels, that give a box within 0.01 pixels."""
    return _DIGITS if side <= _SIDE else _DIGITS + math.ceil(math.log10(side / _SIDE))


def split_of(folder: str) -> str:
    """Return the split that a folder's name means; train where it says none."""
    name = PurePosixPath(folder).name.lower()
    return next((split for split in ("val", "test") if name.startswith(split)), "train")
