"""Several files as one dataset, whose DataFrames are Dask's.

    from distributed import Client
    from cocosurgeon import First, Having, Plan
    from cocosurgeon.dask import read, write

    client = Client()
    full = read("shards/*.json")
    tall = full.annotations["bbox_h"] > 4 * full.annotations["bbox_w"]
    write(Plan(Having(tall), First(100)).apply(full), "tall")

Workers read the files, make the frames and write. Ids, and columns that a filter asks about, are in
this process, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from cocosurgeon.convert.opening import open_any
from cocosurgeon.dataset.dataset import ANNOTATION_COLUMNS, IMAGE_COLUMNS, Dataset
from cocosurgeon.dataset.index import no_column
from cocosurgeon.dataset.mask import IndexName, Level
from cocosurgeon.errors import RequestError
from cocosurgeon.shards.cluster import Workers, asked, opened_of, require_dask
from cocosurgeon.shards.dataset import Shards
from cocosurgeon.shards.folder import write_folder
from cocosurgeon.shards.paths import annotation_files


@dataclass(frozen=True, eq=False, repr=False)
class DaskDataset(Dataset):
    """Several annotation files, and what of them is kept; see ``cocosurgeon.Dataset``.

    Attributes:
        shards: the files.
        workers: who reads and writes them.
    """

    shards: Shards = None  # type: ignore[assignment] # read gives them
    workers: Workers = None  # type: ignore[assignment]

    @property
    def images(self) -> Any:
        """The kept images as a DataFrame of Dask, with the columns that pandas gets."""
        return self._dask_df("images", IMAGE_COLUMNS, all_there=False)

    @property
    def annotations(self) -> Any:
        """The kept annotations as a DataFrame of Dask, with the columns that pandas gets."""
        return self._dask_df("annotations", ANNOTATION_COLUMNS, all_there=False)

    def images_df(self, *names: str) -> Any:
        """Return keys of image records as a DataFrame of Dask."""
        return self._dask_df("images", names)

    def annotations_df(self, *names: str) -> Any:
        """Return keys of annotations as a DataFrame of Dask."""
        return self._dask_df("annotations", names)

    def _dask_df(self, level: Level, names: tuple[str, ...], *, all_there: bool = True) -> Any:
        """Return columns, a partition a file.

        Args:
            all_there: whether a key that no record has is an error, or left out.

        Raises:
            RequestError: they are images of results files.
            UnknownNameError: no record has such a key.
        """
        import dask.dataframe as dd
        import pandas as pd
        from dask import config, delayed
        from dask.base import tokenize

        from cocosurgeon.shards.tasks import KeptRows, column_facts, frame_of, joint_dtype

        index = self.index
        records, other = index.image_records, index.annotation_records
        if level == "annotations":
            records, other = other, records
        if records is None:
            raise RequestError(
                f"these files have no records of {level}",
                where=self.source.name,
                hint="name annotation files",
            )
        files = self.shards.files
        answers = [asked(file, column_facts, records.name, names) for file in files]
        facts = [each for answer in answers if (each := answer.result())]
        of_columns = dict(zip(names, zip(*facts, strict=True), strict=True)) if facts else {}
        there = {name: any(f.is_there for f in each) for name, each in of_columns.items()}
        for name in names if all_there else ():
            if not there.get(name, True):
                raise no_column(name, records, other)
        dtypes = {n: joint_dtype(of_columns.get(n, ())) for n in names if there.get(n, True)}
        changes = self.category_list and dict(self.category_list.cat_ids)
        if changes and "category_id" in dtypes and level == "annotations":
            dtypes["category_id"] = np.dtype(object)
        counts = [
            file.index.images.count if level == "images" else len(file.annotation_rows)
            for file in files
        ]
        name = IndexName(level, self.source.identity)
        empty = pd.DataFrame(index=pd.Index([], dtype="int64", name=name), columns=list(dtypes))
        kept = (self.image_indices, self.annotation_rows, changes)
        token = tokenize(self.source.identity, level, dtypes, kept)
        make = delayed(frame_of, pure=True)
        parts = [
            make(
                opened_of(file),
                KeptRows.of(part),
                name,
                first,
                dtypes,
                dask_key_name=f"cocosurgeon-{token}-{place}",
            )
            for place, (file, part, first) in enumerate(
                zip(files, self.shards.cut(self), accumulate([0, *counts]), strict=False)
            )
        ]
        with config.set({"dataframe.convert-string": False}):
            return dd.from_delayed(parts, meta=empty.astype(dtypes), prefix="cocosurgeon")


def read(
    ann_files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    columns: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> DaskDataset:
    """Read several files as one dataset, by the workers of the current Dask client.

    Args:
        ann_files: paths, globs, folders and URLs, which the workers can read.
        columns: keys of records that filters will ask about, by the lists' keys: they are read on
            the way, and kept in this process.

    Raises:
        RequestError: Dask is not installed, there is no client, or files do not fit together.
        CocosurgeonError: a file cannot be read.
    """
    require_dask()
    from distributed import get_client

    try:
        workers = Workers.of(get_client())
    except ValueError as error:
        raise RequestError(
            "there is no client of Dask",
            hint="make one: from distributed import Client; client = Client()",
        ) from error
    is_one = isinstance(ann_files, (str, os.PathLike))
    given = [ann_files] if is_one else ann_files
    paths = annotation_files(map(os.fspath, cast(Iterable[str], given)))
    shards = Shards.of(workers.read(paths, {k: tuple(v) for k, v in columns.items()}, open_any))
    whole = shards.whole
    return DaskDataset(
        whole.index, whole.image_indices, whole.annotation_rows, shards=shards, workers=workers
    )


def write(dataset: Dataset, folder: str | os.PathLike[str]) -> str:
    """Write what is kept into a new folder, as files of the same names; workers write.

    Args:
        folder: its path or URL, which the workers can write.

    Returns:
        Its path or URL.

    Raises:
        RequestError: the dataset is of one file, or a step made a new text of the whole.
        OutputError: something else is there, or it cannot be written.
    """
    if not isinstance(dataset, DaskDataset):
        raise RequestError("this dataset is of one file", hint="cocosurgeon.write writes it")
    parts = dict(
        zip(
            [file.source.name for file in dataset.shards.files],
            dataset.shards.cut(dataset),
            strict=True,
        )
    )
    write_folder(os.fspath(folder), {"": parts}, dataset.workers, lambda _: None)
    return os.fspath(folder)
