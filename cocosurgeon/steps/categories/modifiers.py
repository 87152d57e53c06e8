"""Options that several remaps take."""

from __future__ import annotations

from cocosurgeon.steps.arguments import ALIAS as PAIRS
from cocosurgeon.steps.arguments import COUNT, choice
from cocosurgeon.steps.registry import Modifier

START = Modifier(
    "start",
    "start",
    COUNT,
    "Set the first id, if ids are positions. Default: 0, or as in the label space. Without --to "
    "or --classes: number the file's own categories from N.",
    implies="renumber",
    is_of_one=True,
)
UNMAPPED = Modifier(
    "unmapped",
    "unmapped",
    choice("error", "drop", "keep"),
    "Choose what to do with categories without a target, and with their annotations.",
    default="error",
)
ALIAS = Modifier(
    "alias",
    "aliases",
    PAIRS,
    "Treat the category name OLD of the file as NEW. Names are compared exactly.",
)
