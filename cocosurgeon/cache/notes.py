"""Notes: small JSON files that say something about others.

What they say is a claim of a file that anybody could have edited or a full disk cut short: whoever
reads one takes each value for what it proves to be. A damaged note is no note.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

_FORMAT = 1


def read_note(path: Path) -> dict[str, object]:
    """What a note says; nothing where there is none that can be read, or one of another format."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        return {}
    return told


def note_as_json(told: Mapping[str, object]) -> bytes:
    """A note as it is written down."""
    return (json.dumps({"format": _FORMAT, **told}, indent=2) + "\n").encode()


def write_note(path: Path, told: Mapping[str, object]) -> None:
    """Write a note, whole or not at all.

    Raises:
        OSError: the system refuses.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    try:
        draft.write_bytes(note_as_json(told))
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
