"""Read a dataset of another format as an annotation file, with ids as its manifest says."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import MISSING, replace
from pathlib import Path
from typing import Any, NamedTuple

from cocosurgeon.annfile.source import Source, source_of
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.convert.manifest import (
    Manifest,
    PartManifest,
    manifest_path,
    read_manifest,
)
from cocosurgeon.convert.records import Reading, numbered, restored
from cocosurgeon.dataset.placeholders import PLACEHOLDER
from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.formats.format import Format, WholeFormat
from cocosurgeon.formats.objects import Class, Id, Picture
from cocosurgeon.formats.registry import options_of
from cocosurgeon.progress import progress_of
from cocosurgeon.text import are, first_names, plural
from cocosurgeon.urls import is_url

_NUMBERED = re.compile(r"(?:class[ _-]?)?([0-9]+)", re.IGNORECASE)


class Opened(NamedTuple):
    """A dataset of another format as the text of an annotation file; see ``Reading``."""

    source: Source
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def open_format(
    where: str,
    kind: Format,
    *,
    images: Path | None = None,
    part: str | None = None,
    space: str | None = None,
) -> Opened:
    """Open a dataset of another format as the text of an annotation file; see ``read_format``.

    Raises:
        RequestError: an option is for formats that do not hold the file as it is.
    """
    if not isinstance(kind, WholeFormat):
        if is_url(where):
            raise RequestError(
                f"{kind.name} is not read from a URL", where=where, hint="copy it to this machine"
            )
        found = read_format(Path(where), kind, images=images, part=part, space=space)
        return Opened(source_of(found.text(), where), found.notes, found.warnings)
    if images is not None or part is not None or space is not None:
        raise RequestError(
            f"{kind.name} stores an annotation file unchanged: --images, --split and --space have "
            f"no effect",
            hint="remove them",
        )
    if not is_url(where) and not Path(where).exists():
        raise SourceUnavailableError("no such folder or file", where=where, hint="check it")
    return Opened(kind.open_whole(where), ("every byte equals the source's (SHA-256)",), ())


def read_format(
    path: Path,
    kind: Format,
    *,
    images: Path | None = None,
    part: str | None = None,
    space: str | None = None,
    plain: bool = False,
) -> Reading:
    """Read a dataset of another format.

    With the manifest that ``convert`` wrote next to it, ids, order, categories, and crowds are as
    they were. Objects of an image whose rows are others now get new ids.

    Args:
        images: the folder of the images; None: they are looked for.
        part: the split; None: the only one.
        space: the label space that class numbers are of; None: as the format names its classes.
        plain: take only sizes from the manifest: ids are from 1, as a trainer numbers classes.

    Raises:
        FormatError: it is broken; the error names file and line.
        RequestError: it has several parts, and none is named; class numbers without names.
    """
    if not path.exists():
        raise SourceUnavailableError("no such folder or file", where=str(path), hint="check it")
    folder = path.parent if kind.is_folder and path.is_file() else path
    manifest = read_manifest(manifest_path(folder, is_folder=kind.is_folder))
    if manifest is not None:
        _require_same_options(manifest, kind, folder)
    known = None if manifest is None else _part_of(manifest, part, path)
    sizes = {} if known is None else _sizes(known)
    found = kind.read(path, images, part, sizes)
    pictures = []
    with progress_of("reading") as progress:
        for place, picture in enumerate(found.pictures, 1):
            pictures.append(picture)
            if progress:
                progress(place, max(place, len(sizes)))
    most = max((each.label for p in pictures for each in p.objects), default=-1)
    of_boxes, warnings = _about_boxes(pictures)
    followed = None if plain else manifest
    names = [] if space is None else find_space(space).names_in_list()
    of_space = tuple(Class(name, label) for label, name in enumerate(names))
    categories, labels, notes = _categories(found.classes or of_space, followed, most, path)
    pictures = [_relabeled(picture, labels) for picture in pictures]
    is_kept = space is None and manifest is not None and categories == list(manifest.categories)
    kept = "ids, order, categories and crowds" if is_kept else "ids, order and crowds"
    if manifest is None or known is None or plain:
        reading = numbered(pictures)
    else:
        reading = restored(pictures, kind, manifest, known, kept, found.further)
    ids = [each["id"] for each in categories]
    if space is not None:
        used = {record["category_id"] for record in reading.annotations}
        ids, notes = _labels_in_space(categories, names, used, space, path), []
        categories = [{"id": label, "name": name} for label, name in enumerate(names)]
    elif is_kept and manifest is not None and manifest.own_categories:
        pairs = zip(manifest.own_labels, manifest.own_categories, strict=True)
        own = {label: record["id"] for label, record in pairs}
        if own.keys() >= {record["category_id"] for record in reading.annotations}:
            categories = list(manifest.own_categories)
            ids = [own.get(label) for label in range(len(ids))]
        else:
            notes = [
                *notes,
                "classes that the source does not list have the ids of the label space",
            ]
    for record in reading.annotations:
        record["category_id"] = ids[record["category_id"]]
    return replace(
        reading,
        categories=categories,
        further=reading.further or found.further,
        notes=(*found.notes, *of_boxes, *notes, *reading.notes),
        warnings=(*reading.warnings, *warnings),
    )


def _about_boxes(pictures: Sequence[Picture]) -> tuple[list[str], list[str]]:
    """Return notes and warnings about boxes; records of an annotation file are copied unchanged."""
    objects = (each for p in pictures for each in p.objects if "category_id" not in each.record)
    flat, farthest = 0, None
    for x, y, width, height in (each.bbox for each in objects):
        flat += min(width, height) <= 0
        farthest = max(farthest or 0, x + width, y + height)
    notes = [f"{plural(flat, 'box', 'boxes')} without an area: copied unchanged"] if flat else []
    if farthest is not None and farthest <= 1:
        return notes, ["every box lies within the first pixel: are these shares of the sides?"]
    return notes, []


def _require_same_options(manifest: Manifest, kind: Format, folder: Path) -> None:
    """Refuse another format than was written, or another value of an option without a default."""
    if manifest.format != kind.name:
        raise RequestError(
            f"it was written as {manifest.format}, not as {kind.name}",
            where=str(manifest_path(folder, is_folder=kind.is_folder)),
            hint=f"give --from {manifest.format}; or move the manifest away",
        )
    for name in (each.name for each in options_of(type(kind)) if each.default is MISSING):
        given, written = getattr(kind, name), manifest.options.get(name, getattr(kind, name))
        if given != written:
            raise RequestError(
                f"it was written with --{name} {written}, not {given}",
                where=str(manifest_path(folder, is_folder=kind.is_folder)),
                hint=f"give --{name} {written}; or move the manifest away, if the files were made "
                f"again",
            )


def _part_of(manifest: Manifest, part: str | None, path: Path) -> PartManifest:
    if part is None and len(manifest.parts) == 1:
        return next(iter(manifest.parts.values()))
    if part is None or part not in manifest.parts:
        what = "there are several parts" if part is None else f"there is no part {part!r}"
        raise RequestError(
            what, where=str(path), hint=f"name one: --split {'|'.join(manifest.parts)}"
        )
    return manifest.parts[part]


def _sizes(known: PartManifest) -> dict[str, tuple[int, int]]:
    columns = (known.images[key] for key in ("file_name", "width", "height"))
    return {name: (width, height) for name, width, height in zip(*columns, strict=True)}


def _categories(
    classes: Sequence[Class],
    manifest: Manifest | None,
    most: int,
    path: Path,
) -> tuple[list[Mapping[str, Any]], Sequence[int], list[str]]:
    """Return records of categories, the place among them of each class number, and notes.

    Args:
        classes: by class number; empty where the format names none.
        most: the highest class number in use.
    """
    if manifest is not None:
        if (labels := _labels_in(manifest, classes, most)) is not None:
            return list(manifest.categories), labels, []
        notes = ["the classes differ from the manifest's: category ids begin at 1"]
    else:
        notes = ["category ids begin at 1, in the order of the class numbers"]
    _require_names(len(classes), most, path)
    given = [each.cat_id for each in classes if each.cat_id is not None]
    ids: Sequence[Id] = range(1, len(classes) + 1)
    if len(given) == len(classes):
        ids, notes = (given, []) if len({*given}) == len(given) else (ids, notes)
    pairs = zip(ids, classes, strict=True)
    records: list[Mapping[str, Any]] = [{"id": i, "name": each.name} for i, each in pairs]
    return records, range(len(records)), notes


def _labels_in_space(
    categories: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    used: Container[int],
    space: str,
    path: Path,
) -> list[int]:
    """Return the label in a space of each category: by its name; of one that is named by a number
    only (``3``, ``class3``), that number; of a placeholder without objects, 0.

    Raises:
        RequestError: the space has no class of this name.
    """
    by_name = {name: label for label, name in reversed([*enumerate(names)])}
    labels: list[int] = []
    unknown: list[str] = []
    for place, each in enumerate(categories):
        name = str(each.get("name", each["id"]))
        number = _NUMBERED.fullmatch(name)
        if names[place : place + 1] == [name]:
            labels.append(place)  # of several rows without a class, this one
        elif name in by_name:
            labels.append(by_name[name])
        elif number and int(number[1]) < len(names):
            labels.append(int(number[1]))
        elif name == PLACEHOLDER and place not in used:
            labels.append(0)
        else:
            unknown.append(name)
    if unknown:
        raise RequestError(
            f"{plural(len(unknown), 'class', 'classes')} {are(len(unknown))} not in {space}: "
            f"{first_names(unknown)}",
            where=str(path),
            hint="read it without --space, and map its classes: cocosurgeon remap FILE --to SPACE",
        )
    return labels


def _labels_in(manifest: Manifest, classes: Sequence[Class], most: int) -> Sequence[int] | None:
    """Return the class number in the manifest of each class that was read, by its id or its name;
    None where one is not there."""
    if not classes:
        return range(most + 1) if most < len(manifest.categories) else None
    records = manifest.categories
    by_both = {(r.get("id"), r.get("name")): label for label, r in enumerate(records)}
    by_name = {record.get("name"): label for label, record in enumerate(records)}
    if [each.name for each in classes] == [str(r.get("name", r.get("id"))) for r in records]:
        return range(len(records))
    by_id = {str(record.get("id")): label for label, record in enumerate(records)}
    found = [
        by_both.get((c.cat_id, c.name), by_name.get(c.name))
        if c.cat_id is None or c.name != str(c.cat_id)
        else by_id.get(c.name)  # a class without a name
        for c in classes
    ]
    labels = [label for label in found if label is not None]
    return labels if len({*labels}) == len(found) else None


def _relabeled(picture: Picture, labels: Sequence[int]) -> Picture:
    objects = (replace(each, label=labels[each.label]) for each in picture.objects)
    return replace(picture, objects=tuple(objects))


def _require_names(count: int, most: int, path: Path) -> None:
    if most >= count:
        raise RequestError(
            f"class number {most} is in use, and {plural(count, 'class', 'classes')} "
            f"{are(count)} named",
            where=str(path),
            hint="name them in the format's list of classes, or a label space: --space mmdet80",
        )
