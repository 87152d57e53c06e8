"""All counts of one dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers, as_floats
from cocosurgeon.categories.guess import Guess, guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, Id
from cocosurgeon.dataset.references import CATEGORY_COLUMNS
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.loaders import LOADERS, find_loader
from cocosurgeon.select.effective import effective_columns
from cocosurgeon.stats.fields import Ids, Key, id_columns, ids_of, keypoints_of, keys_of, masks_of
from cocosurgeon.stats.labels import Labels, labels_of
from cocosurgeon.stats.objects import (
    MEDIUM,
    OBJECT_COLUMNS,
    SMALL,
    Floats,
    Objects,
    codes_of,
    distinct,
    medians,
    pairs_in_images,
)
from cocosurgeon.steps.images.empty import Empty

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("images", "instances", "crowds", "small", "medium", "large", "no_area")
"""Counts of each class, in columns."""
QUANTILES = {"min": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
GRID = 32
"""Cells of a side of the map of box centers."""


@dataclass(frozen=True)
class Quantiles:
    """Distribution of a measure.

    Attributes:
        name: name of the measure.
        count: number of values.
        mean: mean of the values.
        values: quantiles by name; empty without values.
    """

    name: str
    count: int
    mean: float
    values: Mapping[str, float]

    @classmethod
    def of(cls, name: str, values: Array) -> Quantiles:
        """Return the distribution of the finite values."""
        found = values[np.isfinite(values)]
        if not len(found):
            return cls(name, 0, float("nan"), {})
        with np.errstate(over="ignore"):  # a sum may be infinite
            cuts = np.quantile(found, [*QUANTILES.values(), 1.0]).tolist()
            mean = float(found.mean())
        return cls(name, len(found), mean, dict(zip((*QUANTILES, "max"), cuts, strict=True)))


@dataclass(frozen=True, eq=False, repr=False)
class Stats:
    """Counts of the kept records of a dataset: ``Stats(dataset).categories``.

    Attributes:
        dataset: the dataset.
        loaders: loaders to give labels and to count empty images for; None: labels of all loaders,
            empty images of those of MMDetection.
    """

    dataset: Dataset
    loaders: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in self.loaders or ():
            find_loader(name)

    def __repr__(self) -> str:
        return f"<Stats of {self.dataset!r}>"

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.dataset.source.name

    # ---- DataFrames

    @property
    def categories(self) -> pd.DataFrame:
        """DataFrame of classes: id, name, counts, share, medians, and the label by each loader."""
        return _frame(self.class_columns)

    @property
    def images(self) -> pd.DataFrame:
        """DataFrame of images: id, width, height (pixels), number of objects and of classes."""
        width, height = self.image_sides
        return _frame(
            {
                "id": self.dataset.index.images.ids[self.dataset.image_indices],
                "width": width,
                "height": height,
                "objects": self.objects_per_image,
                "classes": self.classes_per_image,
            }
        )

    @property
    def sizes(self) -> pd.DataFrame:
        """DataFrame of measures: count, mean, quantiles."""
        return _frame(
            [
                {"measure": q.name, "count": q.count, "mean": q.mean, **q.values}
                for q in self.quantiles
            ]
        )

    @property
    def pairs(self) -> pd.DataFrame:
        """DataFrame of pairs of classes in one image: ids, and number of images; largest first."""
        return _frame(self.class_pairs, columns=["first", "second", "images"])

    @property
    def keys(self) -> pd.DataFrame:
        """DataFrame of keys of records, by level."""
        rows = [(k.level, k.name, k.count, k.of, k.is_extra) for k in self.record_keys]
        return _frame(rows, columns=["level", "key", "count", "of", "is_extra"])

    @property
    def ids(self) -> pd.DataFrame:
        """DataFrame of fields with ids: types, number of different ids, range."""
        rows = [(i.field, i.types, i.distinct, i.lowest, i.highest) for i in self.id_fields]
        return _frame(rows, columns=["field", "types", "distinct", "lowest", "highest"])

    # ---- classes

    @cached_property
    def objects(self) -> Objects:
        """Kept objects, in columns."""
        return Objects.of(self.dataset)

    @cached_property
    def names(self) -> Mapping[Id, str | None]:
        """Names by category id: listed ids in the list's order, then ids that are only used.

        An id that is listed more than once has all its names.
        """
        listed: dict[Id, str | None] = {}
        for category in self.dataset.categories:
            if category.id is not None:
                earlier, name = listed.get(category.id), category.name
                is_other = None not in (earlier, name) and earlier != name
                listed[category.id] = f"{earlier} / {name}" if is_other else name or earlier
        ids = self.objects.cat_ids
        used = distinct(ids).tolist() if ids.dtype == np.int64 else dict.fromkeys(ids.tolist())
        others = [i for i in used if i is not None and i not in listed]
        ranked = sorted(others, key=lambda i: (isinstance(i, str), i))
        return {**listed, **dict.fromkeys(ranked)}

    @cached_property
    def codes(self) -> Numbers:
        """Place of each object's class among ``names``; -1 without one."""
        return codes_of(self.objects.cat_ids, list(self.names))

    @cached_property
    def counts(self) -> Mapping[str, Numbers]:
        """Counts of each class, by name of the column."""
        number = len(self.names)
        masks = {"instances": None, "crowds": self.objects.is_crowd, **self.objects.sizes}
        images = np.bincount(self._present[1], minlength=number)
        found = {"images": images}
        for name, mask in masks.items():
            codes = self.codes if mask is None else self.codes[mask]
            found[name] = np.bincount(codes[codes != UNKNOWN], minlength=number)
        return found

    @cached_property
    def class_columns(self) -> Mapping[str, Array | list[object]]:
        """Table of classes, by columns."""
        shares = self.counts["instances"] / max(int(self.counts["instances"].sum()), 1)
        number, has_box = len(self.names), self.objects.has_box
        aspect = _aspect(self.objects)
        return {
            "id": list(self.names),
            "name": list(self.names.values()),
            **self.counts,
            "share": shares,
            "median_area": medians(self.objects.area, self.codes, number),
            "median_aspect": medians(aspect, np.where(has_box, self.codes, UNKNOWN), number),
            **{
                f"label {loader}": [labels.of_ids.get(i) for i in self.names]
                for labels in self.labels
                for loader in labels.loaders
                if labels.problem is None
            },
        }

    @cached_property
    def labels(self) -> tuple[Labels, ...]:
        """Labels of the categories by each loader, equal ones together."""
        used = [i for i, n in zip(self.names, self.counts["instances"], strict=True) if n]
        return labels_of(self.dataset, used, self.loaders)

    @cached_property
    def class_pairs(self) -> list[tuple[Id, Id, int]]:
        """Pairs of category ids in one image, with the number of images; largest first."""
        ids, number = list(self.names), len(self.names)
        pairs, counts = pairs_in_images(*self._present, number)
        order = np.lexsort((pairs, -counts))
        return [
            (ids[pair // number], ids[pair % number], count)
            for pair, count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
        ]

    @cached_property
    def space(self) -> Guess | str:
        """Label spaces that the file fits; or the reason why this is unknown."""
        try:
            inventory = Inventory.of(self.dataset)
            uses = (
                replace(use, cat_ids=distinct(use.cat_ids))  # each id once is enough, and faster
                if use.cat_ids.dtype == np.int64
                else use
                for use in inventory.uses
            )
            return guess_space(replace(inventory, uses=tuple(uses)))
        except CocosurgeonError as error:
            return error.what

    @property
    def without_category(self) -> int:
        """Number of objects without a usable category id."""
        return int(np.count_nonzero(self.codes == UNKNOWN))

    @property
    def unlisted(self) -> list[Id]:
        """Category ids in use that the category list lacks."""
        listed = {c.id for c in self.dataset.categories}
        return [i for i in self.names if i not in listed]

    @cached_property
    def on_bounds(self) -> int:
        """Number of objects whose area is exactly a bound; COCOeval counts them in both sizes."""
        area = self.objects.area[~self.objects.is_crowd]
        return int(np.count_nonzero((area == SMALL) | (area == MEDIUM)))

    # ---- images

    @cached_property
    def image_sides(self) -> tuple[Floats, Floats]:
        """Width and height of each kept image in pixels; NaN for values that are not above 0."""
        index = self.dataset.index
        nothing = np.full(len(self.dataset.image_indices), np.nan)
        if index.image_records is None or not index.image_records.count:
            return nothing, nothing
        rows = index.images.row_of_image[self.dataset.image_indices]
        sides = [as_floats(v.array)[rows] for v in index.image_records.columns("width", "height")]
        width, height = (np.where((s > 0) & (s < np.inf), s, np.nan) for s in sides)
        return width, height

    @cached_property
    def objects_per_image(self) -> Numbers:
        """Number of objects of each kept image."""
        return self._per_image(self.objects.images)

    @cached_property
    def classes_per_image(self) -> Numbers:
        """Number of different classes of each kept image."""
        return self._per_image(self._present[0])

    @property
    def of_unknown_images(self) -> int:
        """Number of objects whose image the file does not have."""
        return int(np.count_nonzero(self.objects.images == UNKNOWN))

    @cached_property
    def empty(self) -> Mapping[str, int | str]:
        """Number of empty images by definition; or the reason why it is unknown."""
        if self.dataset.index.is_results:
            return {}
        names = self.loaders or tuple(n for n, loader in LOADERS.items() if loader.is_usual)
        definitions = ("raw", "category", *(f"effective:{name}" for name in names))
        return {definition: self._empty(definition) for definition in definitions}

    @cached_property
    def image_sizes(self) -> Mapping[tuple[float, float], int]:
        """Number of images by width and height (pixels), largest first."""
        width, height = self.image_sides
        sides = (width + 1j * height)[~np.isnan(width + height)]
        unique, counts = np.unique(sides, return_counts=True)
        found = zip(unique.tolist(), counts.tolist(), strict=True)
        ranked = sorted(found, key=lambda item: (-item[1], item[0].real, item[0].imag))
        return {(side.real, side.imag): count for side, count in ranked}

    # ---- measures

    @cached_property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """Distributions; boxes are those wider and higher than 0, areas those of all objects."""
        o, has_box = self.objects, self.objects.has_box
        width, height = self.image_sides
        with np.errstate(over="ignore", invalid="ignore"):
            box_area = o.w * o.h
        return (
            Quantiles.of("image width", width),
            Quantiles.of("image height", height),
            Quantiles.of("objects per image", self.objects_per_image),
            Quantiles.of("classes per image", self.classes_per_image),
            Quantiles.of("box width", o.w[has_box]),
            Quantiles.of("box height", o.h[has_box]),
            Quantiles.of("box area", box_area[has_box]),
            Quantiles.of("box width / height", _aspect(o)[has_box]),
            Quantiles.of("area", o.area),
        )

    @property
    def boxes(self) -> Mapping[str, int]:
        """Number of usable boxes, of empty boxes, and of objects without a box."""
        usable, there = self.objects.has_box, ~np.isnan(self.objects.w)
        return {
            "usable": int(np.count_nonzero(usable)),
            "not wider or not higher than 0": int(np.count_nonzero(there & ~usable)),
            "none": int(np.count_nonzero(~there)),
        }

    @cached_property
    def centers(self) -> Numbers:
        """Number of boxes by the place of their center in the image, shape (GRID, GRID).

        Rows go from top to bottom. Centers outside the image are not counted.
        """
        o = self.objects
        shown = np.flatnonzero(o.has_box & (o.images != UNKNOWN))
        sides = [np.full(self.dataset.index.images.count, np.nan) for _ in range(2)]
        for side, values in zip(sides, self.image_sides, strict=True):
            side[self.dataset.image_indices] = values
        with np.errstate(over="ignore", invalid="ignore"):
            x, y = (
                (start[shown] + extent[shown] / 2) / side[o.images[shown]] * GRID
                for start, extent, side in zip((o.x, o.y), (o.w, o.h), sides, strict=True)
            )
        inside = (x >= 0) & (x < GRID) & (y >= 0) & (y < GRID)
        cells = y[inside].astype(np.int64) * GRID + x[inside].astype(np.int64)
        return np.bincount(cells, minlength=GRID * GRID).reshape(GRID, GRID)

    @cached_property
    def masks(self) -> Mapping[str, int]:
        """Number of annotations by the kind of their segmentation."""
        return masks_of(self.dataset)

    @cached_property
    def with_keypoints(self) -> int:
        """Number of annotations with ``num_keypoints`` above 0."""
        return keypoints_of(self.dataset)

    @cached_property
    def record_keys(self) -> tuple[Key, ...]:
        """Keys of records by level."""
        return keys_of(self.dataset)

    @cached_property
    def id_fields(self) -> tuple[Ids, ...]:
        """Types and ranges of ids."""
        return ids_of(self.dataset)

    # ---- columns

    @cached_property
    def _present(self) -> tuple[Numbers, Numbers]:
        """Image numbers and places among ``names``, with each class of each image once."""
        number = max(len(self.names), 1)
        is_there = (self.codes != UNKNOWN) & (self.objects.images != UNKNOWN)
        keys = distinct(self.objects.images[is_there] * number + self.codes[is_there])
        return keys // number, keys % number

    def _per_image(self, images: Numbers) -> Numbers:
        known = images[images != UNKNOWN]
        counts = np.bincount(known, minlength=self.dataset.index.images.count)
        return counts[self.dataset.image_indices]

    def _empty(self, definition: str) -> int | str:
        try:
            return int(np.count_nonzero(Empty(definition).evaluate(self.dataset).mask))
        except CocosurgeonError as error:
            return error.what


def stats_columns(loaders: Sequence[str] | None = None) -> Mapping[str, tuple[str, ...]]:
    """Return the columns that ``Stats`` reads, by list, to read them in one pass."""
    found = {
        "images": ["width", "height", "record_keys", *id_columns("images"), *CATEGORY_COLUMNS],
        "annotations": [
            *(*OBJECT_COLUMNS, "num_keypoints", "segmentation_kind", "record_keys"),
            *id_columns("annotations"),
            *CATEGORY_COLUMNS,
        ],
    }
    for name in loaders or (n for n, loader in LOADERS.items() if loader.is_usual):
        for key, columns in effective_columns(find_loader(name).name).items():
            found[key] += columns
    return {key: tuple(dict.fromkeys(columns)) for key, columns in found.items()}


def _frame(rows: Any, columns: list[str] | None = None) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return frame


def _aspect(objects: Objects) -> Floats:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return objects.w / objects.h
