"""Effects: what each loader does about a fault, by its rules on the example of the check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cocosurgeon.errors import LoaderError
from cocosurgeon.lint.check import Check, all_checks
from cocosurgeon.lint.example import correct
from cocosurgeon.loaders import LOADERS, NothingLeftError, View, find_loader, load
from cocosurgeon.text import plural

PYCOCOTOOLS = "pycocotools"
"""Evaluates for most frameworks; it has no rules here."""


def usual_loaders() -> tuple[str, ...]:
    """Return the loaders that decide where none is named."""
    return (*(name for name, loader in LOADERS.items() if loader.is_usual), PYCOCOTOOLS)


def known_loaders(names: Iterable[str]) -> list[str]:
    """Return names of loaders, and ``pycocotools``, each once.

    Raises:
        UnknownNameError: no loader has this name.
    """
    return list(dict.fromkeys(n if n == PYCOCOTOOLS else find_loader(n).name for n in names))


Kind = Literal["raises", "loses", "shifts", "other"]


@dataclass(frozen=True)
class Effect:
    """Effect of a fault on a loader.

    Attributes:
        loader: its name; or a library that has no rules here.
        kind: raises an error, loses objects, gives wrong labels; or what ``what`` says.
        what: in a few words.
        in_example: the same with the numbers of the example; empty: as ``what``.
    """

    loader: str
    kind: Kind
    what: str
    in_example: str = ""

    def __str__(self) -> str:
        return f"{self.loader} {self.what}"


@cache
def effects_of(code: str) -> tuple[Effect, ...]:
    """Return what loaders do about the faults of a code; those that do nothing are not named."""
    found: dict[str, Effect] = {}
    for check in all_checks():
        if check.code == code:
            for effect in (*_by_rules(check), *_by_hand(check)):
                found.setdefault(effect.loader, effect)
    return tuple(found.values())


def affects(code: str, loaders: Sequence[str]) -> bool:
    """Return whether the faults of a code hurt one of these loaders."""
    return any(effect.loader in loaders for effect in effects_of(code))


def correct_for(check: Check) -> Any:
    """Return a correct file of the kind that a check is about."""
    document = correct()
    check.base(document)
    return document


def example_of(check: Check) -> Any:
    """Return that file with the fault."""
    document = correct_for(check)
    check.example(document)
    return document


def _by_hand(check: Check) -> Iterator[Effect]:
    for name, what in check.further.items():
        kind: Kind = "raises" if "raises" in what else "other"
        yield Effect(name, kind, what)


def _by_rules(check: Check) -> Iterator[Effect]:
    right, wrong = correct_for(check), example_of(check)
    for name in LOADERS:
        for mode in LOADERS[name].modes:
            before = _correct_view(name, mode, check.base)
            effect = _effect(name, before, _view(name, mode, wrong), right, wrong)
            if effect is not None:
                yield effect
                break


@cache
def _correct_view(name: str, mode: Any, base: Callable[[Any], object]) -> View | LoaderError:
    """Return what is loaded of a correct file: many checks have the same one."""
    document = correct()
    base(document)
    return _view(name, mode, document)


def _effect(
    name: str, before: View | LoaderError, after: View | LoaderError, right: Any, wrong: Any
) -> Effect | None:
    if isinstance(before, LoaderError):
        return None
    if isinstance(after, LoaderError):
        return Effect(name, "raises", f"raises {after.exception}")
    shifted = _wrong_names(after, wrong) - _wrong_names(before, right)
    if shifted > 0:
        in_example = f"gives {plural(shifted, 'object')} a wrong label"
        return Effect(name, "shifts", "gives objects a wrong label", in_example)
    lost = min(_objects(before), len(wrong.get("annotations", ()))) - _objects(after)
    if lost > 0:
        return Effect(name, "loses", "loses objects", f"loses {plural(lost, 'object')}")
    skipped = len(right["images"]) - len(before.samples)
    lost = len(wrong.get("images", ())) - len(after.samples) - skipped
    if lost > 0:
        return Effect(name, "loses", "loses images", f"loses {plural(lost, 'image')}")
    listed = {category["id"] for category in wrong.get("categories", ())}
    if LOADERS[name].numbering_by_use and (gone := len(listed.difference(after.cat_ids))):
        what = "gives {} no label, and shifts later labels"
        found = plural(gone, "category", "categories")
        return Effect(name, "shifts", what.format("categories"), what.format(found))
    return None


def _view(name: str, mode: Any, document: Any) -> View | LoaderError:
    names = tuple(
        c["name"] for c in document.get("categories", ()) if isinstance(c.get("name"), str)
    )
    options = LOADERS[name].options.usual(mode, names)
    try:
        return load(name, document, options)
    except NothingLeftError as error:
        return error
    except LoaderError as error:
        return error


def _objects(view: View) -> int:
    return sum(len(sample.instances) for sample in view.samples)


def _wrong_names(view: View, document: Any) -> int:
    """Return how many objects get a name that is not that of their category."""
    if not view.classes:
        return 0
    names: dict[Any, Any] = {}
    for category in document["categories"]:
        names.setdefault(category.get("id"), category.get("name"))
    instances = [i for sample in view.samples for i in sample.instances]
    own = [names.get(document["annotations"][i.row]["category_id"]) for i in instances]
    called = [view.name_of(i.label) for i in instances]
    return sum(name not in (None, right) for name, right in zip(called, own, strict=True))
