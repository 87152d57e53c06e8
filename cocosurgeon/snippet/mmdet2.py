"""MMDetection 2.x: ``data``; a dataset evaluates itself."""

from __future__ import annotations

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import load
from cocosurgeon.loaders import mmdet2 as loader
from cocosurgeon.snippet import mmdet
from cocosurgeon.snippet.cautions import about_evaluation, about_masks, about_names
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment
from cocosurgeon.snippet.use import Use


def snippet(subject: Subject) -> tuple[list[str], list[str]]:
    """Lines, and notes; see ``snippet_for``."""
    _require_dumpable(subject)
    mmdet.require_verbatim(subject)
    classes = subject.classes()
    use = Use.of(load("mmdet2", subject.document, loader.Options(classes, test_mode=True)))
    first, *names, last = mmdet.class_list(classes)
    notes = []
    lines = [
        *comment(use.summary(subject.name, "MMDetection 2.x")),
        *comment(mmdet.HERE),
        f"ann_file = {subject.ann_file!r}",
        f"img_prefix = {subject.img_prefix!r}",
        *comment(mmdet.ORDER),
        *about_names(subject),
        f"classes = {first}",
        *names,
        last,
        "",
        "data = dict(",
    ]
    if "train" in subject.splits:
        empty, _ = mmdet.filtered(load("mmdet2", subject.document, loader.Options(classes)))
        options = loader.Options(classes, filter_empty_gt=False)
        _, small = mmdet.filtered(load("mmdet2", subject.document, options))
        lines += _train(subject, use, empty, small)
        if small:
            notes.append(
                f"2.x trains on {use.images - small:,} of the {use.images:,} images: {small:,} "
                f"have a side below {loader.MIN_SIZE} pixels, and no option of 2.x keeps these"
            )
    if subject.is_evaluated:
        lines += [
            *comment(
                "MMDetection's own tools set test_mode, in which nothing is filtered.", "    "
            ),
            *comment("The dataset evaluates itself, on this file.", "    "),
            *(f"    {line}" for line in about_evaluation(subject, use)),
        ]
    if not subject.is_annotated:
        lines += comment(
            "No annotations, so not to be scored: tools/test.py CONFIG CHECKPOINT --format-only "
            "--eval-options jsonfile_prefix=PREFIX",
            "    ",
        )
    for split in ("val", "test"):
        if split in subject.splits:
            lines.append(
                f"    {split}=dict(ann_file=ann_file, img_prefix=img_prefix, classes=classes),"
            )
    return [*lines, ")", "", *mmdet.heads(len(classes))], notes


def _require_dumpable(subject: Subject) -> None:
    """Refuse paths that mmcv 1.x puts between quotes as they are (``Config.pretty_text``)."""
    for path in (subject.ann_file, subject.img_prefix):
        if any(mark in path for mark in "'\\\n\r"):
            raise RequestError(
                "mmcv 1.x cannot dump a config with a quote or a backslash in a path, and every "
                f"training dumps its config: {path!r}",
                hint="name the file by another path, such as a link without these",
            )


def _train(subject: Subject, use: Use, empty: int, small: int) -> list[str]:
    why = "Every image of the file is trained on, with annotations or without."
    if empty:
        why = (
            f"The usual filter would leave out {empty:,} images of this file, without annotations."
        )
    lines = [
        "    train=dict(",
        "        ann_file=ann_file,",
        "        img_prefix=img_prefix,",
        "        classes=classes,",
        *comment(why, " " * 8),
    ]
    if small:
        lines += comment(
            f"{small:,} images with a side below {loader.MIN_SIZE} pixels are left out all the "
            "same: CocoDataset._filter_imgs has that size fixed.",
            " " * 8,
        )
    return [
        *lines,
        *(f"    {line}" for line in mmdet.about_empty(use.empty)),
        *(f"        {line}" for line in about_masks(subject)),
        "        filter_empty_gt=False),",
    ]
