"""Checks: functions that find one fault each, with its code.

A module of ``checks/`` holds some of them; nothing else names one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, TypeAlias

from cocosurgeon.findings.codes import CODES, Code, Severity, add_code
from cocosurgeon.lint import checks
from cocosurgeon.lint.annotation_file import AnnotationFile, Record
from cocosurgeon.lint.batch import Batch, Verdicts
from cocosurgeon.lint.repair import Repair

Subject = Literal[
    "file",
    "images",
    "categories",
    "annotations",
    "every-image",
    "every-annotation",
    "every-record",
]
"""What a check looks at: the whole file, or the records of a list. Of ``images`` and
``annotations`` it sees those that are not plain, of ``every-annotation`` and ``every-image`` all,
which takes longer, as does ``every-record``: those checks see the text, too."""


@dataclass(frozen=True)
class Fault:
    """Something that a check of the whole file has found.

    Attributes:
        message: what it is.
        list, row: the record that it is about; without a list it is about the file.
    """

    message: str
    list: str | None = None
    row: int = 0


OfFile: TypeAlias = Callable[[AnnotationFile], Iterator[Fault]]
OfRecord: TypeAlias = Callable[[Record, AnnotationFile], "str | None"]
Example: TypeAlias = Callable[[Any], object]


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        code: of its findings; several checks may share one.
        of: what it looks at.
        find: the function; of a record it returns what is wrong, None for nothing.
        base: makes the small correct document one of the right kind, in place.
        example: puts the fault into it.
        is_judged: whether loaders decide how much it matters; if not, its own severity counts.
        repair: what can be done about it; None: nothing that a program could know.
        further: what happens in libraries that have no rules here, by their names.
        is_for_hurt: whether it is made only for loaders that it hurts: to others it is no fault.
        decide: of many records at once whether ``find`` finds something, as far as that is clear.
    """

    code: str
    of: Subject
    find: Any
    base: Example
    example: Example
    is_judged: bool = True
    repair: Repair | None = None
    further: Mapping[str, str] = field(default_factory=dict)
    is_for_hurt: bool = False
    decide: Callable[[Batch], Verdicts] | None = None

    @property
    def group(self) -> str:
        """Group of its code."""
        return CODES[self.code].group


def check_of(code: str) -> Check | None:
    """Return the first check of a code; None for a code that no check has."""
    return next((each for each in all_checks() if each.code == code), None)


_checks: list[Check] = []


def check(
    code: str,
    of: Subject,
    example: Example,
    *,
    base: Example = lambda _: None,
    group: str = "",
    meaning: str = "",
    arises: str = "",
    next: str = "",
    severity: Severity = "warning",
    is_judged: bool = True,
    repair: Repair | None = None,
    further: Mapping[str, str] | None = None,
    is_for_hurt: bool = False,
    decide: Callable[[Batch], Verdicts] | None = None,
) -> Callable[[Any], Any]:
    """Register a function as a check.

    Args:
        code: a new one, or one of the table: that has its group, meaning and severity already.
        base: makes the document, into which ``example`` puts the fault, one of the right kind.
        severity: how much it matters if it hurts none of the loaders.
        further: what it does to libraries that have no rules here; ``pycocotools`` counts like a
            loader.
        is_for_hurt: whether it is made only for loaders that it hurts.
        decide: of many records at once whether the function finds something.
    """

    def register(find: Any) -> Any:
        if meaning:
            add_code(code, Code(group, meaning, arises, next, severity))
        _checks.append(
            Check(
                *(code, of, find, base, example, is_judged, repair),
                further=further or {},
                is_for_hurt=is_for_hurt,
                decide=decide,
            )
        )
        return find

    return register


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order of the modules and of their functions."""
    for module in iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{module.name}")
    return tuple(_checks)
