"""Options that say more about several remaps."""

from __future__ import annotations

from cocosurgeon.steps.arguments import ALIAS as PAIRS
from cocosurgeon.steps.arguments import COUNT, choice
from cocosurgeon.steps.registry import Modifier

START = Modifier(
    "start",
    "start",
    COUNT,
    "Set the first id, where ids are positions. Alone: number the file's own categories from N.",
    implies="renumber",
    is_of_one=True,
)
UNMAPPED = Modifier(
    "unmapped",
    "unmapped",
    choice("error", "drop", "keep"),
    "Choose what to do with categories that have no target, and their annotations.",
    default="error",
)
ALIAS = Modifier(
    "alias",
    "aliases",
    PAIRS,
    "Treat the file's name OLD as NEW; names are compared exactly.",
)
