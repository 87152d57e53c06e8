"""Pictures of a file's images: one, several in a sheet, or one in a panel for each loader."""

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
from cocosurgeon.draw.fonts import font_of
from cocosurgeon.draw.images import Picture, open_picture
from cocosurgeon.draw.marks import Drawing, as_loaded, as_recorded
from cocosurgeon.draw.notes import Note, note_lines
from cocosurgeon.errors import RequestError
from cocosurgeon.layout.search import find_prefix
from cocosurgeon.loaders import LOADERS
from cocosurgeon.loaders.explain import explain
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.registry import find_loader
from cocosurgeon.page import text
from cocosurgeon.progress import progress_of
from cocosurgeon.text import first_few, one_line

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Formats of pictures, by the suffix of their names."""
MOST = 100
"""Most images of a sheet."""
_ALONE = Size(1000)
_IN_SHEET = Size(360, 11)
_PANEL = Size(480, 11)
COLUMNS = 4
PANEL_COLUMNS = 3
_LONGEST_SIDE = {"WEBP": 16_383, "JPEG": 65_500}
"""Most pixels of a side, by format."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, and facts about it.

    Attributes:
        image: the picture.
        img_ids: ids of the images in it.
        notes: differences of the drawing from the file, each with its number.
        folder: the image root; None if it was not found.
    """

    image: Image.Image
    img_ids: tuple[Id, ...]
    notes: tuple[str, ...]
    folder: Path | None

    def as_html(self, suffix: str = ".png") -> str:
        """Return the picture as an HTML element."""
        data = b64encode(encoded(self.image, suffix)).decode()
        ids = text(", ".join(map(str, self.img_ids)))
        kind = require_format(suffix).lower()
        return f'<img src="data:image/{kind};base64,{data}" alt="images {ids}">'


def show_images(
    dataset: Dataset,
    folder: Path | None = None,
    columns: int = COLUMNS,
    longest: int | None = None,
    color_order: Sequence[str | None] | None = None,
) -> Shown:
    """Draw the kept images with their kept annotations: ``show_images(data.first(4)).image``.

    Args:
        folder: the image root; None: it is looked for, as in ``cocosurgeon layout``.
        columns: columns of the sheet of several images.
        longest: pixels of the longer side of each image; None: 1000, in a sheet 360.
        color_order: category names in the order of colors; None: those of the file.

    Raises:
        RequestError: no image is kept, or more than 100; or it is a results file.
    """
    scene = _Scene.of(dataset, folder)
    if not scene.rows:
        hint = "choose other images"
        raise RequestError("there is no image to show", where=dataset.source.name, hint=hint)
    if len(scene.rows) > MOST:
        raise RequestError(
            f"{len(scene.rows):,} images are more than a picture shows; at most {MOST}",
            where=dataset.source.name,
            hint=f"choose some (--image, --first {MOST}), or write all with `cocosurgeon browse`",
        )
    size = _ALONE if len(scene.rows) == 1 else _IN_SHEET
    if longest is not None:
        size = Size(longest, _IN_SHEET.text)
    pictures: list[Image.Image] = []
    notes: list[Note] = []
    with progress_of("drawing") as progress:
        for done, row in enumerate(scene.rows):
            if progress is not None:
                progress(done, len(scene.rows))
            record = scene.images[row]
            drawing = as_recorded(scene.annotations[row], scene.categories, record, color_order)
            found = _open(scene.folder, record, drawing, size, is_turned=True)
            picture, more = _picture(found, record, drawing, size)
            pictures.append(picture)
            notes += more
    image = pictures[0] if len(pictures) == 1 else sheet(pictures, columns)
    return Shown(image, tuple(scene.ids), note_lines(notes), scene.folder)


def show_panels(
    dataset: Dataset,
    img_id: Id,
    loaders: Mapping[str, Mapping[str, object]] | Sequence[str],
    folder: Path | None = None,
    classes: Sequence[str] | None = None,
    columns: int = PANEL_COLUMNS,
) -> Shown:
    """Draw one image as recorded, and as each loader loads it, with dropped objects in gray.

    Loaders with the same output and the same EXIF rotation share a panel.

    Args:
        img_id: id of the image.
        loaders: names, ``["detr"]``; or options by name, under the framework's own names.
        folder: the image root; None: it is looked for, as in ``cocosurgeon layout``.
        classes: class names for loaders that take them; None: those of the file.
        columns: columns of panels.

    Raises:
        RequestError: the file has no such image, or is a results file.
        UnknownNameError: there is no such loader.
    """
    _require_images(dataset)
    named = loaders if isinstance(loaders, Mapping) else {name: {} for name in loaders}
    for name in named:
        find_loader(name)
    document = json.loads(b"".join(dataset.text()))
    every = {row: a for row, a in enumerate(document.get("annotations", ())) if isinstance(a, dict)}
    rows = [r for r, i in enumerate(document["images"]) if i.get("id") == img_id]
    if not rows:
        hint = f"its first ids: {first_few([i.get('id') for i in document['images']], show=repr)}"
        raise RequestError(f"no image has the id {img_id!r}", where=dataset.source.name, hint=hint)
    record = document["images"][rows[-1]]
    own = {row: a for row, a in every.items() if a.get("image_id") == img_id}
    categories = document.get("categories") or []
    names = tuple(str(c.get("name")) for c in categories)
    names = names if classes is None else tuple(classes)
    found = explain(document, img_id, named, names, _path(dataset))
    if folder is None:
        folder = find_prefix(Path(_path(dataset)), [str(record.get("file_name"))]).folder
    recorded = as_recorded(list(own.values()), categories, record)
    stored, turned = (
        _open(folder, record, recorded, _PANEL, is_turned=is_turned) for is_turned in (False, True)
    )
    first, notes = _picture(turned, record, recorded, _PANEL)
    pictures = [first]
    groups: dict[tuple[bool, object], list[Drawing]] = {}
    for each in found:
        drawing = as_loaded(each, own, categories)
        is_turned = LOADERS[each.setting.loader].turns_by_exif or stored.is_upright
        groups.setdefault((is_turned, drawing.looks), []).append(drawing)
    for (is_turned, _), drawings in groups.items():
        drawing = replace(drawings[0], title=_title([d.title for d in drawings]))
        below = turned if is_turned else stored
        own_notes = tuple(n for n in below.notes if n not in turned.notes)
        below = replace(below, notes=own_notes)
        pictures.append(_picture(below, record, drawing, _PANEL)[0])
    return Shown(sheet(pictures, columns), (img_id,), note_lines(notes), folder)


def _title(names: Sequence[str]) -> str:
    """Return the names of loaders; a loader in both modes once."""
    found: dict[str, None] = {}
    for name in names:
        loader = name.rpartition(" ")[0]
        found[loader if {f"{loader} {mode}" for mode in MODES} <= {*names} else name] = None
    return ", ".join(found)


def require_format(suffix: str) -> str:
    """Return the format of a picture, by the suffix of its name.

    Raises:
        RequestError: the suffix is unknown.
    """
    if (found := FORMATS.get(suffix.lower())) is None:
        raise RequestError(
            f"a picture cannot be written as {suffix!r}" if suffix else "the picture has no suffix",
            hint=f"name it with one of {', '.join(FORMATS)}",
        )
    return found


def encoded(image: Image.Image, suffix: str) -> bytes:
    """Return a picture as the bytes of a file; see ``require_format``.

    Raises:
        RequestError: it has more pixels than the format can have.
    """
    kind = require_format(suffix)
    if max(image.size) > _LONGEST_SIDE.get(kind, max(image.size)):
        raise RequestError(
            f"a picture of {image.width:,} x {image.height:,} pixels is too large for {kind}",
            hint="write .png, draw fewer images, or choose --columns",
        )
    stream = BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def _path(dataset: Dataset) -> str:
    return "" if dataset.source.path is None else str(dataset.source.path)


@dataclass(frozen=True, eq=False)
class _Scene:
    """Images to draw.

    Attributes:
        folder: the image root.
        rows: rows of the image records.
        images, annotations: records by row of the image.
        categories: the category list.
        ids: ids of the images.
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
        _require_images(dataset)
        assert index.image_records is not None
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
        if (listed := index.category_records) is not None:
            categories = [value for _, value in _decoded(listed, listed.rows)]
        names = [str(r["file_name"]) for r in images.values() if r.get("file_name")]
        if folder is None and dataset.source.path is not None:
            folder = find_prefix(dataset.source.path, names).folder
        ids = as_keys(index.image_records.column("id").array)[rows].tolist()
        return cls(folder, rows.tolist(), images, annotations, categories, ids)


def _require_images(dataset: Dataset) -> None:
    if dataset.index.image_records is None:
        raise RequestError(
            "the file lists no images",
            where=dataset.source.name,
            hint="name an annotation file; detections: `cocosurgeon browse FILE --against RESULTS`",
        )


def _open(
    folder: Path | None, record: Mapping[str, Any], drawing: Drawing, size: Size, *, is_turned: bool
) -> Picture:
    assert size.longest is not None
    recorded = record.get("width"), record.get("height")
    return open_picture(
        folder,
        record.get("file_name"),
        recorded,
        drawing.extent,
        longest=size.longest,
        is_turned=is_turned,
    )


def _picture(
    found: Picture, record: Mapping[str, Any], drawing: Drawing, size: Size
) -> tuple[Image.Image, tuple[Note, ...]]:
    """Return the picture of an image, and notes on differences from the file."""
    names = dict.fromkeys(one_line(n) for n in (drawing.title, *(m.text for m in drawing.marks)))
    boxes = "drawn with empty boxes: no installed font has all of its characters"
    notes = (
        *(Note("image", record.get("id"), *note) for note in found.notes),
        *drawing.notes,
        *(Note("name", name, boxes) for name in names if not font_of(name, size.text)[1]),
    )
    return drawn(found.image, replace(drawing, notes=notes), found.scale, size), notes


def _decoded(records: Any, rows: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row, _, record in records.texts(rows):
        value = json.loads(record)
        yield row, value
