"""Read a file, split it, write the parts, print the report."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from cocosurgeon.atomic import folder_for_files
from cocosurgeon.cli.console import Console
from cocosurgeon.cli.outputs import (
    Outputs,
    Text,
    part_outputs,
    recipe_output,
    with_bar,
    write_files,
)
from cocosurgeon.cli.run import choose
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import RequestError
from cocosurgeon.files import require_one_stdin
from cocosurgeon.progress import shown_by
from cocosurgeon.report.summary import Summary, summarize
from cocosurgeon.select.plan import Plan
from cocosurgeon.sets.sources import SourcePart, split_by_source
from cocosurgeon.shards.shard import read_shard
from cocosurgeon.steps.images.part import every_part
from cocosurgeon.steps.recipe import Recipe
from cocosurgeon.text import plural


def run_split(
    ann_file: str | None,
    plan: Plan,
    out_dir: str | None,
    console: Console,
    *,
    force: bool,
    dry_run: bool,
    recipe: bool,
) -> None:
    """Split an annotation file, and write the parts.

    Args:
        ann_file: path of the file; None: the default one.
        plan: plan of one of the parts.
        out_dir: folder of the parts; None: the default one.
        force: True to replace existing files.
        dry_run: True to write nothing.
        recipe: True to write recipes, too.

    Raises:
        CocosurgeonError: the file cannot be split; nothing was written.
    """
    started = time.monotonic()
    chosen = choose(ann_file, console)
    inputs = [chosen.path, *plan.files]
    require_one_stdin(inputs)
    with console.progress("reading") as progress:
        dataset = read_shard(chosen.path, progress, plan.columns)
    with console.progress(f"reading {', '.join(plan.files)}") as progress:
        plan = plan.bind(dataset, progress)
    with shown_by(console.progress):
        parts, report = every_part(plan, dataset)
    folder = chosen.folder if out_dir is None else Path(out_dir)
    paths = part_outputs(dataset, parts, folder)
    recipes = {name: recipe_output(path) for name, path in paths.items()} if recipe else {}
    if both := set(paths.values()).intersection(recipes.values()):
        raise RequestError(
            f"a part and the recipe of another one have the same path: {both.pop()}",
            hint="rename the part (--parts)",
        )
    for name, path in paths.items():
        outputs = Outputs(subset=path, ids=None, recipe=recipes.get(name), force=force)
        outputs.require_free(inputs, needs_stdout=False)
    summaries = {
        name: summarize(part, (chosen.path, paths[name])) for name, (_, part) in parts.items()
    }
    warnings = [*of_all(summaries, Summary.warnings), *report.warnings()]
    lines = [*report.lines(), *of_all(summaries, Summary.facts)]
    fields: dict[str, object] = {
        "source": dataset.source.name,
        "source_chosen": chosen.why,
        **asdict(report),
        "summaries": {name: asdict(summary) for name, summary in summaries.items()},
        "warnings": warnings,
    }
    if dry_run:
        places = [*paths.values(), *recipes.values()]
        console.report({**fields, "would_write": places}, [*lines, "would write", *places])
    else:
        texts: dict[str, Text] = {}
        for name, (of_part, part) in parts.items():
            texts[paths[name]] = partial(with_bar, part, console)
            if recipe:
                texts[recipes[name]] = partial(_recipe, of_part, part)
        with folder_for_files(folder or Path()):
            write_files(texts, force, console)
    if not console.as_json:
        console.warn(*warnings)
    if dry_run:
        return
    seconds = time.monotonic() - started
    console.block(lines)
    console.info(f"{seconds:.1f} s")
    console.written(list(texts), {**fields, "seconds": round(seconds, 3)})


def run_by_key(
    ann_file: str | None,
    key: str,
    out_dir: str | None,
    console: Console,
    *,
    force: bool,
    dry_run: bool,
) -> None:
    """Write the records of each source of a merged file to a separate file.

    Args:
        ann_file: path of the merged file; None: the default one.
        key: the key of ``cocosurgeon merge --source-key``.
        out_dir: folder of the files; None: the default one.
        force: True to replace existing files.
        dry_run: True to write nothing.

    Raises:
        CocosurgeonError: the file cannot be split; nothing was written.
    """
    chosen = choose(ann_file, console)
    with console.progress("reading") as progress:
        dataset = read_shard(chosen.path, progress)
    with shown_by(console.progress):
        parts = split_by_source(dataset, key)
    # names come from the file: remove separators of paths
    names = {name: re.sub(r"[^\w.-]+", "_", name) for name in parts}
    folder = chosen.folder if out_dir is None else Path(out_dir)
    paths = part_outputs(dataset, names.values(), folder)
    if len(paths) < len(parts):
        raise RequestError(
            f"sources whose files would have the same name: {', '.join(parts)}",
            where=dataset.source.name,
            hint="merge them under other names",
        )
    for path in paths.values():
        outputs = Outputs(subset=path, ids=None, recipe=None, force=force)
        outputs.require_free([chosen.path], needs_stdout=False)
    texts = {paths[names[name]]: partial(_text, part) for name, part in parts.items()}
    counts = {name: part.counts for name, part in parts.items()}
    for name, of in counts.items():
        shown = (plural(count, each.removesuffix("s"), each) for each, count in of.items())
        console.info(f"{name}: {', '.join(shown)}")
    if not dry_run:
        with folder_for_files(folder or Path()):
            write_files(texts, force, console)
        console.written(list(texts), {"source": dataset.source.name, "records": counts})
    else:
        fields = {"records": counts, "would_write": list(texts)}
        console.report(fields, ["would write", *texts])


def _text(part: SourcePart) -> Iterator[bytes]:
    return part.text


def _recipe(plan: Plan, part: Dataset) -> Iterator[bytes]:
    yield Recipe.of(plan, part).to_json()


def of_all(
    summaries: Mapping[str, Summary], lines_of: Callable[[Summary], list[str]]
) -> Iterator[str]:
    """Yield the lines of all parts: a line of all parts once, others with the parts' names."""
    lines = {name: lines_of(summary) for name, summary in summaries.items()}
    for line in dict.fromkeys(line for of_part in lines.values() for line in of_part):
        names = [name for name, of_part in lines.items() if line in of_part]
        yield line if len(names) == len(lines) else f"{', '.join(names)}: {line}"
