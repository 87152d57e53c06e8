"""All that a folder keeps: listed, and cleared."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cocosurgeon.cache.alone import alone_now
from cocosurgeon.cache.contents import SEEN, sha256
from cocosurgeon.cache.entry import Entry, Made, name_of_entry, size_of
from cocosurgeon.errors import CocosurgeonError, OutputError, SourceUnavailableError

SourceState = Literal["the same", "changed", "gone"]

_NOTE = re.compile(r"[0-9a-f]{32}\.json(\.[0-9a-f]{8}\.part)?")
"""What is remembered of a file, or a draft of it: who wrote that gets over its loss."""


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
        set_aside: where those are now that were not as they had been written; they stay.
    """

    subsets: int
    size: int
    busy: tuple[Path, ...]
    set_aside: tuple[Path, ...]


def kept_in(folder: Path) -> list[Kept]:
    """The subsets in a folder, by their names; none where there is no such folder.

    Raises:
        SourceUnavailableError: the folder cannot be read.
    """
    return [kept for entry in _entries(folder) if (kept := _kept(entry))]


def unfinished_in(folder: Path) -> list[Path]:
    """Subsets that a process is building, or was when it was killed.

    Raises:
        SourceUnavailableError: the folder cannot be read.
    """
    return [entry.subset for entry in _entries(folder) if entry.read_made() is None]


def clear(folder: Path, wanted: Callable[[Kept], bool] | None = None) -> Cleared:
    """Remove subsets, and nothing but what was made here.

    What another process is building just now stays, and so do the folders, in which it may be about
    to begin.

    Args:
        wanted: which; None: all, and all else that was made here, drafts that were left behind
            and what is remembered of sources.

    Raises:
        OutputError: something cannot be removed.
    """
    subsets = size = 0
    busy: list[Path] = []
    set_aside: list[Path] = []
    for entry in _entries(folder):
        if not _is_wanted(entry, wanted):
            continue
        with alone_now(entry.lock) as is_free:
            if not is_free:
                busy.append(entry.subset)
            elif _is_wanted(entry, wanted):  # still, after whoever has had it by then
                subsets += entry.read_made() is not None
                set_aside += _set_aside(entry)
                size += _remove([entry.subset, entry.recipe, entry.made, *_drafts(entry)])
    if wanted is None and (folder / SEEN).is_dir():
        notes = [name for name in _names(folder / SEEN) if _NOTE.fullmatch(name)]
        size += _remove([folder / SEEN / name for name in notes])
    return Cleared(subsets, size, tuple(busy), tuple(set_aside))


def _entries(folder: Path) -> list[Entry]:
    """Those of which something tells: a lock, a draft, or how they were made."""
    names = dict.fromkeys(name_of_entry(name) for name in _names(folder))
    return [Entry(folder, name) for name in names if name is not None]


def _is_wanted(entry: Entry, wanted: Callable[[Kept], bool] | None) -> bool:
    if wanted is None:
        return True
    kept = _kept(entry)
    return kept is not None and wanted(kept)


def _kept(entry: Entry) -> Kept | None:
    made = entry.read_made()
    if made is None:
        return None
    size = sum(size_of(path) or 0 for path in (entry.subset, entry.recipe, entry.made))
    is_whole = size_of(entry.subset) == made.size
    return Kept(entry.subset, made, size, is_whole, _source_state(entry, made))


def _source_state(entry: Entry, made: Made) -> SourceState:
    try:
        is_same = sha256(entry.folder, Path(made.source)) == made.source_sha256
    except SourceUnavailableError:
        return "gone"
    except CocosurgeonError:
        return "changed"
    return "the same" if is_same else "changed"


def _drafts(entry: Entry) -> list[Path]:
    """Those of an entry, which are left behind where nobody holds its lock."""
    return [
        entry.folder / name
        for name in _names(entry.folder)
        if name.endswith(".part") and name_of_entry(name) == entry.name
    ]


def _set_aside(entry: Entry) -> list[Path]:
    try:
        aside = entry.set_aside()
    except OSError as error:
        raise _not_removed(entry.subset, error) from error
    return [] if aside is None else [aside]


def _remove(paths: list[Path]) -> int:
    """Remove files; a folder in the place of one is none of ours."""
    size = 0
    for path in paths:
        try:
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode):
                path.unlink()
                size += status.st_size
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _not_removed(path, error) from error
    return size


def _not_removed(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot remove it: {error.strerror}", where=str(path))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the cache folder: {error.strerror}", where=str(folder)
        ) from error
