"""The sources of a merged file, stored under a top-level key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import FormatError, StructureError, UnknownNameError
from cocosurgeon.sets.id_change import IdChange
from cocosurgeon.sets.merged_file import FORMAT, MARK
from cocosurgeon.text import did_you_mean


@dataclass(frozen=True)
class SourceEntry:
    """One source of a merged file.

    Attributes:
        name: name of the file.
        records: number of its records, by list.
        ids: changes of ids, by list; see ``IdChange.as_json``.
        cat_ids: the change of its category ids; None: unchanged.
        categories: place in the merged list, or JSON text, of each entry of its category list.
        prefix: prefix that was added to its file names.
        dropped: ids of its images that the merge dropped.
        values: JSON text by key of other values, if the merged file has no or another value.
        without: top-level keys of the merged file that it lacks.
    """

    name: str
    records: dict[str, int]
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    cat_ids: dict[str, Any] | None = None
    categories: list[int | str] = field(default_factory=list)
    prefix: str = ""
    dropped: list[Any] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class MergeEntry:
    """The sources of a merged file.

    Attributes:
        key: the top-level key; each image has the name of its source under the same key.
        categories: id and name of each category of the merged list.
        sources: the sources, in order.
        where: the merged file, for errors.
    """

    key: str
    categories: Sequence[object]
    sources: Sequence[SourceEntry]
    where: str

    @classmethod
    def of(cls, dataset: Dataset, key: str | None = None) -> MergeEntry:
        """Return the entry of a merged file.

        Args:
            key: its key; None: the first entry of this kind.

        Raises:
            UnknownNameError: there is no such entry.
            FormatError: another version wrote it.
            StructureError: it was edited.
        """
        document = dataset.index.document
        found: dict[str, Any] = {}
        for member in document.members:
            text = document.source.read(member.start, min(member.start + 64, member.stop))
            if MARK.encode() in text:
                whole = json.loads(document.source.read(member.start, member.stop))
                if isinstance(whole, dict) and MARK in whole:
                    found[member.key] = whole
        key = next(iter(found), "") if key is None else key
        if key not in found:
            raise UnknownNameError(
                f"the file has no entry {key!r} of a merge" if key else "not a merged file",
                where=document.source.name,
                hint=did_you_mean(key, found) or "cocosurgeon merge --source-key NAME writes one",
            )
        entry = found[key]
        if entry[MARK] != FORMAT:
            raise FormatError(
                f"the merge has format {entry[MARK]!r}; this version reads {FORMAT}",
                where=document.source.name,
                hint="install the cocosurgeon that wrote it",
            )
        try:
            categories = msgspec.convert(entry.get("categories"), list[Any])
            sources = msgspec.convert(entry.get("sources"), list[SourceEntry])
            _require_counts(sources, len(categories))
        except (ValueError, msgspec.ValidationError) as error:
            raise _edited(key, error, document.source.name) from error
        made = cls(key, categories, sources, document.source.name)
        for place, source in enumerate(sources):
            for name in (*source.ids, "categories"):
                try:
                    made.change(place, name)
                except (KeyError, TypeError, ValueError) as error:
                    raise _edited(key, f"ids of {name}", document.source.name) from error
        return made

    @property
    def names(self) -> list[str]:
        """Names of the sources."""
        return [source.name for source in self.sources]

    def change(self, place: int, name: str) -> IdChange:
        """Return the change of the ids of a list of one source."""
        source = self.sources[place]
        value = source.cat_ids if name == "categories" else source.ids.get(name)
        if value is None:
            return IdChange(self.where, changed={})
        return IdChange.from_json(self.where, value)


def _require_counts(sources: Sequence[SourceEntry], categories: int) -> None:
    for source in sources:
        if "images" not in source.records or min(source.records.values()) < 0:
            raise ValueError(f"no numbers of records of {source.name}")
        places = [each for each in source.categories if isinstance(each, int)]
        if not all(0 <= place < categories for place in places):
            raise ValueError(f"a category of {source.name} is none of the list")


def _edited(key: str, why: object, where: str) -> StructureError:
    return StructureError(
        f"the entry {key!r} was not written by a merge: {why}",
        where=where,
        hint="it was edited since: merge the files again",
    )
