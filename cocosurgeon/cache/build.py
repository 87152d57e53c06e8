"""The subset of an annotation file, cached or built; class names of a file.

Modules that only a build needs are imported in functions, so that a cached subset is found fast.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from cocosurgeon.cache.folder import cache_folder, require_private
from cocosurgeon.cache.store import CacheEntry, CacheMetadata
from cocosurgeon.errors import OutputError, SourceChangedError
from cocosurgeon.files import is_gzip, require_file
from cocosurgeon.fingerprint import cached_value, sha256, sidecar_as_json
from cocosurgeon.select.plan import Plan
from cocosurgeon.version import __version__

TIMEOUT = 1800.0
"""Default seconds to wait for another process."""


def get_or_build(
    source: Path,
    plan: Plan,
    *,
    cache: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
) -> Path:
    """Return the absolute path of the annotation file that a plan makes from a source.

    The cached file is used as long as the source, the files that steps read, the steps and the
    version of cocosurgeon are the same. The process that builds it prints a summary on stderr.
    Without steps, the path of the source is returned, unless it is compressed.

    Args:
        source: absolute path of the annotation file.
        cache: see ``cache_folder``.
        timeout: seconds to wait for another process that builds the file.

    Raises:
        CocosurgeonError: the file cannot be built; nothing is left in the cache.
    """
    if not plan.steps:
        require_file(source)
        if not is_gzip(source):
            return source
    folder = cache_folder(cache, source).path
    require_private(folder)
    files = [source, *map(Path, plan.files)]
    for path in files:
        require_file(path)

    def digests() -> dict[str, str]:
        return {str(path): sha256(folder, path) for path in files}

    before = digests()
    entry = CacheEntry.of(folder, source, plan, before)
    entry.require_plain()
    if entry.is_whole():
        return entry.subset
    from cocosurgeon.cache.lock import hold

    try:
        folder.mkdir(0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_keep(folder, error) from error
    with hold(entry.lock, timeout, print_line):
        if not entry.is_whole():
            _build(entry, source, plan, before, digests)
    return entry.subset


def class_names(path: Path, cache: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the class names in file order, which is the order of labels in MMDetection.

    Args:
        path: absolute path of the annotation file.
        cache: see ``cache_folder``.

    Raises:
        StructureError: MMDetection cannot number the categories.
    """

    def check(names: object) -> list[str] | None:
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            return None
        return names

    folder = cache_folder(cache, path).path
    require_private(folder)
    return cached_value(folder, path, "classes", check, lambda: _read_class_names(path))


def print_line(line: str) -> None:
    """Print a line on stderr, without control characters; ignore a closed stderr."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"cocosurgeon: {shown}\n")
        sys.stderr.flush()


def _build(
    entry: CacheEntry,
    source: Path,
    plan: Plan,
    before: Mapping[str, str],
    digests: Callable[[], Mapping[str, str]],
) -> None:
    """Build a subset and print a summary. An edited file in its place is renamed.

    Args:
        before: SHA-256 of all files that are read, by path, from before the build.
        digests: computes the current ones.
    """
    from cocosurgeon.dataset.io import read
    from cocosurgeon.report.summary import summarize
    from cocosurgeon.steps.recipe import Recipe

    started = time.monotonic()
    dataset = read(source, columns=plan.columns)
    bound = plan.bind(dataset)
    result = bound.apply(dataset)
    counted = summarize(result)
    summary = (*counted.lines(), *(f"warning: {line}" for line in counted.warnings()))
    recipe = Recipe.of(bound, result).to_json()
    steps = ", ".join(map(repr, plan.steps))
    try:
        if renamed := entry.rename_edited():
            print_line(f"the subset was edited, and is renamed: {renamed}")
        with entry.files() as [subset_file, recipe_file, metadata_file]:
            size = sum(subset_file.write(piece) for piece in result.text())
            recipe_file.write(recipe)
            digest = before[str(source)]
            metadata = CacheMetadata(
                str(source), digest, steps, size, time.time(), __version__, summary
            )
            metadata_file.write(sidecar_as_json(asdict(metadata)))
            if digests() != before:
                raise SourceChangedError(
                    "a file changed while it was read",
                    where=", ".join(before),
                    hint="run again when nothing writes to it",
                )
    except (OSError, OutputError) as error:
        raise _cannot_keep(entry.folder, error) from error
    print_line(f"{source}: {steps or 'all of it'}")
    for line in summary:
        print_line(line)
    print_line(f"built in {time.monotonic() - started:.1f} s, kept: {entry.subset}")


def _cannot_keep(folder: Path, error: OSError | OutputError) -> OutputError:
    why = error.what if isinstance(error, OutputError) else error.strerror or str(error)
    return OutputError(
        f"cannot store the subset in the cache folder: {why}",
        where=str(folder),
        hint="name another folder (COCOSURGEON_CACHE=FOLDER, cache=FOLDER, or cache='beside' for "
        "next to the source), or free space: cocosurgeon cache clear",
    )


def _read_class_names(path: Path) -> list[str]:
    from cocosurgeon.dataset.io import read
    from cocosurgeon.errors import StructureError

    categories = read(path).categories
    if not categories:
        hint = "name a file with categories"
        raise StructureError("the file lists no categories", where=str(path), hint=hint)
    indices: dict[object, int] = {}
    names = []
    for index, category in enumerate(categories):
        if category.id is None or category.name is None:
            missing = "id" if category.id is None else "name"
            raise StructureError(
                f"categories[{index}] has no {missing}: MMDetection cannot number it",
                where=str(path),
                hint=f"give it a {missing} in the source",
            )
        if category.id in indices:
            raise StructureError(
                f"categories[{indices[category.id]}] and categories[{index}] have the same id, "
                f"{category.id!r}: MMDetection gives it two labels, and uses the last",
                where=str(path),
                hint="give one of them another id in the source",
            )
        indices[category.id] = index
        names.append(category.name)
    return names
