"""The names of images, and of panoptic PNGs, that an annotation file holds."""

from __future__ import annotations

from dataclasses import dataclass

from cocosurgeon.annfile.document import Records
from cocosurgeon.dataset.index import AnnotationIndex

_SERVER = "http://images.cocodataset.org/"


@dataclass(frozen=True)
class FileNames:
    """File names as an annotation file has them, in its order.

    Attributes:
        images: one for each record of ``images`` that has one; where no record has a
            ``file_name``, as in LVIS v1, what MMDetection takes: ``coco_url`` behind the server.
        pngs: one for each record of a panoptic file's ``annotations``; else empty.
        nameless: how many records have none.
    """

    images: tuple[str, ...]
    pngs: tuple[str, ...]
    nameless: int

    @classmethod
    def of(cls, index: AnnotationIndex) -> FileNames:
        """The names that a source holds; none in a results file."""
        images = _names(index.image_records)
        pngs: list[str | None] = []
        if index.annotation_records is not None and is_panoptic(index):
            pngs = _column(index.annotation_records, "file_name")
        both = [*images, *pngs]
        return cls(
            tuple(n for n in images if n is not None),
            tuple(n for n in pngs if n is not None),
            both.count(None),
        )


def is_panoptic(index: AnnotationIndex) -> bool:
    """Whether its annotations are segments in PNG files, by the first of them."""
    records = index.annotation_records
    return records is not None and "segments_info" in records.first_keys()


def _names(records: Records | None) -> list[str | None]:
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
