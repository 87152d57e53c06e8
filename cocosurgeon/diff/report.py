"""Difference: all changes, as text and as JSON values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from cocosurgeon.diff.records import FieldChange
from cocosurgeon.loaders.labels import CategoryUse, LabelEffect
from cocosurgeon.loaders.view import Id
from cocosurgeon.page import Report
from cocosurgeon.text import first_few, plural, table_lines

Kind = Literal["removed", "added", "changed", "ids", "stale", "order"]

KINDS: Mapping[Kind, str] = {
    "removed": "removed",
    "added": "added",
    "ids": "other ids",
    "changed": "changed",
    "stale": "another meaning, by the same number",
    "order": "in another order",
}
_ONE_OF = {"images": "image", "annotations": "annotation", "categories": "category"}
_SHOWN = 10
_LISTED = 2
"""Most changes of ids that are listed; more are described."""


@dataclass(frozen=True)
class ListCounts:
    """Numbers of records of a list in each file, and of those in only one file."""

    before: int
    after: int
    removed: int
    added: int


@dataclass(frozen=True)
class Renumbered:
    """Changed ids of records that are in both files.

    Attributes:
        list: the list of the records.
        pairs: ids before and after, if they differ.
        total: number of records that are in both files.
    """

    list: str
    pairs: Sequence[tuple[Any, Any]]
    total: int

    def words(self) -> str:
        """Return the change as text: a shift, if it is one."""
        count = f"{len(self.pairs):,} of {self.total:,}"
        ids = f"{_ONE_OF.get(self.list, self.list)} ids"
        befores, afters = zip(*self.pairs, strict=True)
        if len(self.pairs) <= _LISTED:
            pass
        elif all(type(i) is int for i in (*befores, *afters)):
            shifts = {after - before for before, after in self.pairs}
            if len(shifts) == 1:
                return f"{ids} shifted by {shifts.pop():+d} ({count})"
            if list(afters) == list(range(afters[0], afters[0] + len(afters))):
                return f"{ids} renumbered from {afters[0]} on ({count})"
        elif befores == afters:
            kind = "with a fraction" if isinstance(afters[0], float) else "as whole numbers"
            return f"{ids} are written {kind}: {befores[0]!r} -> {afters[0]!r} ({count})"
        elif all(str(before) == str(after) for before, after in self.pairs):
            kind = "text, were numbers" if isinstance(afters[0], str) else "numbers, were text"
            return f"{ids} are {kind} ({count})"
        few = first_few([f"{_id(b)} -> {_id(a)}" for b, a in self.pairs], 4)
        return f"{ids} differ ({count}): {few}"


def _id(value: object) -> str:
    return "none" if value is None else repr(value)


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: kind of the change.
        list: the top-level key.
        id: id of the record in the first file; for an added record, in the second.
        message: description, if the change is not about fields of a record.
        about: values that identify the record: its image, its name.
        fields: values that differ.
        count: number of its records.
        byte: offset of the record in the file that ``id`` is of.
        row: place of the record in the list, from 0.
        pairs: ids before and after, for a change of ids.
    """

    kind: Kind
    list: str
    id: object
    message: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()
    count: int = 1
    byte: int | None = None
    row: int | None = None
    pairs: tuple[tuple[Any, Any], ...] = ()

    def only(self, keys: Collection[str]) -> Change | None:
        """Return the part of the change that is about some keys; None without one."""
        if self.list in keys:
            return self
        if self.kind == "ids":
            return self if {"id", f"{self.list}.id"} & set(keys) else None
        if self.kind == "stale":
            stale = self.message.partition(" ")[0]
            return self if {stale, f"{self.list}.{stale}"} & set(keys) else None
        fields = tuple(
            f
            for f in self.fields
            if {f.key, f.key.partition(".")[0], f"{self.list}.{f.key}"} & set(keys)
        )
        return replace(self, fields=fields) if fields else None

    def words(self) -> str:
        """Return the change as text."""
        if self.kind in ("ids", "order"):
            return self.message if self.kind == "ids" else f"{self.list}: {self.message}"
        parts = [name] if (name := self._named()) else []
        if self.message:
            more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
            parts.append(f"{self.message}{more}")
        parts += [f.words() for f in self.fields]
        return parts[0] if len(parts) == 1 else f"{parts[0]}: {'; '.join(parts[1:])}"

    def _named(self) -> str:
        if self.row is None:
            return "" if self.message else self.list
        one = _ONE_OF.get(self.list, f"{self.list} entry")
        name = one if self.id is None else f"{one} {self.id!r}"
        if self.id is None:
            name = f"{one} at place {self.row}"
        where = self.about.get("image_id") if self.list == "annotations" else None
        called = self.about.get("file_name" if self.list == "images" else "name")
        more = called if isinstance(called, str) else None
        if where is not None:
            more = f"of image {where!r}"
        return f"{name} ({more})" if more else name

    def json_fields(self) -> dict[str, object]:
        """Return the change as JSON values."""
        found: dict[str, object] = {"kind": self.kind, "list": self.list, "id": self.id}
        if self.row is not None:
            found |= {"row": self.row, "byte": self.byte}
        if self.about:
            found["about"] = dict(self.about)
        if self.message:
            found |= {"message": self.message, "count": self.count}
        if self.pairs:
            found["pairs"] = [list(pair) for pair in self.pairs]
        if self.fields:
            found["fields"] = [f.fields() for f in self.fields]
        return found


@dataclass(frozen=True, eq=False)
class ComparedLists:
    """Category lists whose labels can be compared.

    Attributes:
        before, after: the lists.
        pairs: name, id before and id after of each category in both lists.
    """

    before: CategoryUse
    after: CategoryUse
    pairs: tuple[tuple[str, Id, Id], ...]

    @cached_property
    def effect(self) -> LabelEffect:
        """Return the labels of each loader in both lists, compared."""
        return LabelEffect.of(self.before, self.after, self.pairs)


@dataclass(frozen=True, repr=False)
class Difference(Report):
    """All changes between two files.

    Attributes:
        before, after: names of the files.
        counts: numbers of records by list.
        changes: all changes.
        lists: the category lists; None if a file has none.
        text_only: number of records and values that differ only in text.
        passed_over: number of records that differ by no more than the tolerance.
        in_words: number of segmentations whose numbers are not kept, because they are too many.
        tolerance: amount by which numbers may differ.
        only: the compared keys; none: all.
        is_text_equal: True if the files are equal byte for byte.
    """

    before: str
    after: str
    counts: Mapping[str, ListCounts]
    changes: tuple[Change, ...]
    lists: ComparedLists | None
    text_only: int
    passed_over: int
    in_words: int
    tolerance: float
    only: tuple[str, ...]
    is_text_equal: bool

    @property
    def labels(self) -> LabelEffect | None:
        """Return the effect of the changes on each loader's labels; None without category lists."""
        return None if self.lists is None else self.lists.effect

    @property
    def is_difference(self) -> bool:
        """Return True if a value or the order differs."""
        return bool(self.changes)

    def notes(self) -> Iterator[str]:
        """Yield lines about differences that do not count."""
        if self.passed_over:
            what = plural(self.passed_over, "record differs", "records differ")
            yield f"{what} by no more than {self.tolerance:g}"
        if self.text_only:
            what = plural(self.text_only, "record differs", "records differ")
            yield f"{what} in the text only (spelling of numbers, order of keys, spacing)"
        if not self.changes and not self.text_only and not self.passed_over:
            if self.is_text_equal:
                yield "the files are equal, byte for byte"
            elif self.only:
                yield f"no difference in {', '.join(self.only)}"
            else:
                yield "only spacing, a byte-order mark, or the order of top-level keys, differs"

    def count_rows(self) -> list[tuple[str, ...]]:
        """Return the table of numbers of records by list: a head, and rows."""
        rows: list[tuple[str, ...]] = [("list", "before", "after", "removed", "added", "changed")]
        for name, c in self.counts.items():
            changed = sum(x.list == name and x.kind == "changed" for x in self.changes)
            cells = (c.before, c.after, c.removed, c.added, changed)
            rows.append((name, *(f"{n:,}" for n in cells)))
        return rows

    def lines(self, width: int | None = None) -> Iterator[str]:
        """Yield the difference as lines of text.

        Args:
            width: most characters of a line; None: no limit.
        """
        yield from table_lines(self.count_rows(), frozenset(range(1, 6)), width)
        for kind, title in KINDS.items():
            of_kind = [c for c in self.changes if c.kind == kind]
            if not of_kind:
                continue
            yield f"{title}:"
            yield from (f"  {c.words()}" for c in of_kind[:_SHOWN])
            if len(of_kind) > _SHOWN:
                yield f"  ... {len(of_kind) - _SHOWN:,} more"
        if self.changes and self.labels is not None:
            yield "labels of the categories, by each loader's rules:"
            yield from (f"  {line}" for line in self.labels.lines())
        elif any(c.list == "categories" and c.row is None for c in self.changes):
            yield "labels: not compared, because a file has no category list"
        yield from (f"note: {note}" for note in self.notes())

    def fields(self) -> dict[str, object]:
        """Return the difference as JSON values."""
        return {
            "before": self.before,
            "after": self.after,
            "differs": self.is_difference,
            "lists": {name: vars(counts) for name, counts in self.counts.items()},
            "changes": [c.json_fields() for c in self.changes],
            "labels": None if self.labels is None else asdict(self.labels),
            "segmentations_in_words": self.in_words,
            "notes": list(self.notes()),
        }
