"""Checkpoints changed: read, given other names or rows, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path

from cocosurgeon.atomic import refuse_same_file
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.weights.checkpoint import Checkpoint, read_checkpoint
from cocosurgeon.weights.class_rows import Fill, RowIndex
from cocosurgeon.weights.expected_keys import KeyCheck, Shapes, check_keys, read_shapes
from cocosurgeon.weights.name_table import NameTable, read_table
from cocosurgeon.weights.recipe import KEY, WeightsRecipe, read_weights_recipe
from cocosurgeon.weights.steps import HeadStep, Named, Outcome, RenameStep, WeightsStep
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.write import is_whole_file, left_out, tied_names, write_checkpoint

Name = str | PathLike[str]
Classes = str | Iterable[tuple[Id, str]]
"""A label space, or the id and name of each category, in the order of the list."""


@dataclass(frozen=True)
class Change:
    """A checkpoint after its steps.

    Attributes:
        outcomes: of each step: the tensors, and the report.
        check: the tensors compared with ``like``; None without it.
        not_copied: entries of the file, and other state dicts, that an output does not have.
        recipe: the steps, those that had made the file before included.
        file: the file.
        place: the key of the state dict in a .pth; empty: the top level.
        metadata: of a .safetensors file, which an output has, too.
    """

    outcomes: tuple[Outcome, ...] = field(repr=False)
    check: KeyCheck | None
    not_copied: tuple[str, ...]
    recipe: WeightsRecipe = field(repr=False)
    file: Path
    place: str
    metadata: Mapping[str, object] = field(repr=False)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Return the tensors after the last step."""
        return self.outcomes[-1].tensors

    def write(
        self,
        output: Name,
        *,
        force: bool = False,
        notice: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Write the checkpoint, with its recipe where the format has a place for it.

        Args:
            output: a .safetensors, .pth or .pt file.
            force: replace an existing file.
            notice: prints a line: the output is unchanged.

        Raises:
            OutputError: the output is the source, another file is there, or the system refuses.
        """
        refuse_same_file(Path(output), self.file)
        metadata = {**self.metadata, KEY: self.recipe.to_json().decode()}
        write_checkpoint(
            output,
            self.tensors,
            {} if is_whole_file(output, self.place) else metadata,
            where=self.place,
            force=force,
            notice=notice,
        )

    def left_out(self, output: Name) -> list[str]:
        """Return the metadata that an output has no place for."""
        return left_out(self.metadata) if is_whole_file(output, self.place) else []

    def fields(self) -> dict[str, object]:
        """Return the report as JSON values."""
        return {
            "steps": [{**each.fields, "warnings": list(each.warnings)} for each in self.outcomes],
            "check": self.check and self.check.fields(),
            "tied": tied_names(self.tensors),
            "not_copied": list(self.not_copied),
            "recipe": self.recipe.fields(),
        }


def rename(
    file: Name,
    table: Name | NameTable,
    output: Name | None = None,
    *,
    reverse: bool | None = None,
    like: Name | Shapes | None = None,
    where: str | None = None,
    force: bool = False,
) -> Change:
    """Rename the keys of a checkpoint by a table.

    Args:
        file: the checkpoint.
        table: a shipped table's name, or a file's.
        output: a .safetensors, .pth or .pt file; None: nothing is written.
        reverse: apply the table from right to left; None: in the direction that matches.
        like: a checkpoint, a JSON list of keys and shapes, or the shapes themselves: what a model
            expects.
        where: the place of the state dict in the file; None: the model's.
        force: replace an existing file.

    Raises:
        RequestError: no rule matches, both directions do, two keys become one, or the output cannot
            be written.
        DataError: the file is no checkpoint, or the table is none.
    """
    read = table if isinstance(table, NameTable) else read_table(fspath(table))
    direction = None if reverse is None else "reverse" if reverse else "forward"
    step = RenameStep(read, direction)  # type: ignore[arg-type]
    return _written(change(file, [step], like=like, where=where), output, force)


def head(
    file: Name,
    before: Classes,
    after: Classes,
    output: Name | None = None,
    *,
    fill: Fill | None = None,
    keys: Iterable[str] = (),
    index: RowIndex | None = None,
    aliases: Mapping[str, str] | None = None,
    like: Name | Shapes | None = None,
    where: str | None = None,
    force: bool = False,
) -> Change:
    """Move the class rows of a checkpoint's heads to other classes.

    Args:
        before, after: two label spaces, or two lists of the id and name of each category.
        fill: of new rows: a number for biases, with 0 for other tensors; or ``mean``.
        keys: patterns of the tensors to move; empty: those that are found.
        index: by what rows are numbered, where categories are named: ``id`` or ``position``.
        aliases: names before that stand for names after.
        file, output, like, where, force: as in ``rename``.

    Raises:
        RequestError: there is no such head, new rows have no value, or the output cannot be
            written.
        DataError: the file is no checkpoint.
    """
    step = HeadStep(
        _classes(before),
        _classes(after),
        fill,
        tuple(keys),
        index,
        tuple((aliases or {}).items()),
    )
    return _written(change(file, [step], like=like, where=where), output, force)


def apply(
    recipe: Name,
    file: Name,
    output: Name | None = None,
    *,
    like: Name | Shapes | None = None,
    where: str | None = None,
    force: bool = False,
) -> Change:
    """Apply the steps of a recipe to a checkpoint.

    Args:
        recipe: a JSON file.
        file, output, like, where, force: as in ``rename``.

    Raises:
        RequestError, DataError: as in ``rename`` and ``head``; the recipe is broken.
    """
    steps = read_weights_recipe(fspath(recipe)).steps
    return _written(change(file, steps, like=like, where=where), output, force)


def change(
    file: Name,
    steps: Iterable[WeightsStep],
    *,
    like: Name | Shapes | None = None,
    where: str | None = None,
) -> Change:
    """Apply steps to a checkpoint, in order; nothing is written.

    Args:
        file, like, where: as in ``rename``.

    Raises:
        RequestError, DataError: as in ``rename`` and ``head``.
    """
    checkpoint = read_checkpoint(file, where)
    outcomes = list[Outcome]()
    tensors: Iterable[Tensor] = checkpoint.tensors.values()
    place = checkpoint.where
    for step in steps:
        outcomes.append(step.apply({tensor.name: tensor for tensor in tensors}))
        tensors = outcomes[-1].tensors
        place = outcomes[-1].step.place(place)
    if not outcomes:
        raise RequestError("the recipe has no steps")
    shapes = _shapes(fspath(like)) if isinstance(like, (str, PathLike)) else like
    metadata = checkpoint.entries if checkpoint.format == "safetensors" else {}
    others = [f"the state dict {each!r}" for each in checkpoint.states if each != checkpoint.where]
    left = [key for key in checkpoint.entries if key not in (*metadata, KEY)]
    return Change(
        outcomes=tuple(outcomes),
        check=None if shapes is None else check_keys(tensors, shapes),
        not_copied=(*left, *others),
        recipe=WeightsRecipe((*_steps_before(checkpoint), *(each.step for each in outcomes))),
        file=checkpoint.path,
        place=place,
        metadata=metadata,
    )


def _written(done: Change, output: Name | None, force: bool) -> Change:
    if output is not None:
        done.write(output, force=force)
    return done


def _classes(classes: Classes) -> str | Named:
    return classes if isinstance(classes, str) else tuple(classes)


def _shapes(like: str) -> Shapes:
    if like.endswith(".json"):
        return read_shapes(like)
    return {name: tensor.shape for name, tensor in read_checkpoint(like).tensors.items()}


def _steps_before(checkpoint: Checkpoint) -> tuple[WeightsStep, ...]:
    text = checkpoint.entries.get(KEY)
    try:
        return WeightsRecipe.from_json(text, "").steps if isinstance(text, str) else ()
    except FormatError:
        return ()
