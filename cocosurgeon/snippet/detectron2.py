"""detectron2: a registered dataset, the config's keys, and the evaluator of that dataset."""

from __future__ import annotations

from cocosurgeon.loaders import detectron2 as loader
from cocosurgeon.loaders import load
from cocosurgeon.snippet.cautions import about_evaluation, about_masks, about_names
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment, items
from cocosurgeon.snippet.use import Use


def snippet(subject: Subject) -> tuple[list[str], list[str]]:
    """Lines, and notes; see ``snippet_for``."""
    subject.classes()
    view = load("detectron2", subject.document, loader.Options(filter_empty=False))
    use = Use.of(view)
    name = f"subset_{subject.stem}"
    lines = [
        *comment(use.summary(subject.name, "detectron2")),
        *comment("Paste it where `cfg` is made, before it is frozen."),
        "from detectron2.data.datasets import register_coco_instances",
    ]
    if subject.is_evaluated:
        lines.append("from detectron2.evaluation import COCOEvaluator")
    lines += [
        "",
        f"ann_file = {subject.ann_file!r}",
        f"img_prefix = {subject.img_prefix!r}",
        *comment(
            "By sorted category id, as detectron2 numbers labels; loading the file checks it."
        ),
        *about_names(subject),
        "classes = [",
        *items(map(repr, view.classes)),
        "]",
        f"register_coco_instances({name!r}, dict(thing_classes=classes), ann_file, img_prefix)",
    ]
    if "train" in subject.splits:
        lines += [
            f"cfg.DATASETS.TRAIN = ({name!r},)",
            *comment(_empty(use)),
            *about_masks(subject, bitmask="cfg.INPUT.MASK_FORMAT = 'bitmask' for mask heads."),
            "cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS = False",
        ]
    if subject.is_evaluated:
        lines.append(f"cfg.DATASETS.TEST = ({name!r},)")
    lines += [
        f"cfg.MODEL.ROI_HEADS.NUM_CLASSES = {len(view.classes)}",
        f"cfg.MODEL.RETINANET.NUM_CLASSES = {len(view.classes)}",
    ]
    if subject.is_evaluated:
        lines += comment("By its name the evaluator finds the very file that is loaded.")
        if not subject.is_annotated:
            lines += comment("No annotations: detections are written to output_dir, not scored.")
        lines += [
            *about_evaluation(subject),
            f"evaluator = COCOEvaluator({name!r}, output_dir=cfg.OUTPUT_DIR)",
        ]
    return lines, []


def _empty(use: Use) -> str:
    if not use.empty:
        return "Every image has an object: the filter would leave out none, and is off."
    return f"The usual filter would leave out {use.empty:,} images: nothing, or crowds only."
