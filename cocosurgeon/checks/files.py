"""``lint_file`` and ``diff_files``: ``lint`` and ``diff`` in Python."""

from __future__ import annotations

import os
from typing import get_args

from cocosurgeon.checks.verified import File, Names, names_of
from cocosurgeon.convert.opening import open_any, read_any
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.diff.pairs import By
from cocosurgeon.diff.report import Difference
from cocosurgeon.diff.run import diff
from cocosurgeon.errors import RequestError
from cocosurgeon.lint.effects import known_loaders
from cocosurgeon.lint.report import LintReport
from cocosurgeon.lint.run import Choice, lint
from cocosurgeon.progress import progress_of


def lint_file(
    ann_file: File,
    *,
    loader: Names = (),
    select: Names = (),
    ignore: Names = (),
    keep: int | None = 5,
    images: File | None = None,
) -> LintReport:
    """Check an annotation file for the loaders that will read it.

    Only the command ``cocosurgeon lint`` takes several files.

    Args:
        ann_file: path of the file, or of a dataset in another format.
        loader: loaders that will read it. Faults that make one of them raise, lose objects or
            shift labels are errors. None named: MMDetection's loaders and pycocotools.
        select: codes or groups of checks; none: all.
        ignore: codes or groups that are skipped.
        keep: number of findings of each code that are kept; all are counted. None: all.
        images: folder of the image files, to check them, too.

    Raises:
        RequestError: a name is unknown, or the file is a results file.
        DataError: it is not an annotation file.
    """
    if keep is not None and not (type(keep) is int and keep >= 0):
        raise RequestError(f"keep cannot be {keep!r}: give a whole number from 0 on, or None")
    choice = Choice(names_of(select), names_of(ignore))
    loaders = known_loaders(names_of(loader)) or None
    source = open_any(os.fspath(ann_file))
    return lint(source, loaders=loaders, choice=choice, keep=keep, images=images)


def diff_files(
    before: File,
    after: File,
    *,
    match: By = "auto",
    tolerance: float = 0.0,
    only: Names = (),
) -> Difference:
    """Compare two files record by record, and what changes in each loader's labels.

    Args:
        before, after: paths of the files.
        match: how records are matched: by ``id``; by ``content`` (file name; image, category and
            box); or ``auto``, by id if the content agrees.
        tolerance: amount by which numbers other than ids may differ; for boxes in pixels.
        only: top-level keys and keys of records (``bbox``, ``images.width``) to compare; none: all.

    Raises:
        RequestError: neither file has a key of ``only``; one of them is a results file.
        DataError: a file is broken.
    """
    if match not in get_args(By):
        raise RequestError(
            f"--match cannot be {match!r}", hint=f"use one of {', '.join(get_args(By))}"
        )
    if not isinstance(tolerance, (int, float)) or not tolerance >= 0:
        raise RequestError(f"--tolerance cannot be {tolerance!r}: give a number from 0 on")
    one, other = map(_read, (before, after))
    return diff(one, other, match, tolerance, names_of(only))


def _read(file: File) -> Dataset:
    with progress_of(f"reading {file}") as progress:
        return read_any(os.fspath(file), progress, {"images": ("file_name",)})
