"""DETR: its datasets, and the ground truth for its evaluator."""

from __future__ import annotations

from cocosurgeon.loaders import load
from cocosurgeon.snippet.cautions import about_evaluation, about_masks
from cocosurgeon.snippet.raw_ids import highest_id, names_by_id
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment
from cocosurgeon.snippet.use import Use


def snippet(subject: Subject) -> tuple[list[str], list[str]]:
    """Lines, and notes; see ``snippet_for``."""
    view = load("detr", subject.document)
    use = Use.of(view)
    count = highest_id(subject, view, "DETR") + 1
    wanted = ["train"] * ("train" in subject.splits) + ["val"] * subject.is_evaluated
    lines = [
        *comment(use.summary(subject.name, "DETR")),
        *comment(
            "Paste it into main() of main.py, in place of the lines with build_dataset: that one "
            "takes --coco_path and opens annotations/instances_{train,val}2017.json only."
        ),
    ]
    if "val" in wanted:
        lines.append("from datasets import get_coco_api_from_dataset")
    lines += [
        "from datasets.coco import CocoDetection, make_coco_transforms",
        "",
        f"ann_file = {subject.ann_file!r}",
        f"img_folder = {subject.img_prefix!r}",
        *comment("Labels are the file's category ids as they are."),
        *names_by_id(subject),
        *comment(
            "The highest id + 1 (COCO: 91); the model adds a row for no object. To be written into "
            "build() of models/detr.py, which has 91 for --dataset_file coco and else 20."
        ),
        f"num_classes = {count}",
    ]
    if use.empty and "train" in wanted:
        lines += comment(
            f"{use.empty:,} images have no object to train on; DETR keeps them, with no target."
        )
    lines += about_masks(subject) if "train" in wanted else []
    for split in wanted:
        lines += [
            f"dataset_{split} = CocoDetection(",
            f"    img_folder, ann_file, make_coco_transforms({split!r}), return_masks=args.masks)",
        ]
    if "val" in wanted:
        if "test" in subject.splits:
            lines += comment("DETR evaluates one dataset, for testing as well.")
        if not subject.is_annotated:
            lines += comment("No annotations: nothing can be scored.")
        lines += [
            *comment(
                "What evaluate() of engine.py hands to CocoEvaluator(base_ds, iou_types): the "
                "annotations of the very file that is loaded."
            ),
            *about_evaluation(subject),
            "base_ds = get_coco_api_from_dataset(dataset_val)",
        ]
    return lines, []
