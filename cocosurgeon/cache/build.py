"""The subset, made and put into its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cocosurgeon.cache.drafts import drafts_of
from cocosurgeon.cache.entry import Entry, Made, made_as_json
from cocosurgeon.cache.saying import Tell
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import OutputError, SourceChangedError
from cocosurgeon.report.summary import summarize
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.recipe import Recipe
from cocosurgeon.version import __version__


def build(
    entry: Entry,
    source: Path,
    plan: Plan,
    before: Mapping[str, str],
    now: Callable[[], Mapping[str, str]],
    tell: Tell,
) -> None:
    """Make a subset, and say what was kept.

    Its files appear whole or not at all. One that somebody has edited is set aside.

    Args:
        before: SHA-256 of all files that are read, by their paths, as the entry has it.
        now: the same, by now.

    Raises:
        CocosurgeonError: it cannot be done; nothing is kept.
        SourceChangedError: somebody wrote to a file meanwhile.
    """
    started = time.monotonic()
    dataset = read(source)
    bound = plan.bind(dataset)
    result = bound.apply(dataset)
    account = tuple(summarize(result).lines())
    recipe = Recipe.of(bound, result).to_json()
    try:
        if aside := entry.set_aside():
            tell(f"the subset that stood there is not as it was written: it is now {aside}")
        with drafts_of(entry) as files:
            subset, of_recipe, of_made = files
            size = sum(subset.write(piece) for piece in result.text())
            of_recipe.write(recipe)
            steps = ", ".join(map(repr, plan.steps))
            how = Made(
                str(source), before[str(source)], steps, size, time.time(), __version__, account
            )
            of_made.write(made_as_json(how))
            if now() != before:
                raise SourceChangedError(
                    "a file changed while it was read",
                    where=", ".join(before),
                    hint="run again when nothing writes to it",
                )
    except OSError as error:
        raise not_kept(entry.folder, error.strerror or str(error)) from error
    tell(f"{source}: {steps or 'all of it'}")
    for line in account:
        tell(line)
    tell(f"built in {time.monotonic() - started:.1f} s, kept: {entry.subset}")


def not_kept(folder: Path, why: str) -> OutputError:
    """The error for a cache folder that cannot be written to."""
    return OutputError(
        f"cannot keep the subset in the cache folder: {why}",
        where=str(folder),
        hint="name another folder (COCOSURGEON_CACHE=FOLDER, cache=FOLDER, or cache='beside' for "
        "next to the source), or make room: cocosurgeon cache clear",
    )
