"""What a file made by a plan is called."""

from __future__ import annotations

import hashlib
import json
import re

from cocosurgeon.categories.by_names import WithNames
from cocosurgeon.categories.edit import Merge, Rename, SortCategories
from cocosurgeon.categories.to_space import ToSpace
from cocosurgeon.select.annotations import Area, Crowd, InCategory
from cocosurgeon.select.filter import AnyFilter, Not
from cocosurgeon.select.images import Empty, Having, Ids
from cocosurgeon.select.plan import Cascade, First, Keep, Last, Plan, Sample, Skip, Step
from cocosurgeon.steps.recipe import steps_as_json

_LONGEST = 60


def slug(plan: Plan, longest: int = _LONGEST) -> str:
    """A few words for a plan: ``first100``, ``having-dog_no-crowd``.

    Letters, digits, dots, hyphens and underscores only. Where words cannot tell the whole plan,
    or would be long, a hash of its steps ends them, so that different plans have different names.

    Args:
        longest: how many characters there is room for.
    """
    if not plan.steps:
        return "all"
    words = [_words(step) for step in plan.steps]
    told = "_".join(w for w in words if w is not None)
    longest = min(longest, _LONGEST)
    if None not in words and len(told) <= longest and re.fullmatch(r"[\w.-]+", told, re.ASCII):
        return told
    safe = re.sub(r"[^\w.-]+", "-", told, flags=re.ASCII)[: max(longest - 9, 0)].strip("-_.")
    digest = hashlib.blake2b(json.dumps(steps_as_json(plan)).encode(), digest_size=4).hexdigest()
    return f"{safe}-{digest}" if safe else digest


def _words(step: Step) -> str | None:
    """Words that tell a step wholly; None when there are none."""
    match step:
        case First(n, order) | Last(n, order) | Skip(n, order):
            by = "" if order == "file" else "-by-id"
            return f"{type(step).__name__.lower()}{n}{by}"
        case Sample(n, seed):
            return f"sample{n}-seed{seed}"
        case Cascade(name):
            return f"cascade-{name}" if name.isalpha() else None
        case Keep(question):
            return _asked(question)
        case ToSpace(to, from_, start, unmapped, ()):
            parts = [to, from_ and f"from-{from_}", start is not None and f"start{start}"]
            return "-".join([p for p in parts if p] + _policy(unmapped))
        case WithNames(names, 0, unmapped, ()):
            named = _named("names", names)
            return named and "-".join([named, *_policy(unmapped)])
        case Merge(name, of):
            return _named("merge", (*of, "to", name))
        case Rename(old, new):
            return _named("rename", (old, "to", new))
        case SortCategories(by):
            return f"sorted-by-{by}"
    return None


def _asked(question: AnyFilter) -> str | None:
    match question:
        case Empty("raw"):
            return "empty"
        case Empty("category", ()):
            return "empty-category"
        case Empty("category", categories):
            return _named("empty-category", categories)
        case Empty(definition):
            return f"empty-{definition.replace(':', '-')}"
        case Not(Empty("raw")):
            return "non-empty"
        case Having(InCategory(categories)):
            return _named("having", categories)
        case InCategory(categories):
            return _named("only", categories)
        case Not(InCategory(categories)):
            return _named("drop", categories)
        case Crowd():
            return "crowd"
        case Not(Crowd()):
            return "no-crowd"
        case Area(low, None) if low is not None:
            return f"minarea{low:g}" if float(f"{low:g}") == low else None
        case Area(None, high) if high is not None:
            return f"maxarea{high:g}" if float(f"{high:g}") == high else None
        case Ids(ids, "error") if ids and all(isinstance(i, int) for i in ids):
            return "ids-" + "-".join(map(str, ids))
    return None


def _policy(unmapped: str) -> list[str]:
    return [] if unmapped == "error" else [f"unmapped-{unmapped}"]


def _named(verb: str, categories: tuple[str | int, ...]) -> str | None:
    """The verb and plain names; None where two lists of names would read alike."""
    plain = all(isinstance(c, str) and re.fullmatch(r"[a-zA-Z ]+", c) for c in categories)
    return "-".join([verb, *map(str, categories)]).replace(" ", ".") if plain else None
