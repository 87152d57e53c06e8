"""Files to datasets, and back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.output import refuse_same_file, write_pieces
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Progress, open_source
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import StructureError
from cocosurgeon.identity import Images


def read(ann_file: str | os.PathLike[str], progress: Progress | None = None) -> Dataset:
    """Read an annotation file, or a results file.

    Args:
        ann_file: path of a ``.json`` or ``.json.gz`` file, or ``-`` for standard input.
        progress: called with (bytes done, bytes in all) while it is read.

    Raises:
        SourceUnavailableError: it cannot be opened.
        DataError: it is broken; the message says what and where.
    """
    document = scan(open_source(ann_file, progress), progress)
    if document.results is not None:
        detections = document.results.column("image_id").array
        return _whole(document, Images.of_detections(detections), detections)
    images = document.lists.get("images")
    if images is None:
        raise _no_images(document)
    annotations = document.lists.get("annotations")
    image_ids = annotations.column("image_id").array if annotations else np.empty(0, np.int64)
    return _whole(document, Images.of(images.column("id").array), image_ids)


def write(dataset: Dataset, path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write what is kept of a dataset; compressed when the name ends in ``.gz``.

    The file appears whole or not at all. The source is never overwritten.

    Returns:
        The path written.

    Raises:
        OutputError: it exists (and not ``force``), is the source, or cannot be written.
        SourceChangedError: the source is no longer what was read.
    """
    path = Path(path)
    refuse_same_file(path, dataset.document.source.path)
    write_pieces(dataset.text(), path, force=force)
    return path


def _whole(document: Document, images: Images, image_ids: Array) -> Dataset:
    return Dataset(
        document,
        images,
        owner=images.numbers(image_ids),
        image_numbers=np.arange(images.count, dtype=np.int64),
        annotation_rows=np.arange(len(image_ids), dtype=np.int64),
    )


def _no_images(document: Document) -> StructureError:
    keys = ", ".join(repr(m.key) for m in document.members[:8]) or "none"
    return StructureError(
        f"not an annotation file: it has no list 'images' (its keys: {keys})",
        where=document.source.name,
        hint="name a COCO annotation file, or a results file (a list of detections)",
    )
