"""RF-DETR: a folder of splits with links to the files, and the training on it."""

from __future__ import annotations

from pathlib import PurePosixPath

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import View, load
from cocosurgeon.loaders import rfdetr as loader
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import plural

_FOLDER = """
# Images are next to _annotations.coco.json, in a folder for each split: here they are links.
dataset_dir = Path({folder!r}).absolute()  # a new one
images = json.loads(Path(ann_file).read_text(encoding='utf-8'))['images']
for split in {splits!r}:
    (dataset_dir / split).mkdir(parents=True)
    (dataset_dir / split / '_annotations.coco.json').symlink_to(ann_file)
    for name in {{image['file_name'] for image in images}}:
        link = dataset_dir / split / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(img_folder).absolute() / name)
"""


def write(source: SnippetSource) -> Snippet:
    """Write the lines that make the folder, and those that train.

    Raises:
        RequestError: there are no annotations, or file names lead out of the image root.
    """
    if not source.is_annotated:
        raise RequestError(
            "No annotations: RF-DETR trains and validates on a folder that has them",
            where=source.ann_file,
            hint="predict on the image files: RFDETRBase().predict(PATHS)",
        )
    view = load("rfdetr", source.index, loader.Options())
    _require_inside(view, source)
    splits = ("train", "valid", "test") if "test" in source.splits else ("train", "valid")
    counts = comments.LoaderCounts.of(view)
    lines = comments.code(
        counts.summary(source, "RF-DETR"),
        "import json\nfrom pathlib import Path\n",
        "from rfdetr import RFDETRBase\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        "# By label: categories in the order of their ids.",
        comments.about_names(source),
        _about_unlabeled(source, view),
        f"classes = [\n{comments.items(map(repr, view.classes))}\n]",
        source.is_trained
        and comments.block(
            counts.empty > 0
            and f"# {comments.without_objects(counts.empty)}; RF-DETR keeps them, with no target.",
            comments.about_masks(source),
        ),
        source.is_evaluated
        and comments.block(
            comments.about_clipping(source, view, "RF-DETR"), comments.about_evaluation(source)
        ),
        not source.is_trained
        and "# No training set is named: train is the same images. With a training set of your "
        "own, put its file and images there: valid and test take their labels from train's file.",
        not source.is_evaluated and "# No validation set is named: valid is the same images.",
        _FOLDER.format(folder=f"rfdetr_{source.stem}", splits=splits).strip("\n"),
        "# The number of classes is taken from train's file: "
        f"{plural(len(view.classes), 'class', 'classes')}.",
        "RFDETRBase().train(dataset_dir=str(dataset_dir))",
    )
    return Snippet(lines)


def _require_inside(view: View, source: SnippetSource) -> None:
    for sample in view.samples:
        path = PurePosixPath(sample.img_path)
        if path.is_absolute() or ".." in path.parts:
            raise RequestError(
                "RF-DETR looks for images next to the annotations, and a file name leads out of "
                f"that folder: {sample.img_path!r}",
                where=source.ann_file,
                hint="write names relative to one folder",
            )


def _about_unlabeled(source: SnippetSource, view: View) -> str:
    """Return a comment on categories that get no label."""
    skipped = [f"{c.id!r} {c.name!r}" for c in source.categories if c.id not in view.cat2label]
    if not skipped:
        return ""
    return (
        f"# No label: {', '.join(skipped)}. RF-DETR skips categories that others name as "
        "`supercategory` and that no annotation has; labels behind them move down. Where every "
        "category is to have a label, use a file in which each `supercategory` is 'none':\n"
        "#   cocosurgeon remap FILE --flat"
    )
