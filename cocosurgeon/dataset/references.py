"""Keys by which the records of a file name categories.

Usually ``category_id``, in any list; in panoptic annotations inside ``segments_info``. Images and
videos may have lists of the categories that were annotated in them (LVIS, TAO).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.dataset.ids import as_key, as_keys, objects

LISTS_OF_IDS = (
    *("neg_category_ids", "not_exhaustive_category_ids", "pos_category_ids"),
    "category_ids",
)
"""Keys of records whose values are lists of category ids."""
CATEGORY_COLUMNS = ("category_id", "segments_category_ids", *LISTS_OF_IDS)
"""Columns of records that may name categories."""


@dataclass(frozen=True, eq=False)
class References:
    """One key by which records of a list name categories.

    Attributes:
        records: the list.
        key: the key.
        inside: the key of the list of objects that have ``key``; None: the records have it.
    """

    records: Records
    key: str
    inside: str | None = None

    @property
    def in_lists(self) -> bool:
        """True if the value is a list of category ids."""
        return self.key in LISTS_OF_IDS

    def decoded(self, rows: Numbers) -> list[object]:
        """Return the values in these records, in order; a list of ids is one value."""
        values = self._column[rows].tolist()
        if self.inside is not None:
            return [i for ids in values if ids for i in ids]
        return [v for v in values if v is not None]

    def pairs(self) -> tuple[Numbers, Array]:
        """Return rows, each with a category id of it, ascending by row.

        For ``category_id`` of the records themselves, an unusable id is None.
        """
        column = self._column
        if self.inside is None and not self.in_lists:
            return np.arange(len(column), dtype=np.int64), as_keys(column)
        lists = [_scalars(ids) if isinstance(ids, (list, tuple)) else () for ids in column]
        rows = np.repeat(np.arange(len(lists), dtype=np.int64), [len(ids) for ids in lists])
        return rows, as_keys(objects(i for ids in lists for i in ids))

    @property
    def _column(self) -> Array:
        return self.records.column("segments_category_ids" if self.inside else self.key).array


def _scalars(ids: Sequence[object]) -> list[object]:
    return [i for i in ids if as_key(i) is not None]


def annotation_references(records: Records) -> Iterator[References]:
    """Yield the keys by which annotations, or detections, name their categories.

    ``segments_info`` is looked for only if the first record has it or records lack
    ``category_id``, so that most files are read once.
    """
    plain = records.column("category_id")
    if plain.present:
        yield References(records, "category_id")
    may_be_panoptic = plain.present < records.count or "segments_info" in records.first_keys()
    if may_be_panoptic and records.column("segments_category_ids").present:
        yield References(records, "category_id", "segments_info")


def all_references(document: Document) -> tuple[References, ...]:
    """Return the keys by which the records of all lists name categories; reads every record."""
    lists = [records for name, records in document.lists.items() if name != "categories"]
    if document.results is not None:
        lists.append(document.results)
    return tuple(references for records in lists for references in _every(records))


def _every(records: Records) -> Iterator[References]:
    plain, segments, *lists = records.columns(*CATEGORY_COLUMNS)
    if plain.present:
        yield References(records, "category_id")
    if segments.present:
        yield References(records, "category_id", "segments_info")
    for key, column in zip(LISTS_OF_IDS, lists, strict=True):
        if column.present:
            yield References(records, key)
