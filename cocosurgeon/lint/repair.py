"""Repairs: new values of a record that has a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from cocosurgeon.annfile.edit import Values

DROP: Final = "drop"
Outcome: TypeAlias = Values | Literal["drop"] | None
"""New values of a record, or that it goes; None: it stays, since nobody can know what is right."""


_UNKNOWN = "nothing says what is right"


class RecordOutcome(NamedTuple):
    """Outcome of a repair for a record of a list."""

    list: str
    row: int
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Repair:
    """A repair of the faults of a code.

    Attributes:
        is_safe: whether nothing is lost or guessed.
        find: takes a faulty record and the file, and returns an outcome; or the file alone (and
            for image files their folder), and yields ``RecordOutcome``s of faulty records.
        left: why records stay as they are whose outcome is None.
        of_file: whether ``find`` takes the file.
    """

    is_safe: bool
    find: Callable[..., Any]
    left: str
    of_file: bool


def safe(find: Callable[..., Any], left: str = _UNKNOWN, *, of_file: bool = False) -> Repair:
    """Return a repair that loses and guesses nothing."""
    return Repair(True, find, left, of_file)


def unsafe(find: Callable[..., Any], left: str = _UNKNOWN, *, of_file: bool = False) -> Repair:
    """Return a repair that a person has to allow: it drops, moves or guesses something."""
    return Repair(False, find, left, of_file)


def dropping(*_: object) -> Literal["drop"]:
    """Drop a record, whatever it is."""
    return DROP
