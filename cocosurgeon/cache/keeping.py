"""The subset of a file: the one that is kept, else a new one."""

from __future__ import annotations

import os
from pathlib import Path

from cocosurgeon.cache.contents import Look, sha256
from cocosurgeon.cache.entry import Entry
from cocosurgeon.cache.place import place_for
from cocosurgeon.cache.saying import Tell
from cocosurgeon.errors import SourceUnavailableError
from cocosurgeon.select.plan import Plan

TIMEOUT = 1800.0
"""Seconds that are waited for another process, unless said otherwise."""

_GZIP = b"\x1f\x8b"


def kept_subset(
    source: Path,
    plan: Plan,
    *,
    cache: str | os.PathLike[str] | None,
    timeout: float,
    tell: Tell,
) -> Path:
    """Return the annotation file that a plan makes of a source, absolute.

    Built once, and kept as long as the source, the files that steps read, the steps and the
    version of cocosurgeon are the same. A source that nothing is done to is given back itself,
    but for a compressed one, by its name or its bytes, which no loader reads.

    Args:
        source: the annotation file, absolute.
        cache: see ``place_for``.
        timeout: seconds to wait for another process that builds it.

    Raises:
        CocosurgeonError: it cannot be done; nothing is kept.
    """
    if not plan.steps:
        _require_file(source)
        if not _is_compressed(source):
            return source
    folder = place_for(cache, source).folder
    files = [source, *map(Path, plan.files)]
    for path in files:
        _require_file(path)

    def contents() -> dict[str, str]:
        return {str(path): sha256(folder, path) for path in files}

    before = contents()
    entry = Entry.of(folder, source, plan, before)
    if entry.is_whole():
        return entry.subset
    # What follows is done once, and loads what a subset that is kept has no need of.
    from cocosurgeon.cache.alone import alone
    from cocosurgeon.cache.build import build, not_kept

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_kept(folder, error.strerror or str(error)) from error
    with alone(entry.lock, timeout, tell):
        if not entry.is_whole():
            build(entry, source, plan, before, contents, tell)
    return entry.subset


def _require_file(path: Path) -> None:
    Look.at(path)
    if not path.is_file():
        raise SourceUnavailableError("not a file, but a folder, device or pipe", where=str(path))


def _is_compressed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return path.suffix == ".gz" or file.read(len(_GZIP)) == _GZIP
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the file: {error.strerror}", where=str(path)
        ) from error
