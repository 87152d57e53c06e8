"""Parts that the snippets of MMDetection 2.x and 3.x share."""

from __future__ import annotations

import re
from collections import Counter

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View, mmdet
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import SnippetSource

_REPLACED = re.compile(
    r"""\{\{\s*file(Dirname|Basename|BasenameNoExtension|Extname)\s*\}\}
    | \{\{\s*_base_\.[\w.]+\s*\}\}
    | \{\{['"]?\s*\$\w+\s*:\s*\S*?\s*['"]?\}\}""",
    re.VERBOSE,
)
"""Text that ``Config.fromfile`` replaces, anywhere in a config."""


_REPLACED_BY_2 = re.compile(rf"{_REPLACED.pattern} | \$\{{[\w.]*\}}", re.VERBOSE)
"""The same, and text that ``replace_cfg_vals`` of 2.x (``mmdet/utils``) replaces."""


def head(source: SnippetSource, counts: comments.LoaderCounts, title: str, assignment: str) -> str:
    """Return the first lines of a snippet: summary, paths, class names.

    Args:
        source: the file.
        counts: counts of the loader.
        title: version of the framework: ``3.x`` or ``2.x``.
        assignment: the code before the list of class names.

    Raises:
        RequestError: a path or a class name has text that is replaced when a config is read.
    """
    replaced = _REPLACED_BY_2 if title.endswith(" 2.x") else _REPLACED
    for text in (source.ann_file, source.img_prefix, *source.classes):
        if match := replaced.search(text):
            raise RequestError(
                f"{title} puts something else in the place of {match.group()!r} in a "
                f"config: {text!r}",
                hint="avoid this text: link to the path, or rename the class in the file",
            )
    return comments.block(
        counts.summary(source, title),
        "# Paste it below `_base_` in your own config: dicts are merged into those of the base. "
        "Where the base wraps its dataset (RepeatDataset, ...), put it one `dataset` deeper.",
        f"ann_file = {source.ann_file!r}",
        f"img_prefix = {source.img_prefix!r}",
        "# In the order of the file's `categories`, by which labels are numbered; this list does "
        "not change it.",
        comments.about_names(source),
        f"{assignment}[\n{comments.items(map(repr, source.classes))}\n]",
    )


def heads(source: SnippetSource) -> str:
    """Return the number of classes, and the place for it in a model."""
    return f"""num_classes = {len(source.classes)}
# For your model, below this line: model = dict(bbox_head=dict(num_classes=num_classes))
#   model.bbox_head.num_classes: DETR, DINO, DDQ, RetinaNet, YOLOX, ...
#   model.roi_head.bbox_head.num_classes: Faster R-CNN (Mask R-CNN: mask_head, too;
#   Cascade: each of the list)"""


def filtered(view: View) -> tuple[int, int]:
    """Return the numbers of images that the filter of training skips: empty, and too small."""
    rules = Counter(d.rule for d in view.dropped if d.kind == "image")
    return rules[mmdet.FILTER_EMPTY_GT.name], rules[mmdet.MIN_SIZE.name]


def about_empty(counts: comments.LoaderCounts) -> str:
    """Return a comment on images without objects in a pipeline."""
    if not counts.empty:
        return ""
    return (
        f"# {comments.without_objects(counts.empty)}: RandomCrop with "
        "allow_negative_crop=False (its default) puts another image in the place of each."
    )
