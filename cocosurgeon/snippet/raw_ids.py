"""Category ids, where they are the labels themselves."""

from __future__ import annotations

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import items


def highest_id(subject: Subject, view: View, whose: str) -> int:
    """The highest category id that is listed or used.

    Raises:
        RequestError: an id can be no label.
    """
    labels = [i.label for sample in view.samples for i in sample.instances]
    ids = [c.id for c in subject.categories] + labels
    for cat_id in ids:
        if not isinstance(cat_id, int) or cat_id < 0:
            raise RequestError(
                f"category id {cat_id!r} cannot be a label, and {whose} take ids for labels",
                where=subject.ann_file,
                hint="number the categories first: cocosurgeon remap --help",
            )
    return max(i for i in ids if isinstance(i, int))


def names_by_id(subject: Subject) -> list[str]:
    """What ids mean, as a dict."""
    pairs = [f"{c.id!r}: {c.name!r}" for c in subject.categories]
    return ["classes = {", *items(pairs), "}"]
