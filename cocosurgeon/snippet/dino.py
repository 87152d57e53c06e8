"""DINO: the folder of its ``--coco_path``, and the command that trains on it."""

from __future__ import annotations

from cocosurgeon.loaders import load
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource

_FOLDER = """coco_path = Path({folder!r}).absolute()  # a new one
(coco_path / 'annotations').mkdir(parents=True)
for split in ('train', 'val'):
    (coco_path / f'annotations/instances_{{split}}2017.json').symlink_to(ann_file)
    (coco_path / f'{{split}}2017').symlink_to(Path(img_folder).absolute())"""
_COMMAND = """options = [f'num_classes={num_classes}', f'dn_labelbook_size={num_classes}']
command = ['python', 'main.py', '-c', 'config/DINO/DINO_4scale.py', '--coco_path', str(coco_path),
           '--output_dir', str(coco_path / 'logs'), '--options', *options]
print(shlex.join(command))  # for the folder of main.py"""


def write(source: SnippetSource) -> Snippet:
    """Write the lines that make the folder and print the command."""
    view = load("dino", source.index)
    counts = comments.LoaderCounts.of(view)
    num_classes = comments.highest_id(source, view, "DINO") + 1
    lines = comments.code(
        counts.summary(source, "DINO"),
        "import shlex\nfrom pathlib import Path\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# Labels are the file's category ids as they are.",
        comments.names_by_id(source),
        "# The highest id + 1 (COCO: 91), for the model and for the labels that it denoises.",
        f"num_classes = {num_classes}",
        source.is_trained
        and comments.block(
            counts.empty > 0
            and f"# {comments.without_objects(counts.empty)}; DINO keeps them, with no target.",
            comments.about_masks(source),
        ),
        "# An image whose file is missing is silently replaced by the next one.",
        source.is_evaluated
        and comments.block(
            "test" in source.splits and "# DINO evaluates one dataset, for testing as well.",
            comments.not_scored(source),
            comments.about_clipping(source, view, "DINO"),
            comments.about_evaluation(source),
        ),
        "# main.py opens train2017 and val2017, and annotations/instances_{train,val}2017.json.",
        not source.is_trained and "# No training set is named: train is the same images.",
        not source.is_evaluated and "# No validation set is named: val is the same images.",
        _FOLDER.format(folder=f"dino_{source.stem}"),
        _COMMAND,
    )
    return Snippet(lines)
