"""The account of a run: nothing that was kept, dropped or passed over goes unsaid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.dataset import Dataset
from cocosurgeon.identity import UNKNOWN, all_differ, as_keys, isin
from cocosurgeon.question import Mask


@dataclass(frozen=True)
class Kept:
    """How many there are in the source, and how many of them are kept."""

    total: int
    kept: int


@dataclass(frozen=True)
class Account:
    """What became of a dataset.

    Attributes:
        counts: images (distinct ones), annotations (or detections), and the further lists that
            followed the images.
        oddities: what is odd about the source, where there is any of it: annotations of unknown
            images or categories, ids that stand twice, image records without an id.
        nonfinite: bare NaN, Infinity and -Infinity in the source (kept as they are).
        repeated_keys: top-level keys that stand more than once; the last one counts.
        unfollowed: lists that point at images and were kept whole all the same.
        whole: the other top-level lists of records, all kept whole.
        notes: what the steps want known.
    """

    counts: dict[str, Kept]
    oddities: dict[str, Kept]
    nonfinite: int
    repeated_keys: tuple[str, ...]
    unfollowed: dict[str, int]
    whole: dict[str, int]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The account for people."""
        width = max(map(len, self.counts))
        lines = [
            f"{name:<{width}}  {c.kept:,} of {c.total:,} kept, {c.total - c.kept:,} dropped"
            for name, c in self.counts.items()
        ]
        lines += [f"{name}: {c.total:,}, {c.kept:,} kept" for name, c in self.oddities.items()]
        if self.nonfinite:
            lines.append(f"bare NaN or Infinity, kept as they are: {self.nonfinite:,}")
        if self.repeated_keys:
            lines.append(f"keys that stand twice, the last counts: {', '.join(self.repeated_keys)}")
        if self.unfollowed:
            lines.append(f"kept whole though they name images: {_named(self.unfollowed)}")
        if self.whole:
            lines.append(f"kept whole: {_named(self.whole)}")
        return lines + list(self.notes)


def account_of(dataset: Dataset) -> Account:
    """Take the account of a dataset."""
    others = {
        name: records
        for name, records in dataset.document.lists.items()
        if name not in ("images", "annotations")
    }
    followers = dataset.followers
    what = "detections" if dataset.is_results else "annotations"
    return Account(
        counts={
            "images": Kept(dataset.all_images.count, len(dataset.image_numbers)),
            what: Kept(len(dataset.owner), len(dataset.annotation_rows)),
            **{name: Kept(others[name].count, len(r)) for name, r in dataset.cascaded.items()},
        },
        oddities={name: kept for name, kept in _oddities(dataset, what).items() if kept.total},
        nonfinite=dataset.document.nonfinite,
        repeated_keys=dataset.document.repeated_keys,
        unfollowed={n: others[n].count for n in followers if n not in dataset.cascaded},
        whole={n: r.count for n, r in others.items() if n not in followers},
        notes=dataset.notes,
    )


def _oddities(dataset: Dataset, what: str) -> dict[str, Kept]:
    images = dataset.all_images
    records = images.of_record
    image_kept = np.isin(records, dataset.image_numbers)
    kept = np.zeros(len(dataset.owner), dtype=np.bool_)
    kept[dataset.annotation_rows] = True
    return {
        f"{what} of unknown images": _among(dataset.owner == UNKNOWN, kept),
        f"{what} of unknown categories": _among(_of_unknown_category(dataset), kept),
        "image records that repeat an id": _among(_repeats(records), image_kept),
        "image records without an id": _among(_without_id(images.ids)[records], image_kept),
        "annotations that repeat an id": _among(_annotation_repeats(dataset), kept),
    }


def _among(mask: Mask, kept: Mask) -> Kept:
    return Kept(int(mask.sum()), int((mask & kept).sum()))


def _of_unknown_category(dataset: Dataset) -> Mask:
    records = dataset.annotation_records
    known = [c.id for c in dataset.categories if c.id is not None]
    if records is None or not dataset.categories:
        return np.zeros(len(dataset.owner), dtype=np.bool_)
    if dataset.is_panoptic:
        segments = records.column("segments_category_ids").array
        return np.array([bool(s) and not set(known).issuperset(s) for s in segments], np.bool_)
    column = records.column("category_id")
    if not column.present:
        return np.zeros(len(dataset.owner), dtype=np.bool_)
    return ~isin(column.array, known)


def _annotation_repeats(dataset: Dataset) -> Mask:
    records = dataset.annotation_records
    if records is None or dataset.is_results:
        return np.zeros(len(dataset.owner), dtype=np.bool_)
    return _repeats(records.column("id").array)


def _repeats(values: Array) -> Mask:
    """Where a column holds an id that it held before."""
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


def _named(lists: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in lists.items())
