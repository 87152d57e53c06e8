"""Objects: values by which annotations of two files are compared, and their boxes."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.ids import as_keys, objects
from cocosurgeon.diff.pairs import Mask, equal_places, equal_values
from cocosurgeon.diff.records import decoded
from cocosurgeon.progress import progress_of

SAME_OBJECT = 0.5
"""Lowest IoU at which boxes of one category are the same object."""
_SAME_BOX = 0.9
"""Lowest IoU at which boxes of different categories are the same object."""
_FEW = 20_000
"""Most records that are decoded one by one; for more, columns are read."""


@dataclass(frozen=True, eq=False)
class Objects:
    """Values by which objects are compared.

    Attributes:
        rows: rows of the annotations, shape (objects,), ascending.
        images: image numbers in the second file; negative: not listed.
        categories: codes of categories, equal in both files, shape (objects,).
        boxes: boxes in pixels, xywh, shape (objects, 4); NaN without a box.
        contents: codes of all values except ids; -1 for a record with a box, if not read.
    """

    rows: Numbers
    images: Numbers
    categories: Numbers
    boxes: npt.NDArray[np.float64]
    contents: Numbers

    @classmethod
    def of(
        cls,
        records: Records,
        rows: Numbers,
        images: Numbers,
        cat_ids: Mapping[object, object],
        codes: dict[object, int],
    ) -> Objects:
        """Read objects.

        Args:
            cat_ids: replacements of category ids.
            codes: codes of categories and contents of both files; this adds new ones.
        """
        own = as_keys(records.column("category_id").array)[rows].tolist()
        names = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
        if len(rows) > _FEW:
            boxes = np.stack([as_floats(c.array[rows]) for c in records.columns(*names)], axis=1)
        else:
            values = (value for _, _, value in decoded(records, rows))
            boxes = np.array([_box(v.get("bbox")) for v in values], float).reshape(-1, 4)
        is_boxless = np.isnan(boxes).any(axis=1)
        boxes[is_boxless] = np.nan
        contents = np.full(len(rows), -1, np.int64)
        read = np.flatnonzero(is_boxless) if len(rows) > _FEW else np.arange(len(rows))
        for place, (_, _, value) in zip(read, decoded(records, rows[read]), strict=True):
            contents[place] = codes.setdefault(("content", _content(value)), len(codes))
        categories = [codes.setdefault(("id", cat_ids.get(i, i)), len(codes)) for i in own]
        return cls(rows, images[rows], np.array(categories, np.int64), boxes, contents)

    def at(self, rows: Numbers) -> Objects:
        """Return the objects of some of the rows."""
        at = np.searchsorted(self.rows, rows)
        return Objects(
            rows, self.images[at], self.categories[at], self.boxes[at], self.contents[at]
        )

    def keys(self, *, by_content: bool) -> Array:
        """Return keys by which equal objects match: image and category, and box or content.

        Args:
            by_content: True for content, False for boxes. Objects without it have the key None.
        """
        places = zip(self.images.tolist(), self.categories.tolist(), strict=True)
        if by_content:
            pairs = zip(places, self.contents.tolist(), strict=True)
            return objects(None if code < 0 else (*place, code) for place, code in pairs)
        boxes = zip(places, self.boxes.tolist(), strict=True)
        return objects(None if box[0] != box[0] else (*place, *box) for place, box in boxes)

    def places(self) -> Array:
        """Return image and box of each object; without a box, image and content."""
        every = zip(self.images.tolist(), self.boxes.tolist(), self.contents.tolist(), strict=True)
        return objects(
            (image, content) if box[0] != box[0] else (image, *box) for image, box, content in every
        )


def _box(value: Any) -> list[float]:
    try:
        if isinstance(value, list) and len(value) == 4:
            box = [float(v) for v in value if isinstance(v, (int, float))]
            if len(box) == 4 and all(map(math.isfinite, box)):
                return box
    except OverflowError:  # an integer of hundreds of digits
        pass
    return [np.nan] * 4


def _content(record: dict[str, object]) -> str:
    """Return the values of a record, without its ids."""
    ids = ("id", "image_id", "category_id")
    return json.dumps({k: v for k, v in record.items() if k not in ids}, sort_keys=True)


def are_one_object(here: Objects, there: Objects) -> Mask:
    """Mark pairs that are one object: similar boxes of one category, or nearly equal boxes."""
    iou = _paired_iou(here.boxes, there.boxes)
    same_category = equal_values(here.categories, there.categories)
    is_boxless = np.isnan(here.boxes[:, 0]) | np.isnan(there.boxes[:, 0])
    alike: Mask = ((iou >= SAME_OBJECT) & same_category) | (iou >= _SAME_BOX)
    alike |= is_boxless & same_category
    return alike


def pairs_by_box(here: Objects, there: Objects) -> tuple[Numbers, Numbers]:
    """Return the rows of objects of one image with similar boxes, the most similar first."""
    of_image: defaultdict[int, list[int]] = defaultdict(list)
    for place, image in enumerate(there.images.tolist()):
        of_image[image].append(place)
    mine: defaultdict[int, list[int]] = defaultdict(list)
    for place, image in enumerate(here.images.tolist()):
        if image in of_image:
            mine[image].append(place)
    found: list[tuple[int, int]] = []
    with progress_of("matching objects") as progress:
        for done, (image, places) in enumerate(mine.items()):
            if progress is not None:
                progress(done, len(mine))
            found += _nearest_pairs(here, there, places, of_image[image])
    both = np.array(found, np.int64).reshape(-1, 2)
    return here.rows[both[:, 0]], there.rows[both[:, 1]]


def _nearest_pairs(
    here: Objects, there: Objects, mine: Sequence[int], others: Sequence[int]
) -> list[tuple[int, int]]:
    a, b = (m.ravel() for m in np.meshgrid(mine, others, indexing="ij"))
    iou = _paired_iou(here.boxes[a], there.boxes[b])
    same = here.categories[a] == there.categories[b]
    fits = (same & (iou >= SAME_OBJECT)) | (iou >= _SAME_BOX)
    a, b, iou, same = a[fits], b[fits], iou[fits], same[fits]
    found, used, others_used = [], set(), set()
    for place in np.lexsort((b, a, -iou, ~same)).tolist():
        pair = int(a[place]), int(b[place])
        if pair[0] not in used and pair[1] not in others_used:
            used.add(pair[0])
            others_used.add(pair[1])
            found.append(pair)
    return found


def pairs_without_boxes(here: Objects, there: Objects) -> tuple[Numbers, Numbers]:
    """Return the rows of objects without a box, paired in the order of each image."""
    sides = []
    for each in (here, there):
        is_boxless = np.isnan(each.boxes[:, 0])
        sides.append((each.rows[is_boxless], each.images[is_boxless]))
    a, b = equal_places(sides[0][1], sides[1][1])
    return sides[0][0][a], sides[1][0][b]


def _paired_iou(
    boxes: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the IoU of pairs of boxes, xywh; 1 for equal boxes even without area."""
    with np.errstate(all="ignore"):
        low = np.maximum(boxes[:, :2], others[:, :2])
        high = np.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
        inside = np.clip(high - low, 0, None).prod(axis=1)
        area = boxes[:, 2:].prod(axis=1) + others[:, 2:].prod(axis=1) - inside
        iou = np.where(area > 0, inside / area, 0.0)
    equal = (boxes == others).all(axis=1)
    return np.where(equal, 1.0, np.nan_to_num(iou))
