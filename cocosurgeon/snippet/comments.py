"""Lines of a snippet, and comments on the effect of the file's records."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from cocosurgeon.categories.spaces import find_space
from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View, mmdet
from cocosurgeon.masks import NO_MASK, MaskFault, mask_fault
from cocosurgeon.snippet.source import SnippetSource
from cocosurgeon.text import has, plural, wrapped_items
from cocosurgeon.usable import FIELDS, unusable

_WIDTH = 92
_wrap = partial(textwrap.wrap, width=_WIDTH, break_on_hyphens=False, break_long_words=False)

_ROUNDED = 0.01
"""Most pixels that a corner moves by rounding to float32."""
_COUNT_IN_EVALUATION = tuple(
    rule.name for rule in (mmdet.IGNORED, mmdet.OUTSIDE, mmdet.NO_AREA, mmdet.TINY)
)


def block(*parts: str | Literal[False]) -> str:
    """Join lines and blocks of lines; empty and False ones are skipped."""
    return "\n".join(part for part in parts if part)


def code(*parts: str | Literal[False]) -> tuple[str, ...]:
    """Return the lines of a block, with long comments wrapped."""
    lines: list[str] = []
    for line in block(*parts).split("\n"):
        text = line.lstrip()
        mark = line.removesuffix(text) + "# "
        if len(line) > _WIDTH and text.startswith("# "):
            lines += _wrap(text[2:], initial_indent=mark, subsequent_indent=mark)
        else:
            lines.append(line)
    return tuple(lines)


def indented(text: str, blanks: int) -> str:
    """Return lines, each after some blanks."""
    return textwrap.indent(text, " " * blanks)


def items(values: Iterable[str]) -> str:
    """Return the indented items of a list or dict, each with its comma; no item is split."""
    return indented("\n".join(wrapped_items(values)), 4)


@dataclass(frozen=True)
class LoaderCounts:
    """Numbers of a loader's unfiltered view of a file.

    Attributes:
        images: number of samples.
        objects: number of objects that are loaded and not ignored.
        crowds: number of instances that are marked as ignored.
        empty: number of images without such an object, as in the filter ``effective:LOADER``.
        bare: number of these that have no crowd either.
        skipped: number of annotations that are not loaded, by rule.
    """

    images: int
    objects: int
    crowds: int
    empty: int
    bare: int
    skipped: Mapping[str, int]

    @classmethod
    def of(cls, view: View) -> LoaderCounts:
        """Count the samples and instances of a view."""
        usable = [sum(not i.ignore for i in sample.instances) for sample in view.samples]
        return cls(
            images=len(usable),
            objects=sum(usable),
            crowds=sum(len(sample.instances) for sample in view.samples) - sum(usable),
            empty=usable.count(0),
            bare=sum(not sample.instances for sample in view.samples),
            skipped=Counter(d.rule for d in view.dropped if d.kind == "annotation"),
        )

    def summary(self, source: SnippetSource, framework: str) -> str:
        """Return a comment with the numbers."""
        text = f"{plural(self.images, 'image')}, {plural(self.objects, 'object')} to train on"
        if self.crowds:
            text += f" and {plural(self.crowds, 'crowd')}"
        if self.skipped:
            rules = ", ".join(f"{count:,} {rule}" for rule, count in self.skipped.items())
            text += f"; annotations skipped by the loader: {rules}"
        return f"# {Path(source.ann_file).name!r} for {framework}: {text}."


def without_objects(count: int) -> str:
    """Return text for a number of images without objects."""
    return f"{plural(count, 'image')} {'has' if count == 1 else 'have'} no object to train on"


def not_scored(source: SnippetSource) -> str:
    """Return a comment for a file that is loaded for evaluation without annotations."""
    is_bare = source.is_evaluated and not source.is_annotated
    return "# No annotations: nothing can be scored." if is_bare else ""


def about_evaluation(source: SnippetSource, counts: LoaderCounts | None = None) -> str:
    """Return comments on the annotations in COCOeval.

    Args:
        source: the file.
        counts: counts of a loader that skips annotations which COCOeval counts; None: no loader.
    """
    if not source.is_evaluated or not source.is_annotated:
        return ""
    lines = []
    if "info" not in source.document:
        lines.append(
            "# The file has no 'info': loadRes of pycocotools 2.0.9 and 2.0.10 raises KeyError: "
            "'info'."
        )
    for key in ("iscrowd", "area"):
        if missing := sum(key not in a for a in source.annotations):
            lines.append(
                f"# {plural(missing, 'annotation')} {has(missing)} no {key!r}: COCOeval raises "
                f"KeyError: {key!r}."
            )
    lines += _unusable_values(source)
    if any(a.get("id") == 0 for a in source.annotations):
        lines.append("# An annotation has id 0: COCOeval counts it as missed, even if it is found.")
    skipped = {} if counts is None else counts.skipped
    if counted := sum(skipped.get(rule, 0) for rule in _COUNT_IN_EVALUATION):
        lines.append(
            f"# COCOeval counts {plural(counted, 'annotation')} that the loader skips: it reads "
            "the file."
        )
    if not source.annotations:
        lines.append("# No annotation: there is no mAP, or -1 where anything is detected.")
    return "\n".join(lines)


def about_clipping(source: SnippetSource, view: View, who: str) -> str:
    """Return a comment on boxes beyond the edge of their images, for a loader that clips them.

    Args:
        source: the file.
        view: output of the loader, with boxes as corners.
        who: name of the code that clips, at the beginning of a sentence.
    """
    boxes = ((source.annotations[i.row]["bbox"], i.box) for s in view.samples for i in s.instances)
    beyond = sum(
        any(abs(a - b) > _ROUNDED for a, b in zip((x, y, x + w, y + h), box, strict=True))
        for (x, y, w, h), box in boxes
    )
    if not beyond or not source.is_scored:
        return ""
    boxes_reach = "1 box reaches" if beyond == 1 else f"{beyond:,} boxes reach"
    return (
        f"# {boxes_reach} beyond the image. {who} clips boxes and COCOeval does not: in a "
        "measurement, clipped boxes cost a perfect detector 0.013 AP."
    )


def _unusable_values(source: SnippetSource) -> list[str]:
    """Return comments on values that cannot be used."""
    counts = Counter(
        (field, what)
        for annotation in source.annotations
        for field in FIELDS
        if (what := unusable(annotation, field))
    )
    return [
        f"# {plural(n, 'annotation')}: {field} is {what}." for (field, what), n in counts.items()
    ]


def about_masks(source: SnippetSource, *, for_rle: str = "") -> str:
    """Return comments on masks.

    Args:
        source: the file.
        for_rle: the setting for masks that are run-length encoded; empty without one.
    """
    masks = [a.get("segmentation") for a in source.annotations]
    index = source.index
    faults: Counter[MaskFault] = Counter()
    for mask, annotation in zip(masks, source.annotations, strict=True):
        row = index.image_rows.get(annotation["image_id"])
        image = {} if row is None else index.images[row]
        if fault := mask_fault(mask, image.get("height"), image.get("width")):
            faults[fault] += 1
    lines = []
    if missing := faults.pop(NO_MASK, 0):
        lines.append(
            f"# {missing:,} of {len(masks):,} annotations have no segmentation: for boxes only; "
            "loading masks raises."
        )
    for fault, count in faults.items():
        lines.append(f"# {count:,} of {len(masks):,} masks cannot be used: {fault.what}.")
    encoded = sum(isinstance(mask, dict) for mask in masks)
    if for_rle and encoded:
        lines.append(f"# {encoded:,} of {len(masks):,} masks are RLE: {for_rle}")
    return "\n".join(lines)


def about_names(source: SnippetSource) -> str:
    """Return comments on names of several categories."""
    return "\n".join(
        f"# {name!r} appears {count} times, as in the file: each is a class of its own, so that "
        "labels stay as they are."
        for name, count in Counter(c.name for c in source.categories).items()
        if count > 1
    )


def names_by_id(source: SnippetSource) -> str:
    """Return a dict of category id -> name, for frameworks whose labels are ids."""
    pairs = [f"{c.id!r}: {c.name!r}" for c in source.categories]
    return f"classes = {{\n{items(pairs)}\n}}"


def highest_id(source: SnippetSource, view: View, whose: str) -> int:
    """Return the highest category id that is listed or used, where ids are labels.

    Raises:
        RequestError: an id cannot be a label.
    """
    labels = [i.label for sample in view.samples for i in sample.instances]
    highest = 0
    for cat_id in [c.id for c in source.categories] + labels:
        if not isinstance(cat_id, int) or cat_id < 0:
            raise RequestError(
                f"category id {cat_id!r} cannot be a label, but ids are labels in {whose}",
                where=source.ann_file,
                hint="number the categories: cocosurgeon remap FILE --renumber",
            )
        highest = max(highest, cat_id)
    return highest


def is_of_coco(source: SnippetSource) -> bool:
    """Return True if each category has COCO's id and name."""
    names = find_space("coco91").classes
    return all(
        isinstance(c.id, int) and c.name is not None and names.get(c.id) == c.name
        for c in source.categories
    )
