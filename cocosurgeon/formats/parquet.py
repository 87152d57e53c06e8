"""Parquet: a table of the images, a table of the annotations, and every byte of the file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from cocosurgeon.annfile.apart import Separated, put_together, rest_of
from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Source, source_of
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.formats.format import WholeFormat, option
from cocosurgeon.progress import progress_of
from cocosurgeon.text import plural
from cocosurgeon.urls import begins_with, copied_folder, is_url, reading_url
from cocosurgeon.version import __version__

KEY = b"cocosurgeon"
"""Key of the schema's metadata. Its value is JSON."""
_VERSION = 3
_TABLES = ("images", "annotations")
_REST = "rest"
TABLES = tuple(f"{name}.parquet" for name in _TABLES)
"""Names of files, of which tables have one or both."""
_BEGIN = b"PAR1"
_BEGINS_OF_FILES = (b"{", b"[", b"\x1f")
"""First byte of an annotation file, plain or compressed."""
_AGAIN = "convert the annotation file again"
_CHOOSE = f"{_AGAIN}; to choose records, cut it by ids: cocosurgeon subset FILE --ids-file IDS"
_KINDS = {"size": int, "sha256": str, "rest": list, "separator": str, "comma": str, "tables": dict}
"""Types of the metadata that are read."""
_MOST_IN_SCHEMA = 1 << 16
"""Bytes of the rest of the file; more of them have a table of their own."""


@dataclass(frozen=True)
class Parquet(WholeFormat):
    """Tables of Parquet, for DuckDB, pandas, polars, Spark and Dask."""

    name: ClassVar[str] = "parquet"
    title: ClassVar[str] = "Parquet: tables of images and annotations that keep every byte"

    objects: bool = option(
        "Add the objects of each image as a column, as in Hugging Face datasets.",
        default=False,
    )

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        """Return whether a folder has such tables."""
        return any(os.path.isfile(_table(path, name)) for name in _TABLES)  # noqa: PTH113 - never raises

    @classmethod
    def is_at(cls, where: str) -> bool:
        """Return whether a path or URL is a folder with such tables.

        Raises:
            RequestError: fsspec, or the package of the protocol, is not installed.
            SourceUnavailableError: a table at the URL cannot be read.
        """
        if not is_url(where):
            return cls.recognizes(Path(where))
        is_file = where.endswith((".json", ".json.gz")) or any(mark in where for mark in "*?")
        failed: list[SourceUnavailableError] = []
        for name in () if is_file else TABLES:
            try:
                if begins_with(where, name, _BEGIN):
                    return True
            except SourceUnavailableError as error:
                failed.append(error)
        if not failed:
            return False
        with suppress(SourceUnavailableError), reading_url(where) as (file, _):
            if file.read(1) in _BEGINS_OF_FILES:
                return False
        raise failed[0]

    def write_whole(self, dataset: Dataset, out: Path) -> None:
        """Write the tables.

        Raises:
            RequestError: pyarrow is not installed.
        """
        _require_pyarrow()
        from cocosurgeon.tables.numbers import comma_of
        from cocosurgeon.tables.parquet import lists_of, write_pieces, write_records

        index = _index_of(dataset)
        document = index.document
        lists = {name: Separated.of(records) for name, records in lists_of(index).items()}
        rest = rest_of(document, [each.records for each in lists.values()])
        small: list[tuple[int, str]] = []
        if _rest_size(document, lists) > _MOST_IN_SCHEMA:
            write_pieces(_table(out, _REST), rest)
        else:
            small = [(place, text.decode("utf-8", "surrogatepass")) for place, text in rest]
        source = document.source
        facts = {
            "version": _VERSION,
            "cocosurgeon": __version__,
            "source": Path(dataset.opened.name).name,
            "size": source.size,
            "sha256": source.sha256(),
            "rest": small,
        }
        total = sum(each.records.count for each in lists.values())
        with progress_of("writing") as progress:
            done = 0
            for name, each in lists.items():
                comma = comma_of(each.records)
                own = {"separator": each.usual.decode(), "comma": comma.decode()}
                counts = {table: other.records.count for table, other in lists.items()}
                metadata = {KEY: json.dumps({**facts, **own, "tables": counts}).encode()}
                objects = self.objects and name == "images"
                path = _table(out, name)
                written = write_records(path, name, index, each, metadata, comma, objects=objects)
                for count in written:
                    done += count
                    if progress:
                        progress(done, total)

    def open_whole(self, where: str) -> Source:
        """Open the text of the tables of a folder, or of a folder at a URL.

        Raises:
            FormatError: a table is missing, broken, or does not have what was written.
            RequestError: pyarrow is not installed.
            SourceUnavailableError: a table at the URL cannot be read.
        """
        _require_pyarrow()
        if is_url(where):
            url = where.rpartition("/")[0] if where.endswith(".parquet") else where
            with copied_folder(url, (*TABLES, f"{_REST}.parquet"), _BEGIN) as found:
                return _opened(*found, where)
        path = Path(where)
        return _opened(path if path.is_dir() else path.parent, {}, where)


def _opened(folder: Path, failed: Mapping[str, SourceUnavailableError], name: str) -> Source:
    """Open the text of the tables of a folder, and compare it, and the columns, with what was
    written.

    Args:
        failed: errors of files that cannot be read, by their names.
        name: of the source, for messages.
    """
    from cocosurgeon.tables.columns import READ
    from cocosurgeon.tables.parquet import edited_columns, lists_of

    with _broken(folder):
        facts = _facts(folder, failed)
        source = put_together(_pieces(folder, failed, facts), facts["size"], name)
        if source.sha256() != facts["sha256"]:
            raise FormatError(
                "the tables were edited: their records are not those that were written (SHA-256)",
                where=str(folder),
                hint=_CHOOSE,
            )
        index = AnnotationIndex.of(scan(source, columns=READ))
        for table in lists_of(index):
            path = _table(folder, table)
            if edited := edited_columns(path, table, index):
                shown = ", ".join(f"{key} in {plural(n, 'row')}" for key, n in edited.items())
                raise FormatError(
                    f"columns were edited and differ from the records (raw): {shown}",
                    where=str(path),
                    hint=f"edit the annotation file instead, or {_AGAIN}",
                )
    source.identity = (int(facts["sha256"][:15], 16),)  # the same for each copy
    return source


def _table(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _require_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise RequestError(
            "Parquet needs pyarrow, which is not installed",
            hint="pip install 'cocosurgeon[scale]'",
        )


def _index_of(dataset: Dataset) -> AnnotationIndex:
    """Return the index of what is kept: the dataset's own where that is all of it."""
    records = dataset.rows_kept()
    is_whole = dataset.category_list is None and all(len(rows) == r.count for r, rows in records)
    if is_whole:
        return dataset.index
    return AnnotationIndex.of(scan(source_of(dataset.text(), dataset.source.name)))


def _rest_size(document: Document, lists: dict[str, Separated]) -> int:
    blocks = [each.records.blocks for each in lists.values() if each.records.count]
    return document.source.size - sum(int(b.stops[-1] - b.starts[0]) for b in blocks)


def _facts(folder: Path, failed: Mapping[str, SourceUnavailableError]) -> dict[str, Any]:
    """Return what the metadata of the tables say, which all of them agree on.

    Raises:
        FormatError: a table is missing, or of another file or version.
        SourceUnavailableError: a table cannot be read.
    """
    from pyarrow import parquet

    names = [name for name in _TABLES if _table(folder, name).is_file()]
    if not names:
        missing = FormatError(
            "no tables of Parquet there", where=str(folder), hint="check the name"
        )
        raise next(iter(failed.values()), missing)
    found: list[dict[str, Any]] = []
    for name in names:
        path = _table(folder, name)
        with _broken(path):
            file = parquet.read_metadata(path)
            rows, metadata = file.num_rows, file.metadata or {}
            if KEY not in metadata:
                raise FormatError(
                    f"a Parquet file ({plural(rows, 'row')}) without the metadata that cocosurgeon "
                    f"convert writes; programs such as pandas drop it",
                    where=str(path),
                    hint=_CHOOSE,
                )
            found.append(_own(metadata[KEY], path))
            if rows != (count := found[-1]["tables"][name]):
                raise FormatError(
                    f"rows were dropped or added: {plural(rows, 'row')}, {count:,} were written",
                    where=str(path),
                    hint=_CHOOSE,
                )
    tables = found[0]["tables"]
    for name in tables:
        _require_table(folder, name, failed)
    if len({facts["sha256"] for facts in found}) != 1:
        raise FormatError("the tables are of two files", where=str(folder), hint=_AGAIN)
    marks = {n: (f["separator"], f["comma"]) for n, f in zip(tables, found, strict=True)}
    return {**found[0], "marks": marks}


def _own(text: bytes, path: Path) -> dict[str, Any]:
    """Return what the metadata of a table say, if ``Parquet.write_whole`` wrote them.

    Raises:
        FormatError: something else wrote them, or another version.
    """
    facts: Any = None
    with suppress(ValueError):
        facts = json.loads(text)
    is_own = isinstance(facts, dict) and "version" in facts
    if is_own and facts["version"] != _VERSION:
        raise FormatError(
            f"the tables have version {facts['version']!r}; this program reads version {_VERSION}",
            where=str(path),
            hint=_AGAIN,
        )
    if not is_own or not all(isinstance(facts.get(key), kind) for key, kind in _KINDS.items()):
        raise FormatError("not tables of cocosurgeon", where=str(path), hint=_AGAIN)
    return dict(facts)


def _require_table(folder: Path, name: str, failed: Mapping[str, SourceUnavailableError]) -> Path:
    path = _table(folder, name)
    if not path.is_file():
        missing = FormatError(f"no table {name}", where=str(folder), hint=_AGAIN)
        raise failed.get(path.name, missing)
    return path


def _pieces(
    folder: Path, failed: Mapping[str, SourceUnavailableError], facts: dict[str, Any]
) -> Iterator[tuple[int, bytes]]:
    """Yield all pieces of the text with their places."""
    from cocosurgeon.tables.parquet import column_fault, read_pieces

    for place, text in facts["rest"]:
        yield place, text.encode("utf-8", "surrogatepass")
    rest: dict[str, tuple[str, ...]] = {} if facts["rest"] else {_REST: ()}
    for name, marks in {**rest, **facts["marks"]}.items():
        path = _require_table(folder, name, failed)
        if fault := column_fault(path, has_numbers=name == "annotations"):
            raise FormatError(fault, where=str(path), hint=_AGAIN)
        yield from read_pieces(path, *map(str.encode, marks))


@contextmanager
def _broken(path: Path) -> Iterator[None]:
    """Raise FormatError where a table cannot be read in this block."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"the table cannot be read: {error}",
            where=str(path),
            hint=_AGAIN,
        ) from error
