"""Names of images, and of panoptic PNGs, in an annotation file; and the kind of the file."""

from __future__ import annotations

from dataclasses import dataclass

from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.index import AnnotationIndex

_SERVER = "http://images.cocodataset.org/"


@dataclass(frozen=True)
class FileNames:
    """File names of an annotation file, in its order.

    Attributes:
        images: name of each record of ``images`` that has one. If no record has a ``file_name``, as
            in LVIS v1, the path in ``coco_url``, as in MMDetection (``mmdet/datasets/lvis.py``).
        pngs: name of each record of a panoptic file's ``annotations``; else empty.
        nameless: number of records without a name.
    """

    images: tuple[str, ...]
    pngs: tuple[str, ...]
    nameless: int

    @classmethod
    def of(cls, index: AnnotationIndex) -> FileNames:
        """Collect the names; none in a results file."""
        images = image_names(index.image_records)
        pngs: list[str | None] = []
        if index.annotation_records is not None and kind_of(index) == "panoptic":
            pngs = _column(index.annotation_records, "file_name")
        return cls(
            tuple(n for n in images if n is not None),
            tuple(n for n in pngs if n is not None),
            [*images, *pngs].count(None),
        )


def kind_of(index: AnnotationIndex) -> str:
    """Return the kind of a file, by the keys of the first record of its lists.

    For an empty list of annotations, the keys of categories decide.

    Returns:
        results, panoptic, video, LVIS, captions, keypoints, image info, stuff or instances.
    """
    if index.is_results:
        return "results"
    annotations, images = index.annotation_records, index.image_records
    keys = frozenset(annotations.first_keys()) if annotations is not None else frozenset()
    image_keys = frozenset(images.first_keys()) if images is not None else frozenset()
    if "segments_info" in keys:
        return "panoptic"
    if "videos" in index.document.lists:
        return "video"
    if image_keys & {"not_exhaustive_category_ids", "neg_category_ids"}:
        return "LVIS"
    if "caption" in keys:
        return "captions"
    if "keypoints" in keys:
        return "keypoints"
    if annotations is None:
        return "image info"
    if not keys and index.category_records is not None:
        of_categories = index.category_records.first_keys()
        kinds = {"keypoints": "keypoints", "isthing": "panoptic"}
        if (key := next((k for k in kinds if k in of_categories), None)) is not None:
            return kinds[key]
    ids = [category.id for category in index.categories]
    if ids and all(isinstance(i, int) and 91 < i < 184 for i in ids):
        return "stuff"
    return "instances"


def image_names(records: Records | None) -> list[str | None]:
    """Return the file name of each record of ``images``, see ``FileNames``; None without one."""
    if records is None:
        return []
    names = _column(records, "file_name")
    if any(name is not None for name in names):
        return names
    urls = _column(records, "coco_url")
    if all(url is not None and url.startswith(_SERVER) for url in urls):
        return [url and url.removeprefix(_SERVER) for url in urls]
    return names


def _column(records: Records, key: str) -> list[str | None]:
    values = records.column(key).array.tolist()
    return [v if isinstance(v, str) and v else None for v in values]
