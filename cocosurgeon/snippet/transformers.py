"""transformers: a dataset for DetrImageProcessor and similar ones, and COCOeval."""

from __future__ import annotations

from cocosurgeon.loaders import load
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.snippet.torchvision import EVALUATE

_DATASET = '''

class Detection(CocoDetection):
    """An image, and its annotations as a processor of DETR's kind takes them."""

    def __getitem__(self, index):
        image, target = super().__getitem__(index)
        return image, {'image_id': self.ids[index], 'annotations': target}


def collate(items):
    """Pad a batch to its largest image: pixel_values, pixel_mask, labels with boxes to match."""
    images, annotations = map(list, zip(*items))
    return processor(images=images, annotations=annotations, return_tensors='pt')


processor = DetrImageProcessor()
dataset = Detection(img_folder, ann_file)  # sorted by image id
# DataLoader(dataset, batch_size=2, collate_fn=collate); for Trainer: data_collator=collate'''


def write(source: SnippetSource) -> Snippet:
    """Write ``dataset``, ``collate``, ``id2label`` and ``evaluate``."""
    view = load("transformers", source.index)
    counts = comments.LoaderCounts.of(view)
    num_classes = comments.highest_id(source, view, "transformers") + 1
    lines = comments.code(
        counts.summary(source, "transformers"),
        source.is_scored and "from pycocotools.cocoeval import COCOeval",
        "from torchvision.datasets import CocoDetection",
        "from transformers import DetrImageProcessor\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# Labels are the file's category ids as they are.",
        comments.names_by_id(source),
        "# The highest id + 1. Models have as many classes as id2label has names, so that it needs "
        "one for each number: DetrForObjectDetection.from_pretrained(NAME, id2label=id2label, "
        "ignore_mismatched_sizes=True).",
        f"num_classes = {num_classes}",
        "id2label = {label: classes.get(label, 'N/A') for label in range(num_classes)}",
        source.is_trained
        and comments.block(
            counts.empty > 0 and f"# {comments.without_objects(counts.empty)}.",
            "# With return_segmentation_masks, an image with a crowd raises IndexError, and one "
            "without objects RuntimeError.",
            comments.about_masks(source),
        ),
        _DATASET,
        source.is_scored
        and comments.block(
            comments.about_clipping(source, view, "The processor"),
            comments.about_evaluation(source),
        ),
        source.is_scored and EVALUATE,
        comments.not_scored(source),
    )
    return Snippet(lines)
