"""Tasks of a worker, each about one file: read it, answer about it, cut it, lint it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cocosurgeon.annfile.columns import Array, Numbers, are_exact
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.annfile.parallel import one_processor
from cocosurgeon.annfile.remote import RemoteSource, records_of, remote
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Source
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.mask import IndexName
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.lint.report import LintReport
from cocosurgeon.select.filter import Columns
from cocosurgeon.steps.recipe import Recipe
from cocosurgeon.urls import is_url, written

if TYPE_CHECKING:
    import pandas as pd

_IDS = {"id", "image_id", "category_id"}
"""Columns that a worker keeps."""
_LITTLE = 1000
"""Bytes of an object."""

OpenFile: TypeAlias = Callable[[str], Source]
"""Opens an annotation file, or files of another format as the text of one."""


@dataclass(frozen=True)
class Place:
    """A file that workers read.

    Attributes:
        name: its path or URL as it was given, for messages.
        path: the same for a process in another folder.
        open_file: opens it.
    """

    name: str
    path: str
    open_file: OpenFile

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """Open it, and use one processor in this block; errors have its name."""
        try:
            with one_processor():
                source = self.open_file(self.path)
                if source.path is None and not is_url(self.name):
                    source.identity = (source.size,)  # a nameless copy, another one each time
                source.name = self.name
                source.release()
                yield source
        except CocosurgeonError as error:
            error.where = error.where and error.where.replace(self.path, self.name)
            raise


class OpenedFile:
    """A file that was read on a worker.

    Where it goes to a disk or to another worker, the places of its records go along. A file of
    another format, which is unpacked, is read again there.
    """

    def __init__(
        self,
        place: Place,
        columns: Columns,
        identity: object = None,
        layout: Document | None = None,
    ) -> None:
        self._place, self._columns, self._identity = place, columns, identity
        self._layout = layout

    def __reduce__(self) -> tuple[type[OpenedFile], tuple[object, ...]]:
        document = vars(self).get("document", self._layout)
        if document is not None and document.source.path is not None:
            layout = document.on(RemoteSource(document.source))
        else:
            layout = None
        return OpenedFile, (self._place, dict(self._columns), self._identity, layout)

    def __sizeof__(self) -> int:
        """Return the bytes of the places of records and of their ids, for Dask."""
        return _LITTLE + sum(array.nbytes for array in self._arrays())

    @cached_property
    def document(self) -> Document:
        """The places of its records, and their columns.

        Raises:
            CocosurgeonError: it cannot be opened, is broken, or changed since it was read first.
        """
        with self._place.opened() as source:
            if self._identity not in (None, source.identity):
                raise source.changed()
            self._identity = source.identity
            layout, self._layout = self._layout, None
            return scan(source, columns=self._columns) if layout is None else layout.on(source)

    @property
    def lists(self) -> list[Records]:
        """Its lists of records; none before it is read."""
        document = vars(self).get("document", self._layout)
        if document is None:
            return []
        return [*document.lists.values(), *([] if document.results is None else [document.results])]

    def forget_columns(self) -> None:
        """Let go of all columns but those of ids."""
        for records in self.lists:
            for name in records._columns.keys() - _IDS:
                del records._columns[name]

    def _arrays(self) -> Iterator[Array]:
        for records in self.lists:
            yield from (records.blocks.starts, records.blocks.stops)
            yield from (records.column(name).array for name in _IDS & records._columns.keys())

    @property
    def index(self) -> AnnotationIndex:
        """Its images and annotations."""
        return AnnotationIndex.of(self.document)


def read_file(place: Place, columns: Columns) -> OpenedFile:
    """Read a file."""
    opened = OpenedFile(place, columns)
    assert opened.document is not None
    return opened


def without_text(opened: OpenedFile) -> Document:
    """Return a file's columns; the worker keeps those of ids."""
    document = remote(opened.document)
    opened.forget_columns()
    return document


def ask(
    opened: OpenedFile, identity: object, function: Callable[..., object], *args: object
) -> Any:
    """Return what a function finds in a file.

    Raises:
        SourceChangedError: it is another file than when it was read first, and had this identity.
    """
    with one_processor():
        _require_same(opened.document, identity)
        return function(opened.document, *args)


def _require_same(document: Document, identity: object) -> None:
    if document.source.identity != identity:
        raise document.source.changed()


@dataclass(frozen=True, eq=False)
class KeptRows:
    """The rows that are kept of a file, small enough to be sent, and its categories.

    Attributes:
        bits: a bit for each image, each annotation, and each record of the lists that follow.
        counts: of them.
        kept: all else of the dataset.
        identity: of the file.
    """

    bits: Mapping[str, npt.NDArray[np.uint8]]
    counts: Mapping[str, int]
    kept: Dataset
    identity: object

    @classmethod
    def of(cls, part: Dataset) -> KeptRows:
        """Return what is kept of a file."""
        index, lists = part.index, part.index.document.lists
        counts = {name: lists[name].count for name in part.cascaded}
        counts |= {"images": index.images.count, "annotations": len(index.image_of_annotation)}
        rows = {**part.cascaded, "images": part.image_indices, "annotations": part.annotation_rows}
        bits = {name: _bits(rows[name], count) for name, count in counts.items()}
        listing = part.category_list
        nothing: Any = None  # the worker has its own index
        bare = replace(
            part,
            index=nothing,
            image_indices=np.empty(0, np.int64),
            annotation_rows=np.empty(0, np.int64),
            cascaded={},
            notes=(),
            category_list=None if listing is None else replace(listing, index=nothing),
        )
        return cls(bits, counts, bare, part.source.identity)

    def dataset(self, index: AnnotationIndex) -> Dataset:
        """Return what is kept of the file with this index.

        Raises:
            SourceChangedError: it is another file than when it was read first.
        """
        _require_same(index.document, self.identity)
        rows = {
            name: np.flatnonzero(np.unpackbits(bits, count=self.counts[name]))
            for name, bits in self.bits.items()
        }
        listing = self.kept.category_list
        return replace(
            self.kept,
            index=index,
            image_indices=rows.pop("images"),
            annotation_rows=rows.pop("annotations"),
            cascaded=rows,
            category_list=None if listing is None else replace(listing, index=index),
        )


def _bits(rows: Numbers, count: int) -> npt.NDArray[np.uint8]:
    is_kept = np.zeros(count, np.bool_)
    is_kept[rows] = True
    return np.packbits(is_kept)


def keep_by_record(
    opened: OpenedFile, recipe: bytes
) -> tuple[KeptRows, tuple[str, ...], Mapping[str, str]] | None:
    """Return what the filters of a recipe keep of a file, the filters, and types of their columns.

    Returns None where an answer may depend on the other files: there is something to note, an
    error, or a column of more than numbers.
    """
    plan = Recipe.from_json(recipe, "the plan").plan
    with one_processor():
        dataset = Dataset.whole(opened.index)
        lists = {name: opened.document.lists[name] for name in plan.columns}
        try:
            bound = plan.bind(dataset)
            kept = bound.apply(dataset)
        except CocosurgeonError:
            return None
        types = {
            f"{key} {name}": str(lists[key].column(name).array.dtype)
            for key, names in plan.columns.items()
            for name in (names if lists[key].count else ())
        }
    if kept.notes or "object" in types.values():
        return None
    return KeptRows.of(kept), tuple(map(repr, bound.steps)), types


def write_file(opened: OpenedFile, kept: KeptRows, path: str) -> int:
    """Write what is kept of a file to a path or URL; return the bytes of its text.

    The file appears whole or not at all. One with these bytes, of a worker that died, stays.
    """
    size = 0
    with one_processor(), written(path) as file:
        for piece in kept.dataset(opened.index).text():
            size += len(piece)
            file.write(piece)
    return size


def lint_file(opened: OpenedFile, judge: Callable[..., LintReport], **options: Any) -> LintReport:
    """Return the report of lint on a file.

    Args:
        judge: ``lint``, or ``lint_records``.
    """
    gc.disable()  # millions of values are made, none of them in a cycle
    try:
        with one_processor():
            return judge(opened.document, **options)
    finally:
        opened.forget_columns()
        gc.enable()


@dataclass(frozen=True)
class ColumnFacts:
    """Facts about the values of a column of one file.

    Attributes:
        is_there: whether a record has the key.
        dtype: of the values, as pandas has them.
        is_exact: whether integers have a double of their own.
    """

    is_there: bool
    dtype: Any
    is_exact: bool


def column_facts(document: Document, name: str, columns: Sequence[str]) -> list[ColumnFacts]:
    """Return facts about columns of a list; none where it has no records."""
    import pandas as pd

    records = records_of(document, name)
    return [
        ColumnFacts(
            each.present > 0,
            pd.Series(each.array).dtype,
            each.array.dtype != np.int64 or are_exact([each.array]),
        )
        for each in (records.columns(*columns) if records.count else ())
    ]


def joint_dtype(facts: Sequence[ColumnFacts]) -> Any:
    """Return the type of the values of all files together."""
    found = {str(each.dtype): each.dtype for each in facts if each.is_there}
    is_everywhere = all(each.is_there for each in facts)
    if len(found) == 1 and (is_everywhere or "str" in found):
        return next(iter(found.values()))
    if is_everywhere and found.keys() <= {"int64", "float64"}:
        is_exact = all(each.is_exact for each in facts)
        return np.dtype(float if is_exact else object) if found else np.dtype(np.int64)
    return np.dtype(object)


def frame_of(
    opened: OpenedFile, kept: KeptRows, name: IndexName, first: int, dtypes: Mapping[str, Any]
) -> pd.DataFrame:
    """Return columns of what is kept of a file.

    Args:
        name: of the index: images or annotations.
        first: the number of its first image, or annotation, among those of all files.
        dtypes: types of the columns, by their names.
    """
    import pandas as pd

    with one_processor():
        dataset = kept.dataset(opened.index)
        index = dataset.index
        numbers, records, listing = dataset.annotation_rows, index.annotation_records, None
        rows = numbers
        if name == "images":
            numbers, records = dataset.image_indices, index.image_records
            rows = index.images.row_of_image[numbers]
        else:
            listing = dataset.category_list
        columns = (
            {} if records is None else dict(zip(dtypes, records.columns(*dtypes), strict=True))
        )
    arrays = {
        key: (listing.ids(v.array) if listing and key == "category_id" else v.array)[rows]
        for key, v in columns.items()
    }
    frame = pd.DataFrame(arrays, index=pd.Index(numbers + first, name=name))
    typed: pd.DataFrame = frame.astype(dict(dtypes))
    return typed
