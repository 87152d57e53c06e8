"""The frameworks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cocosurgeon.errors import LoaderError, UnknownNameError
from cocosurgeon.snippet import detectron2, detr, mmdet2, mmdet3, torchvision
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.text import did_you_mean


@dataclass(frozen=True)
class Snippet:
    """Lines to paste.

    Attributes:
        lines: Python.
        notes: what no line can bring about.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


FRAMEWORKS: dict[str, Callable[[Subject], tuple[list[str], list[str]]]] = {
    "mmdet3": mmdet3.snippet,
    "mmdet2": mmdet2.snippet,
    "detectron2": detectron2.snippet,
    "detr": detr.snippet,
    "torchvision": torchvision.snippet,
}


def require_framework(name: str) -> None:
    """An error, with the nearest name, for a framework that there is none of.

    Raises:
        UnknownNameError: that.
    """
    if name not in FRAMEWORKS:
        raise UnknownNameError(
            f"no framework is called {name!r}",
            hint=did_you_mean(name, FRAMEWORKS) or f"there are: {', '.join(FRAMEWORKS)}",
        )


def snippet_for(name: str, subject: Subject) -> Snippet:
    """The configuration of a framework that goes with a file.

    Raises:
        UnknownNameError: there is no such framework.
        RequestError: the framework cannot take such a file.
        LoaderError: its loader raises on the file.
    """
    require_framework(name)
    try:
        lines, notes = FRAMEWORKS[name](subject)
    except LoaderError as error:
        place = f", {error.where}" if error.where else ""
        raise LoaderError(
            f"the loader of {name} raises {error.exception}: {error.what}",
            exception=error.exception,
            rule=error.rule,
            where=f"{subject.ann_file}{place}",
            hint="no configuration helps: docs/loaders.md says on what it raises",
        ) from error
    return Snippet(tuple(lines), tuple(notes))
