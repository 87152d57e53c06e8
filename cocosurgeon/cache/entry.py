"""One subset that is kept: its files, its name, how it got there."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cocosurgeon.cache.notes import note_as_json, read_note
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.naming import slug
from cocosurgeon.steps.registry import as_json
from cocosurgeon.version import __version__

_FORMAT = 1
_LONGEST_WORDS = 48
_LONGEST_NAME = 255
_LONGEST_SUFFIX = ".01234567.edited.json"
_LATEST = 1e11
_LARGEST = 1 << 62
_OF_AN_ENTRY = r"(.+-[0-9a-f]{16})(\.made\.json|\.lock|\.[0-9a-f]{8}\.part)"
"""Files that tell of an entry: its name ends with a part of the key."""


@dataclass(frozen=True)
class Made:
    """How a subset got where it is.

    Attributes:
        source: path of the annotation file, absolute.
        source_sha256: of that file's bytes.
        steps: as Python writes them.
        size: bytes of the subset.
        at: seconds since 1970.
        version: of cocosurgeon.
        account: what was kept and dropped.
    """

    source: str
    source_sha256: str
    steps: str
    size: int
    at: float
    version: str
    account: tuple[str, ...]

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Made | None:
        """What a note says; None where it does not say all of it, or not so that it can be."""
        account, size, at = told.get("account"), told.get("size"), told.get("at")
        texts = [told.get(name) for name in ("source", "source_sha256", "steps", "version")]
        source, source_sha256, steps, version = (t if isinstance(t, str) else None for t in texts)
        if source is None or source_sha256 is None or steps is None or version is None:
            return None
        if not isinstance(account, list) or not all(isinstance(line, str) for line in account):
            return None
        if type(size) is not int or not 0 <= size < _LARGEST:
            return None
        if not isinstance(at, (int, float)) or not 0 <= at < _LATEST:
            return None
        return cls(source, source_sha256, steps, size, float(at), version, tuple(account))


@dataclass(frozen=True)
class Entry:
    """A subset that is kept, or to be.

    Attributes:
        folder: the cache's.
        name: of its files, without what their names end in.
    """

    folder: Path
    name: str

    @classmethod
    def of(cls, folder: Path, source: Path, plan: Plan, contents: Mapping[str, str]) -> Entry:
        """The one for a source and steps.

        Args:
            source: the annotation file.
            contents: SHA-256 of the source, and of every file that a step reads, by its path.
        """
        files = [contents[path] for path in plan.files]
        key = json.dumps([_FORMAT, __version__, contents[str(source)], as_json(plan), files])
        digest = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
        tail = f"_{slug(plan, _LONGEST_WORDS)}-{digest}"
        stem = source.name.removesuffix(".gz").removesuffix(".json") or source.name
        room = _LONGEST_NAME - len(tail + _LONGEST_SUFFIX)
        return cls(folder, os.fsencode(stem)[:room].decode(errors="ignore") + tail)

    @property
    def subset(self) -> Path:
        """The annotation file."""
        return self.folder / f"{self.name}.json"

    @property
    def recipe(self) -> Path:
        """Its recipe."""
        return self.folder / f"{self.name}.recipe.json"

    @property
    def made(self) -> Path:
        """How it got there; there only when the others are."""
        return self.folder / f"{self.name}.made.json"

    @property
    def lock(self) -> Path:
        """What a process holds that builds or removes it; there only while one does."""
        return self.folder / f"{self.name}.lock"

    def draft(self) -> Path:
        """A file of its own, in which something is written that will take its place.

        Whoever holds the lock knows those that are there for left behind.
        """
        return self.folder / f"{self.name}.{os.urandom(4).hex()}.part"

    def read_made(self) -> Made | None:
        """How it got there; None where nothing, or nothing that can be, says so."""
        return Made.of(read_note(self.made))

    def is_whole(self) -> bool:
        """Whether the subset is there, with as many bytes as were written."""
        made = self.read_made()
        return made is not None and size_of(self.subset) == made.size

    def set_aside(self) -> Path | None:
        """Give another name to a subset that is not as it was written: somebody may want it.

        For who holds the lock.

        Returns:
            Where it is now; None where there was none, or it is as it was written.

        Raises:
            OSError: the system refuses.
        """
        made = self.read_made()
        if made is None or size_of(self.subset) == made.size or not os.path.lexists(self.subset):
            return None
        return self.subset.rename(self.folder / f"{self.name}.{os.urandom(4).hex()}.edited.json")


def name_of_entry(name: str) -> str | None:
    """The entry's name in that of a file that tells of it; None where it is none of ours."""
    match = re.fullmatch(_OF_AN_ENTRY, name, re.DOTALL)  # compiled only where it is asked
    return None if match is None else match[1]


def made_as_json(made: Made) -> bytes:
    """As it is written down."""
    return note_as_json(asdict(made))


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None
