"""Read a file, apply a plan, write the result, give the account."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from cocosurgeon.cli.ending import say
from cocosurgeon.cli.options import Shared
from cocosurgeon.cli.voice import Voice, print_json
from cocosurgeon.cli.writing import STDOUT, Outputs, default_output, write_all
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.io import read
from cocosurgeon.report.summary import summarize
from cocosurgeon.report.trace import trace_plan
from cocosurgeon.select.plan import Plan

Prepare = Callable[[Dataset], tuple[Plan, Dataset]]
"""Gives the plan once the file is known, and the dataset (perhaps with a note) to begin with."""


def run(
    ann_file: tuple[str, str | None],
    prepare: Prepare,
    shared: Shared,
    *,
    inputs: Sequence[str] = (),
) -> None:
    """Do what a verb was asked for.

    Args:
        ann_file: the annotation file, and why it was taken if it was not named.
        inputs: other files that are read, and so never written.

    Raises:
        CocosurgeonError: it cannot be done; nothing was written.
    """
    started = time.monotonic()
    outputs, voice = shared.outputs, shared.voice
    path, why = ann_file
    if why:
        voice.tell(f"annotation file: {path} ({why})")
    outputs.require_free([path, *inputs])
    with voice.progress("reading") as progress:
        plan, dataset = prepare(read(path, progress))
    output = outputs.subset or default_output(dataset, plan)
    outputs = replace(outputs, subset=output)
    outputs.require_free([path, *inputs])
    if shared.dry_run:
        _explain(plan, dataset, outputs, voice)
        return
    result = plan.apply(dataset)
    account = summarize(result)
    write_all(result, plan, outputs, voice)
    seconds = time.monotonic() - started
    fields = {
        "source": dataset.source.name,
        "source_chosen": why,
        "output": None if output == STDOUT else output,
        "steps": [repr(step) for step in plan.steps],
        **asdict(account),
        "seconds": round(seconds, 3),
    }
    voice.report(fields, [*account.lines(), f"{seconds:.1f} s"])
    voice.show(account.config_lines())
    if STDOUT not in outputs.places:
        sys.stdout.buffer.write(os.fsencode(output) + b"\n")
        sys.stdout.flush()


def _explain(plan: Plan, dataset: Dataset, outputs: Outputs, voice: Voice) -> None:
    explanation = trace_plan(plan, dataset)
    account = summarize(explanation.result)
    if voice.as_json:
        fields = {
            "source": dataset.source.name,
            "would_write": outputs.places,
            **asdict(account),
            "steps": [asdict(step) for step in explanation.steps],
        }
        print_json(fields, sys.stdout)
        return
    for number, step in enumerate(explanation.steps, 1):
        head, *lines = step.lines()
        _show(f"{number}. {head}", lines)
    _show("in all", account.lines())
    if account.classes:
        _show("for an MMDetection config", account.config_lines())
    _show("would write", ["stdout" if o == STDOUT else o for o in outputs.places])


def _show(head: str, lines: list[str]) -> None:
    say("\n  ".join([head, *lines]), sys.stdout)
