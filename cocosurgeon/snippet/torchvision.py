"""torchvision: CocoDetection, and COCOeval on what it has read."""

from __future__ import annotations

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import load
from cocosurgeon.loaders.dropped import UNREACHED
from cocosurgeon.snippet.cautions import about_evaluation, about_masks
from cocosurgeon.snippet.raw_ids import highest_id, names_by_id
from cocosurgeon.snippet.subject import Subject
from cocosurgeon.snippet.text import comment
from cocosurgeon.snippet.use import Use

_EVALUATE = '''

def evaluate(predictions):
    """Score dicts of image_id, category_id, bbox (x, y, width, height) and score; one at least."""
    # the annotations of the very file that is loaded
    found = COCOeval(dataset.coco, dataset.coco.loadRes(predictions), 'bbox')
    found.evaluate()
    found.accumulate()
    found.summarize()
    return found.stats'''


def snippet(subject: Subject) -> tuple[list[str], list[str]]:
    """Lines, and notes; see ``snippet_for``."""
    view = load("torchvision", subject.document)
    use = Use.of(view)
    if UNREACHED.name in use.left_out or any(isinstance(s.img_id, str) for s in view.samples):
        raise RequestError(
            "image ids are text, which torchvision looks up letter by letter: it would load other "
            "images' annotations",
            where=subject.ann_file,
            hint="number the images; MMDetection and detectron2 take ids that are text",
        )
    count = highest_id(subject, view, "torchvision's detectors") + 1
    is_scored = subject.is_evaluated and subject.is_annotated
    lines = comment(use.summary(subject.name, "torchvision"))
    if is_scored:
        lines.append("from pycocotools.cocoeval import COCOeval")
    lines += [
        "from torchvision.datasets import CocoDetection",
        "",
        f"ann_file = {subject.ann_file!r}",
        f"img_folder = {subject.img_prefix!r}",
        *comment("Targets have the file's category ids as they are."),
        *names_by_id(subject),
        *comment("The highest id + 1: torchvision's detectors count the background, which is 0."),
    ]
    if any(c.id == 0 for c in subject.categories):
        lines += comment("Here 0 is a category as well: raise all labels by one, and this, too.")
    lines += [f"num_classes = {count}"]
    if "train" in subject.splits:
        lines += _about_targets(use)
    lines += about_masks(subject) if "train" in subject.splits else []
    lines.append("dataset = CocoDetection(root=img_folder, annFile=ann_file)  # sorted by image id")
    if is_scored:
        lines += [*about_evaluation(subject), *_EVALUATE.split("\n")]
    elif subject.is_evaluated:
        lines += comment("No annotations: nothing can be scored.")
    return lines, []


def _about_targets(use: Use) -> list[str]:
    """Comments on what stands in the targets, and what does not."""
    lines = []
    if use.crowds:
        lines += comment(
            f"Annotations with iscrowd, {use.crowds:,} here, are in the targets like all others."
        )
    if use.bare:
        lines += comment(f"Images whose target has no box: {use.bare:,}.")
    if only := use.empty - use.bare:
        lines += comment(f"Images whose target has nothing but crowds: {only:,}.")
    return lines
