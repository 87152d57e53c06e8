"""AnnotationIndex: the images, annotations and categories of a source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.dataset.ids import Id, Images, as_keys, objects
from cocosurgeon.dataset.references import References, all_references, annotation_references
from cocosurgeon.errors import StructureError, UnknownNameError
from cocosurgeon.text import did_you_mean


@dataclass(frozen=True)
class Category:
    """One entry of ``categories``; id and name are None where the entry lacks them."""

    id: Id | None
    name: str | None


@dataclass(frozen=True, eq=False)
class AnnotationIndex:
    """The images, annotations and categories of one source.

    Attributes:
        document: the layout of the source.
        images: the distinct images; in a results file, those that its detections name.
        image_of_annotation: image number of each annotation, shape (annotations,); -1 for an image
            that the source does not have.
    """

    document: Document
    images: Images
    image_of_annotation: Numbers

    def __post_init__(self) -> None:
        self.image_of_annotation.flags.writeable = False

    @classmethod
    def of(cls, document: Document) -> AnnotationIndex:
        """Make the index of a document.

        Raises:
            StructureError: it is neither an annotation file nor a results file.
        """
        if document.results is not None:
            detections = document.results.column("image_id").array
            if document.results.count and not document.results.column("image_id").present:
                raise StructureError(
                    "a list, but not a results file: no record has an 'image_id'",
                    where=document.source.name,
                    hint="name a COCO annotation file, or a list of detections",
                )
            images = Images.of_detections(detections)
            return cls(document, images, images.numbers(detections))
        records = document.lists.get("images")
        if records is None:
            raise _no_images(document)
        images = Images.of(records.column("id").array)
        annotations = document.lists.get("annotations")
        img_ids = annotations.column("image_id").array if annotations else np.empty(0, np.int64)
        return cls(document, images, images.numbers(img_ids))

    @property
    def is_results(self) -> bool:
        """True for a results file: a bare list of detections."""
        return self.document.results is not None

    @cached_property
    def image_records(self) -> Records | None:
        """Records of ``images``; None in a results file."""
        return self.document.lists.get("images")

    @cached_property
    def annotation_records(self) -> Records | None:
        """Records of ``annotations``, or of a results file; None in a file without annotations."""
        return self.document.results or self.document.lists.get("annotations")

    @cached_property
    def category_records(self) -> Records | None:
        """Records of ``categories``; None in captions, image lists and results files."""
        return self.document.lists.get("categories")

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """Category list, in file order; empty in captions, image lists and results files."""
        records = self.category_records
        if records is None:
            return ()
        ids, names = records.columns("id", "name")
        return tuple(
            Category(key, name if isinstance(name, str) else None)
            for key, name in zip(as_keys(ids.array).tolist(), names.array.tolist(), strict=True)
        )

    @cached_property
    def followers(self) -> dict[str, Numbers]:
        """Image numbers of the records of each further top-level list that has ``image_id``.

        -1 for an image that the source does not have.
        """
        return {
            name: self.images.numbers(records.column("image_id").array)
            for name, records in self.document.lists.items()
            if name not in ("images", "annotations", "categories")
            and records.column("image_id").present
        }

    @property
    def emptied(self) -> tuple[str, ...]:
        """Names of further top-level lists without records, which might have had ``image_id``."""
        return tuple(
            name
            for name, records in self.document.lists.items()
            if name not in ("images", "annotations", "categories") and not records.count
        )

    @cached_property
    def category_pairs(self) -> tuple[Numbers, Array]:
        """Rows of annotations, each with a category id of it, ascending by row.

        An annotation with ``category_id`` has one pair, a panoptic annotation one for each segment
        of ``segments_info``, a caption none.
        """
        records = self.annotation_records
        pairs = [r.pairs() for r in annotation_references(records)] if records is not None else []
        if not pairs:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        if len(pairs) == 1:
            return pairs[0]
        rows = np.concatenate([rows for rows, _ in pairs])
        order = np.argsort(rows, kind="stable")
        ids = objects(i for _, ids in pairs for i in ids.tolist())
        return rows[order], ids[order]

    @cached_property
    def references(self) -> tuple[References, ...]:
        """Keys by which the records of all lists name categories."""
        return all_references(self.document)

    def image_columns(self, *names: str) -> tuple[Array, ...]:
        """Return columns of ``images``, one value for each distinct image.

        Raises:
            UnknownNameError: no image record has such a key.
        """
        if self.image_records is None:
            if names == ("id",):
                return (self.images.ids,)
            raise UnknownNameError(
                "detections have only the id of an image, so there is no "
                f"{next(n for n in names if n != 'id')!r}",
                where=self.document.source.name,
                hint="filter the annotation file, then cut the results with --match",
            )
        return tuple(
            c[self.images.row_of_image]
            for c in _columns(self.image_records, names, self.annotation_records)
        )

    def annotation_columns(self, *names: str) -> tuple[Array, ...]:
        """Return columns of ``annotations``, one value for each annotation.

        Raises:
            UnknownNameError: no annotation has such a key.
        """
        if self.annotation_records is None:
            raise UnknownNameError("the file has no annotations", where=self.document.source.name)
        return _columns(self.annotation_records, names, self.image_records)


def no_column(name: str, records: Records, other: Records | None) -> UnknownNameError:
    """Return the error for a key that no record of a list has.

    Args:
        other: the records of the other level, which may have it.
    """
    hint = did_you_mean(name, records.first_keys(), "the first record has")
    python = None
    if other is not None and name in other.first_keys():
        hint = f"records of {other.name!r} have it"
        python = f"{hint}: use {'Image' if other.name == 'images' else 'Annotation'}Where"
    return UnknownNameError(
        f"no record of {records.name!r} has {name!r}",
        where=records.source.name,
        hint=hint,
        python=python,
    )


def _columns(records: Records, names: tuple[str, ...], other: Records | None) -> tuple[Array, ...]:
    columns = records.columns(*names)
    for name, values in zip(names, columns, strict=True):
        if records.count and not values.present:
            raise no_column(name, records, other)
    return tuple(values.array for values in columns)


def _no_images(document: Document) -> StructureError:
    keys = ", ".join(repr(m.key) for m in document.members[:8]) or "none"
    return StructureError(
        f"not an annotation file: it has no list 'images' (its keys: {keys})",
        where=document.source.name,
        hint="name a COCO annotation file, or a results file (a list of detections)",
    )
