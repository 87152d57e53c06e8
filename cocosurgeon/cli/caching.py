"""The subsets that are kept, as text and JSON."""

from __future__ import annotations

import sys
from dataclasses import asdict

from cocosurgeon.cache.place import place_for
from cocosurgeon.cache.stock import Kept, clear, kept_in, unfinished_in
from cocosurgeon.cli.console import Console, print_json, print_text
from cocosurgeon.errors import RequestError

_DAY = 86400.0


def show(folder: str | None, *, as_json: bool) -> None:
    """List them on stdout."""
    place = place_for(folder)
    found = kept_in(place.folder)
    unfinished = [str(path) for path in unfinished_in(place.folder)]
    if as_json:
        subsets = [_fields(kept) for kept in found]
        print_json(
            {"folder": str(place.folder), "subsets": subsets, "unfinished": unfinished}, sys.stdout
        )
        return
    size = sum(kept.size for kept in found)
    lines = [f"{place.folder} ({place.why}): {_counted(len(found))}, {size:,} bytes"]
    for kept in found:
        lines += [
            _one_line(kept.path.name),
            f"  {_one_line(kept.made.steps) or 'all of it'}",
            f"  of {_one_line(kept.made.source)} (the source is {kept.source_is})",
            f"  {kept.size:,} bytes, built {_ago(kept.age)} by cocosurgeon "
            f"{_one_line(kept.made.version)}",
        ]
        if not kept.is_whole:
            lines.append("  broken: not as it was written; it will be set aside, and built again")
    lines += [f"being built, or left by a killed process: {_one_line(path)}" for path in unfinished]
    print_text("\n".join(lines), sys.stdout)


def remove(
    folder: str | None, *, stale: bool, older_than: float | None, quiet: bool, as_json: bool
) -> None:
    """Clear, and say what was removed."""
    if older_than is not None and not older_than >= 0:
        raise RequestError(f"no number of days: {older_than}")

    def wanted(kept: Kept) -> bool:
        is_old = older_than is None or kept.age > older_than * _DAY
        return is_old and (kept.is_stale or not stale)

    place = place_for(folder)
    done = clear(place.folder, wanted if stale or older_than is not None else None)
    busy = [str(path) for path in done.busy]
    set_aside = [str(path) for path in done.set_aside]
    Console(quiet=quiet, as_json=as_json).report(
        {
            "folder": str(place.folder),
            "removed": done.subsets,
            "bytes": done.size,
            "being_built": busy,
            "set_aside": set_aside,
        },
        [
            f"{place.folder}: {_counted(done.subsets)} removed, {done.size:,} bytes",
            *(f"being built, and left alone: {_one_line(path)}" for path in busy),
            *(f"not as it was written, and set aside: {_one_line(path)}" for path in set_aside),
        ],
    )


def tell_where(folder: str | None, *, as_json: bool) -> None:
    """Print the folder on stdout, and who says so on stderr."""
    place = place_for(folder)
    if as_json:
        print_json({"folder": str(place.folder), "why": place.why}, sys.stdout)
        return
    Console(quiet=False, as_json=False).tell(f"the cache folder, {place.why}")
    print_text(str(place.folder), sys.stdout)


def _fields(kept: Kept) -> dict[str, object]:
    return {
        "path": str(kept.path),
        **asdict(kept.made),
        "bytes": kept.size,
        "age_seconds": round(kept.age),
        "is_whole": kept.is_whole,
        "source_is": kept.source_is,
    }


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")


def _counted(number: int) -> str:
    return f"{number:,} subset" if number == 1 else f"{number:,} subsets"


def _ago(seconds: float) -> str:
    for unit, length in (("days", _DAY), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} seconds ago"
