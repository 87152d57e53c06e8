"""Read a file, apply a plan, write the result, give the account."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from cocosurgeon.annfile.output import appearing, refuse_existing, refuse_same_file, standard_output
from cocosurgeon.annfile.source import Progress
from cocosurgeon.cli.ending import say
from cocosurgeon.cli.lists import format_id
from cocosurgeon.cli.options import Request
from cocosurgeon.cli.source import choose
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.files import read
from cocosurgeon.plan import Plan
from cocosurgeon.recipe import Recipe, SourceIdentity
from cocosurgeon.report.account import account_of
from cocosurgeon.report.explanation import explain

if TYPE_CHECKING:
    from tqdm import tqdm

STDOUT = "-"


def run(request: Request, plan_for: Callable[[Dataset], Plan]) -> None:
    """Do what a verb was asked for.

    Args:
        plan_for: gives the plan, once the file is known.

    Raises:
        CocosurgeonError: it cannot be done; nothing was written.
    """
    started = time.monotonic()
    ann_file, why = choose(request.ann_file)
    if why and not request.quiet and not request.as_json:
        _tell(f"annotation file: {ann_file} ({why})")
    _refuse(request, [p for p in (request.output, request.ids_out, request.recipe) if p], None)
    with _progress(request) as progress:
        dataset = read(ann_file, progress)
    plan = plan_for(dataset)
    output = request.output or default_output(dataset, plan)
    named = [p for p in (output, request.ids_out, request.recipe) if p]
    _refuse(request, named, dataset.document.source.path)
    if request.dry_run:
        _explain(request, dataset, plan, named)
        return
    result = plan.apply(dataset)
    _write(request, result, plan, output)
    if request.as_json:
        fields = {
            "source": dataset.document.source.name,
            "source_chosen": why,
            "output": None if output == STDOUT else output,
            "steps": [repr(s) for s in plan.steps],
            **_plain(account_of(result)),
            "seconds": round(time.monotonic() - started, 3),
        }
        _tell_json(fields, sys.stderr)
    elif not request.quiet:
        for line in account_of(result).lines():
            _tell(line)
        _tell(f"{time.monotonic() - started:.1f} s")
    if output != STDOUT:
        sys.stdout.buffer.write(os.fsencode(output) + b"\n")


def default_output(dataset: Dataset, plan: Plan) -> str:
    """Where a result goes when no place is named: beside its source, stdout for a stream."""
    path = dataset.document.source.path
    if path is None:
        return STDOUT
    stem, suffix = re.fullmatch(r"(.+?)((?:\.json)?(?:\.gz)?)", path.name, re.DOTALL).groups()  # type: ignore[union-attr]
    return str(path.with_name(f"{stem}_{plan.slug()}{suffix}"))


def _refuse(request: Request, outputs: list[str], source: Path | None) -> None:
    paths = [os.path.realpath(p) for p in outputs if p != STDOUT]
    if len(set(paths)) < len(paths) or outputs.count(STDOUT) > 1:
        raise OutputError("two outputs have the same path", where=", ".join(outputs))
    for path in outputs:
        if path != STDOUT:
            refuse_same_file(Path(path), source)
            refuse_existing(Path(path), force=request.force)


def _write(request: Request, result: Dataset, plan: Plan, output: str) -> None:
    """Write all that was asked for; each file appears only when all of them are whole."""
    with contextlib.ExitStack() as stack:

        def sink(path: str) -> Any:
            if path == STDOUT:
                return stack.enter_context(standard_output())
            return stack.enter_context(appearing(Path(path), force=request.force))

        file = sink(output)
        with _bar(request, "writing") as bar:
            for piece in result.text():
                file.write(piece)
                if bar is not None:
                    bar.update(len(piece))
        if request.ids_out:
            sink(request.ids_out).write(_id_lines(result))
        if request.recipe:
            source = result.document.source
            identity = SourceIdentity(Path(source.name).name, source.size, source.sha256())
            sink(request.recipe).write(Recipe(plan, identity).to_json())


def _id_lines(result: Dataset) -> bytes:
    ids = [i for i in result.img_ids if i is not None]
    if len(ids) < len(result.image_numbers):
        raise RequestError(
            "some of the kept images have no id to write", hint="leave --ids-out out"
        )
    return "".join(f"{format_id(i)}\n" for i in ids).encode()


def _explain(request: Request, dataset: Dataset, plan: Plan, outputs: list[str]) -> None:
    changes, result = explain(plan, dataset)
    account = account_of(result)
    if request.as_json:
        fields = {
            "source": dataset.document.source.name,
            "would_write": outputs,
            "steps": [_plain(c) for c in changes],
            **_plain(account),
        }
        _tell_json(fields, sys.stdout)
        return
    for number, change in enumerate(changes, 1):
        first, *rest = change.lines()
        _show(f"{number}. {first}", rest)
    _show("in all", account.lines())
    _show("would write", [o if o != STDOUT else "stdout" for o in outputs])


def _plain(value: Any) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(value)


def _show(head: str, lines: list[str]) -> None:
    say("\n  ".join([head, *lines]), sys.stdout)


def _tell(line: str) -> None:
    say(f"cocosurgeon: {line}", sys.stderr)


def _tell_json(fields: dict[str, Any], stream: TextIO) -> None:
    import orjson

    print(orjson.dumps(_utf8(fields), option=orjson.OPT_INDENT_2).decode(), file=stream)


def _utf8(value: Any) -> Any:
    """A value with nothing in it that UTF-8 cannot hold (a name may have half a surrogate)."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_utf8(k): _utf8(v) for k, v in value.items()}
    return [_utf8(v) for v in value] if isinstance(value, (list, tuple)) else value


@contextlib.contextmanager
def _bar(request: Request, what: str) -> Iterator[tqdm[NoReturn] | None]:
    """A progress bar over bytes, for a terminal; None where nobody looks."""
    if request.quiet or request.as_json or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=what, unit="B", unit_scale=True, leave=False, delay=0.3) as bar:
        yield bar


@contextlib.contextmanager
def _progress(request: Request) -> Iterator[Progress | None]:
    with _bar(request, "reading") as bar:

        def advance(done: int, total: int) -> None:
            if bar is not None:
                bar.total = total
                bar.update(done - bar.n)

        yield None if bar is None else advance
