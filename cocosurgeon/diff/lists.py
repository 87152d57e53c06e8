"""Matches of images, of categories, and of records of further lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import as_keys, objects
from cocosurgeon.diff.pairs import By, Left, Mask, Pairs

Find = Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]


def match_named(
    one: Records | None, other: Records | None, name: str, by: By, find: Find | None = None
) -> Pairs:
    """Match records that have an id and a name, such as images.

    They match by id if names agree, then by name, by name without folders, by content, and by id.

    Args:
        name: the key of the name.
        find: returns pairs by content of rows that have no match yet; None: skip this.
    """
    left = Left(one.count if one else 0, other.count if other else 0)
    if one is None or other is None:
        return left.pairs()
    ids, other_ids = (as_keys(r.column("id").array) for r in (one, other))
    names, other_names = (_texts(r, name) for r in (one, other))
    if by == "auto":
        a, b = left.by_key(ids, other_ids)
        agree = _agree(names[a], other_names[b])
        left.take(a[agree], b[agree])
    if by != "id":
        left.take(*left.by_key(names, other_names))
        left.take(*left.by_key(*map(_without_folders, (names, other_names))))
        if find is not None:
            left.take(*find(left.rows, left.other_rows))
    if by != "content":
        left.take(*left.by_key(ids, other_ids))
    return left.pairs()


def match_listed(one: Records, other: Records) -> Pairs:
    """Match records of a further list: by id if ids are unique; else by text, then by place."""
    left = Left(one.count, other.count)
    ids = [as_keys(r.column("id").array) for r in (one, other)]
    if any(len({*i.tolist()} - {None}) < len(i) for i in ids):
        texts = (objects(text for _, _, text in r.texts(r.rows)) for r in (one, other))
        left.take(*left.by_key(*texts))
        rows, other_rows = left.rows, left.other_rows
        count = min(len(rows), len(other_rows))
        left.take(rows[:count], other_rows[:count])
    else:
        left.take(*left.by_key(*ids))
    return left.pairs()


def _texts(records: Records, name: str) -> Array:
    values = records.column(name).array.tolist()
    return objects(v if isinstance(v, str) else None for v in values)


def _without_folders(names: Array) -> Array:
    """Return the last part of each name, if no other name has it."""
    last = [None if n is None else n.replace("\\", "/").rpartition("/")[2] for n in names]
    counts: defaultdict[str | None, int] = defaultdict(int)
    for each in last:
        counts[each] += 1
    return objects(each if counts[each] == 1 else None for each in last)


def _agree(names: Array, other_names: Array) -> Mask:
    """Mark the places where two columns of names are equal, or one has none."""
    pairs = zip(names.tolist(), other_names.tolist(), strict=True)
    return np.fromiter((a == b or None in (a, b) for a, b in pairs), np.bool_, count=len(names))
