"""Key columns of records as arrays of Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import as_keys

Kind = Literal["key", "number", "text"]
_COLUMNS: Mapping[str, Mapping[str, Kind]] = {
    "images": {"id": "key", "file_name": "text", "width": "number", "height": "number"},
    "annotations": {
        "id": "key",
        "image_id": "key",
        "category_id": "key",
        "area": "number",
        "iscrowd": "number",
    },
}
_AXES = ("x", "y", "w", "h")
_BOX = tuple(f"bbox_{axis}" for axis in _AXES)
READ: Mapping[str, tuple[str, ...]] = {
    "images": tuple(_COLUMNS["images"]),
    "annotations": (*_COLUMNS["annotations"], "score", *_BOX),
}
"""Keys of records that the columns of tables are read from."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table, ready to be taken by rows.

    Attributes:
        values: one for each record.
        type: of Arrow.
    """

    values: Array
    type: pa.DataType

    def take(self, rows: Numbers) -> pa.Array:
        """Return the values of some rows. NaN is null: no number."""
        values = self.values[rows]
        return pa.array(values, self.type, from_pandas=True)


def columns_of(name: str, records: Records) -> dict[str, Column]:
    """Return the key columns of a list, by the name of its table."""
    kinds = _COLUMNS[name]
    found: dict[str, Column] = {}
    for key, values in zip(kinds, records.columns(*kinds), strict=True):
        kind = kinds[key]
        if kind == "key":
            found |= _key_columns(key, values.array)
        else:
            found[key] = _texts(values.array) if kind == "text" else _numbers(values.array)
    if name == "annotations" and (score := records.column("score")).present:
        found["score"] = _numbers(score.array)
    return found


def _key_columns(name: str, values: Array) -> dict[str, Column]:
    """Return a column of ids: whole numbers where all are; else text, and the kind of each."""
    keys = as_keys(values)
    if keys.dtype == np.int64:
        return {name: Column(keys, pa.int64())}
    listed = keys.tolist()
    kinds = {type(key) for key in listed} - {type(None)}
    if kinds <= {int} and all(key is None or -(2**63) <= key < 2**63 for key in listed):
        return {name: Column(keys, pa.int64())}
    named = [None if k is None else "text" if isinstance(k, str) else "number" for k in listed]
    texts = [None if k is None else str(k) for k in listed]
    kind = Column(_as_objects(named), pa.string())
    return {name: _texts(_as_objects(texts)), f"{name}_kind": kind}


def _texts(values: Array) -> Column:
    """Return a column of text; null for what is none. A lone surrogate is a question mark."""
    texts = (
        v.encode("utf-8", "replace").decode() if isinstance(v, str) else None
        for v in values.tolist()
    )
    return Column(_as_objects(texts), pa.string())


def _numbers(values: Array) -> Column:
    """Return a column of numbers; null for what is none."""
    if values.dtype == np.int64:
        return Column(values, pa.int64())
    if values.dtype == object and all(v is None or type(v) is int for v in values.tolist()):
        keys = _key_columns("", values)
        if keys[""].type == pa.int64():
            return keys[""]
    return Column(as_floats(values), pa.float64())


def _as_objects(values: Iterable[object]) -> Array:
    listed = list(values)
    return np.fromiter(listed, dtype=object, count=len(listed))


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes in pixels.

    Attributes:
        values: x, y, width, height of each record, shape (records, 4); NaN in all of them for
            what is no box of four numbers.
    """

    values: Array

    def take(self, rows: Numbers) -> pa.Array:
        """Return boxes of some rows as structs."""
        boxes = self.values[rows]
        is_none = np.isnan(boxes[:, 0])
        columns = [pa.array(axis, from_pandas=True) for axis in boxes.T]
        return pa.StructArray.from_arrays(columns, _AXES, mask=pa.array(is_none))

    def lists(self, rows: Numbers) -> pa.Array:
        """Return boxes of some rows as lists."""
        boxes = self.values[rows]
        offsets = pa.array(4 * np.arange(len(rows) + 1), pa.int32())
        is_none = pa.array(np.isnan(boxes[:, 0]))
        return pa.ListArray.from_arrays(offsets, pa.array(boxes.ravel()), mask=is_none)


def boxes_of(records: Records) -> Boxes:
    """Return the boxes of annotations."""
    columns = records.columns(*_BOX)
    values = np.stack([as_floats(column.array) for column in columns], axis=1)
    values[np.isnan(values).any(axis=1)] = np.nan
    return Boxes(values)
