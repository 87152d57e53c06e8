"""Steps that change a checkpoint: keys renamed, heads given the rows of other classes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast, get_args

from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import RequestError
from cocosurgeon.text import first_few, plural
from cocosurgeon.weights.class_rows import Fill, RowIndex, RowPlan
from cocosurgeon.weights.head_moves import HeadMove, move_heads, plan_by_names
from cocosurgeon.weights.name_moves import (
    Direction,
    Renaming,
    choose_direction,
    lost_on_the_way_back,
    rename_keys,
    require_copies,
)
from cocosurgeon.weights.name_table import NameTable
from cocosurgeon.weights.tensor import Tensor

Named = tuple[tuple[Id, str], ...]
"""Id and name of each category, in the order of the list."""


@dataclass(frozen=True)
class Outcome:
    """Tensors after a step, and the report.

    Attributes:
        tensors: after the step, in order.
        step: what was done, as a recipe can do it again.
        fields: the report as JSON values.
        lines: the report for people.
        warnings: what would not come back, and what may have been missed.
    """

    tensors: tuple[Tensor, ...] = field(repr=False)
    step: WeightsStep
    fields: Mapping[str, object]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


class WeightsStep(Protocol):
    """A step of a recipe for checkpoints."""

    def apply(self, tensors: Mapping[str, Tensor]) -> Outcome:
        """Return the tensors after the step."""

    def place(self, before: str) -> str:
        """Return the key of the state dict in a .pth after the step."""

    def as_json(self) -> dict[str, object]:
        """Return the step as JSON values."""


@dataclass(frozen=True)
class RenameStep:
    """Keys renamed by a table.

    Attributes:
        table: its rules.
        direction: in which they are applied; None: the one that matches.
    """

    table: NameTable
    direction: Direction | None = None

    def apply(self, tensors: Mapping[str, Tensor]) -> Outcome:
        """Return the tensors under their new names.

        Raises:
            RequestError: no rule matches, both directions do, or two keys become one.
        """
        direction = self.direction or choose_direction(self.table, list(tensors))
        table = self.table if direction == "forward" else self.table.reversed()
        renaming = rename_keys(table, list(tensors))
        made = tuple(renaming.tensors(tensors))
        require_copies(table, renaming, tensors)
        lost, why = lost_on_the_way_back(table, renaming, tensors)
        return Outcome(
            tensors=made,
            step=RenameStep(self.table, direction),
            fields={
                "table": table.name,
                "direction": direction,
                "keys_before": len(tensors),
                "keys_after": len(made),
                "rules": [use.fields() for use in renaming.uses],
                "unmatched": list(renaming.unmatched),
                "dropped": list(renaming.dropped),
                "lost": lost,
            },
            lines=tuple(_rename_lines(table.name, direction, renaming)),
            warnings=tuple(_rename_warnings(renaming, lost, why)),
        )

    def place(self, before: str) -> str:
        """Return the key of the state dict in a .pth after the step."""
        if self.table.places is None or self.direction is None:
            return before
        return self.table.places[self.direction == "forward"]

    def as_json(self) -> dict[str, object]:
        """Return the step as JSON values."""
        return {
            "step": "rename",
            "name": self.table.name,
            "table": self.table.text().splitlines(),
            "direction": self.direction,
        }


@dataclass(frozen=True)
class HeadStep:
    """Heads given the rows of other classes.

    Attributes:
        before, after: label spaces, or the id and name of each category.
        fill: of new rows: a number for biases, with 0 for other tensors; or ``mean``.
        keys: patterns of the tensors to move; empty: those that are found.
        index: by what rows are numbered, where categories are named; None: what fits.
        aliases: names before that stand for names after.
    """

    before: str | Named
    after: str | Named
    fill: Fill | None = None
    keys: tuple[str, ...] = ()
    index: RowIndex | None = None
    aliases: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.before, str) is not isinstance(self.after, str):
            raise RequestError("two label spaces, or two lists of categories, not one of each")
        is_number = isinstance(self.fill, (int, float)) and abs(self.fill) <= sys.float_info.max
        if self.fill not in (None, "mean") and not is_number:
            raise RequestError(f"new rows filled with {self.fill!r}", hint="use a number, or mean")
        if self.index not in (None, *get_args(RowIndex)):
            known = " or ".join(get_args(RowIndex))
            raise RequestError(f"rows numbered by {self.index!r}", hint=f"by {known}")

    def apply(self, tensors: Mapping[str, Tensor]) -> Outcome:
        """Return the tensors with the rows of the other classes.

        Raises:
            RequestError: there is no such head, or new rows need ``fill``.
            UnknownNameError: there is no such space; a name is nearly another one.
        """
        if isinstance(self.before, str) and isinstance(self.after, str):
            plan = RowPlan.of_spaces(self.before, self.after)
        else:
            plan = plan_by_names(
                tensors.values(),
                cast(Named, self.before),
                cast(Named, self.after),
                self.index,
                dict(self.aliases),
                self.keys,
            )
        move = move_heads(tensors, plan, self.fill, self.keys)
        return Outcome(
            tensors=move.tensors,
            step=self,
            fields={
                "from": plan.before,
                "to": plan.after,
                "fill": self.fill,
                "moved": [each.fields() for each in move.moved],
                "not_moved": list(move.others),
                "by_class": list(move.by_class),
                "embeddings_not_moved": list(move.embeddings),
            },
            lines=tuple(_head_lines(plan, move, self.fill)),
            warnings=tuple(_head_warnings(plan, move)),
        )

    def place(self, before: str) -> str:
        """Return the key of the state dict in a .pth after the step."""
        return before

    def as_json(self) -> dict[str, object]:
        """Return the step as JSON values."""
        return {
            "step": "head",
            "from": self.before,
            "to": self.after,
            "fill": self.fill,
            "keys": list(self.keys),
            "index": self.index,
            "aliases": [list(pair) for pair in self.aliases],
        }


def _rename_lines(name: str, direction: Direction, renaming: Renaming) -> Iterable[str]:
    count = len(renaming.origins)
    yield f"{name}, {direction}: {plural(count, 'key')} after"
    for use in renaming.uses:
        yield f"  {use.count:>5,}  line {use.rule.line}: {use.rule.text}"
        for before, after in use.examples[:1]:
            yield (
                f"         {before}: {after}"
                if before == "added"
                else (f"         {before} -> {after}")
            )
    if renaming.unmatched:
        listed = first_few(renaming.unmatched, 5)
        yield f"  {len(renaming.unmatched):>5,}  unmatched, kept unchanged: {listed}"


def _rename_warnings(renaming: Renaming, lost: Sequence[str], why: str | None) -> Iterable[str]:
    if lost:
        listed = first_few(lost, 3)
        reason = f" ({why})" if why else ""
        yield f"--reverse would not restore {plural(len(lost), 'key')}{reason}: {listed}"
    if renaming.present:
        count = len(renaming.present)
        yield (
            f"{plural(count, 'key')} that a rule adds {'was' if count == 1 else 'were'} there: "
            f"{first_few(renaming.present, 3)}"
        )


def _head_lines(plan: RowPlan, move: HeadMove, fill: Fill | None) -> Iterable[str]:
    yield f"{plan.before} -> {plan.after}: {plural(len(move.moved), 'tensor')} moved"
    for each in move.moved:
        rows, new = each.rows, len(each.rows.new)
        note = f", {new} new" if new else ""
        yield f"  {each.key}: {rows.count} -> {len(rows.rows)} rows ({each.kind}{note})"
    if fill is not None and not any(each.rows.new for each in move.moved):
        yield "  nothing to fill: no row is new"
    if move.others:
        yield f"  as many rows, and not moved: {first_few(move.others, 5)} (--key moves them)"


def _head_warnings(plan: RowPlan, move: HeadMove) -> Iterable[str]:
    losses = dict.fromkeys((each.kind, each.rows.loss()) for each in move.moved)
    for kind, loss in losses:
        if loss is not None:
            yield f"cannot be restored ({kind}): {loss}"
    if move.by_class:
        yield (
            f"{plural(len(move.by_class), 'tensor')} may hold boxes or masks by class, and "
            f"{'is' if len(move.by_class) == 1 else 'are'} not moved: {first_few(move.by_class, 3)}"
        )
    if move.embeddings:
        sizes = " or ".join(map(str, plan.embedding_sizes))
        yield (
            f"{plural(len(move.embeddings), 'label embedding')} not moved (in {plan.before} they "
            f"have {sizes} rows): {first_few(move.embeddings, 3)}"
        )
