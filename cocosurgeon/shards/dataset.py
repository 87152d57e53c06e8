"""Annotation files as one dataset, and what is kept of each.

The dataset has the columns of all files, and no text. Its steps choose what one file of all records
would choose. Then each file is cut by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.united import unite
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, Id, all_differ, as_keys
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.text import are, first_few, plural

_MERGE = "cocosurgeon merge --ids offset makes one file of them"


@dataclass(frozen=True, eq=False)
class Shards:
    """Annotation files that are one dataset.

    Attributes:
        files: each file, in order.
        whole: all of them as one.
    """

    files: tuple[Dataset, ...]
    whole: Dataset

    @classmethod
    def of(cls, files: Sequence[Dataset]) -> Shards:
        """Return files as one dataset.

        Raises:
            RequestError: they do not fit together: other categories, an id in two files, a results
                file next to an annotation file.
        """
        indexes = [file.index for file in files]
        if len({index.is_results for index in indexes}) > 1:
            raise RequestError(
                "results files and annotation files cannot be one dataset",
                where=" and ".join(file.source.name for file in files[:2]),
                hint="name files of one kind",
            )
        for index in indexes:
            if repeated := index.document.repeated_keys:
                raise StructureError(
                    f"{repeated[0]!r} appears twice at the top level",
                    where=index.document.source.name,
                    hint="write it once",
                )
        whole = Dataset.whole(AnnotationIndex.of(unite([index.document for index in indexes])))
        if not whole.index.is_results:
            _require_same_categories(indexes)
            _require_apart("image", indexes, [index.images.ids for index in indexes])
            _require_apart("annotation", indexes, [_annotation_ids(index) for index in indexes])
            _require_own_images(whole.index, indexes)
        return cls(tuple(files), whole)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the numbers of images and annotations of each file, by its path."""
        return {
            file.source.name: {
                "images": len(file.image_indices),
                "annotations": len(file.annotation_rows),
            }
            for file in self.files
        }

    def lines(self) -> list[str]:
        """Return these numbers for people."""
        return [f"{plural(len(self.files), 'file')} as one"] + [
            f"  {path}: {plural(each['images'], 'image')}, "
            f"{plural(each['annotations'], 'annotation')}"
            for path, each in self.counts().items()
        ]

    def cut(self, result: Dataset) -> Iterator[Dataset]:
        """Yield what is kept of each file.

        Args:
            result: made of ``whole`` by steps.

        Raises:
            RequestError: a step made a new text of the whole.
        """
        if result.index is not self.whole.index:
            raise RequestError(
                "this step needs one file, and cannot be done on several files at once",
                hint="merge them first (cocosurgeon merge), or do this step on each file",
            )
        first_image = first_annotation = 0
        first_of = dict.fromkeys(result.cascaded, 0)
        for file in self.files:
            index = file.index
            lists = index.document.lists
            cascaded = {}
            for name, rows in result.cascaded.items():
                if name in lists:
                    cascaded[name] = _within(rows, first_of[name], lists[name].count)
                    first_of[name] += lists[name].count
            listing = result.category_list
            annotations = len(index.image_of_annotation)
            yield replace(
                file,
                image_indices=_images_of(index, result, first_image),
                annotation_rows=_within(result.annotation_rows, first_annotation, annotations),
                cascaded=cascaded,
                images_asked=result.images_asked,
                category_list=None if listing is None else replace(listing, index=index),
            )
            first_image += index.images.count
            first_annotation += annotations

    def joined(self, parts: Sequence[Dataset]) -> Dataset:
        """Return what is kept of all, of what is kept of each; see ``cut``."""
        images = np.cumsum([0, *(file.index.images.count for file in self.files)])
        rows = np.cumsum([0, *(len(file.annotation_rows) for file in self.files)])
        return replace(
            self.whole,
            image_indices=np.concatenate(
                [part.image_indices + n for part, n in zip(parts, images, strict=False)]
            ),
            annotation_rows=np.concatenate(
                [part.annotation_rows + n for part, n in zip(parts, rows, strict=False)]
            ),
            images_asked=parts[0].images_asked,
        )


def _within(numbers: Numbers, first: int, count: int) -> Numbers:
    """Return those of ascending numbers that are among so many after the first, counted from 0."""
    begin, end = np.searchsorted(numbers, [first, first + count])
    return numbers[begin:end] - first


def _images_of(index: AnnotationIndex, result: Dataset, first: int) -> Numbers:
    if index.is_results:  # detections of an image may be in several files
        kept = np.zeros(result.index.images.count, np.bool_)
        kept[result.image_indices] = True
        return np.flatnonzero(kept[result.index.images.numbers(index.images.ids)])
    return _within(result.image_indices, first, index.images.count)


def _annotation_ids(index: AnnotationIndex) -> Array:
    records = index.annotation_records
    return np.empty(0, np.int64) if records is None else as_keys(records.column("id").array)


def _require_same_categories(indexes: Sequence[AnnotationIndex]) -> None:
    first = indexes[0]
    for index in indexes[1:]:
        if index.categories != first.categories:
            raise RequestError(
                "the files list different categories, or in another order",
                where=f"{first.document.source.name} and {index.document.source.name}",
                hint="merge them (cocosurgeon merge), or remap each (cocosurgeon remap --like)",
            )


def _require_apart(what: str, indexes: Sequence[AnnotationIndex], ids: Sequence[Array]) -> None:
    """Refuse an id that two files have."""
    if all_differ(np.concatenate([*ids, np.empty(0, np.int64)])):
        return
    owner: dict[Id, int] = {}
    shared: list[tuple[Id, int, int]] = []
    for place, each in enumerate(ids):
        for one in dict.fromkeys(each.tolist()):
            if one is not None and owner.setdefault(one, place) != place:
                shared.append((one, owner[one], place))
    if shared:
        names = [index.document.source.name for index in indexes]
        what = plural(len(shared), f"{what} id")
        shown = first_few(shared, shown=3, show=lambda each: repr(each[0]))
        raise RequestError(
            f"{what} {are(len(shared))} in two files: {shown}",
            where=f"{names[shared[0][1]]} and {names[shared[0][2]]}",
            hint=_MERGE,
        )


def _require_own_images(whole: AnnotationIndex, indexes: Sequence[AnnotationIndex]) -> None:
    """Refuse an annotation whose image another file lists."""
    of_image = np.repeat(np.arange(len(indexes)), [index.images.count for index in indexes])
    counts = [len(index.image_of_annotation) for index in indexes]
    of_annotation = np.repeat(np.arange(len(indexes)), counts)
    owners = whole.image_of_annotation
    known = owners != UNKNOWN
    odd = np.flatnonzero(of_image[owners[known]] != of_annotation[known])
    if len(odd):
        place = int(of_annotation[known][odd[0]])
        there = int(of_image[owners[known]][odd[0]])
        raise RequestError(
            f"{plural(len(odd), 'annotation')} of images that another file lists",
            where=f"{indexes[place].document.source.name} "
            f"(image in {indexes[there].document.source.name})",
            hint="put an image and its annotations into one file",
        )
