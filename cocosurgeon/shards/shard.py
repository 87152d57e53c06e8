"""One shard: an annotation file, or a folder of Parquet tables that ``convert`` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cocosurgeon.annfile.scan import scan
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.io import read
from cocosurgeon.formats.parquet import Parquet
from cocosurgeon.progress import Progress


def is_tables(path: str) -> bool:
    """Return whether a path or URL is a folder of Parquet tables."""
    return Parquet.is_at(path)


def read_shard(
    path: str,
    progress: Progress | None = None,
    columns: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Dataset:
    """Read an annotation file, or the one that a folder of tables holds; see ``dataset.io.read``.

    Raises:
        RequestError: pyarrow is not installed.
    """
    if not is_tables(path):
        return read(path, progress, columns)
    source = Parquet().open_whole(path)
    return Dataset.whole(AnnotationIndex.of(scan(source, progress, columns=columns)))
