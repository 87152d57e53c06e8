"""Tolerances: by how much two values may differ, for each kind of checkpoint."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from cocosurgeon.errors import RequestError

DEFAULTS: Mapping[str, tuple[float, str]] = {
    "initialization": (0.0, "largest difference / largest value"),
    "batch/images": (1e-5, "largest difference / largest value"),
    "batch/boxes": (0.01, "pixels"),
    "batch/masks": (0.0, "share of the pixels"),
    "batch": (1e-6, "largest difference / largest value"),
    "forward": (1e-5, "largest difference / largest value"),
    "loss": (1e-5, "difference / value"),
    "gradient": (1e-4, "largest difference / largest value"),
    "optimizer": (1e-6, "difference / value"),
    "parameters": (1e-2, "median difference / mean change in the step"),
    "metric": (1e-4, "difference / value"),
}
"""The tolerance of each kind, and what it is measured in. Kinds that are not here: ``forward``."""


@dataclass(frozen=True)
class Tolerances:
    """Tolerances of a comparison.

    Attributes:
        given: those that replace the defaults: names, beginnings of names or patterns with ``*``.
    """

    given: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str, path: str = "") -> float:
        """Return the tolerance of an entry: the longest name that fits, a given one first."""
        full = f"{name.partition('#')[0]}/{path}" if path else name.partition("#")[0]
        fitting = [key for key in self.given if is_for(key, full)]
        if fitting:
            return self.given[max(fitting, key=len)]
        known = [key for key in DEFAULTS if is_for(key, full)]
        return DEFAULTS[max(known, key=len)][0] if known else DEFAULTS["forward"][0]

    def rows(self) -> list[tuple[str, float, str]]:
        """Return all tolerances: name, number, and what it is measured in."""
        rows = [
            (name, self.given.get(name, number), unit) for name, (number, unit) in DEFAULTS.items()
        ]
        return rows + [
            (name, number, "as its kind")
            for name, number in self.given.items()
            if name not in DEFAULTS
        ]


def parse_tolerances(given: Iterable[str]) -> Tolerances:
    """Return tolerances from texts such as ``loss=1e-4`` or ``forward/backbone*=1e-3``.

    Raises:
        RequestError: a text is no name with a number from 0 on.
    """
    found: dict[str, float] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not name or not number >= 0:
            raise RequestError(
                f"--tolerance {text}: expected NAME=NUMBER, from 0 on",
                hint="use --tolerance loss=1e-4, --tolerance 'forward/backbone*=1e-3'",
            )
        found[name] = number
    return Tolerances(found)


def is_for(key: str, full: str) -> bool:
    """Return whether a tolerance is for an entry: by its name, its beginning, or a pattern."""
    return full == key or full.startswith(f"{key}/") or fnmatchcase(full, key)
