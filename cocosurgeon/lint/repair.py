"""Repairs: new values of a record that has a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from cocosurgeon.annfile.edit import Values

DROP: Final = "drop"
Outcome: TypeAlias = Values | Literal["drop"] | None
"""New values of a record, or that it goes; None: it stays, since nobody can know what is right."""


class RecordOutcome(NamedTuple):
    """Outcome of a repair for a record of a list."""

    list: str
    row: int
    outcome: Outcome


@dataclass(frozen=True, eq=False, kw_only=True)
class Repair:
    """A repair of the faults of a code.

    Attributes:
        is_safe: whether nothing is lost or guessed.
        does: what it does, in a few words that follow "it".
        find: takes a faulty record and the file, and returns an outcome; or the file alone (and
            for image files their folder), and yields ``RecordOutcome``s of faulty records.
        left: why records stay as they are whose outcome is None.
        of_file: whether ``find`` takes the file.
        of_ids: whether others have to wait for it: sizes are found by ids.
        by: what the new value of a faulty record is taken from; None: there is one source only.
    """

    is_safe: bool
    does: str
    find: Callable[..., Any]
    left: str = "the right value is not known"
    of_file: bool = False
    of_ids: bool = False
    by: Callable[..., str] | None = None


def safe(does: str, find: Callable[..., Any], **further: Any) -> Repair:
    """Return a repair that loses and guesses nothing."""
    return Repair(is_safe=True, does=does, find=find, **further)


def unsafe(does: str, find: Callable[..., Any], **further: Any) -> Repair:
    """Return a repair that a person has to allow: it drops, moves or guesses something."""
    return Repair(is_safe=False, does=does, find=find, **further)


def _drop(*_: object) -> Literal["drop"]:
    return DROP


DROPPING = unsafe("drops the annotation", _drop)
