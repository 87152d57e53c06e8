"""detectron2: a registered dataset, the config's keys, and the evaluator of that dataset."""

from __future__ import annotations

from cocosurgeon.loaders import detectron2 as loader
from cocosurgeon.loaders import load
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import plural


def write(source: SnippetSource) -> Snippet:
    """Write ``register_coco_instances``, ``cfg.DATASETS`` and ``COCOEvaluator``."""
    _ = source.classes  # every category needs a name
    view = load("detectron2", source.index, loader.Options(filter_empty=False))
    counts = comments.LoaderCounts.of(view)
    name = f"subset_{source.stem}"
    empty = "Every image has an object: the filter would skip none, and is off."
    if counts.empty:
        empty = (
            f"The usual filter would skip {plural(counts.empty, 'image')}: nothing, or crowds only."
        )
    lines = comments.code(
        counts.summary(source, "detectron2"),
        "# Paste it where `cfg` is made, before it is frozen.",
        "from detectron2.data.datasets import register_coco_instances",
        source.is_evaluated and "from detectron2.evaluation import COCOEvaluator",
        f"\nann_file = {source.ann_file!r}",
        f"img_prefix = {source.img_prefix!r}",
        "# By sorted category id, as detectron2 numbers labels; loading the file checks it.",
        comments.about_names(source),
        f"classes = [\n{comments.items(map(repr, view.classes))}\n]",
        f"register_coco_instances({name!r}, dict(thing_classes=classes), ann_file, img_prefix)",
        source.is_trained
        and comments.block(
            f"cfg.DATASETS.TRAIN = ({name!r},)\n# {empty}",
            comments.about_masks(
                source, for_rle="cfg.INPUT.MASK_FORMAT = 'bitmask' for mask heads."
            ),
            "cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS = False",
        ),
        source.is_evaluated and f"cfg.DATASETS.TEST = ({name!r},)",
        f"cfg.MODEL.ROI_HEADS.NUM_CLASSES = {len(view.classes)}",
        f"cfg.MODEL.RETINANET.NUM_CLASSES = {len(view.classes)}",
        source.is_evaluated
        and comments.block(
            "# By its name the evaluator finds the very file that is loaded.",
            not source.is_annotated
            and "# No annotations: detections are written to output_dir, not scored.",
            comments.about_evaluation(source),
            f"evaluator = COCOEvaluator({name!r}, output_dir=cfg.OUTPUT_DIR)",
        ),
    )
    return Snippet(lines)
