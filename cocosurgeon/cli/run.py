"""Read a file, apply a plan, write the result, print the summary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cocosurgeon import sample
from cocosurgeon.cli.console import Console
from cocosurgeon.cli.outputs import STDOUT, Output, Outputs, default_output, write_all
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import SourceUnavailableError
from cocosurgeon.files import require_one_stdin
from cocosurgeon.progress import shown_by
from cocosurgeon.report.summary import summarize
from cocosurgeon.report.trace import trace_plan
from cocosurgeon.select.plan import Plan
from cocosurgeon.shards.shard import read_shard
from cocosurgeon.steps.recipe import Recipe

VARIABLE = "COCOSURGEON_ANN_FILE"

_USUAL = (
    Path("data/coco/annotations/instances_train2017.json"),
    Path("data/coco/annotations/instances_val2017.json"),
)
_NOT_FOUND = "no annotation file named, and none in the usual places"
_UNCHANGED = "nothing changes: no step was given"


def run(
    ann_file: str | None,
    plan: Plan,
    output: Output,
    console: Console,
    *,
    recipe: Recipe | None = None,
    recipe_file: str | None = None,
    more: Callable[[Dataset], tuple[dict[str, object], list[str]]] = lambda _: ({}, []),
) -> None:
    """Apply a plan to an annotation file, and write the result.

    Args:
        ann_file: path of the file; None: the default one.
        plan: the steps.
        output: options of the output.
        recipe: the recipe of the plan; the file is compared with the recipe's source.
        recipe_file: path of the recipe.
        more: returns further JSON fields and further lines of the report.

    Raises:
        CocosurgeonError: the plan cannot be applied; nothing was written.
    """
    started = time.monotonic()
    outputs = output.outputs
    chosen = choose(ann_file, console, recipe, recipe_file)
    path = chosen.path
    inputs = [path, *plan.files, *([] if recipe_file is None else [recipe_file])]
    require_one_stdin(inputs)
    needs_stdout = console.as_json and not output.dry_run
    outputs.require_free(inputs, needs_stdout=needs_stdout)
    with console.progress("reading") as progress:
        dataset = read_shard(path, progress, plan.columns)
    if outputs.subset is not None:
        outputs.require_possible(dataset)
    # Other files are read only after a wrong output has been refused.
    with console.progress(f"reading {', '.join(plan.files)}") as progress:
        plan = plan.bind(dataset, progress)
    if recipe is not None:
        dataset = recipe.compared(dataset)
    target = outputs.subset or default_output(dataset, plan, chosen.folder)
    outputs = replace(outputs, subset=target)
    outputs.require_free(inputs, needs_stdout=needs_stdout)
    if output.dry_run:
        _explain(plan, dataset, outputs, console)
        return
    with shown_by(console.progress):
        result = plan.apply(dataset)
    summary = summarize(result, (path, target))
    more_fields, more_lines = more(result)
    write_all(result, plan, outputs, console)
    seconds = time.monotonic() - started
    fields = {
        "source": dataset.source.name,
        "source_chosen": chosen.why,
        "steps": [repr(step) for step in plan.steps],
        **asdict(summary),
        "warnings": summary.warnings(),
        "seconds": round(seconds, 3),
        **more_fields,
    }
    unchanged = [] if plan.steps else [_UNCHANGED]
    console.info(*summary.lines(), *more_lines, *unchanged, f"{seconds:.1f} s")
    console.block(summary.config_lines())
    if not console.as_json:
        console.warn(*summary.warnings())
    if STDOUT not in outputs.places:
        console.written(target, fields)


def _explain(plan: Plan, dataset: Dataset, outputs: Outputs, console: Console) -> None:
    with shown_by(console.progress):
        trace = trace_plan(plan, dataset)
    summary = summarize(trace.result, (dataset.source.name, outputs.subset or STDOUT))
    fields = {
        "source": dataset.source.name,
        "would_write": outputs.places,
        **asdict(summary),
        "steps": [asdict(step) for step in trace.steps],
        "warnings": summary.warnings(),
    }
    parts = {
        "in all": summary.lines(),
        "for an MMDetection config": summary.config_lines(),
        "would write": ["stdout" if o == STDOUT else o for o in outputs.places],
    }
    blocks = ["\n  ".join([head, *lines]) for head, lines in parts.items() if lines]
    console.report(fields, [*trace.lines(console.width), "", *blocks])


@dataclass(frozen=True)
class Chosen:
    """The annotation file to read.

    Attributes:
        path: path of the file.
        why: reason for the choice; None if it was given.
        folder: folder for results without a given path; None: that of the file.
    """

    path: str
    why: str | None = None
    folder: Path | None = None


def choose(
    named: str | None,
    console: Console | None = None,
    recipe: Recipe | None = None,
    recipe_file: str | None = None,
) -> Chosen:
    """Return the annotation file to read.

    Args:
        named: the given file; None: look in the default places.
        console: prints the reason for the choice; None: it is not printed.
        recipe: look only for a file with the name of the recipe's source.
        recipe_file: path of the recipe.

    Raises:
        SourceUnavailableError: no file was given, and none is in the default places.
    """
    chosen = _chosen(named, recipe, recipe_file)
    if chosen.why and console is not None:
        console.info(f"annotation file: {chosen.path} ({chosen.why})")
    return chosen


def _chosen(named: str | None, recipe: Recipe | None, recipe_file: str | None) -> Chosen:
    if named is not None:
        return Chosen(named)
    if variable := os.environ.get(VARIABLE):
        return Chosen(variable, f"from {VARIABLE}")
    places = [Chosen(str(path), "found below the current folder") for path in _USUAL]
    why = "the sample data, because no other file was named or found"
    # The sample data may be in the installation, where no user looks for results.
    places += [Chosen(str(path), why, Path()) for path in sample.ANN_FILES]
    if recipe is not None:
        name = recipe.source.name
        near = [Chosen(name, "in the current folder")]
        if recipe_file is not None:
            near.insert(0, Chosen(str(Path(recipe_file).parent / name), "next to the recipe"))
        places = near + [place for place in places if Path(place.path).name == name]
    for place in places:
        if os.path.isfile(place.path):  # noqa: PTH113 - says no where Path.is_file raises
            return place
    wanted = f"the recipe was made for {recipe.source.name}; " if recipe is not None else ""
    raise SourceUnavailableError(
        f"{wanted}{_NOT_FOUND}",
        hint=f"name one, set {VARIABLE}, or run where {_USUAL[0].parent} is",
    )
