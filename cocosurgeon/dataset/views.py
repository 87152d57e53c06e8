"""A dataset as other libraries hold it: pandas DataFrames, a pycocotools COCO."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING

import pandas as pd

from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.mask import IndexName
from cocosurgeon.errors import RequestError

if TYPE_CHECKING:
    from pycocotools.coco import COCO

    from cocosurgeon.dataset.dataset import Dataset

IMAGE_COLUMNS = ("id", "file_name", "width", "height")
ANNOTATION_COLUMNS = (
    *("id", "image_id", "category_id", "area", "iscrowd"),
    *("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
)


def images_df(dataset: Dataset, *names: str) -> pd.DataFrame:
    """The kept images, one row each.

    Args:
        names: keys of image records; without any the usual ones, as far as the file has them.

    Raises:
        UnknownNameError: no record has such a key.
    """
    index = dataset.index
    names = names or (("id",) if index.is_results else _present(index.image_records, IMAGE_COLUMNS))
    rows = pd.Index(dataset.image_indices, name=IndexName("images", dataset.source.identity))
    columns = dataset.image_columns(*names) if names else ()
    frame: pd.DataFrame = pd.DataFrame(dict(zip(names, columns, strict=True)), index=rows)
    return frame


def annotations_df(dataset: Dataset, *names: str) -> pd.DataFrame:
    """The kept annotations, one row each.

    Args:
        names: keys of annotations (``bbox_x`` and its like look inside ``bbox``); without any the
            usual ones, as far as the file has them.

    Raises:
        UnknownNameError: no record has such a key.
    """
    names = names or _present(dataset.index.annotation_records, ANNOTATION_COLUMNS)
    rows = pd.Index(dataset.annotation_rows, name=IndexName("annotations", dataset.source.identity))
    columns = dataset.annotation_columns(*names) if names else ()
    frame: pd.DataFrame = pd.DataFrame(dict(zip(names, columns, strict=True)), index=rows)
    return frame


def coco(dataset: Dataset) -> COCO:
    """A pycocotools COCO of what is kept; see ``Dataset.to_coco``."""
    from pycocotools.coco import COCO

    if dataset.index.is_results:
        raise RequestError(
            "a results file has no images or categories to make a COCO from",
            where=dataset.source.name,
            hint="make it from the ground truth, then use its loadRes",
        )
    made = COCO()
    made.dataset = json.loads(b"".join(dataset.text()).decode("utf-8-sig"))
    with contextlib.redirect_stdout(io.StringIO()):
        made.createIndex()
    return made


def _present(records: Records | None, names: tuple[str, ...]) -> tuple[str, ...]:
    if records is None:
        return ()
    found = zip(names, records.columns(*names), strict=True)
    return tuple(name for name, values in found if values.present)
