"""Files read as datasets, and datasets written to files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.atomic import appearing, refuse_same_file
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import RequestError
from cocosurgeon.progress import Progress
from cocosurgeon.urls import refuse_urls


def read(
    ann_file: str | os.PathLike[str],
    progress: Progress | None = None,
    columns: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Dataset:
    """Read an annotation file, or a results file.

    Args:
        ann_file: path of a ``.json`` or ``.json.gz`` file, or ``-`` for standard input.
        progress: called with (bytes done, bytes in all) while the file is read.
        columns: keys of records to read in the same pass, by list (``{"annotations": ["area"]}``).
            Other keys are read in a further pass when they are needed.

    Raises:
        SourceUnavailableError: the file cannot be opened.
        DataError: it is broken; the message has the place.
    """
    document = scan(open_source(ann_file, progress), progress, columns=columns)
    return Dataset.whole(AnnotationIndex.of(document))


def write(dataset: Dataset, path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write the kept records of a dataset to a file; compressed if its name ends in ``.gz``.

    The file appears whole or not at all. The source is never overwritten.

    Args:
        path: path of the new file.
        force: replace an existing file.

    Returns:
        The path.

    Raises:
        RequestError: the path is ``-``.
        OutputError: the file exists (without ``force``), is the source, is at a URL, or cannot be
            written.
        SourceChangedError: the source has changed since it was read.
    """
    if str(path) == "-":
        raise RequestError("write takes a path", hint="write dataset.text() to a stream yourself")
    refuse_urls([path])
    path = Path(path)
    refuse_same_file(path, dataset.opened.path)
    with appearing([path], force=force) as [file]:
        for piece in dataset.text():
            file.write(piece)
    return path
