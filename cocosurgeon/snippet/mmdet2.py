"""MMDetection 2.x: ``data``; a dataset evaluates itself."""

from __future__ import annotations

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import load
from cocosurgeon.loaders import mmdet2 as loader
from cocosurgeon.snippet import comments, mmdet
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import plural


def write(source: SnippetSource) -> Snippet:
    """Write ``data``.

    Raises:
        RequestError: a path has characters that mmcv 1.x does not escape (``Config.pretty_text``).
    """
    for path in (source.ann_file, source.img_prefix):
        if any(mark in path for mark in "'\\\n\r"):
            raise RequestError(
                "mmcv 1.x cannot dump a config with a quote or a backslash in a path, and every "
                f"training dumps its config: {path!r}",
                hint="use another path, such as a link without these characters",
            )
    options = loader.Options(source.classes, test_mode=True)
    counts = comments.LoaderCounts.of(load("mmdet2", source.index, options))
    head = mmdet.head(source, counts, "MMDetection 2.x", "classes = ")
    notes: tuple[str, ...] = ()
    train = ""
    if source.is_trained:
        train, small = _train(source, counts)
        if small:
            notes = (
                f"2.x trains on {counts.images - small:,} of the {counts.images:,} images: "
                f"no option of 2.x keeps images with a side below {loader.MIN_SIZE} pixels",
            )
    evaluated = source.is_evaluated and comments.block(
        "# MMDetection's own tools set test_mode, in which nothing is filtered.",
        "# The dataset evaluates itself, on this file.",
        comments.about_evaluation(source, counts),
        not source.is_annotated
        and "# No annotations, so not to be scored: tools/test.py CONFIG CHECKPOINT --format-only "
        "--eval-options jsonfile_prefix=PREFIX",
        *(
            f"{split}=dict(ann_file=ann_file, img_prefix=img_prefix, classes=classes),"
            for split in ("val", "test")
            if split in source.splits
        ),
    )
    body = comments.indented(comments.block(train, evaluated), 4)
    return Snippet(
        comments.code(f"{head}\n", "data = dict(", body, ")\n", mmdet.heads(source)), notes
    )


def _train(source: SnippetSource, counts: comments.LoaderCounts) -> tuple[str, int]:
    """Return ``train``, and the number of images that are too small for 2.x."""
    empty, _ = mmdet.filtered(load("mmdet2", source.index, loader.Options(source.classes)))
    options = loader.Options(source.classes, filter_empty_gt=False)
    _, small = mmdet.filtered(load("mmdet2", source.index, options))
    why = "Every image of the file is trained on, with annotations or without."
    if empty:
        skipped = plural(empty, "image")
        why = f"The usual filter would skip {skipped} of this file, without annotations."
    train = comments.block(
        "train=dict(",
        "    ann_file=ann_file,",
        "    img_prefix=img_prefix,",
        "    classes=classes,",
        f"    # {why}",
        small > 0
        and f"    # Still skipped: {plural(small, 'image')} with a side below "
        f"{loader.MIN_SIZE} pixels: CocoDataset._filter_imgs has that size fixed.",
        comments.indented(
            comments.block(mmdet.about_empty(counts), comments.about_masks(source)), 4
        ),
        "    filter_empty_gt=False),",
    )
    return train, small
