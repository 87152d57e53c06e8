"""Categories with another name and another id, matched by their annotations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.ids import Id, as_keys, isin
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.diff.match import images_of_annotations
from cocosurgeon.diff.objects import Objects
from cocosurgeon.diff.pairs import equal_places
from cocosurgeon.text import plural


@dataclass(frozen=True)
class Recognized:
    """A category that is matched by its annotations.

    Attributes:
        row, other_row: row in each list.
        shared: number of annotations that it has in both files.
        total: number of annotations that it has in the first file.
    """

    row: int
    other_row: int
    shared: int
    total: int

    def words(self) -> str:
        """Return the reason for the match."""
        return f"treated as one category, by {self.shared:,} of {plural(self.total, 'annotation')}"


def recognized(
    one: AnnotationIndex,
    other: AnnotationIndex,
    image_numbers: Numbers,
    rows: Numbers,
    other_rows: Numbers,
) -> list[Recognized]:
    """Return categories that share more than half of the annotations of both.

    Annotations are the same if image and box are equal; without boxes, if their content is.

    Args:
        image_numbers: numbers of images in the second file; see ``Partners``.
        rows, other_rows: rows of the compared categories.
    """
    has_annotations = None not in (one.annotation_records, other.annotation_records)
    if not has_annotations or not len(rows) or not len(other_rows):
        return []
    codes: dict[object, int] = {}
    images = images_of_annotations(one, other, image_numbers)
    here = _used(one, rows, images[0], codes)
    there = _used(other, other_rows, images[1], codes)
    a, b = equal_places(here.places, there.places)
    pairs = Counter(zip(here.cat_ids[a].tolist(), there.cat_ids[b].tolist(), strict=True))
    totals, other_totals = (Counter(each.cat_ids.tolist()) for each in (here, there))
    return [
        Recognized(here.row_of[i], there.row_of[j], shared, totals[i])
        for (i, j), shared in pairs.items()
        if 2 * shared > max(totals[i], other_totals[j])
    ]


@dataclass(frozen=True, eq=False)
class _Used:
    """Annotations of some categories.

    Attributes:
        row_of: row of each category by id.
        cat_ids: category ids of the annotations.
        places: image and box, or content, of the annotations.
    """

    row_of: dict[Id, int]
    cat_ids: Array
    places: Array


def _used(
    index: AnnotationIndex, rows: Numbers, images: Numbers, codes: dict[object, int]
) -> _Used:
    listed, records = index.category_records, index.annotation_records
    assert listed is not None
    assert records is not None
    ids = as_keys(listed.column("id").array)[rows].tolist()
    row_of = {i: row for i, row in zip(ids, rows.tolist(), strict=True) if i is not None}
    cat_ids = as_keys(records.column("category_id").array)
    used = np.flatnonzero(isin(cat_ids, list(row_of)))
    objects = Objects.of(records, used, images, {}, codes)
    return _Used(row_of, cat_ids[used], objects.places())
