"""Objects of each image, as datasets of Hugging Face have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.tables.columns import Boxes, Column, boxes_of, columns_of

_OBJECTS = {"id": "id", "category": "category_id", "area": "area", "iscrowd": "iscrowd"}
"""Fields of the objects of an image, and the columns that they are of."""


def rows_by_image(index: AnnotationIndex) -> Numbers:
    """Return rows of annotations, image by image; those of images that the file does not have come
    last."""
    owners = index.image_of_annotation
    return np.argsort(np.where(owners < 0, index.images.count, owners), kind="stable")


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of images, as datasets of Hugging Face have them.

    Attributes:
        owners: number of the image of each record of ``images``.
        rows: of annotations, image by image.
        bounds: where those of each image begin.
        columns: of annotations.
    """

    owners: Numbers
    rows: Numbers
    bounds: Numbers
    columns: Mapping[str, Column]
    boxes: Boxes

    @classmethod
    def of(cls, index: AnnotationIndex) -> Objects | None:
        """Return the objects of a file; None without annotations."""
        records = index.annotation_records
        if records is None:
            return None
        rows = rows_by_image(index)
        known = index.image_of_annotation[rows]
        known = known[known >= 0]
        bounds = np.searchsorted(known, np.arange(index.images.count + 1))
        columns = columns_of("annotations", records)
        owners = index.images.image_of_row
        return cls(owners, rows, bounds, columns, boxes_of(records))

    def take(self, rows: Numbers) -> pa.Array:
        """Return the objects of some images: a struct of lists each."""
        owners = self.owners[rows]
        firsts, counts = self.bounds[owners], self.bounds[owners + 1] - self.bounds[owners]
        offsets = np.append(0, np.cumsum(counts))
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        taken = self.rows[np.repeat(firsts, counts) + within]
        fields = {key: self.columns[name].take(taken) for key, name in _OBJECTS.items()}
        fields["bbox"] = self.boxes.lists(taken)
        lists = pa.array(offsets.astype(np.int32))
        arrays = [pa.ListArray.from_arrays(lists, each) for each in fields.values()]
        return pa.StructArray.from_arrays(arrays, list(fields))
