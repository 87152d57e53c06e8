"""All that a folder keeps: listed, and cleared."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cocosurgeon.cache.alone import alone_now
from cocosurgeon.cache.contents import SEEN, sha256
from cocosurgeon.cache.entry import NAME, Entry, Made, size_of
from cocosurgeon.errors import CocosurgeonError, OutputError, SourceUnavailableError

SourceState = Literal["the same", "changed", "gone"]

_DRAFT = re.compile(r"\.cocosurgeon-[0-9a-f]{16}\.part")
_NOTE = re.compile(r"[0-9a-f]{32}\.json")
_ABANDONED = 3600.0
"""Seconds after which a draft that nobody writes to was left behind."""


@dataclass(frozen=True)
class Kept:
    """A subset that is kept.

    Attributes:
        path: the annotation file.
        made: how it got there.
        size: bytes of all its files.
        is_whole: whether the annotation file is as it was written, as far as its size says.
        source_is: what became of its source.
    """

    path: Path
    made: Made
    size: int
    is_whole: bool
    source_is: SourceState

    @property
    def age(self) -> float:
        """Seconds since it was built."""
        return max(time.time() - self.made.at, 0.0)

    @property
    def is_stale(self) -> bool:
        """Whether its source is no longer as it was, or it itself is not."""
        return self.source_is != "the same" or not self.is_whole


@dataclass(frozen=True)
class Cleared:
    """What was removed.

    Attributes:
        subsets: how many.
        size: bytes, of everything that was removed.
        busy: subsets that another process is building just now; they stay.
    """

    subsets: int
    size: int
    busy: tuple[Path, ...]


def kept_in(folder: Path) -> list[Kept]:
    """The subsets in a folder, by their names; none where there is no such folder.

    Raises:
        SourceUnavailableError: the folder cannot be read.
    """
    entries = [_entry(folder, name, ".made.json") for name in _names(folder)]
    return [kept for entry in entries if entry for kept in _kept(entry)]


def clear(folder: Path, wanted: Callable[[Kept], bool] | None = None) -> Cleared:
    """Remove subsets, and nothing but what was made here.

    What another process is building just now stays.

    Args:
        wanted: which; None: all, and all else that was made here, drafts that were left behind
            and what is remembered of sources.

    Raises:
        OutputError: something cannot be removed.
    """
    chosen = [kept for kept in kept_in(folder) if wanted is None or wanted(kept)]
    busy: list[Path] = []
    size = 0
    for kept in chosen:
        entry = Entry(folder, kept.path.stem)
        with alone_now(entry.lock) as is_free:
            if not is_free:
                busy.append(kept.path)
                continue
            # The lock goes first: a subset that somebody has edited is taken for nothing of ours.
            files = [entry.lock, entry.made, entry.recipe]
            size += _remove([*files, *([entry.subset] if kept.is_whole else [])])
    if wanted is None:
        size += _remove_unfinished(folder)
        size += _remove(_left_behind(folder))
        size += _remove(f for f in _files(folder / SEEN) if _NOTE.fullmatch(f.name))
        for each in (folder / SEEN, folder):
            with contextlib.suppress(OSError):  # there is more in it, or it is not there
                each.rmdir()
    return Cleared(len(chosen) - len(busy), size, tuple(busy))


def _kept(entry: Entry) -> Iterator[Kept]:
    made = entry.read_made()
    if made is not None:
        files = (entry.subset, entry.recipe, entry.made)
        size = sum(size_of(path) or 0 for path in files)
        yield Kept(
            entry.subset, made, size, size_of(entry.subset) == made.size, _source_state(entry, made)
        )


def _source_state(entry: Entry, made: Made) -> SourceState:
    try:
        is_same = sha256(entry.folder, Path(made.source)) == made.source_sha256
    except SourceUnavailableError:
        return "gone"
    except CocosurgeonError:
        return "changed"
    return "the same" if is_same else "changed"


def _entry(folder: Path, name: str, suffix: str) -> Entry | None:
    """The entry to which a file belongs by its name; None where it is none of ours."""
    stem = name.removesuffix(suffix)
    return Entry(folder, stem) if stem != name and NAME.fullmatch(stem) else None


def _remove_unfinished(folder: Path) -> int:
    """What a process has begun and not ended: there is a lock, which nobody holds, and no word of
    how the rest was made."""
    size = 0
    for name in _names(folder):
        entry = _entry(folder, name, ".lock")
        if entry is not None and not entry.made.exists():
            with alone_now(entry.lock) as is_free:
                if is_free:
                    size += _remove([entry.recipe, entry.subset, entry.lock])
    return size


def _left_behind(folder: Path) -> Iterator[Path]:
    for path in [*_files(folder), *_files(folder / SEEN)]:
        if _DRAFT.fullmatch(path.name):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    yield path


def _remove(paths: Iterator[Path] | list[Path]) -> int:
    size = 0
    for path in paths:
        bytes_there = size_of(path)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot remove it: {error.strerror}", where=str(path)) from error
        size += bytes_there or 0
    return size


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in _names(folder)]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the cache folder: {error.strerror}", where=str(folder)
        ) from error
