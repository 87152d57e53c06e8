"""Notes: differences of a drawing from the file, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cocosurgeon.text import first_few, plural

_SHOWN = 3
_LONGEST = 160


@dataclass(frozen=True)
class Note:
    """A note about an image, an annotation or a name.

    Attributes:
        kind: ``image``, ``annotation`` or ``name``.
        id: id of the image or annotation; the name itself.
        what: the difference.
        why: the reason; empty if ``what`` has it.
    """

    kind: str
    id: object
    what: str
    why: str = ""


def note_lines(notes: Iterable[Note]) -> tuple[str, ...]:
    """Return notes as lines; equal notes on several records are one line, with their number."""
    groups: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        groups.setdefault((note.kind, note.what), []).append(note)
    return tuple(map(_line, groups.values()))


def _line(notes: list[Note]) -> str:
    first = notes[0]
    reasons = {note.why for note in notes}
    why = f": {first.why:.{_LONGEST}}" if first.why else ""
    if len(notes) == 1:
        head = f"{first.kind} {first.id!r}"
    elif len(reasons) == 1:
        ids = first_few([note.id for note in notes], _SHOWN, show=repr)
        head = f"{plural(len(notes), first.kind)} ({ids})"
    else:
        each = [f"{note.id!r}: {note.why:.{_LONGEST}}" for note in notes]
        return f"{plural(len(notes), first.kind)}: {first.what}: {first_few(each, _SHOWN, '; ')}"
    return f"{head}: {first.what}{why}"
