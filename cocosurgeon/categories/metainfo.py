"""What a framework's config says of a file's categories."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cocosurgeon.categories.spaces import find_space

_BLANK = "\0"
"""Stands for a blank in a name while lines are broken at those between names."""


def config_lines(classes: Sequence[str | None]) -> list[str]:
    """Lines for an MMDetection config: class names in the order in which labels are numbered.

    MMDetection 3.x takes them as ``metainfo`` of its datasets, 2.x as ``classes``. The 80 of COCO
    are what both have anyway.
    """
    count = f"num_classes = {len(classes)}"
    if list(classes) == list(find_space("mmdet80").classes.values()):
        return [count]
    if None in classes:
        return [f"# no metainfo: {classes.count(None)} categories have no name", count]
    names = " ".join(f"{name!r},".replace(" ", _BLANK) for name in classes)
    lines = textwrap.wrap(names, 92, break_on_hyphens=False, break_long_words=False)
    indented = [f"    {line}".replace(_BLANK, " ") for line in lines]
    return ["metainfo = dict(classes=(", *indented, "))", count]
