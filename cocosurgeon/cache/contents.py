"""What files hold, remembered by what the system says of them.

A file is taken for what it was while its size, its times of change (``mtime`` and ``ctime``) and
its inode are what they were. That is in doubt while the last change is younger than the clocks of
file systems are coarse, or lies in the future: then it is read again, and nothing is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cocosurgeon.cache.notes import read_note, write_note
from cocosurgeon.errors import SourceChangedError, SourceUnavailableError

SEEN = "seen"
"""The folder of what is remembered, in the cache's."""

_COARSE_NS = 3_000_000_000  # FAT has 2 s
_PIECE = 1 << 20
_DIGITS = frozenset("0123456789abcdef")

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """A file as the system describes it.

    Attributes:
        path: links followed.
        size: bytes.
        times: nanoseconds of the last change of the text, and of anything.
        device, inode: their numbers; with the path they tell a file from another in its place.
    """

    path: str
    size: int
    times: tuple[int, int]
    device: int
    inode: int

    @classmethod
    def at(cls, path: Path) -> Look:
        """Look at a file.

        Raises:
            SourceUnavailableError: there is none.
        """
        try:
            real = os.path.realpath(path)
            status = os.stat(real)  # noqa: PTH116 - a path that realpath gave
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise SourceUnavailableError(
                f"cannot open the file: {reason}", where=str(path)
            ) from error
        times = (status.st_mtime_ns, status.st_ctime_ns)
        return cls(real, status.st_size, times, status.st_dev, status.st_ino)

    def is_settled(self) -> bool:
        """Whether a change from now on would show."""
        return time.time_ns() - max(self.times) > _COARSE_NS

    def as_json(self) -> list[Any]:
        """As it is written down."""
        return [self.path, self.size, *self.times, self.device, self.inode]

    def note(self, folder: Path) -> Path:
        """Where what is known of it is kept in a cache's folder.

        By its device, too: hosts that share a cache number the devices that they share as they
        like, and would have to write one note over and over.
        """
        key = f"{self.device}:".encode() + os.fsencode(self.path)
        return folder / SEEN / f"{hashlib.blake2b(key, digest_size=16).hexdigest()}.json"


def sha256(folder: Path, path: Path) -> str:
    """SHA-256 of a file's bytes; reads it only where they are not remembered.

    Args:
        folder: the cache's.

    Raises:
        SourceUnavailableError: it cannot be read.
        SourceChangedError: somebody wrote to it meanwhile.
    """
    return remembered(folder, path, "sha256", _as_digest, lambda: _sha256(path))


def remembered(
    folder: Path, path: Path, what: str, known: Callable[[object], T | None], find: Callable[[], T]
) -> T:
    """Something that a file's bytes alone say; found again only where it is not remembered.

    Args:
        folder: the cache's.
        what: its name.
        known: makes it of what a note says; None where that cannot be it.
        find: gives it, as JSON can hold it.
    """
    look = Look.at(path)
    is_settled = look.is_settled()
    note = look.note(folder)
    told = read_note(note)
    if told.get("look") != look.as_json():
        told = {"look": look.as_json()}
    found = known(told.get(what)) if is_settled else None
    if found is not None:
        return found
    value = find()
    if Look.at(path) != look:
        raise SourceChangedError(
            "the file changed while it was read",
            where=str(path),
            hint="run again when nothing writes to it",
        )
    if is_settled:
        with contextlib.suppress(OSError):  # then it is found again next time
            note.parent.mkdir(parents=True, exist_ok=True)
            write_note(note, {**told, what: value})
    return value


def _as_digest(told: object) -> str | None:
    is_one = isinstance(told, str) and len(told) == 64 and _DIGITS.issuperset(told)
    return str(told) if is_one else None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the file: {error.strerror}", where=str(path)
        ) from error
    return digest.hexdigest()
