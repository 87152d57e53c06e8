"""Fingerprints of files, and values that are cached under them in small JSON files.

A file counts as unchanged while its size, its times of change (``mtime`` and ``ctime``) and its
inode are unchanged. File systems have coarse clocks: a change that is younger than their ticks, or
lies in the future, may hide a second one. In these cases nothing is taken from the cache or put
into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from cocosurgeon.errors import OutputError, SourceChangedError
from cocosurgeon.files import reading

FINGERPRINTS = "fingerprints"
"""Folder of the sidecars, in the cache folder."""

_FORMAT = 1
_COARSE_NS = 3_000_000_000  # coarsest resolution of times: 2 s on FAT
_PIECE = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True)
class Fingerprint:
    """Facts about a file that the system knows without reading it.

    Attributes:
        path: links followed.
        size: bytes.
        mtime, ctime: nanoseconds since 1970.
        device, inode: numbers that differ when another file takes the path.
    """

    path: str
    size: int
    mtime: int
    ctime: int
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Take the fingerprint of a file.

        Raises:
            SourceUnavailableError: the file cannot be found or read.
        """
        with reading(path):
            real = os.path.realpath(path)
            status = os.stat(real)  # noqa: PTH116 - a path that realpath gave
        times = (status.st_mtime_ns, status.st_ctime_ns)
        return cls(real, status.st_size, *times, status.st_dev, status.st_ino)

    def is_settled(self) -> bool:
        """Return True if any later change would change the fingerprint."""
        return time.time_ns() - max(self.mtime, self.ctime) > _COARSE_NS

    def sidecar(self, folder: Path) -> Path:
        """Return the path of the file's sidecar in a cache folder.

        The name depends on the device. Hosts that share a cache number their devices differently,
        and would overwrite each other's sidecars again and again.
        """
        key = f"{self.device}:".encode() + os.fsencode(self.path)
        return folder / FINGERPRINTS / f"{hashlib.blake2b(key, digest_size=16).hexdigest()}.json"


def sha256(folder: Path, path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal; see ``cached_value``."""

    def check(value: object) -> str | None:
        return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else None

    def find() -> str:
        digest = hashlib.sha256()
        with reading(path), path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    return cached_value(folder, path, "sha256", check, find)


def cached_value(
    folder: Path, path: Path, name: str, check: Callable[[object], T | None], find: Callable[[], T]
) -> T:
    """Return a value that depends on a file's bytes alone, from the cache if the file is unchanged.

    Args:
        folder: the cache folder.
        name: key of the value in the sidecar.
        check: returns the cached JSON as a value; None if it is damaged.
        find: computes the value, which must be JSON.

    Raises:
        SourceUnavailableError: the file cannot be read.
        SourceChangedError: the file changed during ``find``.
    """
    fingerprint = Fingerprint.of(path)
    is_settled = fingerprint.is_settled()
    sidecar = fingerprint.sidecar(folder)
    values = read_sidecar(sidecar)
    if values.get("fingerprint") != asdict(fingerprint):
        values = {"fingerprint": asdict(fingerprint)}
    cached = check(values.get(name)) if is_settled else None
    if cached is not None:
        return cached
    value = find()
    if Fingerprint.of(path) != fingerprint:
        raise SourceChangedError(
            "the file changed while it was read",
            where=str(path),
            hint="run again when nothing writes to it",
        )
    if is_settled:
        from cocosurgeon.atomic import appearing

        with contextlib.suppress(OSError, OutputError):  # then it is computed again next time
            sidecar.parent.mkdir(parents=True, exist_ok=True)
            with appearing([sidecar], force=True, replace_links=True) as [file]:
                file.write(sidecar_as_json({**values, name: value}))
    return value


def read_sidecar(path: Path) -> dict[str, object]:
    """Return the values of a sidecar; none if it is missing, damaged or of another format.

    The file may have been edited or truncated: check each value before use.
    """
    try:
        # opening a pipe would wait for ever, and a link could lead anywhere
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            values: dict[str, object] = json.loads(file.read()) if is_file else {}
    except (OSError, ValueError, RecursionError):
        return {}
    is_known = isinstance(values, dict) and values.get("format") == _FORMAT
    return values if is_known else {}


def sidecar_as_json(values: Mapping[str, object]) -> bytes:
    """Return the bytes of a sidecar."""
    return (json.dumps({"format": _FORMAT, **values}, indent=2) + "\n").encode()
