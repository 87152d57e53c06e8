"""Images of a file drawn: each alone, in a sheet, or in a panel for each loader."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, as_keys
from cocosurgeon.draw.canvas import Size, drawn, sheet
from cocosurgeon.draw.images import Picture, find_folder, open_picture
from cocosurgeon.draw.marks import Drawing, as_loaded, as_recorded
from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import LOADERS
from cocosurgeon.loaders.explain import explain
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.page import text
from cocosurgeon.progress import progress_of

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Formats of pictures, by the suffix of their names."""
MOST = 100
"""Images of a sheet."""
_ALONE = Size(1000)
_IN_SHEET = Size(360, 11)
_PANEL = Size(480, 11)
_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, and facts about it.

    Attributes:
        image: the picture.
        img_ids: of the images in it.
        notes: what could not be drawn, by image.
        folder: of the image files; None where none was found.
    """

    image: Image.Image
    img_ids: tuple[Id, ...]
    notes: tuple[str, ...]
    folder: Path | None

    def as_html(self, suffix: str = ".png") -> str:
        """Return the picture as an element of a page."""
        data = b64encode(encoded(self.image, suffix)).decode()
        ids = text(", ".join(map(str, self.img_ids)))
        kind = require_format(suffix).lower()
        return f'<img src="data:image/{kind};base64,{data}" alt="images {ids}">'


def show_images(
    dataset: Dataset,
    folder: Path | None = None,
    columns: int = _COLUMNS,
    longest: int | None = None,
) -> Shown:
    """Draw the images that are kept, with their annotations that are kept.

    Args:
        folder: in which file names begin; None: it is looked for, as ``layout`` does.
        columns: of the sheet, where there are several.
        longest: pixels of the longer side of each image; None: 1000, in a sheet 360.

    Raises:
        RequestError: there is none, or more than ``MOST``; a results file.
    """
    scene = _Scene.of(dataset, folder)
    if not scene.rows:
        raise RequestError("there is no image to show", where=dataset.source.name)
    if len(scene.rows) > MOST:
        raise RequestError(
            f"{len(scene.rows):,} images are more than a picture shows; at most {MOST}",
            where=dataset.source.name,
            hint=f"choose some: --image, --first {MOST}, or `cocosurgeon browse` for all",
        )
    size = _ALONE if len(scene.rows) == 1 else _IN_SHEET
    if longest is not None:
        size = Size(longest, _IN_SHEET.text)
    pictures: list[Image.Image] = []
    notes: list[str] = []
    with progress_of("drawing") as progress:
        for done, row in enumerate(scene.rows):
            if progress is not None:
                progress(done, len(scene.rows))
            record = scene.images[row]
            drawing = as_recorded(scene.annotations[row], scene.categories, record)
            found = _open(scene.folder, record, is_turned=True)
            picture, told = _picture(found, record, drawing, size)
            pictures.append(picture)
            notes += told
    image = pictures[0] if len(pictures) == 1 else sheet(pictures, columns)
    return Shown(image, tuple(scene.ids), tuple(notes), scene.folder)


def show_panels(
    dataset: Dataset,
    img_id: Id,
    loaders: Mapping[str, Mapping[str, object]],
    folder: Path | None = None,
    classes: Sequence[str] | None = None,
) -> Shown:
    """Draw one image as it is recorded, and as each loader loads it, what it drops in gray.

    Loaders that load the same, from an image turned the same way, share a panel.

    Args:
        loaders: their names, each with options of its own.
        classes: class names, for loaders that take them; None: those of the file.

    Raises:
        RequestError: the file has no such image.
    """
    document = json.loads(b"".join(dataset.text()))
    whole = {row: a for row, a in enumerate(document.get("annotations", ())) if isinstance(a, dict)}
    rows = [r for r, i in enumerate(document["images"]) if i.get("id") == img_id]
    if not rows:
        raise RequestError(f"no image has the id {img_id!r}", where=dataset.source.name)
    record = document["images"][rows[-1]]
    own = {row: a for row, a in whole.items() if a.get("image_id") == img_id}
    categories = document.get("categories") or []
    names = tuple(str(c.get("name")) for c in categories)
    names = names if classes is None else tuple(classes)
    found = explain(document, img_id, loaders, names, _path(dataset))
    if folder is None:
        folder = find_folder(Path(_path(dataset)), [str(record.get("file_name"))])
    recorded = as_recorded(list(own.values()), categories, record)
    stored, turned = (_open(folder, record, is_turned=is_turned) for is_turned in (False, True))
    first, notes = _picture(turned, record, recorded, _PANEL)
    pictures = [first]
    groups: dict[tuple[bool, object], list[Drawing]] = {}
    for each in found:
        drawing = as_loaded(each, own, categories)
        is_turned = LOADERS[each.setting.loader].turns_by_exif or stored.is_upright
        groups.setdefault((is_turned, drawing.looks), []).append(drawing)
    for (is_turned, _), drawings in groups.items():
        drawing = replace(drawings[0], title=_title([d.title for d in drawings]))
        pictures.append(_picture(turned if is_turned else stored, record, drawing, _PANEL)[0])
    return Shown(sheet(pictures, min(3, len(pictures))), (img_id,), notes, folder)


def _title(names: Sequence[str]) -> str:
    """Return the names of loaders; those of both modes once."""
    found: dict[str, None] = {}
    for name in names:
        loader = name.rpartition(" ")[0]
        found[loader if {f"{loader} {mode}" for mode in MODES} <= {*names} else name] = None
    return ", ".join(found)


def require_format(suffix: str) -> str:
    """Return the format of a picture, by the suffix of its name.

    Raises:
        RequestError: no picture is written as that.
    """
    if (found := FORMATS.get(suffix.lower())) is None:
        raise RequestError(
            f"no picture is written as {suffix!r}", hint=f"one of {', '.join(FORMATS)}"
        )
    return found


def encoded(image: Image.Image, suffix: str) -> bytes:
    """Return a picture as a file's bytes; see ``require_format``."""
    stream = BytesIO()
    image.save(stream, require_format(suffix))
    return stream.getvalue()


def _path(dataset: Dataset) -> str:
    return "" if dataset.source.path is None else str(dataset.source.path)


@dataclass(frozen=True, eq=False)
class _Scene:
    """Images to be drawn.

    Attributes:
        folder: of their files.
        rows: of their records.
        images, annotations: records, by the row of the image.
        categories: the list.
        ids: of the images.
    """

    folder: Path | None
    rows: list[int]
    images: Mapping[int, Mapping[str, Any]]
    annotations: Mapping[int, list[Mapping[str, Any]]]
    categories: Sequence[Mapping[str, Any]]
    ids: list[Id]

    @classmethod
    def of(cls, dataset: Dataset, folder: Path | None) -> _Scene:
        index = dataset.index
        if index.image_records is None:
            raise RequestError(
                "a results file says nothing of images but their ids",
                where=dataset.source.name,
                hint="show the annotation file: `cocosurgeon browse FILE --against RESULTS`",
            )
        rows = np.sort(index.images.row_of_image[dataset.image_indices])
        images = dict(_decoded(index.image_records, rows))
        row_of = index.images.row_of_image
        annotations: dict[int, list[Mapping[str, Any]]] = {row: [] for row in images}
        if index.annotation_records is not None and len(rows) <= MOST:
            kept = dataset.annotation_rows
            owners = index.image_of_annotation[kept]
            of_kept = np.isin(owners, dataset.image_indices)
            for row, value in _decoded(index.annotation_records, kept[of_kept]):
                annotations[int(row_of[index.image_of_annotation[row]])].append(value)
        categories: list[Mapping[str, Any]] = []
        if index.category_records is not None:
            every = np.arange(index.category_records.count, dtype=np.int64)
            categories = [value for _, value in _decoded(index.category_records, every)]
        names = [str(r["file_name"]) for r in images.values() if r.get("file_name")]
        if folder is None and dataset.source.path is not None:
            folder = find_folder(dataset.source.path, names)
        ids = as_keys(index.image_records.column("id").array)[rows].tolist()
        return cls(folder, rows.tolist(), images, annotations, categories, ids)


def _open(folder: Path | None, record: Mapping[str, Any], *, is_turned: bool) -> Picture:
    size = (record.get("width"), record.get("height"))
    return open_picture(folder, record.get("file_name"), *size, is_turned=is_turned)


def _picture(
    found: Picture, record: Mapping[str, Any], drawing: Drawing, size: Size
) -> tuple[Image.Image, tuple[str, ...]]:
    """Return the picture of an image, and what could not be drawn."""
    notes = (*found.notes, *drawing.notes)
    told = replace(drawing, notes=notes)
    named = tuple(f"image {record.get('id')!r}: {note}" for note in notes)
    return drawn(found.image, told, found.scale, size), named


def _decoded(records: Any, rows: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row, _, record in records.texts(rows):
        value = json.loads(record)
        yield row, value
