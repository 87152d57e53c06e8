"""Names of files that a plan writes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cocosurgeon.steps.arguments import Typed

if TYPE_CHECKING:
    from cocosurgeon.dataset.keys import Id
    from cocosurgeon.select.plan import Plan

_LONGEST = 60


def slug(plan: Plan, longest: int = _LONGEST) -> str:
    """Return a few words for a plan: ``first100``, ``having-dog_no-crowd``.

    Letters, digits, dots, hyphens and underscores only. Where words cannot name the whole plan, or
    would be long, a hash of its steps ends them, so that different plans have different names.

    Args:
        longest: number of characters there is room for.
    """
    from cocosurgeon.steps.recipe_form import as_json

    if not plan.steps:
        return "all"
    words = [step.words() for step in plan.steps]
    name = "_".join(w for w in words if w is not None)
    longest = min(longest, _LONGEST)
    if None not in words and len(name) <= longest and re.fullmatch(r"[\w.-]+", name, re.ASCII):
        return name
    safe = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[: max(longest - 9, 0)].strip("-_.")
    digest = hashlib.blake2b(json.dumps(as_json(plan)).encode(), digest_size=4).hexdigest()
    return f"{safe}-{digest}" if safe else digest


def with_amount(word: str, amount: int | str) -> str:
    """Return a word and a number of images, or a share of them: ``first100``, ``first10pct``."""
    return f"{word}{amount}".replace("%", "pct")


def with_names(word: str, categories: tuple[str | int, ...]) -> str | None:
    """Return a word and plain names; None where two lists of names would read alike."""
    plain = all(isinstance(c, str) and re.fullmatch(r"[a-zA-Z ]+", c) for c in categories)
    return "-".join([word, *map(str, categories)]).replace(" ", ".") if plain else None


def with_ids(word: str, ids: Sequence[Id]) -> str | None:
    """Return a word and whole numbers; None where an id is none, or is a string."""
    plain = [str(i) for i in ids if isinstance(i, (int, Typed))]
    if len(plain) < len(ids) or not all(re.fullmatch(r"-?\d+", i) for i in plain):
        return None
    return "-".join([word, *plain])


def with_policy(words: list[str], unmapped: str) -> str:
    """Return words, and the policy for unmapped categories where it is not the usual one."""
    return "-".join(words if unmapped == "error" else [*words, f"unmapped-{unmapped}"])
