"""A dataset in YAML, for frameworks that build COCO's and custom datasets from the same keys."""

from __future__ import annotations

from collections.abc import Callable

from cocosurgeon.loaders import View, load
from cocosurgeon.loaders.loader import LoaderOptions
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import yaml_string


def written(
    name: str, title: str, options: Callable[..., LoaderOptions], source: SnippetSource
) -> Snippet:
    """Return ``num_classes``, ``remap_mscoco_category``, and the dataset of each dataloader.

    Args:
        name: name of the loader.
        title: name of the framework.
        options: returns the loader's options for a ``remap_mscoco_category``.
        source: the file.

    Raises:
        RequestError: an id cannot be a label.
        LoaderError: the loader raises on the file.
    """
    remaps = _remaps(source)
    view = load(name, source.index, options(remap_mscoco_category=remaps))
    counts = comments.LoaderCounts.of(view)
    trained, evaluated = source.is_trained, source.is_evaluated
    path = f"configs/dataset/{source.stem}.yml"
    lines = comments.code(
        counts.summary(source, title),
        f"# Save it as {path!r} and add it to the `__include__` of your "
        "config, below dataset/coco_detection.yml or custom_detection.yml: its keys replace "
        "theirs, one by one.",
        _labels(source, view, title, remaps=remaps),
        trained
        and comments.block(
            counts.empty > 0
            and f"# {comments.without_objects(counts.empty)}; {title} keeps them, with no target.",
            comments.about_masks(source),
            _dataset(source, "train"),
        ),
        evaluated
        and comments.block(
            "test" in source.splits and f"# {title} evaluates one dataset, for testing as well.",
            comments.not_scored(source),
            "# The evaluator takes its annotations from this dataset.",
            comments.about_clipping(source, view, title),
            comments.about_evaluation(source),
            _dataset(source, "val"),
        ),
    )
    return Snippet(lines)


def _remaps(source: SnippetSource) -> bool:
    """Return True if labels are those of COCO's table, which raises for all other ids."""
    listed = {c.id for c in source.categories}
    used = {annotation["category_id"] for annotation in source.index.annotations}
    return used <= listed and comments.is_of_coco(source)


def _labels(source: SnippetSource, view: View, title: str, *, remaps: bool) -> str:
    if remaps:
        return comments.block(
            "# Ids and names are COCO's: labels are 0 to 79, by its table.",
            f"num_classes: {len(view.classes)}",
            "remap_mscoco_category: True",
        )
    names = ", ".join(f"{c.id!r} {c.name!r}" for c in source.categories)
    return comments.block(
        f"# Labels are the file's category ids as they are: {names}.",
        "# The highest id + 1, not the number of categories.",
        f"num_classes: {comments.highest_id(source, view, title) + 1}",
        "# On, it takes COCO's ids only, and raises KeyError for others.",
        "remap_mscoco_category: False",
    )


def _dataset(source: SnippetSource, split: str) -> str:
    return f"""{split}_dataloader:
  dataset:
    img_folder: {yaml_string(source.img_prefix)}
    ann_file: {yaml_string(source.ann_file)}"""
