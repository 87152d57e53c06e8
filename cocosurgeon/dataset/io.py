"""Files to datasets, and back."""

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


def read(
    ann_file: str | os.PathLike[str],
    progress: Progress | None = None,
    columns: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Dataset:
    """Read an annotation file, or a results file.

    Args:
        ann_file: path of a ``.json`` or ``.json.gz`` file, or ``-`` for standard input.
        progress: called with (bytes done, bytes in all) while it is read.
        columns: keys of records that will be wanted soon, by the lists' keys (``{"annotations":
            ["area"]}``): they are read on the way. Others are read when they are wanted.

    Raises:
        SourceUnavailableError: it cannot be opened.
        DataError: it is broken; the message says what and where.
    """
    document = scan(open_source(ann_file, progress), progress, columns=columns)
    return Dataset.whole(AnnotationIndex.of(document))


def write(dataset: Dataset, path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write what is kept of a dataset; compressed when the name ends in ``.gz``.

    The file appears whole or not at all. The source is never overwritten.

    Returns:
        The path written.

    Raises:
        RequestError: the path is ``-``.
        OutputError: it exists (and not ``force``), is the source, or cannot be written.
        SourceChangedError: the source is no longer what was read.
    """
    if str(path) == "-":
        raise RequestError("write takes a path", hint="write dataset.text() to a stream yourself")
    path = Path(path)
    refuse_same_file(path, dataset.opened.path)
    with appearing([path], force=force) as [file]:
        for piece in dataset.text():
            file.write(piece)
    return path
