"""Verbs that change a checkpoint: their options, and how their steps are run and reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.console import Console
from cocosurgeon.cli.options import DryRun, Force, output_option, recipe_option

if TYPE_CHECKING:
    from pathlib import Path

    from cocosurgeon.weights.change import Change
    from cocosurgeon.weights.steps import WeightsStep


@dataclass(frozen=True, kw_only=True)
class WeightsOutput:
    """The options of a verb that changes a checkpoint.

    Attributes:
        output: the file to write.
        like: what a model expects.
        recipe: the recipe, if wanted.
        force: replace existing files.
        dry_run: report only.
    """

    output: str | None
    like: str | None
    recipe: str | None
    force: bool
    dry_run: bool


def weights_output(
    like: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Compare keys and shapes with a model's, as load_state_dict does. FILE is a "
            "checkpoint, or JSON of {key: shape} (docs/weights-map.md). Exit code 1 if they "
            "differ.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        output_option("Write here, as .safetensors, .pth or .pt."),
    ] = None,
    force: Force = False,
    dry_run: DryRun = False,
    recipe: Annotated[
        str | None, recipe_option("Also write the steps (for `cocosurgeon weights apply`).")
    ] = None,
) -> WeightsOutput:
    """Return the options of a verb that changes a checkpoint."""
    return WeightsOutput(output=output, like=like, recipe=recipe, force=force, dry_run=dry_run)


def run_steps(
    file: str,
    steps: Iterable[WeightsStep],
    chosen: WeightsOutput,
    console: Console,
    sources: Iterable[str] = (),
) -> None:
    """Apply steps to a checkpoint, write it, and report.

    Args:
        sources: files that the steps were read from, which are never replaced.

    The command ends with exit code 1 where the result is not what a model expects.
    """
    from pathlib import Path

    from cocosurgeon.atomic import refuse_existing
    from cocosurgeon.cli.outputs import require_apart, write_files
    from cocosurgeon.errors import RequestError
    from cocosurgeon.text import first_few, one_line
    from cocosurgeon.weights.change import change

    if chosen.output is None and not chosen.dry_run:
        raise RequestError("no output is named", hint="name it with -o, or add --dry-run")
    outputs = [Path(place) for place in (chosen.output, chosen.recipe) if place is not None]
    inputs = [each for each in (file, chosen.like, *sources) if each is not None]
    require_apart(outputs, inputs)
    done = change(file, steps, like=chosen.like)
    text = done.recipe.to_json()
    if chosen.output is not None and not chosen.dry_run:
        if chosen.recipe is not None and _has_other_bytes(Path(chosen.recipe), text):
            refuse_existing(Path(chosen.recipe), force=chosen.force)  # before a long write
        done.write(chosen.output, force=chosen.force, notice=console.info)
        if chosen.recipe is not None:
            write_files({chosen.recipe: lambda: iter([text])}, chosen.force, console)
    console.info(*map(one_line, _lines(done, chosen)))
    console.warn(*(one_line(each) for outcome in done.outcomes for each in outcome.warnings))
    if chosen.output is not None and (lost := done.left_out(chosen.output)):
        console.warn(
            f"metadata is not copied, because a .pth with only a state dict cannot hold it: "
            f"{one_line(first_few(lost, 6))}"
        )
    if chosen.dry_run:
        console.summary({"would_write": chosen.output, **done.fields()}, [])
    elif chosen.output is not None:
        console.written(chosen.output, done.fields())
    if done.check is not None and not done.check.is_clean:
        raise typer.Exit(1)


def _has_other_bytes(path: Path, text: bytes) -> bool:
    from cocosurgeon.files import reading

    if not path.is_file():
        return False
    with reading(path, "the recipe"):
        return path.read_bytes() != text


def _lines(done: Change, chosen: WeightsOutput) -> Iterable[str]:
    from cocosurgeon.text import first_few
    from cocosurgeon.weights.write import tied_lines

    for outcome in done.outcomes:
        yield from outcome.lines
    if done.not_copied:
        yield f"not copied: {first_few(done.not_copied, 6)}"
    if done.check is not None:
        yield from done.check.lines() or [f"all keys and shapes match {chosen.like}"]
    if chosen.output is not None:
        yield from tied_lines(done.tensors, chosen.output)
