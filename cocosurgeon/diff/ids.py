"""Ids of the images and categories that are in both files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.references import LISTS_OF_IDS
from cocosurgeon.diff.pairs import Pairs
from cocosurgeon.diff.report import Change


@dataclass(frozen=True, eq=False)
class SharedIds:
    """Ids of images and categories of both files.

    Attributes:
        one, other: the files.
        img_ids, cat_ids: id in the second file by id in the first.
    """

    one: AnnotationIndex
    other: AnnotationIndex
    img_ids: Mapping[Any, Any]
    cat_ids: Mapping[Any, Any]

    @classmethod
    def of(
        cls, one: AnnotationIndex, other: AnnotationIndex, images: Pairs, categories: Pairs
    ) -> SharedIds:
        """Return the ids of these pairs of images and categories."""
        return cls(
            one,
            other,
            _ids_of_pairs(one.image_records, other.image_records, images),
            _ids_of_pairs(one.category_records, other.category_records, categories),
        )

    @cached_property
    def names(self) -> tuple[dict[Any, str | None], dict[Any, str | None]]:
        """Return category names by id, for each file."""
        here, there = ({c.id: c.name for c in i.categories} for i in (self.one, self.other))
        return here, there

    def translated(
        self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a record with the ids that it would have in the other file.

        Changed ids are reported for the whole list, not for each record.
        """
        found = {k: v for k, v in before.items() if k != "id"}
        if "id" in after:
            found["id"] = after["id"]
        if "image_id" in found:
            found["image_id"] = _partner(self.img_ids, found["image_id"], after.get("image_id"))
        if "category_id" in found and name != "categories":
            there = after.get("category_id")
            found["category_id"] = _partner(self.cat_ids, found["category_id"], there)
        for key in LISTS_OF_IDS:
            if isinstance(found.get(key), list):
                found[key] = [_partner(self.cat_ids, i) for i in found[key]]
        if isinstance(found.get("segments_info"), list):
            found["segments_info"] = [
                {**s, "category_id": _partner(self.cat_ids, s["category_id"])}
                if isinstance(s, dict) and "category_id" in s
                else s
                for s in found["segments_info"]
            ]
        return found

    def stale(self, pairs: Pairs) -> Iterator[Change]:
        """Yield a change for annotations with an unchanged ``category_id`` or ``image_id`` that
        means something else now, because the list has other ids."""
        records, others = self.one.annotation_records, self.other.annotation_records
        if records is None or others is None:
            return
        for key, ids, names in (
            ("category_id", self.cat_ids, self.names),
            ("image_id", self.img_ids, self.file_names),
        ):
            moved = {a for a, b in ids.items() if differs(a, b)}
            moved |= {b for b in names[1] if b not in ids and b is not None}
            if not moved:
                continue
            before = as_keys(records.column(key).array)[pairs.rows].tolist()
            after = as_keys(others.column(key).array)[pairs.other_rows].tolist()
            both = enumerate(zip(before, after, strict=True))
            stale = [place for place, (a, b) in both if a == b and a in moved]
            if stale:
                row, value = int(pairs.rows[stale[0]]), before[stale[0]]
                here, there = (
                    repr(each[value]) if value in each else "not listed" for each in names
                )
                verb = "means" if value in names[1] else "is"
                yield Change(
                    "stale",
                    "annotations",
                    id_of(records, row),
                    message=f"{key} {value!r} is unchanged, but {verb} {there}, was {here}",
                    count=len(stale),
                    row=row,
                )

    @cached_property
    def file_names(self) -> tuple[dict[Any, object], dict[Any, object]]:
        """Return file names by image id, for each file."""
        here, there = (
            {}
            if i.image_records is None
            else dict(
                zip(
                    as_keys(i.image_records.column("id").array).tolist(),
                    i.image_records.column("file_name").array.tolist(),
                    strict=True,
                )
            )
            for i in (self.one, self.other)
        )
        return here, there


def _ids_of_pairs(one: Records | None, other: Records | None, pairs: Pairs) -> dict[Any, Any]:
    """Return the id in the second file by the id in the first."""
    if one is None or other is None:
        return {}
    before = as_keys(one.column("id").array)[pairs.rows].tolist()
    after = as_keys(other.column("id").array)[pairs.other_rows].tolist()
    return {a: b for a, b in zip(before, after, strict=True) if a is not None and b is not None}


def _partner(ids: Mapping[Any, Any], value: Any, there: Any = None) -> Any:
    """Return the id that the same image or category has in the other file.

    Args:
        there: the value in the other file; an equal value stays, and is reported as stale.
    """
    if not isinstance(value, (int, float, str)) or value == there:
        return value
    found = ids.get(value, value)
    return value if found == value else found


def differs(a: object, b: object) -> bool:
    """Return True if two ids differ in value or in type."""
    return a != b or type(a) is not type(b)


def id_of(records: Records, row: int) -> object:
    """Return the id of a record; None without one."""
    value: object = records.column("id").array[row] if records.column("id").present else None
    return value.item() if isinstance(value, np.generic) else value
