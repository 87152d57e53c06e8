"""Whether two files mean the same classes by the same ids, names and order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cocosurgeon.categories.relabel import list_of, uses_of
from cocosurgeon.category_list import Entry
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import StructureError
from cocosurgeon.identity import Id
from cocosurgeon.nearest import nearest

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
        differences: all differences; none: they mean the same.
    """

    left: str
    right: str
    classes: int
    differences: tuple[Difference, ...]

    def lines(self) -> list[str]:
        """The comparison for people."""
        if not self.classes:
            return ["nothing was compared: one of the files uses no category"]
        if not self.differences:
            return [f"the same: {self.classes:,} classes"]
        shown = [f"{d.kind}: {d.text}" for d in self.differences[:_SHOWN]]
        if len(self.differences) > _SHOWN:
            shown.append(f"... {len(self.differences) - _SHOWN:,} more (--json)")
        counts = Counter(d.kind for d in self.differences)
        told = ", ".join(f"{kind} {n:,}" for kind, n in counts.items())
        return [*shown, f"differences: {told}"]


def check(left: Dataset, right: Dataset) -> Check:
    """Compare two files' categories: ids, names, order; for results files the ids they use.

    Raises:
        StructureError: neither has a category list, or one lists an id twice.
    """
    lists = list_of(left).entries, list_of(right).entries
    has_list = [d.content.category_records is not None for d in (left, right)]
    if not any(has_list):
        raise StructureError(
            "neither file lists categories, so there is nothing to compare by",
            where=f"{left.source.name}, {right.source.name}",
            hint="compare each with its ground truth",
        )
    if all(has_list):
        compared = max(map(len, lists))
        found = [*_lists_differ(*lists), *_unlisted(left, left), *_unlisted(right, right)]
    else:
        users, listing = (right, left) if has_list[0] else (left, right)
        compared = len(_used(users))
        if not compared and not users.content.is_results:
            raise StructureError(
                "the file neither lists categories nor uses any",
                where=users.source.name,
                hint="compare files of boxes or masks",
            )
        found = _unlisted(users, listing)
    return Check(left.source.name, right.source.name, compared, tuple(found))


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


def _unlisted(users: Dataset, listing: Dataset) -> list[Difference]:
    known = {e.category.id for e in list_of(listing).entries}
    where = "its own list" if users is listing else "the other file's list"
    return [
        Difference("used", f"{i!r} is used {n:,} times and is not in {where} ({users.source.name})")
        for i, n in sorted(_used(users).items(), key=lambda pair: str(pair[0]))
        if i not in known
    ]


def _used(dataset: Dataset) -> Counter[Id]:
    ids = (i for use in uses_of(dataset) for i in use.cat_ids.tolist())
    return Counter(i for i in ids if i is not None)
