"""Records as a file of Parquet, row group by row group, and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from cocosurgeon.annfile.apart import Separated
from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.tables.columns import Boxes, Column, boxes_of, columns_of
from cocosurgeon.tables.numbers import put_back, taken_out
from cocosurgeon.tables.objects import Objects, rows_by_image

_ROWS = 8000
_BYTES = 1 << 26
"""Of the records of a row group; fewer records are in one where they are long."""
_PAGE = 1 << 23
_RAW_LEVEL, _LEVEL = 9, 3
_NUMBERS, _ENCODING = "numbers", "BYTE_STREAM_SPLIT"
_OF_FEW_VALUES = ("image_id", "category_id", "iscrowd", "width", "height")
_BYTES_OF = ("byte", "before", "raw")
"""Columns that the text is made of: where a record begins, what is before it (null: what is
usual), and its bytes."""
_BINARY = r"(dictionary<values=)?(large_)?binary(_view)?\b.*"
_TYPES = {
    "byte": ("int64", r"u?int\d+"),
    "before": ("binary", rf"null|{_BINARY}"),
    "raw": ("binary", _BINARY),
    _NUMBERS: (
        "list of lists of int32",
        r"(large_)?list<\w+: (large_)?list<\w+: u?int\d+( not null)?>( not null)?>",
    ),
}
"""Types that are written, and patterns of those that are read: other programs may widen them."""


def lists_of(index: AnnotationIndex) -> dict[str, Records]:
    """Return the lists that have a table, by the table's name."""
    found = {"images": index.image_records, "annotations": index.annotation_records}
    return {name: records for name, records in found.items() if records is not None}


def write_records(
    path: Path,
    name: str,
    index: AnnotationIndex,
    separated: Separated,
    metadata: Mapping[bytes, bytes],
    comma: bytes,
    *,
    objects: bool,
) -> Iterator[int]:
    """Write the table of a list; yield the number of records of each row group.

    Annotations are in the order of their images.

    Args:
        name: of the table.
        metadata: of its schema.
        comma: between two numbers of an array.
        objects: give images a column of their objects.
    """
    records = separated.records
    columns = _columns(name, index, objects=objects)
    starts, stops = records.spans()
    is_of_images = name == "images"
    order = np.arange(records.count) if is_of_images else rows_by_image(index)
    texts = records.texts(order)
    with _Writer(path, metadata) as writer:
        for rows in _groups(order, stops - starts):
            arrays = {key: column.take(rows) for key, column in columns.items()}
            before = [separated.unusual.get(row) for row in rows.tolist()]
            raw = [text for _, _, text in islice(texts, len(rows))]
            if not is_of_images:
                raw, arrays[_NUMBERS] = taken_out(raw, comma)
            writer.write({**arrays, **_bytes_of(starts[rows], before, raw)})
            yield len(rows)
        for _ in texts:  # its end looks whether the source is unchanged
            pass


def _columns(
    name: str, index: AnnotationIndex, *, objects: bool
) -> dict[str, Column | Boxes | Objects]:
    """Return the columns of a table, by name, without those that the text is made of."""
    records = lists_of(index)[name]
    found: dict[str, Column | Boxes | Objects] = {**columns_of(name, records)}
    if name == "annotations":
        found["bbox"] = boxes_of(records)
    if objects and (view := Objects.of(index)) is not None:
        found["objects"] = view
    return found


def edited_columns(path: Path, name: str, index: AnnotationIndex) -> dict[str, int]:
    """Count the rows of a table that have another value than their record, by column.

    Columns that the table does not have, or has in addition, are not counted.

    Args:
        path: of the table.
        name: of the table.
        index: of the file whose text the table has.
    """
    starts, _ = lists_of(index)[name].spans()
    found = Counter[str]()
    with parquet.ParquetFile(path) as file:
        there = set(file.schema_arrow.names)
        columns = _columns(name, index, objects=name == "images" and "objects" in there)
        names = [key for key in columns if key in there]
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=["byte", *names])
            rows = np.searchsorted(starts, table["byte"].to_numpy())
            for key in names:
                found[key] += _unequal(table[key], columns[key].take(rows))
    return dict(+found)


def _unequal(found: pa.ChunkedArray, expected: pa.Array) -> int:
    """Count the values that differ; another type with the same values is the same."""
    if found.equals(pa.chunked_array([expected])):
        return 0
    pairs = zip(found.to_pylist(), expected.to_pylist(), strict=True)
    return sum(one != other for one, other in pairs)


def write_pieces(path: Path, pieces: Iterable[tuple[int, bytes]]) -> None:
    """Write a table of pieces of text with their places."""
    with _Writer(path, {}) as writer:
        for place, text in pieces:
            writer.write(_bytes_of(np.array([place], np.int64), [b""], [text]))


def column_fault(path: Path, *, has_numbers: bool) -> str | None:
    """Return why the text of a table cannot be read from its columns; None if it can.

    Args:
        has_numbers: True if records are apart from their arrays.
    """
    schema = parquet.read_schema(path)
    twice = next((name for name, n in Counter(schema.names).items() if n > 1), None)
    if twice is not None:
        return f"column {twice} appears twice"
    for name in (*_BYTES_OF, *([_NUMBERS] if has_numbers else [])):
        if name not in schema.names:
            return f"column {name} is missing"
        usual, pattern = _TYPES[name]
        if not re.fullmatch(pattern, found := str(schema.field(name).type)):
            return f"column {name} has type {found}, not {usual}"
    return None


def read_pieces(
    path: Path, separator: bytes = b"", comma: bytes = b","
) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a table, each with what is before it, and the places.

    Args:
        separator: what is before a record usually.
        comma: between two numbers of an array.
    """
    with parquet.ParquetFile(path) as file:
        names = [*_BYTES_OF, *({_NUMBERS} & set(file.schema_arrow.names))]
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=names)
            places, befores, raws = (table[name].to_pylist() for name in _BYTES_OF)
            if None in places or None in raws:
                raise ValueError("column byte or raw has nulls")
            if _NUMBERS in names:
                raws = put_back(raws, table[_NUMBERS].combine_chunks(), comma)
            for place, before, raw in zip(places, befores, raws, strict=True):
                lead = separator if before is None else before
                yield place - len(lead), lead + raw


def _bytes_of(places: Numbers, before: list[bytes | None], raw: list[bytes]) -> dict[str, pa.Array]:
    arrays = (pa.array(places), pa.array(before, pa.binary()), pa.array(raw, pa.binary()))
    return dict(zip(_BYTES_OF, arrays, strict=True))


def _groups(order: Numbers, sizes: Numbers) -> Iterator[Numbers]:
    """Yield the rows of each row group; one without rows where there are none at all."""
    ends = np.cumsum(sizes[order])
    first = 0
    while first < len(order):
        begin = ends[first - 1] if first else 0
        behind = int(np.searchsorted(ends, begin + _BYTES, "right"))
        behind = min(max(behind, first + 1), first + _ROWS)
        yield order[first:behind]
        first = behind
    if not len(order):
        yield order


class _Writer:
    """A file of Parquet whose schema is that of its first row group."""

    def __init__(self, path: Path, metadata: Mapping[bytes, bytes]) -> None:
        self._path, self._metadata = path, metadata
        self._file: parquet.ParquetWriter | None = None
        self._open = ExitStack()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def write(self, arrays: Mapping[str, pa.Array]) -> None:
        """Write a row group."""
        table = pa.table(dict(arrays), metadata=dict(self._metadata))
        if self._file is None:
            self._file = self._open.enter_context(self._writer(table.schema))
        self._file.write_table(table, row_group_size=max(1, table.num_rows))

    def _writer(self, schema: pa.Schema) -> parquet.ParquetWriter:
        names = [name for name in schema.names if name not in _BYTES_OF]
        leaves = _leaves(schema)
        levels = {name: _RAW_LEVEL if name == "raw" else _LEVEL for name in leaves}
        encodings = {name: _ENCODING for name in leaves if name.startswith(_NUMBERS)}
        return parquet.ParquetWriter(
            self._path,
            schema,
            compression="zstd",
            compression_level=levels,
            use_dictionary=[name for name in names if name in _OF_FEW_VALUES],
            column_encoding=encodings or None,
            write_statistics=[n for n in leaves if n not in ("before", "raw", *encodings)],
            data_page_size=_PAGE,
        )


def _leaves(schema: pa.Schema) -> list[str]:
    """Return the paths of the columns of a schema, as Parquet has them."""
    sink = pa.BufferOutputStream()
    parquet.write_metadata(schema, sink)
    found = parquet.read_metadata(pa.BufferReader(sink.getvalue())).schema
    return [found.column(n).path for n in range(len(found))]
