"""Where two spaces agree, class by class, and what a careless check would miss."""

from __future__ import annotations

from dataclasses import dataclass

from cocosurgeon.categories.space import Space


@dataclass(frozen=True)
class ClassRow:
    """One class in both spaces.

    Attributes:
        name: the class.
        left, right: its index in each; None where a space does not have it.
        mistaken_for: what the left index means in the right space, where that is something else:
            a class, the background, an unused row; None where it means the same, or nothing.
    """

    name: str
    left: int | None
    right: int | None
    mistaken_for: str | None


@dataclass(frozen=True)
class Agreement:
    """Two spaces, class by class.

    Attributes:
        left, right: their names.
        rows: every class of either, in the left one's order.
    """

    left: str
    right: str
    rows: tuple[ClassRow, ...]

    @property
    def common(self) -> int:
        """How many classes both have."""
        return sum(r.left is not None and r.right is not None for r in self.rows)

    @property
    def agreeing(self) -> int:
        """How many classes have the same index in both."""
        return sum(r.left is not None and r.left == r.right for r in self.rows)

    def lines(self) -> list[str]:
        """The comparison for people."""
        width = max(len(r.name) for r in self.rows)
        columns = max(len(self.left), 4), max(len(self.right), 4)
        lines = [f"{'class':<{width}}  {self.left:>{columns[0]}}  {self.right:>{columns[1]}}"]
        for row in self.rows:
            left, right = ("-" if i is None else str(i) for i in (row.left, row.right))
            remark = "" if row.left == row.right else _remark(row, self)
            text = f"{row.name:<{width}}  {left:>{columns[0]}}  {right:>{columns[1]}}  {remark}"
            lines.append(text.rstrip())
        return lines + self._summary()

    def _summary(self) -> list[str]:
        if not self.common:
            return [f"{self.left} and {self.right} have no class in common"]
        lines = [f"agree for {self.agreeing} of the {self.common} classes that both have"]
        if self.agreeing == self.common:
            return lines
        both = (r for r in self.rows if None not in (r.left, r.right))
        differing = next(r for r in both if r.left != r.right)
        if self.agreeing:
            wrong = self.common - self.agreeing
            lines.append(
                f"a check with those {self.agreeing} alone would miss {wrong} wrong ones: "
                f"try {differing.name!r} ({differing.left} and {differing.right})"
            )
        else:
            lines.append(
                f"any class shows it: {differing.name!r} is {differing.left} and {differing.right}"
            )
        return lines


def compare_spaces(left: Space, right: Space) -> Agreement:
    """Compare two spaces, class by class, by name."""
    names = list(dict.fromkeys([*left.classes.values(), *right.classes.values()]))
    rows = [
        ClassRow(
            name,
            left.index_of.get(name),
            right.index_of.get(name),
            _mistaken(left.index_of.get(name), name, right),
        )
        for name in names
    ]
    return Agreement(left.name, right.name, tuple(rows))


def _mistaken(index: int | None, name: str, right: Space) -> str | None:
    if index is None:
        return None
    if index == right.background:
        return "the background"
    if index in right.unused:
        return f"an unused row ({right.unused[index]})"
    meant = right.classes.get(index)
    return None if meant in (None, name) else meant


def _remark(row: ClassRow, agreement: Agreement) -> str:
    if row.left is None:
        return f"not in {agreement.left}"
    there = f"{row.left} in {agreement.right} is {row.mistaken_for}"
    if row.right is None:
        missing = f"not in {agreement.right}"
        return f"{missing}; {there}" if row.mistaken_for else missing
    return there if row.mistaken_for else f"{row.left} is nothing in {agreement.right}"
