"""Labels of matched objects compared, by the names that they stand for where both sides say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cocosurgeon.errors import UnknownNameError
from cocosurgeon.parity.entry import Entry
from cocosurgeon.text import first_few, plural

_FEWEST = 2
"""Classes below which a label space fits by chance."""


def names_of(header: Mapping[str, Any]) -> dict[Any, str]:
    """Return the class that each label stands for; empty where a header does not say it.

    Raises:
        UnknownNameError: the header names a label space that there is not.
    """
    classes = header.get("classes") or []
    if classes:
        ids = header.get("cat_ids") or []
        labels = dict(header.get("cat2label") or [])
        if not ids:
            return dict(enumerate(classes))
        return {labels.get(i, i): name for i, name in zip(ids, classes, strict=False)}
    if header.get("label_space") is None:
        return {}
    from cocosurgeon.categories.spaces import find_space

    try:
        return dict(find_space(header["label_space"]).classes)
    except UnknownNameError as error:
        where = f"the header of {header['framework']}: label_space"
        raise UnknownNameError(error.what, where=where, hint=error.hint) from error


def label_entry(
    pairs: list[tuple[Any, Any]], headers: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> Entry:
    """Return the compared labels of all objects of a batch.

    Args:
        pairs: the label of each object in A and in B.
    """
    here, there = names_of(headers[0]), names_of(headers[1])
    if here and there:
        wrong = [(a, b) for a, b in pairs if here.get(a, a) != there.get(b, b)]
    else:
        wrong = [(a, b) for a, b in pairs if a != b]
    total = plural(len(pairs), "object")
    if not wrong:
        return Entry("labels", 0.0, 0.0, None, total)
    error = float(len(wrong))
    offsets = {b - a for a, b in pairs if not isinstance(a, str) and not isinstance(b, str)}
    if len(offsets) == 1 and len(wrong) == len(pairs):
        offset = offsets.pop()
        if offset:
            message = f"B is A {'+' if offset > 0 else '-'} {abs(offset)} for {total}"
            return Entry("labels", error, 0.0, "parity-label-offset", message)
    fitting = _other_space(pairs, here, "B") or _other_space([p[::-1] for p in pairs], there, "A")
    if fitting is not None:
        message = f"{len(wrong):,} of {total}: the same classes if {fitting}"
        return Entry("labels", error, 0.0, "parity-label", message)
    common = [pair for pair, _ in Counter(wrong).most_common()]
    shown = first_few(common, 4, show=lambda pair: _words(pair, here, there))
    message = f"{len(wrong):,} of {total}: {shown}"
    return Entry("labels", error, 0.0, "parity-label", message)


def _other_space(pairs: list[tuple[Any, Any]], names: Mapping[Any, str], side: str) -> str | None:
    """Return the label space in which labels of one side mean the same as those of the other.

    Args:
        pairs: labels of the other side, then those of this one.
        names: classes of the other side.
    """
    if len(set(pairs)) < _FEWEST or not all(label in names for label, _ in pairs):
        return None
    from cocosurgeon.categories.spaces import spaces

    for name, space in spaces().items():
        if all(space.classes.get(own) == names[label] for label, own in pairs):
            return f"the labels of {side} are {name}"
    return None


def _words(pair: tuple[Any, Any], here: Mapping[Any, str], there: Mapping[Any, str]) -> str:
    a, b = pair
    one = f"{a} ({here[a]})" if a in here else f"{a}"
    other = f"{b} ({there[b]})" if b in there else f"{b}"
    return f"{one} and {other}"
