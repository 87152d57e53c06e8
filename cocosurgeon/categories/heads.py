"""Rows of a classification head, from one label space to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocosurgeon.categories.spaces import Space, find_space
from cocosurgeon.errors import RequestError
from cocosurgeon.page import Report
from cocosurgeon.text import first_few


@dataclass(frozen=True, repr=False)
class HeadRows(Report):
    """Rows of a head in one label space, in the order of a head in another one.

    Attributes:
        before, after: names of the label spaces.
        rows: row of the head before for each row of the head after; None without one.
        unfilled: meanings of rows after that have no row before, by row.
        discarded: classes and background of the head before that have no row after, by row.
    """

    before: str
    after: str
    rows: tuple[int | None, ...]
    unfilled: Mapping[int, str]
    discarded: Mapping[int, str]

    def lines(self) -> list[str]:
        """Return the rows as lines of text: their number, and those without a partner."""
        filled = len(self.rows) - len(self.unfilled)
        rows = {"unfilled": self.unfilled, "discarded": self.discarded}
        return [
            f"head of {self.before} -> {self.after}: {filled} of {len(self.rows)} rows filled",
            *(
                f"{name}: {first_few([f'{i} ({what})' for i, what in of.items()])}"
                for name, of in rows.items()
                if of
            ),
        ]

    def move(self, head: npt.ArrayLike, fill: float | None = None) -> npt.NDArray[Any]:
        """Return a head's weight or bias in the label space after, shape (rows after, ...).

        Args:
            head: weight or bias, shape (rows before, ...).
            fill: value of rows that the head before does not have.

        Raises:
            RequestError: the array has another number of rows, or ``fill`` is needed.
        """
        array = np.asarray(head)
        outputs = find_space(self.before).outputs
        if array.ndim == 0 or len(array) != outputs:
            raise RequestError(
                f"a head of {self.before} has {outputs} rows; the array's shape is {array.shape}"
            )
        self.require_fill(fill)
        if fill is not None and array.dtype.kind in "iub" and not float(fill).is_integer():
            raise RequestError(f"an array of {array.dtype} cannot hold {fill!r}")
        moved = np.full((len(self.rows), *array.shape[1:]), fill or 0, dtype=array.dtype)
        filled = [i for i, row in enumerate(self.rows) if row is not None]
        moved[filled] = array[[row for row in self.rows if row is not None]]
        return moved

    def numpy_line(self, fill: float | None = None) -> str:
        """Return ``move`` as a line of numpy code, from an array ``old`` to ``new``.

        Raises:
            RequestError: ``fill`` is needed.
        """
        sources = [row for row in self.rows if row is not None]
        self.require_fill(fill)
        if fill is None or not self.unfilled:
            return f"new = old[{sources}]"
        filled = [i for i, row in enumerate(self.rows) if row is not None]
        return (
            f"new = np.full(({len(self.rows)}, *old.shape[1:]), {_literal(fill)}, old.dtype); "
            f"new[{filled}] = old[{sources}]"
        )

    def require_fill(self, fill: float | None) -> None:
        """Raise RequestError if ``fill`` is None but rows need a value."""
        if fill is not None or not self.unfilled:
            return
        rows = first_few([f"{i} ({what})" for i, what in self.unfilled.items()], 3)
        raise RequestError(
            f"{self.before} does not have all rows of {self.after}: {rows}",
            hint="give their value: --fill VALUE (a bias of -4.595 keeps a sigmoid at 0.01)",
        )


def head_rows(before: str, after: str) -> HeadRows:
    """Return the rows that turn a head of one label space into a head of another.

    The background moves to the row of the background. A row that both label spaces leave unused for
    the same category moves, too.

    Args:
        before, after: names of the label spaces, such as ``detr91``.

    Raises:
        UnknownNameError: there is no such label space.
        RequestError: a label space has no head, or the head before lacks a class.
    """
    source, target = find_space(before), find_space(after)
    rows = [_row(i, source, target) for i in range(_outputs(target))]
    _outputs(source)
    missing = [n for n in target.classes.values() if n not in source.index_of]
    if missing:
        raise RequestError(
            f"{source} has no row for {first_few(missing, 3, show=repr)} of {target}",
            hint="choose a target whose classes the head was trained for",
        )
    return HeadRows(
        before=source.name,
        after=target.name,
        rows=tuple(rows),
        unfilled={i: _meaning(i, target) for i, row in enumerate(rows) if row is None},
        discarded={
            i: _meaning(i, source)
            for i in range(_outputs(source))
            if i not in rows and i not in source.unused
        },
    )


def _literal(value: float) -> str:
    return repr(value) if np.isfinite(value) else f"float({str(value)!r})"


def _outputs(space: Space) -> int:
    if space.outputs is None:
        raise RequestError(
            f"{space} numbers categories in annotation files; no head has these rows",
            hint="`cocosurgeon spaces` lists heads with their outputs",
            python="spaces() lists label spaces; heads have outputs",
        )
    return space.outputs


def _row(index: int, source: Space, target: Space) -> int | None:
    if index == target.background:
        return source.background
    if index in target.classes:
        return source.index_of.get(target.classes[index])
    return {reason: i for i, reason in source.unused.items()}.get(target.unused[index])


def _meaning(index: int, space: Space) -> str:
    if index == space.background:
        return "background"
    return space.classes.get(index) or space.unused[index]
