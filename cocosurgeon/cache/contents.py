"""What files hold, remembered by what the system says of them.

A file is taken for what it was while its size, its times of change (``mtime`` and ``ctime``) and
its inode are what they were. That is in doubt while the last change is younger than the clocks of
file systems are coarse, or lies in the future: then it is read again, and nothing is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocosurgeon.errors import SourceChangedError, SourceUnavailableError

SEEN = "seen"
"""The folder of what is remembered, in the cache's."""

_COARSE_NS = 3_000_000_000  # FAT has 2 s
_PIECE = 1 << 20


@dataclass(frozen=True)
class Look:
    """A file as the system describes it.

    Attributes:
        path: links followed.
        size: bytes.
        times: nanoseconds of the last change of the text, and of anything.
        inode: its number; with the path it tells a file from another in its place.
    """

    path: str
    size: int
    times: tuple[int, int]
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
        return cls(real, status.st_size, times, status.st_ino)

    def is_settled(self) -> bool:
        """Whether a change from now on would show."""
        return time.time_ns() - max(self.times) > _COARSE_NS

    def as_json(self) -> list[Any]:
        """As it is written down."""
        return [self.path, self.size, *self.times, self.inode]


def sha256(folder: Path, path: Path) -> str:
    """SHA-256 of a file's bytes; reads it only where they are not remembered.

    Args:
        folder: the cache's.

    Raises:
        SourceUnavailableError: it cannot be read.
        SourceChangedError: somebody wrote to it meanwhile.
    """
    return str(remembered(folder, path, "sha256", lambda: _sha256(path)))


def remembered(folder: Path, path: Path, what: str, find: Callable[[], Any]) -> Any:
    """Something that a file's bytes alone say; found again only where it is not remembered.

    Args:
        folder: the cache's.
        what: its name.
        find: gives it as a JSON value.
    """
    look = Look.at(path)
    is_settled = look.is_settled()
    name = hashlib.blake2b(os.fsencode(look.path), digest_size=16).hexdigest()
    note = folder / SEEN / f"{name}.json"
    known = _read(note)
    if known.get("look") != look.as_json():
        known = {"look": look.as_json()}
    if is_settled and what in known:
        return known[what]
    value = find()
    if Look.at(path) != look:
        raise SourceChangedError(
            "the file changed while it was read",
            where=str(path),
            hint="run again when nothing writes to it",
        )
    if is_settled:
        with contextlib.suppress(OSError):  # then it is found again next time
            _write(note, {**known, what: value})
    return value


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


def _read(note: Path) -> dict[str, Any]:
    try:
        known = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(note: Path, known: dict[str, Any]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    draft = note.with_name(f".cocosurgeon-{os.urandom(8).hex()}.part")
    try:
        draft.write_text(json.dumps(known))
        draft.replace(note)
    finally:
        draft.unlink(missing_ok=True)
