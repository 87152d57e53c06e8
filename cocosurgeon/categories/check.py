"""The categories of two files compared: ids, names and order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cocosurgeon.categories.guess import guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import StructureError
from cocosurgeon.findings.finding import Finding, Findings, counted, finding_fields, finding_lines
from cocosurgeon.page import Report
from cocosurgeon.text import KnownNames, nearest_of_each, plural

_SHOWN = 20


@dataclass(frozen=True, repr=False)
class Check(Report):
    """Comparison of two files' categories.

    Attributes:
        left, right: names of the files.
        classes: number of compared classes; for results files, of ids.
        by_names: False if only ids were compared.
        findings: all differences.
    """

    left: str
    right: str
    classes: int
    by_names: bool
    findings: Findings

    def lines(self) -> list[str]:
        """Return the comparison as lines of text."""
        if not self.classes:
            return ["nothing was compared: one of the files uses no category"]
        if not self.findings:
            if not self.by_names:
                return [f"no contradiction: {plural(self.classes, 'id')}, compared without names"]
            return [f"the same: {plural(self.classes, 'class', 'classes')}"]
        last = f"{counted(self.findings)}; compared: {self.left} with {self.right}"
        return [*finding_lines(self.findings, _SHOWN), last]

    def as_json(self) -> dict[str, object]:
        """Return the comparison as JSON values."""
        return {**vars(self), "findings": finding_fields(self.findings)}


def check_categories(left: Dataset, right: Dataset) -> Check:
    """Compare the categories of two files: ids, names and order; for a results file, its ids.

    Raises:
        StructureError: neither file has a category list; a list has an id twice; or one file
            neither lists nor uses categories.
    """
    sides = Inventory.of(left), Inventory.of(right)
    lists = [side.listing.entries for side in sides]
    has_list = [d.index.category_records is not None for d in (left, right)]
    if not any(has_list):
        raise StructureError(
            "neither file lists categories, so there is nothing to compare by",
            where=f"{left.source.name}, {right.source.name}",
            hint="compare each with its ground truth",
        )
    if all(has_list):
        found = [*_lists_differ(*map(_Listed, lists)), *(d for s in sides for d in _unlisted(s, s))]
        by_names = all(e.category.name is not None for side in lists for e in side)
        return Check(
            sides[0].where, sides[1].where, max(map(len, lists)), by_names, Findings(found)
        )
    users, listing = (sides[1], sides[0]) if has_list[0] else sides
    if not users.used and not (right if has_list[0] else left).index.is_results:
        raise StructureError(
            "the file neither lists categories nor uses any",
            where=users.where,
            hint="compare files of boxes or masks",
        )
    found = _unlisted(users, listing)
    if hint := _numbering_hint(users, listing):
        found = [replace(each, hint=hint) for each in found]
    return Check(sides[0].where, sides[1].where, len(users.used), False, Findings(found))


def _numbering_hint(users: Inventory, listing: Inventory) -> str | None:
    """Return a hint if ids fit another label space of the same classes, or count from 0 or 1."""
    hints = [*_space_hints(users, listing), *_shift_hints(users, listing)]
    return "; ".join(hints) or None


def _space_hints(users: Inventory, listing: Inventory) -> Iterator[str]:
    there = guess_space(listing).only
    if there is None or find_space(there).outputs is not None or not users.used:
        return  # ids of no annotation files
    fitting = [find_space(c.spaces[0]) for c in guess_space(users).fitting]
    classes = find_space(there).index_of.keys()
    for space in (s for s in fitting if s.name != there and s.index_of.keys() == classes):
        yield (
            f"if its ids are labels of {space.name}: "
            f"`cocosurgeon remap {users.where} --from {space.name} --to {there}`"
        )
        return


def _shift_hints(users: Inventory, listing: Inventory) -> Iterator[str]:
    listed = listing.classes.keys()
    for by in (1, -1):
        if users.used and {i + by if isinstance(i, int) else i for i in users.used} <= listed:
            yield (
                "if one file counts from 0 and the other from 1: "
                f"`cocosurgeon remap {users.where} --shift {by}`"
            )
            return


class _Listed:
    """One side of a comparison: names by id, and ids by name (the first one if repeated)."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        categories = [e.category for e in entries]
        self.ids = [c.id for c in categories]
        self.name_of = {c.id: c.name for c in categories}
        named = [c for c in reversed(categories) if c.name is not None]
        self.id_of = {str(c.name): c.id for c in named}
        self.counts = Counter(c.name for c in named)


def _lists_differ(left: _Listed, right: _Listed) -> list[Finding]:
    def is_in_both(name: str | None) -> bool:
        # exactly once in each list
        return name is not None and left.counts[name] == right.counts[name] == 1

    found: list[Finding] = []
    for cat_id, name in left.name_of.items():
        other = right.name_of.get(cat_id)
        if cat_id in right.name_of and other != name:
            found.append(Finding("category-name", f"{cat_id!r} is {name!r} and {other!r}"))
    for cat_id, name in left.name_of.items():
        if is_in_both(name) and right.id_of[str(name)] != cat_id:
            other_id = right.id_of[str(name)]
            found.append(Finding("category-id", f"{name!r} is {cat_id!r} and {other_id!r}"))
    for side, other_side, which in ((left, right, "first"), (right, left, "second")):
        missing = [
            cat_id
            for cat_id, name in side.name_of.items()
            if cat_id not in other_side.name_of and not is_in_both(name)
        ]
        only_there = KnownNames(name for name in other_side.id_of if name not in side.id_of)
        nearly = nearest_of_each((str(side.name_of[i]) for i in missing), only_there)
        for cat_id, (_, near) in zip(missing, nearly, strict=True):
            hint = f" (the other has {near!r})" if near else ""
            text = f"only the {which} has {cat_id!r} {side.name_of[cat_id]!r}{hint}"
            found.append(Finding("category-missing", text))
    return found or [
        Finding("category-order", f"place {place} is {left.name_of[a]!r} and {right.name_of[b]!r}")
        for place, (a, b) in enumerate(zip(left.ids, right.ids, strict=True))
        if a != b
    ]


def _unlisted(users: Inventory, listing: Inventory) -> list[Finding]:
    known = {e.category.id for e in listing.listing.entries}
    where = "its own list" if users is listing else "the other file's list"
    missing = f"is not in {where} ({users.where})"
    return [
        Finding(
            "category-unlisted", f"{i!r} is used {plural(users.objects[i], 'time')} and {missing}"
        )
        for i in sorted(users.used, key=str)
        if i not in known
    ]
