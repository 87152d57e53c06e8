"""Names of the files that a plan writes."""

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
    """Return a name for a plan: ``first100``, ``having-dog_no-crowd``.

    It has only letters, digits, dots, hyphens and underscores. If words cannot describe the whole
    plan, or are too long, the name ends with a hash of the steps, so that different plans have
    different names.

    Args:
        longest: the most characters that the name may have.
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
    """Return a word and plain names; None if other names could give the same text."""
    plain = all(isinstance(c, str) and re.fullmatch(r"[a-zA-Z ]+", c) for c in categories)
    return "-".join([word, *map(str, categories)]).replace(" ", ".") if plain else None


def with_ids(word: str, ids: Sequence[Id]) -> str | None:
    """Return a word and ids; None if an id is a string, or no whole number."""
    plain = [str(i) for i in ids if isinstance(i, (int, Typed))]
    if len(plain) < len(ids) or not all(re.fullmatch(r"-?\d+", i) for i in plain):
        return None
    return "-".join([word, *plain])


def with_policy(words: list[str], unmapped: str) -> str:
    """Return words, and the policy for unmapped categories if it is not the default."""
    return "-".join(words if unmapped == "error" else [*words, f"unmapped-{unmapped}"])
