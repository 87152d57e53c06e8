"""MMDetection 3.x: dataloaders, and an evaluator for each."""

from __future__ import annotations

from cocosurgeon.loaders import View, load
from cocosurgeon.loaders import mmdet3 as loader
from cocosurgeon.snippet import comments, mmdet
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import plural

_DATASET = """\
    ann_file=ann_file,
    data_prefix=dict(img=img_prefix),
    metainfo=metainfo,"""


def write(source: SnippetSource) -> Snippet:
    """Write ``{train,val,test}_dataloader`` and ``{val,test}_evaluator``."""
    return written("mmdet3", "MMDetection 3.x", loader.Options, source)


def written(name: str, title: str, options: type[loader.Options], source: SnippetSource) -> Snippet:
    """Return dataloaders and evaluators, for MMDetection 3.x or a fork of it.

    Args:
        name: name of the loader.
        title: name of the framework, with its version.
        options: options of the loader.
        source: the file.
    """
    metainfo = {"classes": source.classes}
    view = load(name, source.index, options(metainfo, test_mode=True))
    counts = comments.LoaderCounts.of(view)
    usual = options(metainfo, filter_cfg=loader.BASE_FILTER, serialize_data=False)
    lines = comments.code(
        mmdet.head(source, counts, title, "metainfo = dict(classes=") + ",",
        "    # A palette of the base, or CocoDataset's own, may have fewer colors than there are "
        "classes; None takes random ones.",
        "    palette=None)\n",
        source.is_trained and _train(source, counts, load(name, source.index, usual)),
        *(_evaluate(source, split, counts) for split in source.splits if split != "train"),
        f"\n{mmdet.heads(source)}",
    )
    return Snippet(lines)


def _train(source: SnippetSource, counts: comments.LoaderCounts, usual: View) -> str:
    empty, small = mmdet.filtered(usual)
    why = "Nothing is filtered out: every image of the file is trained on."
    if empty + small:
        why = (
            f"The usual filter would skip {plural(empty + small, 'image')} of this file ({empty:,} "
            f"without annotations, {small:,} with a side below 32 pixels)."
        )
    return comments.block(
        "train_dataloader = dict(dataset=dict(",
        _DATASET,
        f"    # {why} Both keys, or the base's stays.",
        comments.indented(
            comments.block(mmdet.about_empty(counts), comments.about_masks(source)), 4
        ),
        "    filter_cfg=dict(filter_empty_gt=False, min_size=0)))",
    )


def _evaluate(source: SnippetSource, split: str, counts: comments.LoaderCounts) -> str:
    if split == "test" and "val" in source.splits:
        return "test_dataloader = val_dataloader\ntest_evaluator = val_evaluator"
    loaded = f"""{split}_dataloader = dict(dataset=dict(
{_DATASET}
    test_mode=True))  # nothing is filtered"""
    if source.is_annotated:
        return comments.block(
            loaded,
            "# The evaluator reads a file of its own; data_root is not put in front of it.",
            comments.about_evaluation(source, counts),
            f"{split}_evaluator = dict(ann_file=ann_file)",
        )
    prefix = f"./work_dirs/{source.stem}/results"
    return f"""{loaded}
# No annotations: detections are written to OUTFILE_PREFIX.bbox.json, not scored.
{split}_evaluator = dict(
    ann_file=ann_file, format_only=True, outfile_prefix={prefix!r})"""
