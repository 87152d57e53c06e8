"""torchvision: CocoDetection, and COCOeval with its annotations."""

from __future__ import annotations

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View, load
from cocosurgeon.loaders.dropped import UNREACHED
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource

EVALUATE = '''

def evaluate(predictions):
    """Score dicts of image_id, category_id, bbox (x, y, width, height) and score; one at least."""
    # the annotations of the very file that is loaded
    found = COCOeval(dataset.coco, dataset.coco.loadRes(predictions), 'bbox')
    found.evaluate()
    found.accumulate()
    found.summarize()
    return found.stats'''


def write(source: SnippetSource) -> Snippet:
    """Write ``dataset`` and ``evaluate``.

    Raises:
        RequestError: image ids are text.
    """
    view = view_of_numbered("torchvision", source)
    counts = comments.LoaderCounts.of(view)
    num_classes = comments.highest_id(source, view, "torchvision's detectors") + 1
    only_crowds = counts.empty - counts.bare
    lines = comments.code(
        counts.summary(source, "torchvision"),
        source.is_scored and "from pycocotools.cocoeval import COCOeval",
        "from torchvision.datasets import CocoDetection\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# Targets have the file's category ids as they are.",
        comments.names_by_id(source),
        "# The highest id + 1: torchvision's detectors count the background, which is 0.",
        any(c.id == 0 for c in source.categories)
        and "# Here 0 is a category as well: add 1 to all labels, and to this.",
        f"num_classes = {num_classes}",
        source.is_trained
        and comments.block(
            counts.crowds > 0
            and f"# Annotations with iscrowd, {counts.crowds:,} here, are in the targets like all "
            "others.",
            counts.bare > 0 and f"# Images whose target has no box: {counts.bare:,}.",
            only_crowds > 0 and f"# Images whose target has nothing but crowds: {only_crowds:,}.",
            comments.about_masks(source),
        ),
        "dataset = CocoDetection(root=img_folder, annFile=ann_file)  # sorted by image id",
        source.is_scored and comments.about_evaluation(source),
        source.is_scored and EVALUATE,
        comments.not_scored(source),
    )
    return Snippet(lines)


def view_of_numbered(loader: str, source: SnippetSource) -> View:
    """Return the output of a loader of torchvision.

    Raises:
        RequestError: image ids are text.
    """
    view = load(loader, source.index)
    is_text = any(isinstance(sample.img_id, str) for sample in view.samples)
    if is_text or any(dropped.rule == UNREACHED.name for dropped in view.dropped):
        raise RequestError(
            "image ids are text, which torchvision looks up letter by letter: it would load other "
            "images' annotations",
            where=source.ann_file,
            hint="give images numbers as ids; MMDetection and detectron2 also take text",
        )
    return view
