"""Judge several files, and those of one dataset together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.united import unite
from cocosurgeon.convert.opening import open_any
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.lint.annotation_file import COLUMNS, AnnotationFile
from cocosurgeon.lint.report import LintReport
from cocosurgeon.lint.run import lint, lint_dataset, lint_records
from cocosurgeon.progress import progress_of
from cocosurgeon.select.filter import Columns
from cocosurgeon.shards.cluster import Workers
from cocosurgeon.shards.dataset import Shards


def lint_files(
    paths: Sequence[str],
    workers: Workers | None,
    loaders: Sequence[str] | None,
    options: Mapping[str, Any],
    *,
    is_one_dataset: bool,
) -> tuple[list[LintReport], LintReport | None, str | None]:
    """Judge several files.

    Args:
        workers: judge them; None: this process does.
        loaders, options: arguments of ``lint``.
        is_one_dataset: whether they should be one: then checks of the whole are made on all
            files together.

    Returns:
        The report on each file, that on one dataset, and why the files are none.
    """
    columns = COLUMNS if is_one_dataset else {}
    if workers is not None:
        documents = list(workers.documents(paths, columns, open_any))
    else:
        documents = list(_documents(paths, columns))
    trouble = _why_not_one(documents) if is_one_dataset else None
    is_one = is_one_dataset and trouble is None and len(paths) > 1
    if not is_one:
        return _judged(documents, workers, lint, {**options, "loaders": loaders}), None, trouble
    whole = AnnotationFile(unite(documents))
    of_records = {k: v for k, v in options.items() if k != "images"}
    of_records |= {"loaders": loaders, "rest": whole.as_rest()}
    reports = _judged(documents, workers, lint_records, of_records)
    return reports, lint_dataset(whole, reports, **options), None


def _judged(
    documents: Sequence[Document],
    workers: Workers | None,
    judge: Callable[..., LintReport],
    options: Mapping[str, Any],
) -> list[LintReport]:
    if workers is not None:
        return workers.lint(documents, judge, **options)
    return [judge(document, **options) for document in documents]


def _documents(paths: Sequence[str], columns: Columns) -> Iterator[Document]:
    for path in paths:
        with progress_of(f"reading {path}") as progress:
            source = open_any(path, progress)
            document = scan(source, progress, columns=columns)
        source.release()
        yield document


def _why_not_one(documents: Iterable[Document]) -> str | None:
    """Return why files are not one dataset; None where they are."""
    try:
        Shards.of([Dataset.whole(AnnotationIndex.of(document)) for document in documents])
    except CocosurgeonError as error:
        return f"not one dataset: {error.what} ({error.where})"
    return None
