"""Dataset: an annotation file and the rows of it that are kept.

A selection is two arrays of numbers over an unchanged source: which images, which annotations.
Every method gives a new Dataset; nothing is copied but those arrays, nothing is printed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cocosurgeon.annfile.columns import Array
from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.records import Records
from cocosurgeon.annfile.splice import pieces
from cocosurgeon.errors import RequestError, StructureError, UnknownNameError
from cocosurgeon.identity import UNKNOWN, Id, Images, Numbers, as_keys
from cocosurgeon.nearest import did_you_mean
from cocosurgeon.question import Level, Mask, Order, Question, as_question

if TYPE_CHECKING:
    import pandas as pd
    from pycocotools.coco import COCO


_USUAL: Mapping[Level, tuple[str, ...]] = {
    "images": ("id", "file_name", "width", "height"),
    "annotations": (
        *("id", "image_id", "category_id", "area", "iscrowd"),
        *("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
    ),
}


@dataclass(frozen=True)
class Category:
    """One entry of ``categories``; id and name are None where the entry lacks them."""

    id: Id | None
    name: str | None


@dataclass(frozen=True, eq=False)
class Dataset:
    """An annotation file, or a results file, and what of it is kept.

    Attributes:
        document: the layout of the source.
        all_images: the distinct images of the source; in a results file, of its detections.
        owner: shape (annotations,): the image number of each annotation of the source, -1 for
            an image that the source does not have.
        image_numbers: the images kept, ascending.
        annotation_rows: the annotations (or detections) kept, ascending.
        cascaded: rows kept of further top-level lists that follow the images.
        images_asked: whether a step has selected images. From then on annotations of unknown
            images are gone: their image is not among those kept.
        notes: what the steps so far want known.
    """

    document: Document
    all_images: Images
    owner: Numbers
    image_numbers: Numbers
    annotation_rows: Numbers
    cascaded: Mapping[str, Numbers] = field(default_factory=dict)
    images_asked: bool = False
    notes: tuple[str, ...] = ()

    # ---- what there is

    @property
    def is_results(self) -> bool:
        """Whether the source is a results file: a bare list of detections."""
        return self.document.results is not None

    @property
    def image_records(self) -> Records | None:
        """The ``images`` list; None in a results file."""
        return self.document.lists.get("images")

    @property
    def annotation_records(self) -> Records | None:
        """The ``annotations`` list, or the detections of a results file; None in an image list."""
        return self.document.results or self.document.lists.get("annotations")

    @property
    def img_ids(self) -> list[Id | None]:
        """Ids of the kept images in file order (None for a record without a usable id)."""
        ids: list[Id | None] = self.all_images.ids[self.image_numbers].tolist()
        return ids

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """The category list, in file order; empty in captions, image lists and results files."""
        records = self.document.lists.get("categories")
        if records is None:
            return ()
        ids, names = records.columns("id", "name")
        return tuple(
            Category(key, name if isinstance(name, str) else None)
            for key, name in zip(as_keys(ids.array).tolist(), names.array.tolist(), strict=True)
        )

    @cached_property
    def is_panoptic(self) -> bool:
        """Whether annotations carry their categories inside ``segments_info``."""
        records = self.annotation_records
        return (
            records is not None
            and not records.column("category_id").present
            and "segments_info" in records.first_keys()
        )

    def image_column(self, name: str) -> Array:
        """A column of ``images``, one value for each kept image.

        Raises:
            UnknownNameError: no image record has this key.
        """
        if self.image_records is None:
            if name == "id":
                return self.all_images.ids[self.image_numbers]
            raise UnknownNameError(
                f"detections know nothing of an image but its id, so there is no {name!r}",
                where=self.document.source.name,
                hint="ask about the annotation file, and bring its images here with --match",
            )
        values = _column(self.image_records, name)
        return values[self.all_images.record[self.image_numbers]]

    def annotation_column(self, name: str) -> Array:
        """A column of ``annotations``, one value for each kept annotation.

        Raises:
            UnknownNameError: no annotation has this key.
        """
        if self.annotation_records is None:
            raise UnknownNameError("the file has no annotations", where=self.document.source.name)
        return _column(self.annotation_records, name)[self.annotation_rows]

    @property
    def annotation_owners(self) -> Numbers:
        """For each kept annotation the place of its image among those kept; -1 for none."""
        place = np.full(self.all_images.count + 1, UNKNOWN, dtype=np.int64)
        place[self.image_numbers] = np.arange(len(self.image_numbers))
        return place[self.owner[self.annotation_rows]]

    # ---- pandas

    @property
    def images(self) -> pd.DataFrame:
        """The kept images: id, file_name, width, height (pixels), as far as the file has them.

        One row an image. The index, named ``images``, numbers the images of the source, so a
        boolean Series made from this frame is accepted wherever a filter is.
        """
        return self.frame("images")

    @property
    def annotations(self) -> pd.DataFrame:
        """The kept annotations: id, image_id, category_id, area, iscrowd, bbox_x, bbox_y, bbox_w,
        bbox_h (pixels, xywh), as far as the file has them.

        One row an annotation. The index, named ``annotations``, numbers the annotations of the
        source, so a boolean Series made from this frame is accepted wherever a filter is.
        """
        return self.frame("annotations")

    def frame(self, level: Level, *names: str) -> pd.DataFrame:
        """The kept images or annotations as a DataFrame of these columns (the usual ones without).

        Args:
            names: keys of the records; ``bbox_x`` and its like look inside ``bbox``.

        Raises:
            UnknownNameError: no record has such a key.
        """
        import pandas as pd

        records = self.image_records if level == "images" else self.annotation_records
        column = self.image_column if level == "images" else self.annotation_column
        if not names:
            usual = _USUAL[level]
            if records is not None:
                names = tuple(
                    n for n, v in zip(usual, records.columns(*usual), strict=True) if v.present
                )
            elif self.is_results:
                names = ("id",)
        rows = self.image_numbers if level == "images" else self.annotation_rows
        index = pd.Index(rows, name=level)
        frame: pd.DataFrame = pd.DataFrame({n: column(n) for n in names}, index=index)
        return frame

    # ---- steps

    def keep(self, question: Question | pd.Series) -> Dataset:
        """Keep the images, or the annotations, that answer yes.

        With an image go all its records and annotations. A question about annotations removes
        no image.

        Args:
            question: a filter, or a boolean Series made from ``images`` or ``annotations``.
        """
        asked = as_question(question)
        mask, notes = asked.mask(self), asked.notes(self)
        noted = replace(self, notes=self.notes + notes)
        if asked.level == "images":
            return noted._with_images(self.image_numbers[mask])
        return replace(noted, annotation_rows=self.annotation_rows[mask])

    def first(self, n: int, order: Order = "file") -> Dataset:
        """Keep the first n images, by file order or by id (as loaders that sort see them)."""
        self._require_size(n)
        return self._pick(n, self._ranked(order)[:n], "first")

    def last(self, n: int, order: Order = "file") -> Dataset:
        """Keep the last n images, by file order or by id."""
        self._require_size(n)
        ranked = self._ranked(order)
        return self._pick(n, ranked[max(len(ranked) - n, 0) :], "last")

    def skip(self, n: int, order: Order = "file") -> Dataset:
        """Leave out the first n images, by file order or by id."""
        self._require_size(n)
        return self._with_images(np.sort(self._ranked(order)[n:]))

    def sample(self, n: int, seed: int = 0) -> Dataset:
        """Keep n images drawn by a seed.

        Which are drawn depends on the seed and the ids alone: not on the file's order, not on
        the machine, and a larger sample contains a smaller one of the same seed.
        """
        self._require_size(n)
        salt = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()
        ids = self.all_images.ids.tolist()

        def lot(number: int) -> bytes:
            key = repr(ids[number]).encode()
            return hashlib.blake2b(key, digest_size=16, salt=salt).digest()

        drawn = sorted(self.image_numbers.tolist(), key=lot)[:n]
        return self._pick(n, np.array(drawn, dtype=np.int64), "sample of")

    def cascade(self, name: str) -> Dataset:
        """Let a further top-level list follow the images: of its records those stay whose
        ``image_id`` is kept.

        Raises:
            UnknownNameError: there is no such list, or its records point at no image.
        """
        if name not in self.followers:
            raise UnknownNameError(
                f"{name!r} is no list whose records have an image_id",
                where=self.document.source.name,
                hint=did_you_mean(name, self.followers) or "leave --cascade out",
            )
        owners = self.all_images.numbers(self.document.lists[name].column("image_id").array)
        rows = np.arange(len(owners), dtype=np.int64)
        if self.images_asked:
            rows = rows[self._is_kept(self.image_numbers)[owners]]
        return replace(self, cascaded={**self.cascaded, name: rows})

    @property
    def followers(self) -> tuple[str, ...]:
        """Further top-level lists whose records have an ``image_id``."""
        return tuple(
            name
            for name, records in self.document.lists.items()
            if name not in ("images", "annotations", "categories")
            and records.column("image_id").present
        )

    # ---- results

    def text(self) -> Iterator[bytes]:
        """The annotation file with only what is kept, in pieces."""
        kept: dict[Records, Numbers] = {}
        if self.image_records is not None:
            is_kept = self._is_kept(self.image_numbers)
            kept[self.image_records] = np.flatnonzero(is_kept[self.all_images.of_record])
        if self.annotation_records is not None:
            kept[self.annotation_records] = self.annotation_rows
        for name, rows in self.cascaded.items():
            kept[self.document.lists[name]] = rows
        return pieces(self.document, kept)

    def to_coco(self) -> COCO:
        """A pycocotools COCO of what is kept, without a file and without its printing.

        Raises:
            RequestError: the source is a results file (load the ground truth, then ``loadRes``).
        """
        import json

        from pycocotools.coco import COCO

        if self.is_results:
            raise RequestError(
                "a results file has no images or categories to make a COCO from",
                where=self.document.source.name,
                hint="make it from the ground truth, then use its loadRes",
            )
        coco = COCO()
        coco.dataset = json.loads(b"".join(self.text()).decode("utf-8-sig"))
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
        return coco

    def _with_images(self, numbers: Numbers) -> Dataset:
        is_kept = self._is_kept(numbers)
        cascaded = {
            name: rows[is_kept[self._owners_in(name)[rows]]] for name, rows in self.cascaded.items()
        }
        return replace(
            self,
            image_numbers=numbers,
            annotation_rows=self.annotation_rows[is_kept[self.owner[self.annotation_rows]]],
            cascaded=cascaded,
            images_asked=True,
        )

    def _owners_in(self, name: str) -> Numbers:
        return self.all_images.numbers(self.document.lists[name].column("image_id").array)

    def _is_kept(self, numbers: Numbers) -> Mask:
        """Which images are kept; one more answer at the end (index -1), for unknown images: no."""
        is_kept = np.zeros(self.all_images.count + 1, dtype=np.bool_)
        is_kept[numbers] = True
        return is_kept

    def _ranked(self, order: Order) -> Numbers:
        if order == "file":
            return self.image_numbers
        ids = self.all_images.ids[self.image_numbers]
        try:
            ranks = np.argsort(ids, kind="stable")
        except TypeError as error:
            raise StructureError(
                "image ids of different types (numbers, strings, none) have no order",
                where=self.document.source.name,
                hint="use the file's order",
            ) from error
        return self.image_numbers[ranks]

    def _pick(self, n: int, numbers: Numbers, what: str) -> Dataset:
        notes = self.notes
        if len(numbers) < n:
            notes += (f"{what} {n:,} asked for, {len(numbers):,} images there",)
        return replace(self._with_images(np.sort(numbers)), notes=notes)

    def _require_size(self, n: int) -> None:
        if n < 0:
            raise RequestError(f"a number of images cannot be negative: {n}")


def _column(records: Records, name: str) -> Array:
    values = records.column(name)
    if records.count and not values.present:
        raise UnknownNameError(
            f"no record of {records.name!r} has {name!r}",
            where=records.source.name,
            hint=did_you_mean(name, records.first_keys()),
        )
    return values.array
