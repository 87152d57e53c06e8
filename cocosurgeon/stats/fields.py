"""Keys of records by level, types and ranges of ids, kinds of segmentations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cocosurgeon.annfile.chunks import BOOLEAN
from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, as_keys
from cocosurgeon.stats.objects import distinct

_USUAL: Mapping[str, Sequence[str]] = {
    "file": ("info", "licenses", "images", "annotations", "categories"),
    "images": (
        *("id", "file_name", "width", "height"),
        *("license", "flickr_url", "coco_url", "date_captured"),
    ),
    "annotations": (
        *("id", "image_id", "category_id", "bbox", "area", "segmentation", "iscrowd"),
        *("keypoints", "num_keypoints", "caption", "segments_info", "file_name"),
    ),
    "segments_info": ("id", "category_id", "bbox", "area", "iscrowd"),
    "categories": ("id", "name", "supercategory", "keypoints", "skeleton", "isthing", "color"),
    "licenses": ("id", "name", "url"),
    "results": (
        *("image_id", "category_id", "bbox", "score", "segmentation", "keypoints"),
        *("id", "area", "iscrowd", "caption"),
    ),
}
"""Keys that COCO's own files have, by level (cocodataset.org/#format-data, #format-results)."""

_IDS = (
    ("images", "id"),
    *(("annotations", "id"), ("annotations", "image_id"), ("annotations", "category_id")),
    ("categories", "id"),
)
_TYPES: Mapping[type, str] = {
    int: "integer",
    float: "float",
    str: "text",
    type(None): "none",
}


@dataclass(frozen=True)
class Key:
    """A key of the records of a level.

    Attributes:
        level: ``file``, or the list of records.
        name: the key.
        count: number of records that have it.
        of: number of all records of the level.
    """

    level: str
    name: str
    count: int
    of: int

    @property
    def is_extra(self) -> bool:
        """True for a key that COCO's own files do not have at this level."""
        return self.name not in _USUAL.get(self.level, ())


@dataclass(frozen=True)
class Ids:
    """Ids of one field.

    Attributes:
        field: list and key, ``annotations.image_id``.
        types: number of values by JSON type; ``none`` is null, or a missing key. A column of
            numbers with a float among them counts as floats. True and false are booleans; they are
            compared as 1 and 0.
        distinct: number of different ids.
        lowest, highest: range of the ids that are numbers; None without any.
    """

    field: str
    types: Mapping[str, int]
    distinct: int
    lowest: Id | None
    highest: Id | None


def keys_of(dataset: Dataset) -> tuple[Key, ...]:
    """Return the keys of all kept records of a dataset, by level."""
    document = dataset.index.document
    found = [Key("file", name, 1, 1) for name in dict.fromkeys(m.key for m in document.members)]
    lists: list[Records] = list(document.lists.values())
    for records in lists if document.results is None else [document.results]:
        if not records.count:
            continue
        kept = _kept(dataset, records, records.column("record_keys").array)
        sets: Counter[tuple[str, ...]] = Counter()
        for keys_of_record, group in groupby(kept.tolist()):  # a tuple is slow to hash
            sets[keys_of_record] += len(list(group))
        found += _counted(records.name, sets, len(kept))
        segments = records.column("segments_info") if records.name == "annotations" else None
        if segments is not None and segments.present:
            of_rows = _kept(dataset, records, segments.array).tolist()
            each = [s for of_row in of_rows if isinstance(of_row, list) for s in of_row]
            keys = Counter(tuple(s) for s in each if isinstance(s, dict))
            found += _counted("segments_info", keys, len(each))
    return tuple(found)


def _counted(level: str, sets: Mapping[tuple[str, ...], int], of: int) -> Iterator[Key]:
    counts: Counter[str] = Counter()
    for keys, count in sets.items():
        counts.update(dict.fromkeys(keys, count))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return (Key(level, name, count, of) for name, count in ranked)


def ids_of(dataset: Dataset) -> tuple[Ids, ...]:
    """Return types and ranges of the ids of kept records, by field."""
    found = []
    for name, key in _IDS:
        values, booleans = _columns(dataset, name, key, f"{BOOLEAN}{key}")
        if values is not None and len(values):
            field = f"{'results' if dataset.index.is_results else name}.{key}"
            found.append(_ids(field, values, booleans))
    return tuple(found)


def id_columns(name: str) -> Iterator[str]:
    """Yield the columns of a list that ``ids_of`` reads."""
    for key in (key for of, key in _IDS if of == name):
        yield from (key, f"{BOOLEAN}{key}")


def _ids(field: str, values: Array, booleans: Array | None) -> Ids:
    keys = as_keys(values)
    is_boolean = np.zeros(len(values), np.bool_)
    if booleans is not None:
        is_boolean = np.array([value is not None for value in booleans.tolist()])
    others = values[~is_boolean] if is_boolean.any() else values
    if others.dtype == object:
        counts = Counter(_TYPES.get(type(v), "other") for v in others.tolist())
    else:
        counts = Counter({"integer" if others.dtype == np.int64 else "float": len(others)})
    types = dict(+(counts + Counter({"boolean": len(values) - len(others)})))
    if keys.dtype == np.int64:
        unique = distinct(keys)
        return Ids(field, types, len(unique), int(unique[0]), int(unique[-1]))
    known = {k for k in keys.tolist() if k is not None}
    numbers = [k for k in known if not isinstance(k, str)]
    lowest, highest = min(numbers, default=None), max(numbers, default=None)
    return Ids(field, types, len(known), lowest, highest)


def masks_of(dataset: Dataset) -> Mapping[str, int]:
    """Return the number of annotations by the kind of their segmentation."""
    (kinds,) = _columns(dataset, "annotations", "segmentation_kind")
    counts = Counter() if kinds is None else Counter(kinds.tolist())
    return {str(kind or "none"): count for kind, count in counts.most_common()}


def keypoints_of(dataset: Dataset) -> int:
    """Return the number of annotations with ``num_keypoints`` above 0."""
    (values,) = _columns(dataset, "annotations", "num_keypoints")
    if values is None:
        return 0
    if values.dtype != object:
        return int(np.count_nonzero(values > 0))
    return sum(isinstance(v, (int, float)) and v > 0 for v in values.tolist())


def _columns(dataset: Dataset, name: str, *keys: str) -> list[Array | None]:
    """Return columns of the kept records of a list, read in one pass; None without the key."""
    index = dataset.index
    records = index.document.lists.get(name)
    if name == "annotations":
        records = index.annotation_records
    if records is None:
        return [None for _ in keys]
    columns = records.columns(*keys)
    return [_kept(dataset, records, values.array) if values.present else None for values in columns]


def _kept(dataset: Dataset, records: Records, values: Array) -> Array:
    rows = next((rows for other, rows in dataset.rows_kept() if other is records), None)
    return values if rows is None or len(rows) == len(values) else values[rows]
