"""Whether two files mean the same classes by the same ids, names and order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.category_list import Entry
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import StructureError
from cocosurgeon.text import nearest

_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        kind: ``id`` (a class has another id), ``name`` (an id has another name), ``missing`` (a
            class that only one file lists), ``order`` (a class stands elsewhere in the list),
            ``used`` (an id is used that the other file does not list).
        text: what differs.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Check:
    """What two files' categories have in common.

    Attributes:
        left, right: the files.
        classes: how many classes were compared; for results files: how many ids.
        by_names: whether names were compared; if not, ids alone.
        differences: all differences; none: nothing speaks against it.
    """

    left: str
    right: str
    classes: int
    by_names: bool
    differences: tuple[Difference, ...]

    def lines(self) -> list[str]:
        """The comparison for people."""
        if not self.classes:
            return ["nothing was compared: one of the files uses no category"]
        if not self.differences:
            if not self.by_names:
                return [f"no contradiction: {self.classes:,} ids, compared without names"]
            return [f"the same: {self.classes:,} classes"]
        shown = [f"{d.kind}: {d.text}" for d in self.differences[:_SHOWN]]
        if len(self.differences) > _SHOWN:
            shown.append(f"... {len(self.differences) - _SHOWN:,} more (--json)")
        counts = Counter(d.kind for d in self.differences)
        told = ", ".join(f"{kind} {n:,}" for kind, n in counts.items())
        return [*shown, f"differences: {told}"]


def check_categories(left: Dataset, right: Dataset) -> Check:
    """Compare two files' categories: ids, names, order; for results files the ids they use.

    Raises:
        StructureError: neither has a category list, one lists an id twice, or one neither lists
            nor uses any.
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
        found = [*_lists_differ(lists[0], lists[1]), *(d for s in sides for d in _unlisted(s, s))]
        by_names = all(e.category.name is not None for side in lists for e in side)
        return Check(sides[0].where, sides[1].where, max(map(len, lists)), by_names, tuple(found))
    users, listing = (sides[1], sides[0]) if has_list[0] else sides
    if not users.used and not (right if has_list[0] else left).index.is_results:
        raise StructureError(
            "the file neither lists categories nor uses any",
            where=users.where,
            hint="compare files of boxes or masks",
        )
    found = _unlisted(users, listing)
    return Check(sides[0].where, sides[1].where, len(users.used), False, tuple(found))


def _lists_differ(left: tuple[Entry, ...], right: tuple[Entry, ...]) -> list[Difference]:
    names = [{e.category.id: e.category.name for e in side} for side in (left, right)]
    ids: list[dict[str | None, Id | None]] = [{}, {}]
    for table, side in zip(ids, (left, right), strict=True):
        for category in (e.category for e in side if e.category.name is not None):
            table.setdefault(category.name, category.id)
    found: list[Difference] = []
    for cat_id, name in names[0].items():
        other = names[1].get(cat_id)
        if cat_id in names[1] and other != name:
            found.append(Difference("name", f"{cat_id!r} is {name!r} and {other!r}"))
    for name, cat_id in ids[0].items():
        if name in ids[1] and ids[1][name] != cat_id and _is_once(name, left, right):
            found.append(Difference("id", f"{name!r} is {cat_id!r} and {ids[1][name]!r}"))
    for here, there, which in ((0, 1, "first"), (1, 0, "second")):
        for cat_id, name in names[here].items():
            has_other_id = name in ids[there] and _is_once(name, left, right)
            if cat_id not in names[there] and not has_other_id:
                near = nearest(str(name), [str(n) for n in ids[there] if n not in ids[here]])
                hint = f" (the other has {near!r})" if near else ""
                found.append(
                    Difference("missing", f"only the {which} has {cat_id!r} {name!r}{hint}")
                )
    if not found:
        pairs = zip(left, right, strict=True)
        found = [
            Difference("order", f"place {place} is {a.category.name!r} and {b.category.name!r}")
            for place, (a, b) in enumerate(pairs)
            if a.category.id != b.category.id
        ]
    return found


def _is_once(name: str | None, left: tuple[Entry, ...], right: tuple[Entry, ...]) -> bool:
    return all(sum(e.category.name == name for e in side) == 1 for side in (left, right))


def _unlisted(users: Inventory, listing: Inventory) -> list[Difference]:
    known = {e.category.id for e in listing.listing.entries}
    where = "its own list" if users is listing else "the other file's list"
    told = f"is not in {where} ({users.where})"
    return [
        Difference(
            "used",
            f"{i!r} is used {users.objects[i]:,} times and {told}",
        )
        for i in sorted(users.used, key=str)
        if i not in known
    ]
