"""Chosen class names, compared with the categories of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cocosurgeon.findings.finding import Finding
from cocosurgeon.loaders import View
from cocosurgeon.loaders.loader import Loader, Mode
from cocosurgeon.text import are, plural
from cocosurgeon.verify.values import key_of

_SHOWN = 3


def classes_fit(view: View, document: object, mode: Mode | None) -> Iterator[Finding]:
    """Compare the names that MMDetection has for labels with those that the file has for them.

    Labels follow the file's order, names that of ``classes``: ``mmdet/datasets/coco.py:71`` of
    3.3.0 (``get_cat_ids``), ``metainfo["classes"]``.
    """
    names = _names(document)
    wrong = [
        (label, view.name_of(label), names.get(cat_id))
        for cat_id, label in view.cat2label.items()
        if view.name_of(label) != names.get(cat_id)
    ]
    for label, chosen, own in wrong[:_SHOWN]:
        text = f"label {label} is {chosen!r} by the class names, and {own!r} in the file"
        yield Finding("classes-unfit", text, view.loader, mode)
    if len(wrong) > _SHOWN:
        text = plural(len(wrong) - _SHOWN, "more label")
        yield Finding("classes-unfit", text, view.loader, mode)
    given = [name for name in view.classes if name != ""]  # "": a label without a category
    counts = Counter(map(repr, given))  # repr: a name may be any JSON value
    twice = [name for name in given if counts.pop(repr(name), 0) > 1]
    if twice and given != list(names.values()):
        text = f"{_listed(twice)} appears more than once: it is one label, and counts as several"
        yield Finding("classes-unfit", text, view.loader, mode)


def classes_missing(view: View, document: object, mode: Mode | None) -> Iterator[Finding]:
    """Compare chosen class names with the file, which should have all of them."""
    known = set(map(repr, _names(document).values()))
    given = (name for name in view.classes if name != "")  # "": a label without a category
    missing = [name for name in given if repr(name) not in known]
    if missing:
        text = f"the file has no category {_listed(missing)}"
        yield Finding("classes-unfit", text, view.loader, mode)


def default_classes_fit(loader: Loader, document: object) -> Iterator[Finding]:
    """Compare the default class names of a framework with the categories of the file.

    Yield the first label that would get another name, and the first category that would not be
    loaded. Labels follow the file's order: see ``classes_fit``.
    """
    defaults = loader.default_classes
    if not defaults:
        return
    names = list(_names(document).values())
    who = f"with its {len(defaults)} default classes"
    taken = [name for name in names if name in defaults]
    for label, (own, called) in enumerate(zip(taken, defaults, strict=False)):
        if own != called:
            text = f"{who}, {own!r} is label {label}, which is called {called!r}"
            yield Finding("classes-default", text, loader.name)
            break
    others = [name for name in names if name not in defaults]
    if others:
        text = f"{who}, objects of {_listed(others)} are not loaded"
        yield Finding("classes-default", text, loader.name)


def classes_are_text(view: View, text: str, mode: Mode | None) -> Finding:
    """Return the finding that the class names are one text.

    3.x takes every category whose name is within it
    (``get_cat_ids`` of pycocotools asks ``name in classes``), and names labels by its letters.
    """
    return Finding(
        "classes-unfit",
        f"classes is the text {text!r}, no list: {len(view.cat_ids):,} categories are within it",
        view.loader,
        mode,
        hint=f"a comma is missing: classes=({text!r},)" if text else "name the classes",
    )


def classes_unused(view: View, document: object) -> Iterator[str]:
    """Return notes on categories that are not among the class names, and on their objects."""
    chosen = set(view.classes)
    names = [n for n in _names(document).values() if not isinstance(n, str) or n not in chosen]
    lost = Counter(d.rule for d in view.dropped if d.kind == "annotation")["category-not-taken"]
    if lost:
        of = "of categories that are not among the class names"
        yield f"{view.loader}: {plural(lost, 'annotation')} {are(lost)} {of}: {_listed(names)}"


def _names(document: object) -> dict[object, object]:
    categories = document.get("categories") if isinstance(document, Mapping) else None
    entries = categories if isinstance(categories, Sequence) else ()
    return {key_of(e.get("id")): e.get("name") for e in entries if isinstance(e, Mapping)}


def _listed(names: Sequence[object]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
