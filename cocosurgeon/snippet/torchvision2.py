"""torchvision: CocoDetection wrapped for transforms v2, and COCOeval with its annotations."""

from __future__ import annotations

from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.snippet.torchvision import EVALUATE, view_of_numbered

_WITH_BOXES = '''
def with_boxes(image, target):
    """Add the boxes and labels that the target of an image without annotations does not have."""
    if 'boxes' not in target:
        target['boxes'] = tv_tensors.BoundingBoxes(
            torch.zeros((0, 4)), format='XYXY', canvas_size=v2.functional.get_size(image))
        target['labels'] = torch.zeros(0, dtype=torch.int64)
    return image, target

'''


def write(source: SnippetSource) -> Snippet:
    """Write ``dataset`` and ``evaluate``.

    Raises:
        RequestError: image ids are text.
    """
    view = view_of_numbered("torchvision2", source)
    counts = comments.LoaderCounts.of(view)
    num_classes = comments.highest_id(source, view, "torchvision's detectors") + 1
    crowds = sum(bool(annotation.get("iscrowd")) for annotation in source.annotations)
    lines = comments.code(
        counts.summary(source, "torchvision's transforms v2"),
        "import torch",
        source.is_scored and "from pycocotools.cocoeval import COCOeval",
        "from torchvision import tv_tensors",
        "from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2",
        "from torchvision.transforms import v2\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# Labels are the file's category ids as they are.",
        comments.names_by_id(source),
        "# The highest id + 1: torchvision's detectors count the background, which is 0.",
        any(c.id == 0 for c in source.categories)
        and "# Here 0 is a category as well: add 1 to all labels, and to this.",
        f"num_classes = {num_classes}",
        _WITH_BOXES,
        source.is_trained
        and comments.block(
            crowds > 0
            and f"# Annotations with iscrowd, {crowds:,} here, are objects like all others.",
            counts.bare > 0
            and f"# Images without annotations: {counts.bare:,}. Their targets would have neither "
            "'boxes' nor 'labels'.",
            comments.about_masks(source),
        ),
        "# Put transforms after with_boxes. With 'masks' in target_keys, each annotation needs a "
        "segmentation.",
        "transforms = v2.Compose(",
        "    [with_boxes, v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])",
        "dataset = wrap_dataset_for_transforms_v2(",
        "    CocoDetection(root=img_folder, annFile=ann_file, transforms=transforms),",
        "    target_keys=('image_id', 'boxes', 'labels'))  # sorted by image id",
        source.is_scored and comments.about_evaluation(source),
        source.is_scored and EVALUATE,
        comments.not_scored(source),
    )
    return Snippet(lines)
