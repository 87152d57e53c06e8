"""Entries of the cache, and their files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cocosurgeon.errors import CocosurgeonError, OutputError, SourceUnavailableError
from cocosurgeon.files import reading
from cocosurgeon.fingerprint import FINGERPRINTS, read_sidecar, sha256
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.naming import slug
from cocosurgeon.steps.recipe_form import as_json
from cocosurgeon.version import __version__

SourceState = Literal["the same", "changed", "gone"]

_FORMAT = 1
_LONGEST_SLUG = 48
_LONGEST_NAME = 255
_LONGEST_SUFFIX = ".01234567.edited.json"
_LATEST = 1e11
_LARGEST = 1 << 62
_ENTRY_FILE = r"(.+-[0-9a-f]{16})(\.made\.json|\.lock)"
"""Pattern of an entry's file names; the entry's name ends with a part of its key."""
_SIDECAR = r"[0-9a-f]{32}\.json"


@dataclass(frozen=True)
class CacheMetadata:
    """Facts about a subset, stored next to it.

    Attributes:
        source: absolute path of the annotation file.
        source_sha256: SHA-256 of that file's bytes.
        steps: the steps as Python code.
        size: number of bytes of the subset.
        at: time of the build, in seconds since 1970.
        version: version of cocosurgeon.
        summary: lines about kept and dropped records.
    """

    source: str
    source_sha256: str
    steps: str
    size: int
    at: float
    version: str
    summary: tuple[str, ...]

    @classmethod
    def of(cls, values: Mapping[str, object]) -> CacheMetadata | None:
        """Return the facts in a sidecar; None if a value is missing or invalid."""
        kinds = {"size": int, "at": float, "summary": list}
        known: Any = {field.name: values.get(field.name) for field in fields(cls)}
        if any(type(value) is not kinds.get(name, str) for name, value in known.items()):
            return None
        made = cls(**{**known, "summary": tuple(known["summary"])})
        is_possible = 0 <= made.size < _LARGEST and 0 <= made.at < _LATEST
        return made if is_possible and all(isinstance(s, str) for s in made.summary) else None


@dataclass(frozen=True)
class CacheEntry:
    """The files of a subset that is cached, or will be.

    Attributes:
        folder: the cache folder.
        name: name of the files without their suffixes.
    """

    folder: Path
    name: str

    @classmethod
    def of(cls, folder: Path, source: Path, plan: Plan, digests: Mapping[str, str]) -> CacheEntry:
        """Return the entry for a source and a plan.

        Args:
            source: the annotation file.
            digests: SHA-256 of the source, and of every file that a step reads, by path.
        """
        files = [digests[path] for path in plan.files]
        key = json.dumps([_FORMAT, __version__, digests[str(source)], as_json(plan), files])
        digest = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
        tail = f"_{slug(plan, _LONGEST_SLUG)}-{digest}"
        stem = source.name.removesuffix(".gz").removesuffix(".json") or source.name
        space = _LONGEST_NAME - len(tail + _LONGEST_SUFFIX)
        return cls(folder, os.fsencode(stem)[:space].decode(errors="ignore") + tail)

    @property
    def subset(self) -> Path:
        """Path of the annotation file."""
        return self.folder / f"{self.name}.json"

    @property
    def recipe(self) -> Path:
        """Path of the recipe that makes the subset."""
        return self.folder / f"{self.name}.recipe.json"

    @property
    def made(self) -> Path:
        """Path of the metadata; it appears last, when all other files exist."""
        return self.folder / f"{self.name}.made.json"

    @property
    def lock(self) -> Path:
        """Path of the lock file, which exists only while a process builds or removes the entry."""
        return self.folder / f"{self.name}.lock"

    def require_plain(self) -> None:
        """Raise OutputError for a link, pipe or folder in the place of one of the files."""
        for path in (self.subset, self.recipe, self.made, self.lock):
            try:
                mode = path.lstat().st_mode
            except OSError:
                continue
            if not stat.S_ISREG(mode):
                kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFDIR: "a folder"}
                raise OutputError(
                    f"{kinds.get(stat.S_IFMT(mode), 'a device')} is in the place of a cached file",
                    where=str(path),
                    hint="find out what made it; `cocosurgeon cache clear` removes it",
                )

    def metadata(self) -> CacheMetadata | None:
        """Return the metadata; None if it is missing or damaged."""
        return CacheMetadata.of(read_sidecar(self.made))

    def is_whole(self) -> bool:
        """Return True if the subset exists with the size that was written."""
        made = self.metadata()
        return made is not None and _size_of(self.subset) == made.size

    def files(self) -> contextlib.AbstractContextManager[list[BinaryIO]]:
        """Open the subset, the recipe and the metadata; they appear together, or none does.

        Links are replaced, not followed.

        Raises:
            OutputError: the system refuses.
        """
        from cocosurgeon.atomic import appearing

        paths = (self.subset, self.recipe, self.made)
        return appearing(paths, force=True, replace_links=True)

    def rename_edited(self) -> Path | None:
        """Rename a subset that has been edited, so that it is not lost. Hold the lock for this.

        Returns:
            The new path; None if there is no subset, or it is unchanged.

        Raises:
            OSError: the system refuses.
        """
        if self.metadata() is None or self.is_whole() or not os.path.lexists(self.subset):
            return None
        return self.subset.rename(self.folder / f"{self.name}.{os.urandom(4).hex()}.edited.json")


@dataclass(frozen=True)
class CachedSubset:
    """A subset in the cache.

    Attributes:
        path: the annotation file.
        metadata: its source, steps and summary.
        size: number of bytes of all its files.
        is_whole: False if the annotation file has another size than was written.
        source_is: state of its source.
    """

    path: Path
    metadata: CacheMetadata
    size: int
    is_whole: bool
    source_is: SourceState

    @property
    def age(self) -> float:
        """Seconds since it was built."""
        return max(time.time() - self.metadata.at, 0.0)

    @property
    def is_stale(self) -> bool:
        """True if the source has changed or is gone, or the subset is broken."""
        return self.source_is != "the same" or not self.is_whole


@dataclass(frozen=True)
class Cleared:
    """Files that ``clear`` removed.

    Attributes:
        subsets: number of removed subsets.
        size: number of removed bytes.
        busy: subsets that another process is building, which stay.
        edited: new paths of edited subsets, which stay.
    """

    subsets: int
    size: int
    busy: tuple[Path, ...]
    edited: tuple[Path, ...]


def list_cached(folder: Path) -> list[CachedSubset]:
    """Return the subsets in a folder, sorted by name; none without such a folder.

    Raises:
        SourceUnavailableError: the folder cannot be read.
    """
    return [cached for entry in _entries(folder) if (cached := _cached(entry))]


def clear(folder: Path, *, stale_only: bool = False) -> Cleared:
    """Remove subsets, but no file that the cache did not write.

    A subset that another process is building stays, and so do folders, to which a process may be
    about to write.

    Args:
        stale_only: keep subsets whose source is unchanged. Otherwise all subsets are removed, and
            drafts of killed processes and cached fingerprints, too.

    Raises:
        OutputError: a file cannot be removed.
    """
    from cocosurgeon.atomic import remove_abandoned  # not needed to find a subset
    from cocosurgeon.cache.lock import try_hold

    subsets = size = 0
    busy: list[Path] = []
    edited: list[Path] = []
    for entry in _entries(folder):
        if not _is_plain_or_absent(entry.lock):  # no lock: nobody holds it
            size += _remove([entry.lock])
        with try_hold(entry.lock) as is_free:
            if not is_free:
                busy.append(entry.subset)
                continue
            if stale_only and not ((cached := _cached(entry)) and cached.is_stale):
                continue
            subsets += entry.metadata() is not None
            with _explained(entry.subset):
                if renamed := entry.rename_edited():
                    edited.append(renamed)
            size += _remove([entry.subset, entry.recipe, entry.made])
    size += remove_abandoned(folder)
    if not stale_only and (folder / FINGERPRINTS).is_dir():
        names = [n for n in _names(folder / FINGERPRINTS) if re.fullmatch(_SIDECAR, n)]
        size += _remove([folder / FINGERPRINTS / name for name in names])
        size += remove_abandoned(folder / FINGERPRINTS)
    return Cleared(subsets, size, tuple(busy), tuple(edited))


def _entries(folder: Path) -> list[CacheEntry]:
    """Return the entries that have metadata or a lock."""
    matches = [re.fullmatch(_ENTRY_FILE, name, re.DOTALL) for name in _names(folder)]
    return [CacheEntry(folder, name) for name in dict.fromkeys(m[1] for m in matches if m)]


def _cached(entry: CacheEntry) -> CachedSubset | None:
    made = entry.metadata()
    if made is None:
        return None
    size = sum(_size_of(path) or 0 for path in (entry.subset, entry.recipe, entry.made))
    state = _source_state(entry.folder, made)
    return CachedSubset(entry.subset, made, size, entry.is_whole(), state)


def _source_state(folder: Path, made: CacheMetadata) -> SourceState:
    try:
        is_same = sha256(folder, Path(made.source)) == made.source_sha256
    except SourceUnavailableError:
        return "gone"
    except CocosurgeonError:
        return "changed"
    return "the same" if is_same else "changed"


def _remove(paths: list[Path]) -> int:
    """Remove files, not folders, and return their bytes."""
    size = 0
    for path in paths:
        with _explained(path), contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode):
                path.unlink()
                size += status.st_size
    return size


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot remove it: {error.strerror}", where=str(path)) from error


def _is_plain_or_absent(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True


def _names(folder: Path) -> list[str]:
    with reading(folder, "the cache folder"):
        try:
            return sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return []


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
