"""Labels of matched objects compared, by the names that they stand for where both sides say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cocosurgeon.parity.entry import Entry
from cocosurgeon.text import first_few, plural


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

    return dict(find_space(header["label_space"]).classes)


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
    common = [pair for pair, _ in Counter(wrong).most_common()]
    shown = first_few(common, 4, show=lambda pair: _words(pair, here, there))
    message = f"{len(wrong):,} of {total}: {shown}"
    return Entry("labels", error, 0.0, "parity-label", message)


def _words(pair: tuple[Any, Any], here: Mapping[Any, str], there: Mapping[Any, str]) -> str:
    a, b = pair
    one = f"{a} ({here[a]})" if a in here else f"{a}"
    other = f"{b} ({there[b]})" if b in there else f"{b}"
    return f"{one} and {other}"
