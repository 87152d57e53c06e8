"""Dataset: an annotation file and the rows of it that are kept.

A selection is two arrays over an unchanged source: the kept images and the kept annotations. Every
method returns a new Dataset. Only these arrays are copied, and nothing is printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import operator
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, SupportsIndex, overload, runtime_checkable

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.edit import RecordEdits, Values
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Source, source_of
from cocosurgeon.annfile.splice import Cut, pieces
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.ids import UNKNOWN, Id, as_keys, random_ranks
from cocosurgeon.dataset.index import AnnotationIndex, Category
from cocosurgeon.dataset.items import AnnotatedImage, annotated_images
from cocosurgeon.dataset.mask import FilterResult, IndexName, Level, Mask, marked_rows
from cocosurgeon.dataset.order import Order, as_amount, count_of, require_order
from cocosurgeon.errors import RequestError, StructureError, UnknownNameError
from cocosurgeon.page import text as plain_html
from cocosurgeon.progress import progress_of
from cocosurgeon.text import did_you_mean, plural

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image
    from pycocotools.coco import COCO

    from cocosurgeon.stats.statistics import Stats


IMAGE_COLUMNS = ("id", "file_name", "width", "height")
ANNOTATION_COLUMNS = (
    *("id", "image_id", "category_id", "area", "iscrowd"),
    *("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
)

_THUMBNAILS = 4
"""Images of a dataset that a notebook shows."""


@runtime_checkable
class Selector(Protocol):
    """The part of a filter that a dataset uses; see ``cocosurgeon.select.filter.Filter``."""

    @property
    def level(self) -> Level:
        """Return ``images`` or ``annotations``."""

    def evaluate(self, dataset: Dataset) -> FilterResult:
        """Return a mask of the kept images, or of the kept annotations, of a dataset."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """An annotation file, or a results file, and the part of it that is kept.

    ``read`` returns one. Methods that keep records return a new Dataset. The file never changes.

        dogs = read("instances_val2017.json").keep(Having(InCategory("dog"))).first(100)
        image, annotations = dogs[0]
        write(dogs, "dogs.json")

    Methods and attributes:

        keep: keep, first, last, skip, sample, cascade
        as a collection of images: len(dataset), dataset[0], dataset[10:20], a loop
        ids and categories: img_ids, ann_ids, categories
        DataFrames: images, annotations, images_df, annotations_df
        show: show, stats
        export: text, to_coco; cocosurgeon.write
        arrays: image_columns, annotation_columns, having

    Other methods are for authors of steps.

    Attributes:
        index: images, annotations and categories of the source.
        image_indices: kept images, shape (images,), ascending.
        annotation_rows: kept annotations or detections, shape (annotations,), ascending.
        cascaded: kept rows of further top-level lists that follow the images, by list.
        images_asked: True once a step has selected images. After that, no annotation of an unknown
            image is kept.
        category_list: the changed categories; None: unchanged.
        notes: facts from the steps so far, for the summary.
        rewritings: changes of values so far. After one, the source is the text that it made.
        merged_from: the file that was read, if others were merged into it: the source is then the
            merged text. None: nothing was merged.
    """

    index: AnnotationIndex
    image_indices: Numbers
    annotation_rows: Numbers
    cascaded: Mapping[str, Numbers] = field(default_factory=dict)
    images_asked: bool = False
    category_list: CategoryList | None = None
    notes: tuple[str, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()
    merged_from: Source | None = None

    def __post_init__(self) -> None:
        for numbers in (self.image_indices, self.annotation_rows, *self.cascaded.values()):
            numbers.flags.writeable = False

    @classmethod
    def whole(cls, index: AnnotationIndex) -> Dataset:
        """Return the dataset that keeps everything of a source."""
        images = np.arange(index.images.count, dtype=np.int64)
        return cls(index, images, np.arange(len(index.image_of_annotation), dtype=np.int64))

    def __repr__(self) -> str:
        images, annotations = self.origin.images.count, len(self.origin.image_of_annotation)
        return (
            f"<Dataset {self.source.name}: {len(self.image_indices):,} of {images:,} images, "
            f"{len(self.annotation_rows):,} of {annotations:,} annotations>"
        )

    # ---- a collection of images

    def __len__(self) -> int:
        """Return the number of kept images."""
        return len(self.image_indices)

    def __iter__(self) -> Iterator[AnnotatedImage]:
        """Yield each kept image with its annotations, in the order of the file."""
        return annotated_images(self, self.image_indices)

    @overload
    def __getitem__(self, place: SupportsIndex) -> AnnotatedImage: ...

    @overload
    def __getitem__(self, place: slice) -> Dataset: ...

    def __getitem__(self, place: SupportsIndex | slice) -> AnnotatedImage | Dataset:
        """Return the image at a place, with its annotations; for a slice, a dataset.

        Raises:
            IndexError: there are fewer images.
            RequestError: the slice goes backward, but images keep the order of the file.
        """
        if not isinstance(place, slice):
            number = self.image_indices[operator.index(place)]
            return next(annotated_images(self, np.array([number])))
        if (place.step or 1) < 0:
            raise RequestError("images keep the order of the file: a step is 1 or more")
        return self.with_images(self.image_indices[place])

    # ---- what is kept

    @property
    def source(self) -> Source:
        """Source of the records; after a rewriting, a copy of the text that it made."""
        return self.index.document.source

    @property
    def origin(self) -> AnnotationIndex:
        """Index of the file that was read or merged, before any rewriting."""
        return self.rewritings[0].before.index if self.rewritings else self.index

    @property
    def opened(self) -> Source:
        """Source that was read, before any rewriting or merge."""
        return self.merged_from or self.origin.document.source

    def origin_rows(self, name: str, rows: Numbers) -> Numbers:
        """Return the rows of ``origin`` that rows of a list were."""
        for rewriting in reversed(self.rewritings):
            rows = rewriting.before.list_rows(name)[rows]
        return rows

    @property
    def img_ids(self) -> list[Id | None]:
        """Ids of the kept images, in file order; None for a record without a usable id."""
        ids: list[Id | None] = self.index.images.ids[self.image_indices].tolist()
        return ids

    @property
    def ann_ids(self) -> list[Id | None]:
        """Ids of the kept annotations, in file order; None for a record without a usable id."""
        records = self.index.annotation_records
        if records is None:
            return []
        ids: list[Id | None] = as_keys(records.column("id").array[self.annotation_rows]).tolist()
        return ids

    @property
    def categories(self) -> tuple[Category, ...]:
        """Category list, in order: the file's, unless a step changed it."""
        return (self.category_list or self.index).categories

    @property
    def category_pairs(self) -> tuple[Numbers, Array]:
        """Rows of the source's annotations, each with a current category id of it.

        See ``AnnotationIndex.category_pairs``.
        """
        rows, ids = self.index.category_pairs
        return rows, self.category_list.ids(ids) if self.category_list else ids

    @property
    def kept_category_pairs(self) -> tuple[Numbers, Array]:
        """Rows of kept annotations, each with a current category id of it."""
        rows, ids = self.category_pairs
        is_kept = np.zeros(len(self.index.image_of_annotation), dtype=np.bool_)
        is_kept[self.annotation_rows] = True
        wanted = is_kept[rows]
        return rows[wanted], ids[wanted]

    def rows_kept(self) -> Iterator[tuple[Records, Numbers]]:
        """Yield each list of which rows are selected, with its kept rows, ascending."""
        index = self.index
        if index.image_records is not None:
            is_kept = self._is_kept(self.image_indices)
            rows = np.flatnonzero(is_kept[index.images.image_of_row])
            yield index.image_records, rows
        if index.annotation_records is not None:
            yield index.annotation_records, self.annotation_rows
        for name, rows in self.cascaded.items():
            yield index.document.lists[name], rows

    def list_rows(self, name: str) -> Numbers:
        """Return the kept rows of a list, ascending."""
        kept = {records.name: rows for records, rows in self.rows_kept()}
        if name in kept:
            return kept[name]
        return self.index.document.lists[name].rows

    def image_columns(self, *names: str) -> tuple[Array, ...]:
        """Return columns of ``images``, one value for each kept image.

        Raises:
            UnknownNameError: no image record has such a key.
        """
        return tuple(c[self.image_indices] for c in self.index.image_columns(*names))

    def annotation_columns(self, *names: str) -> tuple[Array, ...]:
        """Return columns of ``annotations``, one value for each kept annotation.

        Raises:
            UnknownNameError: no annotation has such a key.
        """
        return tuple(c[self.annotation_rows] for c in self.source_annotation_columns(*names))

    def source_annotation_columns(self, *names: str) -> tuple[Array, ...]:
        """Return columns of ``annotations``, one value for each annotation of the source.

        Category ids are the current ones.
        Raises:
            UnknownNameError: no annotation has such a key.
        """
        columns = self.index.annotation_columns(*names)
        ids = self.category_list.ids if self.category_list is not None else None
        if ids is None:
            return columns
        pairs = zip(names, columns, strict=True)
        return tuple(ids(c) if name == "category_id" else c for name, c in pairs)

    def having(self, annotations: Mask) -> Mask:
        """Mark the kept images that have a marked annotation, shape (kept images,).

        Args:
            annotations: shape (kept annotations,).
        """
        place = np.full(self.index.images.count + 1, UNKNOWN, dtype=np.int64)
        place[self.image_indices] = np.arange(len(self.image_indices))
        owners = place[self.index.image_of_annotation[self.annotation_rows[annotations]]]
        return np.bincount(owners[owners != UNKNOWN], minlength=len(self.image_indices)) > 0

    # ---- pandas and pycocotools

    @property
    def images(self) -> pd.DataFrame:
        """DataFrame of the kept images: id, file_name, width, height (pixels), if present.

        See ``images_df``.
        """
        records = self.index.image_records
        return self.images_df(*(("id",) if records is None else _present(records, IMAGE_COLUMNS)))

    @property
    def annotations(self) -> pd.DataFrame:
        """DataFrame of the kept annotations.

        Its columns, if present: id, image_id, category_id, area (square pixels), iscrowd, bbox_x,
        bbox_y, bbox_w, bbox_h (pixels, xywh). See ``annotations_df``.
        """
        records = self.index.annotation_records
        names = () if records is None else _present(records, ANNOTATION_COLUMNS)
        return self.annotations_df(*names)

    def images_df(self, *names: str) -> pd.DataFrame:
        """Return a DataFrame of keys of image records, one row for each kept image.

        Its index numbers the images of the source. A boolean Series made from the frame can be used
        as a filter.

        Args:
            names: the keys, one column each.

        Raises:
            UnknownNameError: no record has such a key.
        """
        columns = self.image_columns(*names) if names else ()
        return self._df("images", self.image_indices, names, columns)

    def annotations_df(self, *names: str) -> pd.DataFrame:
        """Return a DataFrame of keys of annotations, one row for each kept annotation.

        See ``images_df``.

        Args:
            names: the keys, one column each; ``bbox_x``, ``bbox_y``, ``bbox_w`` and ``bbox_h`` are
                the values of ``bbox`` (pixels, xywh).

        Raises:
            UnknownNameError: no annotation has such a key.
        """
        columns = self.annotation_columns(*names) if names else ()
        return self._df("annotations", self.annotation_rows, names, columns)

    def _df(
        self, level: Level, rows: Numbers, names: tuple[str, ...], columns: tuple[Array, ...]
    ) -> pd.DataFrame:
        import pandas as pd

        index = pd.Index(rows, name=IndexName(level, self.source.identity))
        frame: pd.DataFrame = pd.DataFrame(dict(zip(names, columns, strict=True)), index=index)
        return frame

    def to_coco(self) -> COCO:
        """Return the kept records as ``pycocotools.coco.COCO``, without writing a file or printing.

        Raises:
            RequestError: the source is a results file (load the ground truth, then ``loadRes``).
        """
        from pycocotools.coco import COCO

        if self.index.is_results:
            raise RequestError(
                "a results file has no images or categories to make a COCO from",
                where=self.source.name,
                hint="make it from the ground truth, then use its loadRes",
            )
        coco = COCO()
        coco.dataset = json.loads(b"".join(self.text()).decode("utf-8-sig"))
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
        return coco

    def stats(self) -> Stats:
        """Return counts of the kept records, as DataFrames (``.categories``, ...)."""
        from cocosurgeon import Stats  # not from its module, which imports this one

        return Stats(self)

    def show(self, *img_ids: Id, images: str | os.PathLike[str] | None = None) -> Image.Image:
        """Draw images with their annotations, and return the picture; a notebook shows it.

        Args:
            img_ids: ids of the images; without any, all kept images.
            images: the image root, to which file names are relative; None: it is looked for.

        Raises:
            UnknownIdError: the dataset has no such image.
            RequestError: see ``show_images``.
        """
        from cocosurgeon import Ids, show_images  # not from their modules, which import this one

        chosen = self.keep(Ids(img_ids)) if img_ids else self
        return show_images(chosen, None if images is None else Path(images)).image

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: counts, and the first images if they are found."""
        from cocosurgeon import show_images

        line = f"<p>{plain_html(repr(self)[1:-1])}</p>"
        first = self.first(_THUMBNAILS)
        if self.index.is_results or not first.img_ids:
            return line
        shown = show_images(first)
        return line if shown.folder is None else line + shown.as_html()

    # ---- steps

    def keep(self, filter: Selector | pd.Series) -> Dataset:
        """Keep the images, or the annotations, that a filter marks.

        An image is removed with its annotations. A filter of annotations removes no image.

        Args:
            filter: a filter, or a boolean Series made from ``images`` or ``annotations``.

        Raises:
            LevelError: it is neither.
            RequestError: the filter names something that the file does not have.
        """
        given: object = filter
        if isinstance(given, Selector):
            level, result = given.level, given.evaluate(self)
        else:
            level, rows, identity = marked_rows(given)
            result = FilterResult(self.marked(level, rows, identity))
        new = tuple(n for n in result.notes if n not in self.notes)
        noted = replace(self, notes=self.notes + tuple(dict.fromkeys(new)))
        if level == "images":
            return noted.with_images(self.image_indices[result.mask])
        return replace(noted, annotation_rows=self.annotation_rows[result.mask])

    def marked(self, level: Level, rows: tuple[int, ...], identity: tuple[int, ...]) -> Mask:
        """Mark the kept images (or annotations) that are among rows of the source.

        Args:
            identity: identity of the source that the rows are of; empty if unknown.

        Raises:
            RequestError: they are rows of another source.
        """
        if identity and identity != self.source.identity:
            raise RequestError(
                "the mask was made from another file",
                where=self.source.name,
                hint="make it from this dataset's images or annotations",
            )
        kept = self.image_indices if level == "images" else self.annotation_rows
        return np.isin(kept, np.array(rows, dtype=np.int64), assume_unique=True)

    def first(self, n: SupportsIndex | str, order: Order = "file") -> Dataset:
        """Keep the first n images.

        Args:
            n: a number, or a share of the kept images: ``"10%"``. A share is rounded to the nearest
                whole number (halves up), and is at least one image.
            order: ``file``, or ``id`` as loaders that sort see the images.

        Raises:
            RequestError: n is no such number or share.
        """
        return self.pick(n, "first", lambda count: self._ranked(order)[:count])

    def last(self, n: SupportsIndex | str, order: Order = "file") -> Dataset:
        """Keep the last n images; see ``first``."""
        there = len(self.image_indices)
        return self.pick(n, "last", lambda count: self._ranked(order)[there - count :])

    def skip(self, n: SupportsIndex | str, order: Order = "file") -> Dataset:
        """Drop the first n images; see ``first``."""
        _, count, noted = self._counted(n, "skip")
        return noted.with_images(np.sort(self._ranked(order)[count:]))

    def sample(self, n: SupportsIndex | str, seed: int = 0) -> Dataset:
        """Keep n images drawn by a seed; see ``first`` for shares.

        The sample depends on the seed and the ids alone, not on the file's order or the machine. A
        larger sample contains a smaller one of the same seed.
        """
        ranks = random_ranks(self.index.images.ids[self.image_indices].tolist(), seed)
        return self.pick(n, "sample of", lambda count: self.image_indices[ranks < count])

    def pick(self, n: SupportsIndex | str, what: str, choose: Callable[[int], Numbers]) -> Dataset:
        """Keep n images that a function chooses; see ``first`` for shares.

        Args:
            what: name of the step in notes. There is a note for a share, and for too few images.
            choose: takes a number, at most that of the kept images, and returns as many of
                ``image_indices``.
        """
        asked, count, noted = self._counted(n, what)
        notes = noted.notes
        if count < asked:
            notes += (f"{what} {asked:,} requested, {plural(count, 'image')} there",)
        return replace(noted.with_images(np.sort(choose(count))), notes=notes)

    def cascade(self, name: str) -> Dataset:
        """Filter a further top-level list by ``image_id``: keep its records of kept images.

        Raises:
            UnknownNameError: there is no such list, or its records have no ``image_id``.
        """
        owners = self.index.followers.get(name)
        if owners is None and name in self.index.emptied:
            return replace(self, cascaded={**self.cascaded, name: np.empty(0, np.int64)})
        if owners is None:
            raise UnknownNameError(
                f"{name!r} is not a list of records with an image_id",
                where=self.source.name,
                hint=did_you_mean(name, self.index.followers, "such lists:")
                or "the file has no such list: remove --cascade",
            )
        rows = np.arange(len(owners), dtype=np.int64)
        if self.images_asked:
            rows = rows[self._is_kept(self.image_indices)[owners]]
        return replace(self, cascaded={**self.cascaded, name: rows})

    def with_images(self, numbers: Numbers) -> Dataset:
        """Keep images by their numbers, and drop annotations of all others and of unknown images.

        Args:
            numbers: a part of ``image_indices``, ascending.
        """
        is_kept = self._is_kept(numbers)
        annotations = self.annotation_rows
        owners = self.index.image_of_annotation[annotations]
        return replace(
            self,
            image_indices=numbers,
            annotation_rows=annotations[is_kept[owners]],
            cascaded={
                name: rows[is_kept[self.index.followers[name][rows]]] if len(rows) else rows
                for name, rows in self.cascaded.items()
            },
            images_asked=True,
        )

    def rewritten(self, rewriting: Rewriting) -> Dataset:
        """Return the dataset of a text with changed values. Ids and columns are those of that text.

        Args:
            rewriting: a change of this dataset.

        Raises:
            RequestError: a step has changed categories before.
            OutputError: there is no room for a copy of the text.
        """
        if self.category_list is not None:
            raise RequestError(
                f"{rewriting.name} comes after a step that changes categories",
                where=self.source.name,
                hint="repair first, then change categories",
            )
        source = source_of(rewriting.text(), self.source.name)
        with progress_of("reading what was repaired") as progress:
            whole = Dataset.whole(AnnotationIndex.of(scan(source, progress)))
        followers = {name: whole.list_rows(name) for name in self.cascaded}
        return replace(
            whole,
            cascaded=followers,
            images_asked=self.images_asked,
            notes=self.notes,
            rewritings=(*self.rewritings, rewriting),
            merged_from=self.merged_from,
        )

    # ---- text

    def text(self) -> Iterator[bytes]:
        """Yield the annotation file with only the kept records, in pieces of JSON text.

        Raises:
            SourceChangedError: the source is no longer what was read.
        """
        cuts = {records: Cut(rows) for records, rows in self.rows_kept()}
        if self.category_list is None:
            return pieces(self.index.document, cuts)
        for records, rewrite in self.category_list.rewrites().items():
            rows = cuts[records].rows if records in cuts else records.rows
            cuts[records] = Cut(rows, rewrite)
        categories = self.index.category_records
        text = self.category_list.text(categories) if categories is not None else None
        changed = {categories: text} if categories is not None and text is not None else {}
        return pieces(self.index.document, {**cuts, **changed})

    # ---- masks of kept rows

    def _is_kept(self, numbers: Numbers) -> Mask:
        """Mark images by number, shape (images + 1,); the last one is False for unknown images."""
        is_kept = np.zeros(self.index.images.count + 1, dtype=np.bool_)
        is_kept[numbers] = True
        return is_kept

    def _ranked(self, order: Order) -> Numbers:
        require_order(order)
        if order == "file":
            return self.image_indices
        ids = self.index.images.ids[self.image_indices]
        try:
            return self.image_indices[np.argsort(ids, kind="stable")]
        except TypeError as error:
            raise StructureError(
                "image ids of different types (numbers, strings, none) have no order",
                where=self.source.name,
                hint="use the file's order",
            ) from error

    def _counted(self, n: SupportsIndex | str, what: str) -> tuple[int, int, Dataset]:
        """Return the number of requested images, that of available ones among them, and the
        dataset, with a note if the request was a share."""
        amount, there = as_amount(n), len(self.image_indices)
        count = count_of(amount, there)
        if isinstance(amount, int):
            return count, min(count, there), self
        note = f"{what} {amount} of {plural(there, 'image')}: {count:,}"
        return count, count, replace(self, notes=(*self.notes, note))


@dataclass(frozen=True, eq=False)
class Rewriting:
    """Change of values in the records of a dataset.

    Attributes:
        name: name of the step, for messages.
        before: the dataset before the change, without the dropped rows.
        values: new values by list and row of ``before``'s source.
        dropped: rows of that source that the step drops, by list.
    """

    name: str
    before: Dataset
    values: Mapping[str, Mapping[int, Values]] = field(default_factory=dict)
    dropped: Mapping[str, Numbers] = field(default_factory=dict)

    def text(self) -> Iterator[bytes]:
        """Yield the new text, in pieces."""
        document = self.before.index.document
        cuts = {records: Cut(rows) for records, rows in self.before.rows_kept()}
        for name, values in self.values.items():
            records = document.lists[name]
            cuts[records] = Cut(self.before.list_rows(name), RecordEdits(values))
        return pieces(document, cuts)


def _present(records: Records, names: tuple[str, ...]) -> tuple[str, ...]:
    found = zip(names, records.columns(*names), strict=True)
    return tuple(name for name, values in found if values.present)
