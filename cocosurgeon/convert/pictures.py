"""Images of a dataset with their objects, in lumps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.convert.lump import NO_LABEL, Lump, is_size
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import DataError
from cocosurgeon.formats.objects import Class
from cocosurgeon.layout.names import image_names
from cocosurgeon.text import plural


@dataclass(frozen=True, eq=False)
class Pictures:
    """The images that a dataset keeps, with their objects.

    Attributes:
        dataset: it; not a results file.
        classes: by class number.
        label_of: class number by category id.
        folder: the folder of the images; None where it is not known.
        before: the dataset before its categories became those of a label space; None: they are its
            own.
    """

    dataset: Dataset
    classes: tuple[Class, ...]
    label_of: Mapping[Id, int]
    folder: Path | None
    before: Dataset | None = None

    @cached_property
    def image_rows(self) -> Numbers:
        """Row of each image that is kept."""
        return self.dataset.index.images.row_of_image[self.dataset.image_indices]

    @cached_property
    def names(self) -> list[str]:
        """File name of each image, with slashes.

        Raises:
            DataError: an image has none.
        """
        every = image_names(self.dataset.index.image_records)
        found = [every[row] for row in self.image_rows.tolist()]
        if missing := found.count(None):
            raise DataError(
                f"{plural(missing, 'image')} without file_name",
                where=self.dataset.source.name,
                hint="drop them, or write their names: cocosurgeon lint lists them",
            )
        return [name.replace("\\", "/") for name in found if name is not None]

    @property
    def backslashes(self) -> int:
        """Number of images of a name with backslashes, for which ``names`` has slashes."""
        every = image_names(self.dataset.index.image_records)
        return sum("\\" in (every[row] or "") for row in self.image_rows.tolist())

    @property
    def recorded_sizes(self) -> list[tuple[int, int]]:
        """Width and height of each image as its record has them; 0 for what is no size."""
        records = self.dataset.index.image_records
        assert records is not None
        columns = (c.array[self.image_rows].tolist() for c in records.columns("width", "height"))
        pairs = zip(*columns, strict=True)
        return [(w, h) if is_size(w) and is_size(h) else (0, 0) for w, h in pairs]

    @cached_property
    def paths(self) -> list[str | None]:
        """Path of each image file; None where there is none."""
        paths: list[str | None] = []
        for name in self.names:
            if self.folder is None and not os.path.isabs(name):  # noqa: PTH117 - of 118,287
                paths.append(None)
                continue
            path = os.path.join(self.folder or "", name)  # noqa: PTH118
            paths.append(path if os.path.isfile(path) else None)  # noqa: PTH113
        return paths

    @cached_property
    def _order(self) -> tuple[Numbers, Numbers]:
        """Rows of annotations by image, in file order; and where those of each image begin."""
        dataset = self.dataset
        place = np.full(dataset.index.images.count + 1, NO_LABEL, np.int64)
        place[dataset.image_indices] = np.arange(len(dataset.image_indices))
        owners = place[dataset.index.image_of_annotation[dataset.annotation_rows]]
        known = owners != NO_LABEL
        order = np.argsort(owners[known], kind="stable")
        bounds = np.searchsorted(owners[known][order], np.arange(len(dataset.image_indices) + 1))
        return dataset.annotation_rows[known][order], bounds

    @property
    def annotation_rows(self) -> Numbers:
        """Rows of the annotations of images that are kept, image by image."""
        return self._order[0]

    @property
    def owners(self) -> Numbers:
        """Number of the image, from 0, that each of ``annotation_rows`` is of."""
        return np.repeat(np.arange(len(self.names)), np.diff(self._order[1]))

    @property
    def unknown_images(self) -> int:
        """Number of annotations of images that the file does not have."""
        return len(self.dataset.annotation_rows) - len(self.annotation_rows)

    @cached_property
    def labels(self) -> Numbers:
        """Class number of each of ``annotation_rows``; ``NO_LABEL`` without one."""
        records = self.dataset.index.annotation_records
        if records is None or not len(self.annotation_rows):
            return np.empty(0, np.int64)
        ids = as_keys(records.column("category_id").array)
        if self.dataset.category_list is not None:
            ids = self.dataset.category_list.ids(ids)
        kept = ids[self.annotation_rows].tolist()
        return np.array([self.label_of.get(i, NO_LABEL) for i in kept], np.int64)

    def lumps(self, first: int, stop: int, size: int) -> Iterator[Lump]:
        """Yield the images of a range, so many at a time."""
        for at in range(first, stop, size):
            yield self.lump(at, min(at + size, stop))

    def lump(self, first: int, stop: int) -> Lump:
        """Return the images of a range with their annotations."""
        index = self.dataset.index
        assert index.image_records is not None
        rows, bounds = self._order
        of_images = bounds[first : stop + 1].tolist()
        begin, end = of_images[0], of_images[-1]
        texts: list[bytes] = []
        if end > begin and index.annotation_records is not None:
            texts = _texts(index.annotation_records, rows[begin:end])
        labels = self.labels[begin:end].tolist()
        spans = [(a - begin, b - begin) for a, b in pairwise(of_images)]
        return Lump(
            _texts(index.image_records, self.image_rows[first:stop]),
            self.names[first:stop],
            self.paths[first:stop],
            [texts[a:b] for a, b in spans],
            [labels[a:b] for a, b in spans],
        )


def _texts(records: Records, rows: Numbers) -> list[bytes]:
    """Return the text of records, in the order of their rows.

    The annotations of an image may be far apart: each run of consecutive records is read by itself.
    """
    starts, stops = records.spans()
    starts, stops = starts[rows], stops[rows]
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    texts: list[bytes] = []
    for at, until in pairwise([0, *breaks.tolist(), len(rows)]):
        begin = int(starts[at])
        text = records.source.read(begin, int(stops[until - 1]))
        spans = zip(
            (starts[at:until] - begin).tolist(), (stops[at:until] - begin).tolist(), strict=True
        )
        texts += [text[a:b] for a, b in spans]
    return texts
