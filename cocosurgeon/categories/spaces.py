"""Label spaces: a label space says which class each label number means.

The known ones are in spaces.txt and classes/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

from cocosurgeon.dataset.placeholders import BACKGROUND, PLACEHOLDER
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.page import Report
from cocosurgeon.text import did_you_mean

Index = Literal["id", "id - 1", "position", "position + 1"]


@dataclass(frozen=True)
class Space:
    """Label space: the class of each index. An index is a category id, a label, or a row of a head.

    Attributes:
        name, aliases: its names in this package.
        framework: the framework that uses it.
        defined_in: the framework's file that defines it.
        outputs: number of rows of its head, with the background; None for numbers that only
            annotation files have.
        index: kind of index: the original category id, that minus 1, or the position in the list
            of classes (from 0, or from 1).
        background: row of the background; None without one.
        classes: class names by index, ascending.
        unused: indices without a class, each with the category that COCO never annotated there, or
            a statement that there is none.
        is_named: False if classes have only numbers.
        vocabulary: files in classes/ that the names are from.
        note: further facts.
    """

    name: str
    aliases: tuple[str, ...]
    framework: str
    defined_in: str
    outputs: int | None
    index: Index
    background: int | None
    classes: Mapping[int, str]
    unused: Mapping[int, str]
    is_named: bool
    vocabulary: str
    note: str

    def __repr__(self) -> str:
        return f"<Space {self.name}: {len(self.classes):,} classes, index = {self.index}>"

    def __str__(self) -> str:
        return self.name

    @property
    def is_of_embedding(self) -> bool:
        """True for the rows of a label embedding, which is no head."""
        return self.framework.endswith("label embedding")

    @property
    def has_gaps(self) -> bool:
        """True for a head with unused rows, for which a category list needs placeholders."""
        return self.outputs is not None and bool(self.unused)

    @property
    def counts_positions(self) -> bool:
        """True if an index is a position in the list of classes."""
        return self.index.startswith("position")

    def require_positions(self) -> None:
        """Raise RequestError unless an index is a position in the list of classes."""
        if not self.counts_positions:
            raise RequestError(
                f"--start renumbers positions, but {self} numbers classes by {self.index}",
                hint="remove --start, or name a label space of positions, such as mmdet80",
            )

    @property
    def title(self) -> str:
        """Framework, size and kind of index, in one line."""
        head = f", {self.outputs} outputs" if self.outputs else ""
        return f"{self.framework}: {len(self.classes):,} classes{head}, index = {self.index}"

    def counted_from(self, start: int) -> Space:
        """Return the label space with ``start`` for the first class's index."""
        shift = start - min(self.classes)
        return replace(
            self,
            classes=MappingProxyType({i + shift: name for i, name in self.classes.items()}),
            background=None if self.background is None else self.background + shift,
        )

    @cached_property
    def index_of(self) -> Mapping[str, int]:
        """Index by class name."""
        return {name: index for index, name in self.classes.items()}

    def class_of(self, index: object) -> str | None:
        """Return the class name of an index; None without a class."""
        return self.classes.get(index) if isinstance(index, int) else None

    def find(self, name: str) -> int:
        """Return the index of a class.

        Raises:
            UnknownNameError: no class has exactly that name.
        """
        if name not in self.index_of:
            hint = did_you_mean(name, self.index_of, "its classes:")
            raise UnknownNameError(f"{self.name} has no class {name!r}", hint=hint)
        return self.index_of[name]

    def names_in_list(self) -> list[str]:
        """Return names for a category list in which place == index, with placeholders.

        The list has no entry for a background in the last row.
        """
        count = self.outputs or max(self.classes) + 1
        indices = range(count - (self.background == count - 1))
        names = {i: self.classes.get(i, PLACEHOLDER) for i in indices}
        return [BACKGROUND if i == self.background else name for i, name in names.items()]


_HERE = files("cocosurgeon.categories")


@cache
def spaces() -> Mapping[str, Space]:
    """Return all known label spaces by name, in the order of the table."""
    lines = _HERE.joinpath("spaces.txt").read_text("utf-8").splitlines()
    header, *rows = ([cell.strip() for cell in ln.split("|")] for ln in lines if ln[:1] != "#")
    known = [_space(dict(zip(header, row, strict=True))) for row in rows]
    return MappingProxyType({space.name: space for space in known})


@cache
def find_space(name: str) -> Space:
    """Return a label space by its name or alias.

    Raises:
        UnknownNameError: there is none; the message lists similar ones.
    """
    names = {alias: s for s in spaces().values() for alias in (s.name, *s.aliases)}
    if name in names:
        return names[name]
    parts = re.findall(r"[a-z]+|[0-9]+", name.lower())
    containing = [s for s in spaces().values() if parts and all(p in _searched(s) for p in parts)]
    width = max((len(s.name) for s in containing), default=0)
    lines = [f"\n    {s.name:<{width}}  {s.title}" for s in containing]
    listed = f"; these have it in their name or framework:{''.join(lines)}" if lines else ""
    raise UnknownNameError(
        f"there is no label space {name!r}{listed}",
        hint=did_you_mean(name, names) or "`cocosurgeon spaces` lists them",
        python=did_you_mean(name, names) or "spaces() lists them",
    )


def _searched(space: Space) -> str:
    texts = (space.name, *space.aliases, space.framework, space.vocabulary)
    return " ".join(texts).lower()


def _space(row: Mapping[str, str]) -> Space:
    index = cast(Index, row["index"])
    by_id = enumerate(sorted(_classes(row["classes"]).items()))
    classes = {
        {"id": i, "id - 1": i - 1, "position": place, "position + 1": place + 1}[index]: name
        for place, (i, name) in by_id
    }
    outputs = None if row["outputs"] == "-" else int(row["outputs"])
    background = None if row["background"] == "-" else int(row["background"])
    every = range(min(classes), max(classes)) if outputs is None else range(outputs)
    cat_ids = {i: i + 1 if index == "id - 1" else i for i in every}
    unannotated = _classes("coco_unannotated")
    unused = {
        i: unannotated.get(cat_id, f"no category has the id {cat_id}")
        for i, cat_id in cat_ids.items()
        if i not in classes and i != background
    }
    return Space(
        name=row["name"],
        aliases=tuple(filter(None, (a.strip() for a in row["aliases"].split(",")))),
        framework=row["framework"],
        defined_in=row["defined in"],
        outputs=outputs,
        index=index,
        background=background,
        classes=MappingProxyType(classes),
        unused=MappingProxyType(unused),
        is_named=".." not in row["classes"],
        vocabulary=row["classes"],
        note=row["note"],
    )


@cache
def _classes(which: str) -> Mapping[int, str]:
    """Return class names by original category id, from files of classes/ or for ``NAME 1..N``."""
    if ".." in which:
        name, _, last = which.partition(" 1..")
        return {i: f"{name} class {i}" for i in range(1, int(last) + 1)}
    texts = [(_HERE / "classes" / f"{name}.json").read_text("utf-8") for name in which.split()]
    return {int(i): name for text in texts for i, name in json.loads(text).items()}


@dataclass(frozen=True)
class ClassRow:
    """One class in two label spaces.

    Attributes:
        name: name of the class.
        left, right: its index in each; None if a label space does not have the class.
        mistaken_for: meaning of the left index in the right label space, if it is another: a class,
            the background, an unused row. None: the same class, or no index there.
    """

    name: str
    left: int | None
    right: int | None
    mistaken_for: str | None


@dataclass(frozen=True, repr=False)
class Agreement(Report):
    """Two label spaces, class by class.

    Attributes:
        left, right: names of the label spaces.
        common: number of classes that both have.
        agreeing: number of classes that have the same index in both.
        classes: all classes of either, in the left one's order.
    """

    left: str
    right: str
    common: int
    agreeing: int
    classes: tuple[ClassRow, ...]

    def lines(self) -> list[str]:
        """Return the comparison as lines of text."""
        width = max(len(r.name) for r in self.classes)
        columns = max(len(self.left), 4), max(len(self.right), 4)
        lines = [f"{'class':<{width}}  {self.left:>{columns[0]}}  {self.right:>{columns[1]}}"]
        for row in self.classes:
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
        both = (r for r in self.classes if None not in (r.left, r.right))
        differing = next(r for r in both if r.left != r.right)
        if self.agreeing:
            wrong = self.common - self.agreeing
            lines.append(
                f"a check of only those {self.agreeing} would miss {wrong} wrong ones: try "
                f"{differing.name!r} ({differing.left} and {differing.right})"
            )
        else:
            lines.append(
                f"any class shows it: {differing.name!r} is {differing.left} and {differing.right}"
            )
        return lines


def compare_spaces(left: Space | str, right: Space | str) -> Agreement:
    """Compare two label spaces, or those of these names, class by class, by name.

    Raises:
        UnknownNameError: there is no such label space.
    """
    left, right = (find_space(s) if isinstance(s, str) else s for s in (left, right))
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
    common = sum(None not in (r.left, r.right) for r in rows)
    agreeing = sum(r.left is not None and r.left == r.right for r in rows)
    return Agreement(left.name, right.name, common, agreeing, tuple(rows))


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
    confused = f"{row.left} in {agreement.right} is {row.mistaken_for}"
    if row.right is None:
        missing = f"not in {agreement.right}"
        return f"{missing}; {confused}" if row.mistaken_for else missing
    return confused if row.mistaken_for else f"{row.left} is no class in {agreement.right}"
