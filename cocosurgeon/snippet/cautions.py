"""What evaluation and masks will stumble over, told from the file's own records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cocosurgeon.loaders import mmdet
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment
from cocosurgeon.snippet.use import Use

_COUNT_IN_EVALUATION = tuple(
    rule.name for rule in (mmdet.IGNORED, mmdet.OUTSIDE, mmdet.NO_AREA, mmdet.TINY)
)


def about_evaluation(subject: Subject, use: Use | None = None) -> list[str]:
    """Comments on what COCOeval makes of the annotations.

    Args:
        use: of a loader that leaves annotations out which COCOeval counts.
    """
    if not subject.is_evaluated or not subject.is_annotated:
        return []
    lines = []
    for key in ("iscrowd", "area"):
        if missing := sum(key not in a for a in subject.annotations):
            lines += comment(
                f"{missing:,} annotations have no {key!r}: COCOeval raises KeyError: {key!r}."
            )
    if any(a.get("id") == 0 for a in subject.annotations):
        lines += comment(
            "An annotation has id 0: COCOeval counts it as missed, however well it is found."
        )
    left_out: Mapping[str, int] = {} if use is None else use.left_out
    if counted := sum(left_out.get(rule, 0) for rule in _COUNT_IN_EVALUATION):
        lines += comment(
            f"{counted:,} annotations that the loader leaves out stand in the file that COCOeval "
            "reads: there they count."
        )
    if not subject.annotations:
        lines += comment("No annotation: there is no mAP, or -1 where anything is detected.")
    return lines


def about_masks(subject: Subject, *, bitmask: str = "") -> list[str]:
    """Comments on masks.

    Args:
        bitmask: what a framework that is told so has to be told of run-length encoded ones.
    """
    masks = [a.get("segmentation") for a in subject.annotations]
    lines = []
    if missing := sum(not mask for mask in masks):
        lines += comment(
            f"{missing:,} of {len(masks):,} annotations have no segmentation: for boxes only; "
            "loading masks raises."
        )
    encoded = sum(isinstance(mask, dict) for mask in masks)
    if bitmask and encoded:
        lines += comment(f"{encoded:,} of {len(masks):,} masks are RLE: {bitmask}")
    return lines


def about_names(subject: Subject) -> list[str]:
    """Comments on names that stand for several categories."""
    times = Counter(c.name for c in subject.categories)
    return [
        line
        for name, count in times.items()
        if count > 1
        for line in comment(
            f"{name!r} stands {count} times, as in the file: each is a class of its own, so that "
            "labels stay as they are."
        )
    ]
