"""Datasets of other formats, opened as if they were annotation files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Source, open_source
from cocosurgeon.convert.manifest import Manifest, manifest_path, read_manifest
from cocosurgeon.convert.read import open_format
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.formats.format import Format
from cocosurgeon.formats.parquet import Parquet
from cocosurgeon.formats.registry import all_formats, find_format, make_format, options_of
from cocosurgeon.progress import Progress
from cocosurgeon.urls import is_url

_NOTHING: Mapping[str, Iterable[str]] = MappingProxyType({})


def open_any(path: str, progress: Progress | None = None) -> Source:
    """Open an annotation file, or a dataset of another format as the text of one.

    Ids, order and crowds are those of its manifest, where it has one.

    Raises:
        CocosurgeonError: it cannot be opened, or is broken.
    """
    name = format_at(path)
    if name is None:
        return open_source(path, progress)
    return open_format(path, format_with(name, path)).source


def read_any(
    path: str,
    progress: Progress | None = None,
    columns: Mapping[str, Iterable[str]] = _NOTHING,
) -> Dataset:
    """Read an annotation file, or a dataset of another format; see ``dataset.io.read``."""
    return _dataset(open_any(path, progress), progress, columns)


def _dataset(
    source: Source,
    progress: Progress | None = None,
    columns: Mapping[str, Iterable[str]] = _NOTHING,
) -> Dataset:
    return Dataset.whole(AnnotationIndex.of(scan(source, progress, columns=columns)))


def convert_from(
    path: str | os.PathLike[str],
    format: str,
    *,
    images: str | os.PathLike[str] | None = None,
    split: str | None = None,
    space: str | None = None,
    **options: object,
) -> Dataset:
    """Read a dataset of another format: ``convert_from("yolo/data.yaml", "yolo", split="val")``.

    Parquet is also read from a URL.

    With the manifest that ``convert`` wrote next to it, ids, order, categories and crowds are as
    they were.

    Args:
        format: its name: yolo, voc, csv, ...
        images: the folder of the images; None: they are looked for.
        split: the part to read; None: the only one.
        space: the label space that class numbers are of; None: as the format names its classes.
        options: of the format, as on the command line, with ``_`` for ``-``.

    Raises:
        FormatError: it is broken; the error names file and line.
        RequestError: it has several parts, and none is named; class numbers without names.
    """
    place = os.fspath(path)
    found = open_format(
        place,
        format_with(format, place, options),
        images=None if images is None else Path(images),
        part=split,
        space=space,
    )
    notes = (*found.notes, *found.warnings)
    return replace(_dataset(found.source), notes=notes)


def format_at(where: str) -> str | None:
    """Return the name of the format of a folder or file; None for an annotation file."""
    if is_url(where):
        return Parquet.name if Parquet.is_at(where) else None
    path = Path(where)
    try:
        if path.is_dir() and (manifest := manifest_at(path)) is not None:
            return manifest.format
        return next((name for name, kind in all_formats().items() if kind.recognizes(path)), None)
    except OSError:  # whoever opens it as an annotation file says why it cannot be opened
        return None


def format_with(
    name: str, where: str, given: Mapping[str, object] = MappingProxyType({})
) -> Format:
    """Return a format with the options that its manifest has; those that are given count.

    Raises:
        RequestError: an option is missing, or cannot have this value.
    """
    kind = find_format(name)
    manifest = None if is_url(where) else manifest_at(Path(where), is_folder=kind.is_folder)
    written = manifest.options if manifest is not None and manifest.format == name else {}
    known = {each.name for each in options_of(kind)}
    return make_format(name, {**{k: v for k, v in written.items() if k in known}, **given})


def manifest_at(path: Path, *, is_folder: bool | None = None) -> Manifest | None:
    """Read the manifest of a folder, of a file in one, or of a file; None where there is none."""
    if path.is_dir():
        return read_manifest(manifest_path(path, is_folder=True))
    folder = path.parent if is_folder else path
    return read_manifest(manifest_path(folder, is_folder=bool(is_folder)))
