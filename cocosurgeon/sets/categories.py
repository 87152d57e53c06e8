"""Categories of several files, united by their names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

import numpy as np

from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT
from cocosurgeon.categories.policy import Pairs
from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.sets.id_change import IdChange, texts_of
from cocosurgeon.sets.labels import RoutineNote
from cocosurgeon.sets.merged_file import MergedFile, United
from cocosurgeon.text import alike, did_you_mean, first_few, plural

_CLOSE = 0.9
_COMPARISONS = 100_000
_SHOWN = 20
_PLURALS = (("s", ""), ("es", ""), ("ies", "y"), ("men", "man"))


@dataclass(frozen=True)
class _Entry:
    key: object
    name: str
    cat_id: Id
    text: bytes
    row: int


@dataclass(frozen=True)
class _Merged:
    cat_id: Id
    text: bytes
    place: int
    label: str


def unite(files: Sequence[MergedFile], aliases: Pairs) -> Iterator[United]:
    """Yield the categories of each file in the merged list, in order of the files.

    Raises:
        RequestError: a name is nearly one of an earlier file; a name of ``aliases`` is unknown.
        StructureError: a category has no id or name, or two have the same.
    """
    lists = [list(_entries(file)) for file in files]
    _require_known(aliases, lists)
    unlisted = [_unlisted(file, entries) for file, entries in zip(files, lists, strict=True)]
    ids = [*(i for of in unlisted for i in of), *(e.cat_id for of in lists for e in of)]
    highest = max((i for i in ids if isinstance(i, int) and i < EXACT_IN_FLOAT), default=0)
    merged: dict[object, _Merged] = {}
    for place, (file, entries) in enumerate(zip(files, lists, strict=True)):
        taken = {each.cat_id for each in merged.values()}
        if place:  # ids of the first file stay
            taken |= {i for other, of in enumerate(unlisted) if other != place for i in of}
        united = _Uniting(file, dict(aliases) if place else {}, dict(merged), taken, highest)
        for entry in entries:
            united.add(entry, len(merged) + len(united.new))
        highest = united.highest
        merged |= united.new
        yield united.result(entries)


@dataclass(eq=False)
class _Uniting:
    """The categories of one file, united with those of earlier files.

    Attributes:
        known: the merged list of the earlier files.
        taken: ids that other files use.
        highest: the highest id that is a number.
        new: entries that the file adds to the merged list.
        changed: new ids by old ids.
        back: see ``United``.
        renumbered, freed: entries that take an earlier file's id, or a free one.
        different: known entries with other values than the merged ones.
        new_rows: rows of the entries in ``new``.
        reached: names in the file, by key in the merged list.
    """

    file: MergedFile
    aliases: Mapping[str, str]
    known: Mapping[object, _Merged]
    taken: set[Id]
    highest: int
    new: dict[object, _Merged] = field(default_factory=dict)
    changed: dict[Id, Id] = field(default_factory=dict)
    back: list[int | str] = field(default_factory=list)
    renumbered: list[_Entry] = field(default_factory=list)
    freed: list[_Entry] = field(default_factory=list)
    different: list[_Entry] = field(default_factory=list)
    new_rows: list[int] = field(default_factory=list)
    reached: dict[object, str] = field(default_factory=dict)

    def add(self, entry: _Entry, place: int) -> None:
        """Find an entry in the merged list, or add it.

        Args:
            place: its place in the merged list if it is added.

        Raises:
            RequestError: another entry of the file has become the same category.
        """
        key = entry.key
        if key == entry.name:
            key = self.aliases.get(entry.name) or key
        if key in self.reached:
            raise RequestError(
                f"{self.reached[key]!r} and {entry.name!r} would be one category",
                where=self.file.where,
                hint="make them one in that file first: cocosurgeon remap --merge NEW=A,B",
            )
        self.reached[key] = entry.name
        found = self.known.get(key)
        if found is None:
            found = _Merged(self._free_id(entry), entry.text, place, self.file.label)
            self.new[key] = found
            self.new_rows.append(entry.row)
        elif _fields(found.text) != _fields(entry.text):
            self.different.append(entry)
        if found.cat_id != entry.cat_id:
            self.changed[entry.cat_id] = found.cat_id
            (self.freed if key in self.new else self.renumbered).append(entry)
        is_same = found.text == entry.text and found.cat_id == entry.cat_id
        self.back.append(found.place if is_same else entry.text.decode(errors="surrogatepass"))

    def _free_id(self, entry: _Entry) -> Id:
        cat_id = entry.cat_id
        if cat_id in self.taken:
            self.highest += 1
            cat_id = str(self.highest) if isinstance(cat_id, str) else self.highest
        self.taken.add(cat_id)
        return cat_id

    def result(self, entries: Sequence[_Entry]) -> United:
        """Return the categories of the file in the merged list.

        Raises:
            RequestError: a name is nearly one of an earlier file.
        """
        self._require_not_near()
        records = self.file.index.category_records
        texts = {} if records is None else texts_of(records, self.changed)
        by_row = {entry.row: entry for entry in entries}
        fresh = [by_row[row] for row in self.new_rows]
        return United(
            IdChange(self.file.where, changed=self.changed, texts=texts),
            tuple(entry.cat_id for entry in entries),
            np.array(self.new_rows, np.int64),
            tuple((self.changed.get(e.cat_id, e.cat_id), e.name) for e in fresh),
            tuple(self.back),
            tuple(entry.name for entry in self.different),
            tuple(self._notes(entries, fresh)),
        )

    def _notes(self, entries: Sequence[_Entry], fresh: Sequence[_Entry]) -> Iterator[str]:
        label = self.file.label
        if self.known and entries:
            known = len(entries) - len(fresh)
            names = f": {first_few([e.name for e in fresh], _SHOWN)}" if fresh else ""
            text = f"categories of {label}: {known:,} matched by name, {len(fresh):,} new{names}"
            yield text if fresh else RoutineNote(text)

        def arrow(entry: _Entry) -> str:
            return f"{entry.name} {entry.cat_id!r} -> {self.changed[entry.cat_id]!r}"

        if self.renumbered:
            shown = first_few(self.renumbered, _SHOWN, show=arrow)
            yield f"categories of {label} that take an earlier file's id: {shown}"
        if self.freed:
            shown = first_few(self.freed, _SHOWN, show=arrow)
            yield f"categories of {label} that get a free id, because theirs is taken: {shown}"

    def _require_not_near(self) -> None:
        names = [key for key in self.known if isinstance(key, str)]
        fresh = [key for key in self.new if isinstance(key, str) and key not in self.aliases]
        is_compared = len(names) * len(fresh) <= _COMPARISONS
        pairs = [(name, _near(name, names, is_compared)) for name in fresh]
        near = [(name, other) for name, other in pairs if other is not None]
        if not near:
            return
        shown = first_few(near, show=lambda p: f"{p[0]!r} ({p[1]!r} in {self.known[p[1]].label})")
        new, old = near[0]
        count = plural(len(near), "category name")
        raise RequestError(
            f"{count} of {self.file.label} nearly the same as in an earlier file: {shown}",
            where=self.file.where,
            hint=f"--merge-alias '{new}={old}' makes them one, --merge-alias '{new}=' keeps both",
        )


def order_note(united: Sequence[United]) -> Iterator[str]:
    """Yield a note if a list is sorted by id, but not with the new categories."""
    first, every = ([i for of in some for i, _ in of.new] for some in (united[:1], united))
    numbers = [i for i in every if isinstance(i, int)]
    start = numbers[: len(first)]
    if len(numbers) == len(every) and start == sorted(start) and numbers != sorted(numbers):
        yield (
            "new categories come last, so the list is not in the order of ids: MMDetection numbers "
            "labels by the list, detectron2 and YOLOX by id (cocosurgeon remap --sort id)"
        )


def _entries(file: MergedFile) -> Iterator[_Entry]:
    """Yield the entries of a file's list, keyed by name, placeholders by id."""
    records = file.index.category_records
    if records is None:
        return
    listing = CategoryList.of(file.index)
    ids: dict[object, int] = {}
    names: dict[object, int] = {}
    texts = listing.texts(records)
    for row, (entry, text) in enumerate(zip(listing.entries, texts, strict=True)):
        cat_id, name = entry.category.id, entry.category.name
        if cat_id is None or name is None:
            raise StructureError(
                f"categories[{row}] has no {'id' if cat_id is None else 'name'}",
                where=file.where,
                hint="categories are united by their names: give it one",
            )
        key: object = ("placeholder", cat_id) if entry.is_placeholder else name
        for what, value, seen in (("id", cat_id, ids), ("name", key, names)):
            if value in seen:
                raise StructureError(
                    f"categories[{seen[value]}] and categories[{row}] have one {what}, {value!r}",
                    where=file.where,
                    hint="merge or rename one of them first (cocosurgeon remap, lint)",
                )
            seen[value] = row
        yield _Entry(key, name, cat_id, text, row)


def _unlisted(file: MergedFile, entries: Sequence[_Entry]) -> set[Id]:
    """Return category ids that records name but the list lacks."""
    used: set[Id] = set()
    for each in file.index.references:
        ids = each.pairs()[1]
        used |= set(np.unique(ids).tolist() if ids.dtype == np.int64 else ids.tolist())
    return {i for i in used if i is not None} - {entry.cat_id for entry in entries}


def _fields(text: bytes) -> object:
    """Return the values of an entry other than id and name."""
    record = json.loads(text)
    return {key: value for key, value in record.items() if key not in ("id", "name")}


def _near(name: str, known: Sequence[str], is_compared: bool) -> str | None:
    """Return a known name that differs by case, blanks, a plural, or little else."""
    for other in known:
        if alike(name, other) or _singulars(name)[0] in _singulars(other):
            return other
        if _singulars(other)[0] in _singulars(name):
            return other
    close = get_close_matches(name, known, n=1, cutoff=_CLOSE) if is_compared else []
    return close[0] if close else None


@lru_cache(8192)
def _singulars(name: str) -> tuple[str, ...]:
    """Return a name in lower case, and the singulars that it may be the plural of."""
    plain = "".join(name.casefold().split())
    found = [plain]
    for ending, singular in _PLURALS:
        if plain.endswith(ending) and len(plain) > len(ending) + 1:
            found.append(plain[: -len(ending)] + singular)
    return tuple(found)


def _require_known(aliases: Pairs, lists: Sequence[Sequence[_Entry]]) -> None:
    later = [e.name for entries in lists[1:] for e in entries]
    every = [e.name for entries in lists for e in entries]
    for old, new in aliases:
        for name, known, what in ((old, later, "later"), (new, every, "the merged")):
            if name and name not in known:
                swapped = old not in later and new in later and old in every
                raise RequestError(
                    f"--merge-alias {old}={new}: no category of {what} files is named {name!r}",
                    hint=f"names of the first file stay: --merge-alias '{new}={old}'"
                    if swapped
                    else did_you_mean(name, known, "there are"),
                )
