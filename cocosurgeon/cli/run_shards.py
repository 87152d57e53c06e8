"""Read several files as one dataset, and write the kept part of each into a folder."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source, source_of
from cocosurgeon.atomic import draft_folder, final_path, require_parent
from cocosurgeon.cli.console import Console
from cocosurgeon.cli.outputs import (
    STDOUT,
    Output,
    Text,
    id_lines,
    with_bar,
    write_files,
    written_files,
)
from cocosurgeon.cli.run_split import of_all
from cocosurgeon.convert.opening import format_at, open_any
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.progress import shown_by
from cocosurgeon.report.summary import Summary, summarize
from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Plan
from cocosurgeon.sets.labels import RoutineNote
from cocosurgeon.sets.merge import merge
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.shards.cluster import Cluster, Workers, by_record
from cocosurgeon.shards.dataset import Shards
from cocosurgeon.shards.folder import below, require_free_folder, write_folder, write_parts
from cocosurgeon.shards.paths import annotation_files, is_of_several, names_in, require_different
from cocosurgeon.shards.shard import read_shard
from cocosurgeon.steps.images.merge_with import MergeWith
from cocosurgeon.steps.images.part import every_part
from cocosurgeon.text import plural
from cocosurgeon.urls import is_url

_NO_STDOUT = "a folder of several files cannot go to standard output"


def files_of(given: Sequence[str]) -> tuple[list[str], bool]:
    """Return the files of names, globs and folders; and True if there is a glob or folder, whose
    files are reported as one dataset. A folder of another format is one file.

    Raises:
        CocosurgeonError: a glob matches no file, or a file is given twice.
    """
    is_one = any(is_of_several([each]) and format_at(each) is None for each in given)
    return (annotation_files(given) if is_one else list(given)), is_one


def connected(
    cluster: Cluster | None, files: int, console: Console
) -> AbstractContextManager[Workers | None]:
    """Connect to the workers that the command line asks for; None where it asks for none.

    Raises:
        RequestError: there is one file, or two are compared.
    """
    if cluster is None:
        return nullcontext()
    if files < 2:
        raise RequestError(
            "workers share the files of one dataset",
            hint="name a glob or a folder, or remove --workers and --scheduler: one process reads "
            "one file with all cores",
        )
    return cluster.connected(console.info)


def read_shards(
    paths: Sequence[str], columns: Columns, console: Console, workers: Workers | None = None
) -> Shards:
    """Read files as one dataset.

    Args:
        workers: read them; None: this process does.

    Raises:
        CocosurgeonError: a file cannot be read, or they do not fit together.
    """
    if STDOUT in paths:
        raise RequestError("standard input cannot be one of several files")
    require_different(paths)
    if workers is not None:
        with shown_by(console.progress):
            return Shards.of(workers.read(paths, columns, open_any))
    _allow_open_files(2 * len(paths))
    files = []
    for path in paths:
        with console.progress(f"reading {path}") as progress:
            files.append(read_shard(path, progress, columns))
        files[-1].source.release()
    return Shards.of(files)


def _allow_open_files(count: int) -> None:
    """Raise the limit of open files, where the system allows it: unpacked copies stay open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, soft + count)), hard))


def run_shards(
    given: Sequence[str],
    plan: Plan,
    output: Output,
    merge_into: str | None,
    cluster: Cluster | None,
    console: Console,
) -> None:
    """Apply a plan to several files as one dataset, and write the kept part of each.

    Args:
        given: files, globs, folders.
        plan: the steps.
        output: options of the output.
        merge_into: path of one file to write instead of a folder; None: a folder.
        cluster: cluster whose workers read and write; None: this process does.

    Raises:
        CocosurgeonError: the plan cannot be applied; nothing was written.
    """
    started = time.monotonic()
    paths = annotation_files(given)
    outputs = replace(output.outputs, subset=merge_into or output.outputs.subset)
    named = output.outputs.subset
    if named is not None and merge_into is not None:
        raise RequestError(
            "-o and --merge-into are both given",
            hint="-o DIR writes files of the same names, --merge-into FILE writes one file: remove "
            "one of them",
        )
    if outputs.subset is None and not output.dry_run:
        raise RequestError(
            "several files need an output: a folder, or a file",
            hint="-o DIR for files of the same names, --merge-into FILE for one file",
        )
    if named == STDOUT:
        raise RequestError(_NO_STDOUT, hint="--merge-into - writes one file there")
    if outputs.recipe is not None:
        raise RequestError(
            "--recipe works with one file only", hint="remove it, or merge the files"
        )
    if any(isinstance(step, MergeWith) for step in plan.steps):
        hint = "name the other file as one of the files, or merge them: cocosurgeon merge"
        raise RequestError("--merge-with works with one file only", hint=hint)
    inputs = [*paths, *plan.files]
    checked = replace(outputs, subset=merge_into)
    checked.require_free(inputs, needs_stdout=console.as_json and not output.dry_run)
    if named is not None:
        _require_outside(outputs.ids, named)
    for place in checked.places:
        if place != STDOUT:
            require_parent(Path(place))
    if named is not None:
        with _explaining_force(force=outputs.force):
            require_free_folder(named, names_in(paths))
    with connected(cluster, len(paths), console) as workers:
        filters, rest = (Plan(), plan) if workers is None else by_record(plan)
        shards = read_shards(paths, rest.columns, console, workers)
        if merge_into is not None and workers is None:
            outputs.require_possible(shards.files[0])
        whole, steps = shards.whole, tuple[str, ...]()
        with shown_by(console.progress):
            if workers is not None and filters.steps and not whole.index.is_results:
                whole, steps = workers.keep(shards, filters)
            elif filters.steps:
                rest = plan
        with console.progress(f"reading {', '.join(plan.files)}") as progress:
            rest = rest.bind(shards.whole, progress)
        with shown_by(console.progress):
            result = rest.apply(whole)
        parts = dict(zip(paths, shards.cut(result), strict=True))
        merged: Dataset | None = None
        if merge_into is not None and (workers is None or not output.dry_run):
            merged = _merged(merge_into, parts, workers, console)
            result = replace(result, notes=(*result.notes, *merged.notes))
        target = outputs.subset or STDOUT
        summary = summarize(result, (shards.whole.source.name, target))
        fields: dict[str, object] = {
            "sources": paths,
            "steps": [*steps, *map(repr, rest.steps)],
            **asdict(summary),
            "files": {
                path: {"images": len(part.image_indices), "annotations": len(part.annotation_rows)}
                for path, part in parts.items()
            },
            "warnings": summary.warnings(),
        }
        lines = [f"{plural(len(paths), 'file')} as one", *summary.lines()]
        if output.dry_run:
            places = outputs.places
            console.report({**fields, "would_write": places}, [*lines, *_would_write(places)])
            return
        texts: dict[str, Text] = {}
        if outputs.ids is not None:
            texts[outputs.ids] = partial(iter, [id_lines(result)])
        if merged is not None:
            texts[target] = partial(with_bar, merged, console)
            write_files(texts, outputs.force, console)
        elif named is not None:
            with (
                written_files(texts, outputs.force, console),
                shown_by(console.progress),
                _explaining_force(force=outputs.force),
            ):
                write_folder(named, {"": parts}, workers, console.info)
    console.info(*lines, f"{time.monotonic() - started:.1f} s")
    console.block(summary.config_lines())
    if not console.as_json:
        console.warn(*summary.warnings())
    if STDOUT not in outputs.places:
        seconds = round(time.monotonic() - started, 3)
        console.written(target, {**fields, "seconds": seconds})


def _would_write(places: Sequence[str]) -> list[str]:
    return ["would write", *places] if places else []


def _require_outside(ids: str | None, folder: str) -> None:
    """Refuse a list of ids in the new folder, which has the annotation files only."""
    if ids in (None, STDOUT) or is_url(folder):
        return
    if final_path(Path(str(ids))).is_relative_to(final_path(Path(folder))):
        raise OutputError(
            "the list of ids is in the new folder",
            where=ids,
            hint="name a file next to it (--ids-out)",
        )


@contextmanager
def _explaining_force(*, force: bool) -> Iterator[None]:
    """Let errors about an existing folder say that ``--force`` does not replace it."""
    try:
        yield
    except OutputError as error:
        if force:
            error.hint = "--force replaces files, no folders: delete it first, or name another (-o)"
        raise


def split_shards(
    given: Sequence[str],
    plan: Plan,
    out_dir: str | None,
    cluster: Cluster | None,
    console: Console,
    *,
    dry_run: bool,
) -> None:
    """Split several files as one, and write each part as a folder of files of the same names.

    Args:
        given: files, globs, folders.
        plan: plan of one of the parts.
        out_dir: folder of the parts' folders.
        cluster: cluster whose workers read and write; None: this process does.
        dry_run: True to write nothing.

    Raises:
        CocosurgeonError: the files cannot be split; nothing was written.
    """
    started = time.monotonic()
    paths = annotation_files(given)
    if out_dir is None and not dry_run:
        raise RequestError("the parts of several files go into a folder", hint="-o DIR")
    if out_dir == STDOUT:
        raise RequestError(_NO_STDOUT, hint="name a folder with -o")
    with connected(cluster, len(paths), console) as workers:
        shards = read_shards(paths, plan.columns, console, workers)
        with console.progress(f"reading {', '.join(plan.files)}") as progress:
            plan = plan.bind(shards.whole, progress)
        with shown_by(console.progress):
            parts, report = every_part(plan, shards.whole)
        summaries = {name: summarize(part) for name, (_, part) in parts.items()}
        warnings = [*of_all(summaries, Summary.warnings), *report.warnings()]
        lines = [f"{plural(len(paths), 'file')} as one", *report.lines()]
        lines += of_all(summaries, Summary.facts)
        fields: dict[str, object] = {
            "sources": paths,
            **asdict(report),
            "summaries": {name: asdict(summary) for name, summary in summaries.items()},
            "warnings": warnings,
        }
        folders = [below(out_dir, name) for name in parts] if out_dir is not None else []
        if out_dir is not None:
            names = names_in(paths)
            require_free_folder(out_dir, [str(Path(p, name)) for p in parts for name in names])
        if not console.as_json:
            console.warn(*warnings)
        if dry_run or out_dir is None:
            would = _would_write(folders)
            console.report({**fields, "would_write": folders}, [*lines, *would])
            return
        cut = {name: shards.cut(part) for name, (_, part) in parts.items()}
        by_path = {name: dict(zip(paths, of, strict=True)) for name, of in cut.items()}
        with shown_by(console.progress):
            write_folder(out_dir, by_path, workers, console.info)
    console.block(lines)
    seconds = time.monotonic() - started
    console.info(f"{seconds:.1f} s")
    console.written(folders, {**fields, "seconds": round(seconds, 3)})


def _merged(
    target: str, parts: Mapping[str, Dataset], workers: Workers | None, console: Console
) -> Dataset:
    """Return one dataset with the kept parts of all files; its notes are what differs in them."""
    with _texts(target, parts, workers, console) as texts, shown_by(console.progress):
        first, *others = (
            Dataset.whole(AnnotationIndex.of(scan(source_of(text, path))))
            for path, text in zip(parts, texts, strict=True)
        )
        if not others:
            return first
        keep = MergeOptions() if first.index.is_results else MergeOptions(on_duplicate="keep")
        whole = merge(first, others, keep, list(parts))
    return replace(whole, notes=tuple(n for n in whole.notes if not isinstance(n, RoutineNote)))


@contextmanager
def _texts(
    target: str, parts: Mapping[str, Dataset], workers: Workers | None, console: Console
) -> Iterator[Iterable[Iterator[bytes]]]:
    """Give the text of what is kept of each file; workers write it next to the target."""
    if workers is None:
        yield (part.text() for part in parts.values())
        return
    with draft_folder(Path(target).resolve().parent, console.info) as folder:
        drafts = {str(folder / str(n)): part for n, part in enumerate(parts.values())}
        write_parts(drafts, workers)
        yield (Dataset.whole(AnnotationIndex.of(scan(open_source(d)))).text() for d in drafts)
