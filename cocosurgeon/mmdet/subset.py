"""The subset that is loaded in place of a config's annotation file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cocosurgeon.cache.build import class_names, get_or_build
from cocosurgeon.errors import RequestError, for_config
from cocosurgeon.steps.arguments import shown
from cocosurgeon.steps.from_config import plan_of_steps


def find_subset(
    ann_file: object, steps: object, cache: str | None
) -> tuple[str, tuple[str, ...] | None]:
    """Return the subset of an annotation file, cached or built.

    Args:
        ann_file: path; relative to the current folder.
        steps: see ``plan_of_steps``.
        cache: see ``cache_folder``.

    Returns:
        Its absolute path; and the class names in the order of labels if a step changed categories,
        else None.

    Raises:
        CocosurgeonError: the subset cannot be built.
    """
    if not isinstance(ann_file, str) or not ann_file:
        raise RequestError(f"ann_file: expected a path, not {shown(ann_file)}")
    if "://" in ann_file:
        raise RequestError(f"{ann_file} is not a file on this machine", hint="copy it here first")
    with for_config():
        plan = plan_of_steps(steps)
        path = get_or_build(Path(ann_file).absolute(), plan, cache=cache)
    if not plan.changes_categories:
        return str(path), None
    return str(path), tuple(class_names(path, cache))


def classes_message(classes: Sequence[str]) -> str:
    """Return the message for a config without classes whose steps change categories."""
    return (
        f"cocosurgeon: the steps change categories, and no classes are given: the subset's "
        f"{len(classes)} are used, {', '.join(classes[:3])}...; the model's num_classes must fit"
    )
