"""The space that a file is in, when it has to be one."""

from __future__ import annotations

from collections.abc import Mapping

from cocosurgeon.categories.guess import guess
from cocosurgeon.categories.relabel import list_of
from cocosurgeon.categories.space import Space
from cocosurgeon.categories.table import find_space
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import RequestError


def only_space(dataset: Dataset, target: Space) -> Space:
    """The one space that a file fits and that can go to another one.

    Raises:
        RequestError: several fit, or none; the message names them, or says what is against.
    """
    told = guess(dataset, target)
    if len(told.fitting) == 1:
        return find_space(told.fitting[0].spaces[0])
    if told.fitting:
        names = " or ".join(c.spaces[0] for c in told.fitting)
        raise RequestError(
            f"the file's {told.ids:,} category ids fit several spaces: {names}",
            where=dataset.source.name,
            hint="say which one it is: --from SPACE",
        )
    alone = guess(dataset)
    hint = "`cocosurgeon spaces --guess FILE` shows why; name it: --from SPACE"
    if target.name in told.by_name:
        hint = "its names are all classes of it: --from names"
    if alone.fitting:
        names = " or ".join(c.spaces[0] for c in alone.fitting)
        raise RequestError(
            f"the file's category ids fit {names}, of which {target} lacks classes",
            where=dataset.source.name,
            hint="say which one it is (--from SPACE), and what becomes of those (--unmapped drop)",
        )
    problem = next((c.evidence for c in told.candidates), "it has none")
    raise RequestError(
        f"the file's category ids fit no space that goes to {target} ({problem})",
        where=dataset.source.name,
        hint=hint,
    )


def require_names(dataset: Dataset, source: Space, aliases: Mapping[str, str]) -> None:
    """Refuse a file whose names contradict the space that it is said to be in.

    Raises:
        RequestError: an id has another name.
    """
    if not source.is_named:
        return
    for entry in list_of(dataset).entries:
        old, name = entry.category.id, entry.category.name
        expected = source.class_of(old)
        if entry.is_filler or name is None or expected is None:
            continue
        if aliases.get(name, name) != expected:
            raise RequestError(
                f"category {old!r} is {name!r} in the file, and {expected!r} in {source}",
                where=dataset.source.name,
                hint=f"if they are the same: --alias {name!r}={expected!r}; if the file is in "
                "another space: --from names, or `cocosurgeon spaces --guess FILE`",
            )
