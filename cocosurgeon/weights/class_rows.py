"""Rows of classes: which row of a tensor before becomes which one after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.heads import head_rows
from cocosurgeon.categories.spaces import Space, find_space
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.placeholders import BACKGROUND, PLACEHOLDER
from cocosurgeon.errors import RequestError
from cocosurgeon.text import first_few, plural
from cocosurgeon.weights.dtypes import DTYPES, Array, decode, encode
from cocosurgeon.weights.tensor import Tensor

RowIndex = Literal["position", "id"]
Fill = float | Literal["mean"]

_EXTRA_ROW = frozenset({"dino91", "rtdetr80", "hf_rtdetr80"})
"""Spaces whose label embedding has one more row than the head has classes."""
_NO_EXTRA_ROW = "MMDetection"
_MOST_ROWS = 1 << 20


@dataclass(frozen=True)
class ClassRows:
    """Rows before, in the order of the rows after.

    Attributes:
        count: rows before.
        rows: for each row after, the row before; None: a new one.
        names: what each row before means, of those that mean something.
        new: what each new row means, by its number after.
        classes: the rows before that are classes; a mean is one of these.
    """

    count: int
    rows: tuple[int | None, ...]
    names: Mapping[int, str]
    new: Mapping[int, str]
    classes: tuple[int, ...]

    @property
    def dropped(self) -> list[int]:
        """Return the rows before that are none after."""
        return sorted(set(range(self.count)) - set(self.rows))

    def loss(self) -> str | None:
        """Return what cannot come back, in words; None: every row can."""
        dropped = self.dropped
        if not dropped:
            return None
        names = [self.names[row] for row in dropped if row in self.names]
        unused = len(dropped) - len(names)
        return " and ".join(
            [f"{plural(len(names), 'row')} ({first_few(names, 4)})"] * bool(names)
            + [f"{plural(unused, 'row')} without a class"] * bool(unused)
        )

    def moved(self, tensor: Tensor, fill: Fill | None) -> Tensor:
        """Return a tensor with the rows after.

        Args:
            fill: of new rows: a number for a bias, with 0 for other tensors; or the mean of the
                classes' rows.

        Raises:
            RequestError: there are new rows, and no ``fill``.
        """
        self.require_fill(fill)
        shape = (len(self.rows), *tensor.shape[1:])
        return Tensor.made(
            tensor.name, tensor.dtype, shape, lambda: self._array(tensor, shape, fill)
        )

    def repeated(self, times: int) -> ClassRows:
        """Return the rows of a tensor that has all of these several times, one after the other."""
        before, after = range(0, times * self.count, self.count), len(self.rows)
        return ClassRows(
            count=times * self.count,
            rows=tuple(row if row is None else at + row for at in before for row in self.rows),
            names={at + row: name for at in before for row, name in self.names.items()},
            new={n * after + row: name for n in range(times) for row, name in self.new.items()},
            classes=tuple(at + row for at in before for row in self.classes),
        )

    def require_fill(self, fill: Fill | None) -> None:
        """Refuse new rows without a value."""
        if self.new and fill is None:
            rows = first_few([f"{row} ({name})" for row, name in self.new.items()], 3)
            raise RequestError(
                f"{plural(len(self.new), 'row')} after would be new: {rows}",
                hint="fill them: --fill mean, or --fill VALUE for biases (-4.595 keeps a sigmoid "
                "at 0.01) with 0 for weights",
            )

    def _array(self, tensor: Tensor, shape: tuple[int, ...], fill: Fill | None) -> Array:
        before = tensor.array()
        after = np.empty(shape, DTYPES[tensor.dtype].numpy)
        kept = [row for row, origin in enumerate(self.rows) if origin is not None]
        after[kept] = before[[origin for origin in self.rows if origin is not None]]
        new = [row for row, origin in enumerate(self.rows) if origin is None]
        if not new:
            return after
        if fill == "mean":
            classes = decode(before[list(self.classes)], tensor.dtype)
            value = classes.mean(axis=0, dtype=np.float64)
        else:
            value = np.float64(fill if len(shape) == 1 and fill is not None else 0)
        with np.errstate(over="ignore", invalid="ignore"):
            filled = encode(np.broadcast_to(value, shape[1:]), tensor.dtype)
        held = decode(filled, tensor.dtype)
        is_held = np.isfinite(held) if DTYPES[tensor.dtype].is_float else held == np.rint(value)
        if np.isfinite(value).all() and not is_held.all():
            raise RequestError(f"{tensor.name}: {tensor.dtype} cannot hold {fill}")
        after[new] = filled
        return after

    def for_embedding(
        self, rows: int, after_extra: bool | None, background: tuple[bool, bool]
    ) -> ClassRows:
        """Return the rows of a label embedding, which has one for each class.

        Args:
            rows: of the embedding before.
            after_extra: whether it has one more row after; None: as before.
            background: whether the last row of the head, before and after, is the background's:
                the embedding lacks it.
        """
        before, after = self.count - background[0], len(self.rows) - background[1]
        extra = rows > before
        chosen = [row if row is None or row < before else None for row in self.rows[:after]]
        new = {row: self.new.get(row, "") for row, origin in enumerate(chosen) if origin is None}
        if extra if after_extra is None else after_extra:
            chosen.append(before if extra else None)
            new.update({} if extra else {after: "the row after the classes"})
        names = {row: name for row, name in self.names.items() if row < before}
        if extra:
            names[before] = "the row after the classes"
        return ClassRows(rows, tuple(chosen), names, new, self.classes)


@dataclass(frozen=True)
class RowPlan:
    """Rows of heads and label embeddings, from one numbering to another.

    Attributes:
        before, after: names of the numberings.
        head: rows of a classification head.
        background: whether its last row is the background's, before and after.
        extra: whether a label embedding has one more row after; None: as before.
    """

    before: str
    after: str
    head: ClassRows
    background: tuple[bool, bool]
    extra: bool | None

    @classmethod
    def of_spaces(cls, before: str, after: str) -> RowPlan:
        """Return the rows from one label space to another.

        Raises:
            UnknownNameError: there is no such space.
            RequestError: a space is no head's; the one before lacks a class of the one after.
        """
        source, target = find_space(before), find_space(after)
        for space in (source, target):
            if space.is_of_embedding:
                raise RequestError(
                    f"{space} numbers the rows of a label embedding, not of a head",
                    hint="name the label space of the heads, such as dino91: label embeddings go "
                    "along",
                )
        moved = head_rows(before, after)
        assert source.outputs is not None
        names = dict(source.classes)
        if source.background is not None:
            names[source.background] = "background"
        extra = True if target.name in _EXTRA_ROW else None
        return cls(
            before=source.name,
            after=target.name,
            head=ClassRows(
                source.outputs, moved.rows, names, moved.unfilled, tuple(source.classes)
            ),
            background=(_is_last(source), _is_last(target)),
            extra=False if target.framework.startswith(_NO_EXTRA_ROW) else extra,
        )

    @classmethod
    def of_names(
        cls,
        before: Sequence[tuple[Id, str]],
        after: Sequence[tuple[Id, str]],
        index: RowIndex,
        background: bool,
        aliases: Mapping[str, str],
    ) -> RowPlan:
        """Return the rows from one list of categories to another, by their names.

        Args:
            before, after: id and name of each category, in the order of the list.
            index: whether a row's number is a category's id, or its position in the list.
            background: whether the head has one more row, the last.
            aliases: names before that stand for names after.

        Raises:
            RequestError: ids are no row numbers, or two categories would be one.
            UnknownNameError: a name is nearly one of the others.
        """
        old, new = _numbered(before, index), _numbered(after, index)
        counts = row_count(before, index), row_count(after, index)
        if counts[1] > _MOST_ROWS:
            raise RequestError(
                f"a head by these ids would have {counts[1]:,} rows", hint="use --index position"
            )
        moved = CategoryMap.by_names(old, new, "drop", aliases)
        rows: list[int | None] = [None] * counts[1]
        for one, other in moved.pairs:
            assert isinstance(one, int) and isinstance(other, int)
            rows[other] = one
        for row in range(min(counts)):
            if row not in old and row not in new:
                rows[row] = row
        if background:
            rows.append(counts[0])
        names = old | ({counts[0]: "background"} if background else {})
        unused = "no category has this id" if index == "id" else "a placeholder"
        filled = {i: new.get(i, unused) for i, row in enumerate(rows) if row is None}
        head = ClassRows(counts[0] + background, tuple(rows), names, filled, tuple(old))
        return cls("the old names", "the new names", head, (background, background), None)

    def embedding(self, rows: int) -> ClassRows:
        """Return the rows of a label embedding that has so many."""
        return self.head.for_embedding(rows, self.extra, self.background)

    @property
    def embedding_sizes(self) -> tuple[int, int]:
        """Return the rows that a label embedding may have."""
        classes = self.head.count - self.background[0]
        return classes, classes + 1


def row_count(categories: Sequence[tuple[Id, str]], index: RowIndex) -> int:
    """Return the rows of a head without a background.

    Raises:
        RequestError: ids are no row numbers.
    """
    if index == "position":
        return len(categories)
    ids = [cat_id for cat_id, _ in categories]
    if not all(isinstance(i, int) and i >= 0 for i in ids):
        raise RequestError("ids must be whole numbers from 0 on to be numbers of rows")
    return max((i for i in ids if isinstance(i, int)), default=-1) + 1


def _numbered(categories: Iterable[tuple[Id, str]], index: RowIndex) -> dict[int, str]:
    numbered = {i if index == "id" else n: name for n, (i, name) in enumerate(categories)}
    skipped = (PLACEHOLDER, BACKGROUND)
    return {
        row: name for row, name in numbered.items() if isinstance(row, int) and name not in skipped
    }


def _is_last(space: Space) -> bool:
    return space.background is not None and space.background + 1 == space.outputs
