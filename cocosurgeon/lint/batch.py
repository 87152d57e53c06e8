"""Batch: records of a list that are decoded and judged together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.lint.annotation_file import AnnotationFile, Located, Record, decoded
from cocosurgeon.lint.polygons import Flags, Polygons

Verdicts = npt.NDArray[np.int8]
"""Of each record: whether a check finds something."""
CLEAN: Final = 0
UNSURE: Final = 1
"""It has to look at the record itself."""
FAULTY: Final = 2
"""It does, and only its message has to be made."""

_SIZE = 1 << 20
EXACT = 2.0**52
"""Up to which sums of two numbers are exact."""
_decode = msgspec.json.Decoder(list[dict[str, object]]).decode


@dataclass(frozen=True, eq=False)
class Batch:
    """Records of a list.

    Attributes:
        file: theirs.
        key: name of the list.
        rows: theirs, ascending.
        begins: offsets of their first bytes.
        texts, values: their JSON texts, and the records.
    """

    file: AnnotationFile
    key: str
    rows: Numbers
    begins: Sequence[int]
    texts: Sequence[bytes]
    values: Sequence[Record]

    def __len__(self) -> int:
        return len(self.values)

    def located(self, place: int) -> Located:
        """Return one of the records with its place."""
        row = int(self.rows[place])
        return Located(row, self.begins[place], self.texts[place], self.values[place])

    def verdicts(self, verdict: int, where: Flags | bool = True) -> Verdicts:
        """Return this verdict for some, and for the others that they are clean."""
        return np.where(np.broadcast_to(where, len(self)), verdict, CLEAN).astype(np.int8)

    def numbers(self, column: str) -> Array:
        """Return a column as floats: NaN for what is no number."""
        return as_floats(self.file.lists[self.key].column(column).array[self.rows])

    @cached_property
    def masks(self) -> Sequence[object]:
        """Their segmentations; None where there is none."""
        return [value.get("segmentation") for value in self.values]

    @cached_property
    def without_mask(self) -> Flags:
        """True where there is no segmentation, or an empty one."""
        return np.array([m is None or m in ([], {}) for m in self.masks], np.bool_)

    @cached_property
    def with_list(self) -> Flags:
        """True where segmentation is a list with anything in it."""
        return np.array([isinstance(mask, list) and bool(mask) for mask in self.masks], np.bool_)

    @cached_property
    def sizes(self) -> tuple[Array, Array]:
        """Width and height of their images; NaN where one is no number."""
        boxes = self.file.boxes
        return boxes.width[self.rows], boxes.height[self.rows]

    @cached_property
    def _polygons(self) -> tuple[Polygons, Numbers]:
        polygons, are_some = Polygons.of(self.masks)
        width, height = (side[are_some] for side in self.sizes)
        are_usable = polygons.are_inside(width, height) & (polygons.reach < EXACT)
        are_usable &= np.maximum(np.abs(width), np.abs(height)) < EXACT
        return polygons.chosen(are_usable), np.flatnonzero(are_some)[are_usable]

    @property
    def polygons(self) -> Polygons:
        """Their masks that are usable polygons, as far as that is clear."""
        return self._polygons[0]

    @property
    def with_polygons(self) -> Numbers:
        """Places of those."""
        return self._polygons[1]


def batches(file: AnnotationFile, key: str, rows: Numbers | None) -> Iterator[Batch]:
    """Yield the records of a list (of these rows, ascending) in batches."""
    records = file.lists[key]
    chosen = np.arange(records.count) if rows is None else rows
    begins: list[int] = []
    texts: list[bytes] = []
    size = done = 0
    for _, begin, text in records.texts(chosen):
        begins.append(begin)
        texts.append(text)
        size += len(text)
        if size >= _SIZE or done + len(texts) == len(chosen):
            some = chosen[done : done + len(texts)]
            yield Batch(file, key, some, begins, texts, _values(texts))
            done += len(texts)
            begins, texts, size = [], [], 0


def _values(texts: Sequence[bytes]) -> Sequence[Record]:
    try:
        return _decode(b"[%b]" % b",".join(texts))
    except (msgspec.DecodeError, RecursionError):
        return list(map(decoded, texts))
