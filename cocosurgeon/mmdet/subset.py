"""The file that is loaded in the place of one that a config names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.cache.class_names import class_names
from cocosurgeon.cache.keeping import TIMEOUT, kept_subset
from cocosurgeon.cache.saying import tell
from cocosurgeon.errors import RequestError
from cocosurgeon.steps.arguments import shown
from cocosurgeon.steps.from_config import plan_of_steps


@dataclass(frozen=True)
class Subset:
    """A subset that is there.

    Attributes:
        ann_file: its absolute path.
        classes: where a step changed categories, their names in the order in which labels are
            numbered; None where the file's are those of its source.
    """

    ann_file: str
    classes: tuple[str, ...] | None

    @classmethod
    def of(cls, ann_file: object, steps: object, cache: str | None) -> Subset:
        """The subset of an annotation file, found or built.

        Args:
            ann_file: relative to the current folder, if at all.
            steps: see ``plan_of_steps``.
            cache: see ``place_for``.

        Raises:
            CocosurgeonError: it cannot be done.
        """
        if not isinstance(ann_file, str) or not ann_file:
            raise RequestError(f"ann_file: expected a path, not {shown(ann_file)}")
        if "://" in ann_file:
            raise RequestError(
                f"{ann_file} is not a file on this machine", hint="copy it here first"
            )
        plan = plan_of_steps(steps)
        source = Path(ann_file).absolute()
        path = kept_subset(source, plan, cache=cache, timeout=TIMEOUT, tell=tell)
        if not plan.changes_categories:
            return cls(str(path), None)
        return cls(str(path), tuple(class_names(path, cache)))


def told_classes(classes: Sequence[str]) -> str:
    """What is said where classes are taken from the file, since the config gives none."""
    return (
        f"cocosurgeon: the steps change categories and no classes are given: the {len(classes)} of "
        f"the subset are taken, {', '.join(classes[:3])}...; the model's num_classes must fit"
    )
