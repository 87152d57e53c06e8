"""MMDetection 3.x: dataloaders, and the evaluator beside each."""

from __future__ import annotations

from cocosurgeon.loaders import load
from cocosurgeon.loaders import mmdet3 as loader
from cocosurgeon.snippet import mmdet
from cocosurgeon.snippet.cautions import about_evaluation, about_masks, about_names
from cocosurgeon.snippet.subject import Split, Subject
from cocosurgeon.snippet.text import comment
from cocosurgeon.snippet.use import Use


def snippet(subject: Subject) -> tuple[list[str], list[str]]:
    """Lines, and notes; see ``snippet_for``."""
    mmdet.require_verbatim(subject)
    classes = subject.classes()
    metainfo = {"classes": classes}
    use = Use.of(load("mmdet3", subject.document, loader.Options(metainfo, test_mode=True)))
    lines = [
        *comment(use.summary(subject.name, "MMDetection 3.x")),
        *comment(mmdet.HERE),
        f"ann_file = {subject.ann_file!r}",
        f"img_prefix = {subject.img_prefix!r}",
        *comment(mmdet.ORDER),
        *about_names(subject),
        *_metainfo(classes),
        "",
    ]
    if "train" in subject.splits:
        options = loader.Options(metainfo, filter_cfg=loader.BASE_FILTER, serialize_data=False)
        lines += _train(subject, use, *mmdet.filtered(load("mmdet3", subject.document, options)))
    same = dict.fromkeys(s for s in subject.splits if s != "train")
    for split in same:
        lines += _tested(subject, split, use)
    return [*lines, "", *mmdet.heads(len(classes))], []


def _metainfo(classes: tuple[str, ...]) -> list[str]:
    first, *names, last = mmdet.class_list(classes)
    return [
        f"metainfo = dict(classes={first}",
        *names,
        f"{last},",
        *comment(
            "A palette of the base, or CocoDataset's own, may have fewer colours than there are "
            "classes; None takes random ones.",
            " " * 4,
        ),
        "    palette=None)",
    ]


def _train(subject: Subject, use: Use, empty: int, small: int) -> list[str]:
    why = "Nothing is left out: every image of the file is trained on."
    if empty + small:
        why = f"The usual filter would leave out {empty + small:,} images of this file"
        why += f" ({empty:,} without annotations, {small:,} with a side below 32 pixels)."
    return [
        "train_dataloader = dict(dataset=dict(",
        "    ann_file=ann_file,",
        "    data_prefix=dict(img=img_prefix),",
        "    metainfo=metainfo,",
        *comment(f"{why} Both keys, or the base's stays.", "    "),
        *mmdet.about_empty(use.empty),
        *(f"    {line}" for line in about_masks(subject)),
        "    filter_cfg=dict(filter_empty_gt=False, min_size=0)))",
    ]


def _tested(subject: Subject, split: Split, use: Use) -> list[str]:
    if split == "test" and "val" in subject.splits:
        return ["test_dataloader = val_dataloader", "test_evaluator = val_evaluator"]
    lines = [
        f"{split}_dataloader = dict(dataset=dict(",
        "    ann_file=ann_file,",
        "    data_prefix=dict(img=img_prefix),",
        "    metainfo=metainfo,",
        "    test_mode=True))  # nothing is filtered",
    ]
    if not subject.is_annotated:
        prefix = f"./work_dirs/{subject.stem}/results"
        return [
            *lines,
            *comment(
                "No annotations: detections are written to OUTFILE_PREFIX.bbox.json, not scored."
            ),
            f"{split}_evaluator = dict(",
            f"    ann_file=ann_file, format_only=True, outfile_prefix={prefix!r})",
        ]
    return [
        *lines,
        *comment("The evaluator reads a file of its own, which data_root is not put before."),
        *about_evaluation(subject, use),
        f"{split}_evaluator = dict(ann_file=ann_file)",
    ]
