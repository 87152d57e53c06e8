"""One subset that is kept: its files, its name, how it got there."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cocosurgeon.version import __version__
from cocosurgeon.written.commands import FILES, Command

_FORMAT = 1
_LONGEST_WORDS = 48
_LONGEST_NAME = 255
_LONGEST_SUFFIX = ".recipe.json"
NAME = re.compile(r".+-[0-9a-f]{16}")
"""How every name ends: with a part of the key."""


@dataclass(frozen=True)
class Made:
    """How a subset got where it is.

    Attributes:
        source: path of the annotation file, absolute.
        source_sha256: of that file's bytes.
        steps: as they stand on the command line.
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
    def of(
        cls, folder: Path, source: Path, commands: Sequence[Command], contents: Mapping[str, str]
    ) -> Entry:
        """The one for a source and steps.

        Args:
            source: the annotation file.
            contents: SHA-256 of the source, and of every file that an option names, by its path.
        """
        told = [
            [[name, contents[str(v)] if name in FILES else v] for name, v in command]
            for command in commands
        ]
        key = json.dumps([_FORMAT, __version__, contents[str(source)], told])
        digest = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
        tail = f"_{_words(commands)}-{digest}"
        stem = re.sub(r"(?<=.)(\.json)?(\.gz)?$", "", source.name)
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
        """What a process holds that builds or removes it."""
        return self.folder / f"{self.name}.lock"

    def read_made(self) -> Made | None:
        """How it got there; None where nothing, or nothing of ours, says so."""
        try:
            told = json.loads(self.made.read_bytes())
            values = {field.name: told[field.name] for field in fields(Made)}
            return Made(**values | {"account": tuple(values["account"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def is_whole(self) -> bool:
        """Whether the subset is there, with as many bytes as were written."""
        made = self.read_made()
        return made is not None and size_of(self.subset) == made.size


def made_as_json(made: Made) -> bytes:
    """As it is written down."""
    told: dict[str, Any] = asdict(made)
    return (json.dumps(told, indent=2) + "\n").encode()


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _words(commands: Sequence[Command]) -> str:
    """A few words for steps; the key tells them wholly."""
    told = []
    for command in commands:
        for name, value in command:
            shown = Path(str(value)).stem if name in FILES else value
            told.append(
                f"{name.strip('_')}-{shown}" if isinstance(value, str) else _plain(name, value)
            )
    safe = re.sub(r"[^\w.-]+", "-", "_".join(told), flags=re.ASCII)
    return safe[:_LONGEST_WORDS].strip("-_.") or "all"


def _plain(name: str, value: float) -> str:
    return name.replace("_", "-") if value is True else f"{name}{value:g}"
