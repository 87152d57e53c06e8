"""``cocosurgeon cache``: list and clear the subsets that configs have built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli.command import ExampleGroup, OrderedCommand
from cocosurgeon.cli.options import assembled, console, takes

if TYPE_CHECKING:
    from cocosurgeon.cache.store import CachedSubset
    from cocosurgeon.cli.console import Console

Folder = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="FOLDER",
        help="Use this folder. Default: $COCOSURGEON_CACHE, else the user's cache.",
    ),
]

cache = typer.Typer(
    cls=ExampleGroup,
    help="List and clear the subsets that configs have built.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@cache.command("list", cls=OrderedCommand)
@assembled
@takes(
    console,
    examples=(
        "cocosurgeon cache list",
        "cocosurgeon cache list --json",
        "cocosurgeon cache list --cache /data/cache",
    ),
)
def list_(folder: Folder = None, *, console: Console) -> None:
    """List subsets: steps, source, size, age.

    Reports for each source whether it is the same, changed or gone.
    """
    from cocosurgeon.cache.folder import cache_folder
    from cocosurgeon.cache.store import list_cached
    from cocosurgeon.text import byte_count, one_line, plural

    chosen = cache_folder(folder)
    found = list_cached(chosen.path)
    fields = {"folder": str(chosen.path), "subsets": [_fields(each) for each in found]}
    size = sum(each.size for each in found)
    lines = [f"{chosen.path} ({chosen.why}): {plural(len(found), 'subset')}, {byte_count(size)}"]
    for each in found:
        made = each.metadata
        lines += [
            each.path.name,
            f"  {made.steps or 'all of it'}",
            f"  of {made.source} (the source is {each.source_is})",
            f"  {byte_count(each.size)}, built {_ago(each.age)} by cocosurgeon {made.version}",
        ]
        if not each.is_whole:
            lines.append("  broken: its size changed; it will be renamed and built again")
    console.report(fields, [one_line(line) for line in lines])


@cache.command(cls=OrderedCommand)
@assembled
@takes(
    console,
    examples=(
        "cocosurgeon cache clear",
        "cocosurgeon cache clear --stale --yes",
        "cocosurgeon cache clear --cache /data/cache",
    ),
)
def clear(
    folder: Folder = None,
    stale: Annotated[
        bool,
        typer.Option(
            "--stale",
            help="Remove only broken subsets, and subsets whose source is gone or changed.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    *,
    console: Console,
) -> None:
    """Remove all subsets, or with --stale only outdated ones.

    Other files stay, and so do subsets that a process is building. Asks first, unless --yes is
    given.
    """
    from cocosurgeon.cache import store
    from cocosurgeon.cache.folder import cache_folder
    from cocosurgeon.text import byte_count, one_line, plural

    path = cache_folder(folder).path
    if not yes:
        console.confirm(f"remove {'stale' if stale else 'all'} subsets in {path}?")
    done = store.clear(path, stale_only=stale)
    fields = {
        "folder": str(path),
        "removed": done.subsets,
        "bytes": done.size,
        "being_built": [str(each) for each in done.busy],
        "edited": [str(each) for each in done.edited],
    }
    lines = [
        f"{path}: {plural(done.subsets, 'subset')} removed, {byte_count(done.size)}",
        *(f"skipped, another process is building it: {each}" for each in done.busy),
        *(f"not removed, because it was edited; it is now {each}" for each in done.edited),
    ]
    console.summary(fields, [one_line(line) for line in lines])


@cache.command(cls=OrderedCommand)
@assembled
@takes(
    console,
    examples=(
        "cocosurgeon cache where",
        "cocosurgeon cache where --json",
        "cocosurgeon cache where --cache /data/cache",
    ),
)
def where(folder: Folder = None, *, console: Console) -> None:
    """Print the cache folder."""
    from cocosurgeon.cache.folder import cache_folder

    chosen = cache_folder(folder)
    console.info(f"the cache folder, {chosen.why}")
    console.report({"folder": str(chosen.path), "why": chosen.why}, [str(chosen.path)])


def _fields(cached: CachedSubset) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "path": str(cached.path),
        **asdict(cached.metadata),
        "bytes": cached.size,
        "age_seconds": round(cached.age),
        "is_whole": cached.is_whole,
        "source_is": cached.source_is,
    }


def _ago(seconds: float) -> str:
    from cocosurgeon.text import plural

    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{plural(round(seconds), 'second')} ago"
