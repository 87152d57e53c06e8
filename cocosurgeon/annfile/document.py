"""What a scan found in a source: the lists of records, and everything else by its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cocosurgeon.annfile.records import Records
from cocosurgeon.annfile.source import Source


@dataclass(frozen=True, eq=False)
class Member:
    """One key of the top-level object.

    Attributes:
        key: the key.
        start, stop: where its value lies.
        records: the value as records, when it is a list of objects (or empty, where a list of
            objects is expected).
    """

    key: str
    start: int
    stop: int
    records: Records | None


@dataclass(frozen=True, eq=False)
class Document:
    """The layout of an annotation file, or of a results file (a bare list of detections).

    Attributes:
        members: the top-level keys in file order; none in a results file.
        results: the detections of a results file.
        nonfinite: number of bare NaN, Infinity and -Infinity in the text.
    """

    source: Source
    members: tuple[Member, ...]
    results: Records | None
    nonfinite: int

    @property
    def lists(self) -> Mapping[str, Records]:
        """Lists of records by key. Of a key that stands twice the last counts, as in ``json``."""
        last = {m.key: m for m in self.members}
        return {key: m.records for key, m in last.items() if m.records}

    @property
    def repeated_keys(self) -> tuple[str, ...]:
        """Top-level keys that stand more than once."""
        keys = [m.key for m in self.members]
        return tuple(k for k in dict.fromkeys(keys) if keys.count(k) > 1)
