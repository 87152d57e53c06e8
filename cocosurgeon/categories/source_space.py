"""The space that a file is in, when it has to be one."""

from __future__ import annotations

from collections.abc import Mapping

from cocosurgeon.categories.guess import guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.space import Space
from cocosurgeon.categories.table import find_space
from cocosurgeon.errors import RequestError
from cocosurgeon.text import nearest


def only_space(before: Inventory, target: Space, aliases: Mapping[str, str]) -> Space:
    """The one space that a file fits.

    Raises:
        RequestError: several fit, or none; the message names them, or says what is against.
    """
    told = guess_space(before, aliases)
    if len(told.fitting) == 1:
        candidates = [find_space(name) for name in told.fitting[0].spaces]
        return next((s for s in candidates if _has_rows_for(s, before)), candidates[0])
    if told.fitting:
        names = " or ".join(c.spaces[0] for c in told.fitting)
        raise RequestError(
            f"the file's {told.ids:,} category ids fit several spaces: {names}",
            where=before.where,
            hint="say which one it is: --from SPACE",
        )
    nearly = told.nearest
    problem = f"; nearest is {nearly.spaces[0]}: {nearly.evidence}" if nearly else ""
    hint = "`cocosurgeon spaces --guess FILE` shows why; name it: --from SPACE"
    if target.name in told.by_name:
        hint = "its names are all classes of it: --from names"
    raise RequestError(
        f"the file's category ids fit no known space{problem}", where=before.where, hint=hint
    )


def require_names(before: Inventory, source: Space, aliases: Mapping[str, str]) -> None:
    """Refuse a file whose names contradict the space that it is said to be in.

    Raises:
        RequestError: an id has another name.
    """
    for cat_id, name in before.classes.items():
        expected = source.class_of(cat_id)
        if not source.is_named or expected is None or name in (None, expected):
            continue
        if aliases.get(str(name)) == expected:
            continue
        hint = "if the file is in another space: --from names, or `cocosurgeon spaces --guess FILE`"
        if nearest(str(name), [expected]):
            hint = f"if they are the same: --alias {name!r}={expected!r}; {hint}"
        raise RequestError(
            f"category {cat_id!r} is {name!r} in the file, and {expected!r} in {source}",
            where=before.where,
            hint=hint,
        )


def _has_rows_for(space: Space, before: Inventory) -> bool:
    """Whether the list's fillers stand for rows of the space."""
    ids = [e.category.id for e in before.fillers]
    return all(i in space.unused or i in space.classes or i == space.background for i in ids)
