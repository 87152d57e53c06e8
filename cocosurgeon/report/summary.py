"""The summary of a run: counts of kept and dropped records, and of everything unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, all_differ, as_keys, isin, objects, type_mismatch
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.mask import Mask, WarningNote
from cocosurgeon.errors import in_python
from cocosurgeon.loaders.labels import LabelEffect
from cocosurgeon.page import Report, preformatted, table
from cocosurgeon.report.label_shift import effect_warnings, list_effect, shifted_labels
from cocosurgeon.text import plural, wrapped_items


@dataclass(frozen=True)
class Kept:
    """Number of records in the source, and of kept ones."""

    total: int
    kept: int


@dataclass(frozen=True, repr=False)
class Summary(Report):
    """Counts of a result.

    Attributes:
        images: distinct images; in a results file, the images of its detections.
        annotations: annotations, or detections.
        is_results: True for detections.
        cascaded: records of further lists that follow the images, by list.
        unknown_images: annotations whose image is not in the file.
        unknown_categories: annotations whose category is not in the file's list.
        repeated_img_ids, repeated_ann_ids: records with the id of an earlier record.
        images_without_id, annotations_without_id: records without a usable id.
        nonfinite: number of bare NaN, Infinity and -Infinity in the source, which are kept.
        repeated_keys: top-level keys that appear more than once; the last one counts.
        unfollowed: number of records by list, for lists with ``image_id`` that are copied
            unchanged.
        whole: number of records by list, for the other lists that are copied unchanged.
        image_mismatch, category_mismatch: reason if images and categories are unknown because
            their ids are text in one place and numbers in the other.
        classes: category names in order, as MMDetection numbers its labels, if a step changed the
            list; else None.
        notes: facts from the steps.
        shifted: lines about labels that the cut shifts; see ``shifted_labels``.
        list_effect: labels by each loader, if unused categories were dropped or category ids
            shifted; else None.
    """

    images: Kept
    annotations: Kept
    is_results: bool
    cascaded: Mapping[str, Kept]
    unknown_images: Kept
    unknown_categories: Kept
    repeated_img_ids: Kept
    repeated_ann_ids: Kept
    images_without_id: Kept
    annotations_without_id: Kept
    nonfinite: int
    repeated_keys: tuple[str, ...]
    unfollowed: Mapping[str, int]
    whole: Mapping[str, int]
    image_mismatch: str | None
    category_mismatch: str | None
    classes: tuple[str | None, ...] | None
    notes: tuple[str, ...]
    shifted: tuple[str, ...] = ()
    list_effect: LabelEffect | None = None

    def __repr__(self) -> str:
        warnings = [f"warning: {in_python(line)}" for line in self.warnings()]
        return "\n".join([*warnings, super().__repr__()])

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: the counts, and each fact in a line."""
        rows = [
            (name, f"{c.total:,}", f"{c.kept:,}", f"{c.total - c.kept:,}")
            for name, c in self._counts().items()
        ]
        facts = [*(f"warning: {line}" for line in self.warnings()), *self.facts()]
        head = ("list", "before", "kept", "dropped")
        return table([head, *rows], (0,)) + preformatted(map(in_python, facts))

    def lines(self) -> list[str]:
        """Return the summary as lines of text."""
        counts = self._counts()
        width = max(map(len, counts))
        lines = [
            f"{name:<{width}}  {c.kept:,} of {c.total:,} kept, {c.total - c.kept:,} dropped"
            for name, c in counts.items()
        ]
        return lines + self.facts()

    def _counts(self) -> dict[str, Kept]:
        what = "detections" if self.is_results else "annotations"
        return {"images": self.images, what: self.annotations, **self.cascaded}

    def facts(self) -> list[str]:
        """Return the lines of the summary after the counts of kept records."""
        what = "detections" if self.is_results else "annotations"
        causes = [
            f" ({why})" if why else "" for why in (self.image_mismatch, self.category_mismatch)
        ]
        oddities = {
            f"{what} of unknown images{causes[0]}": self.unknown_images,
            f"{what} of unknown categories{causes[1]}": self.unknown_categories,
            "image records that repeat an id": self.repeated_img_ids,
            f"{what} that repeat an id": self.repeated_ann_ids,
            "image records without an id": self.images_without_id,
            f"{what} without an id": self.annotations_without_id,
        }
        lines = [f"{name}: {c.total:,}, {c.kept:,} kept" for name, c in oddities.items() if c.total]
        if self.nonfinite:
            lines.append(f"bare NaN or Infinity, kept unchanged: {self.nonfinite:,}")
        if self.repeated_keys:
            lines.append(
                f"keys that appear twice, the last value counts: {', '.join(self.repeated_keys)}"
            )
        if self.unfollowed:
            lines.append(f"copied unchanged, although they name images: {_named(self.unfollowed)}")
        if self.whole:
            lines.append(f"copied unchanged: {_named(self.whole)}")
        lines += [note for note in self.notes if not isinstance(note, WarningNote)]
        return [*lines, *(self.list_effect.lines() if self.list_effect else ())]

    def warnings(self) -> list[str]:
        """Return lines about lost data and shifted labels, which no option hides."""
        what = "detection" if self.is_results else "annotation"
        lines = []
        if self.images.total and not self.images.kept:
            lines.append(f"no image is kept, of {self.images.total:,}")
        total = self.annotations.total
        if lost := self.unknown_images.total - self.unknown_images.kept:
            why = f": {self.image_mismatch}" if self.image_mismatch else ""
            lines.append(
                f"{lost:,} of {plural(total, what)} dropped, because the file does not list the "
                f"image{why}"
            )
        if self.category_mismatch:
            lines.append(
                f"{self.unknown_categories.total:,} of {plural(total, what)} of no listed "
                f"category: {self.category_mismatch}"
            )
        lines += [note for note in self.notes if isinstance(note, WarningNote)]
        return [*lines, *self.shifted, *effect_warnings(self.list_effect)]

    def config_lines(self) -> list[str]:
        """Return lines for an MMDetection config if categories changed; else none."""
        return _config_lines(self.classes) if self.classes else []


def summarize(dataset: Dataset, paths: Sequence[str] = ()) -> Summary:
    """Count what a dataset keeps and drops of its source.

    Args:
        paths: paths of the source and of the result, for loaders that depend on them.
    """
    index, origin = dataset.index, dataset.origin
    others = {
        name: records.count
        for name, records in origin.document.lists.items()
        if name not in ("images", "annotations") and (records.count or name in dataset.cascaded)
    }
    changed = dataset.category_list is not None
    if changed:
        others.pop("categories", None)
    rows = index.images.image_of_row
    image_kept = np.isin(rows, dataset.image_indices)
    kept = np.zeros(len(index.image_of_annotation), dtype=np.bool_)
    kept[dataset.annotation_rows] = True
    return Summary(
        images=Kept(origin.images.count, len(dataset.image_indices)),
        annotations=Kept(len(origin.image_of_annotation), len(dataset.annotation_rows)),
        is_results=index.is_results,
        cascaded={name: Kept(others[name], len(r)) for name, r in dataset.cascaded.items()},
        unknown_images=_among(index.image_of_annotation == UNKNOWN, kept),
        unknown_categories=_among(_of_unknown_category(index), kept),
        repeated_img_ids=_among(_repeats(rows), image_kept),
        repeated_ann_ids=_among(_ann_id_repeats(index), kept),
        images_without_id=_among(_without_id(index.images.ids)[rows], image_kept),
        annotations_without_id=_among(_ann_ids_missing(index), kept),
        nonfinite=index.document.nonfinite,
        repeated_keys=index.document.repeated_keys,
        unfollowed={n: others[n] for n in index.followers if n not in dataset.cascaded},
        whole={
            n: count
            for n, count in others.items()
            if n not in index.followers and n not in dataset.cascaded
            if dataset.merged_from is None  # merged lists are not copies
        },
        image_mismatch=_image_mismatch(index),
        category_mismatch=None if changed else _category_mismatch(index),
        classes=tuple(c.name for c in dataset.categories) if changed else None,
        notes=dataset.notes,
        shifted=tuple(shifted_labels(dataset, paths)),
        list_effect=list_effect(dataset, next(iter(paths), "")),
    )


def _among(mask: Mask, kept: Mask) -> Kept:
    return Kept(int(mask.sum()), int((mask & kept).sum()))


def _image_mismatch(index: AnnotationIndex) -> str | None:
    records = index.annotation_records
    unknown = index.image_of_annotation == UNKNOWN
    if records is None or index.is_results or not unknown.any():
        return None
    return type_mismatch("image_id", records.column("image_id").array[unknown], index.images.ids)


def _category_mismatch(index: AnnotationIndex) -> str | None:
    if not index.categories:
        return None
    listed = objects(category.id for category in index.categories)
    cat_ids = index.category_pairs[1]
    return type_mismatch("category_id", cat_ids[~isin(cat_ids, listed.tolist())], listed)


def _of_unknown_category(index: AnnotationIndex) -> Mask:
    unknown = np.zeros(len(index.image_of_annotation), dtype=np.bool_)
    if index.categories:
        rows, cat_ids = index.category_pairs
        known = [c.id for c in index.categories if c.id is not None]
        unknown[rows[~isin(cat_ids, known)]] = True
    return unknown


def _ann_id_repeats(index: AnnotationIndex) -> Mask:
    records = index.annotation_records
    if records is None or index.is_results:
        return np.zeros(len(index.image_of_annotation), dtype=np.bool_)
    return _repeats(records.column("id").array)


def _ann_ids_missing(index: AnnotationIndex) -> Mask:
    records = index.annotation_records
    if records is None or index.is_results:  # detections have none
        return np.zeros(len(index.image_of_annotation), dtype=np.bool_)
    return _without_id(as_keys(records.column("id").array))


def _repeats(values: Array) -> Mask:
    """Mark the rows whose id an earlier row has."""
    keys = as_keys(values)
    if all_differ(keys):
        return np.zeros(len(keys), dtype=np.bool_)
    if keys.dtype == np.int64:
        repeats = np.ones(len(keys), dtype=np.bool_)
        repeats[np.unique(keys, return_index=True)[1]] = False
        return repeats
    repeats = np.zeros(len(keys), dtype=np.bool_)
    seen: set[object] = set()
    for row, key in enumerate(keys.tolist()):
        repeats[row] = key in seen
        if key is not None:
            seen.add(key)
    return repeats


def _without_id(ids: Array) -> Mask:
    if ids.dtype != object:
        return np.zeros(len(ids), dtype=np.bool_)
    return np.array([i is None for i in ids], dtype=np.bool_)


def _named(lists: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in lists.items())


def _config_lines(classes: Sequence[str | None]) -> list[str]:
    """Return lines for an MMDetection config: class names in the order of labels.

    MMDetection 3.x takes them as ``metainfo`` of its datasets, 2.x as ``classes``. COCO's 80 are
    the default of both.
    """
    count = f"num_classes = {len(classes)}"
    if list(classes) == list(find_space("mmdet80").classes.values()):
        return [count]
    if None in classes:
        return [f"# no metainfo: {classes.count(None)} categories have no name", count]
    indented = [f"    {line}" for line in wrapped_items(map(repr, classes))]
    return ["metainfo = dict(classes=(", *indented, "))", count]
