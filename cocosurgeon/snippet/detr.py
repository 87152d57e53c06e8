"""DETR: its datasets, and the ground truth for its evaluator."""

from __future__ import annotations

from cocosurgeon.loaders import load
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource


def write(source: SnippetSource) -> Snippet:
    """Write ``dataset_train``, ``dataset_val`` and ``base_ds`` for ``main.py``."""
    view = load("detr", source.index)
    counts = comments.LoaderCounts.of(view)
    num_classes = comments.highest_id(source, view, "DETR") + 1
    trained, evaluated = source.is_trained, source.is_evaluated
    lines = comments.code(
        counts.summary(source, "DETR"),
        "# Paste it into main() of main.py, in place of the lines with build_dataset: that one "
        "takes --coco_path and opens annotations/instances_{train,val}2017.json only.",
        evaluated and "from datasets import get_coco_api_from_dataset",
        "from datasets.coco import CocoDetection, make_coco_transforms\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# Labels are the file's category ids as they are.",
        comments.names_by_id(source),
        "# The highest id + 1 (COCO: 91); the model adds a row for no object. Write it into "
        "build() of models/detr.py, which has 91 for --dataset_file coco and else 20.",
        f"num_classes = {num_classes}",
        trained
        and comments.block(
            counts.empty > 0
            and f"# {comments.without_objects(counts.empty)}; DETR keeps them, with no target.",
            comments.about_masks(source),
            _dataset("train"),
        ),
        evaluated
        and comments.block(
            _dataset("val"),
            "test" in source.splits and "# DETR evaluates one dataset, for testing as well.",
            comments.not_scored(source),
            "# evaluate() of engine.py passes it to CocoEvaluator(base_ds, iou_types): the "
            "annotations of the very file that is loaded.",
            comments.about_clipping(source, view, "DETR"),
            comments.about_evaluation(source),
            "base_ds = get_coco_api_from_dataset(dataset_val)",
        ),
    )
    return Snippet(lines)


def _dataset(split: str) -> str:
    return f"""dataset_{split} = CocoDetection(
    img_folder, ann_file, make_coco_transforms({split!r}), return_masks=args.masks)"""
