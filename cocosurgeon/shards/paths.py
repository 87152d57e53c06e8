"""Files by their names, by globs and by folders."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from cocosurgeon.errors import RequestError, SourceUnavailableError

_SUFFIXES = (".json", ".json.gz")


def is_of_several(given: Sequence[str]) -> bool:
    """Return whether these names may be more than one file: several names, a glob, a folder."""
    return len(given) > 1 or any(_is_glob(each) or os.path.isdir(each) for each in given)  # noqa: PTH112


def annotation_files(given: Iterable[str]) -> list[str]:
    """Return the files of names, globs and folders, in their order; those of one glob or folder are
    sorted by name.

    Of a folder, its ``.json`` and ``.json.gz`` files are taken, not those of folders in it.

    Raises:
        SourceUnavailableError: a glob or folder has none.
        RequestError: a file is named twice.
    """
    found: list[str] = []
    for each in given:
        if os.path.isdir(each):  # noqa: PTH112 - says no where Path.is_dir raises
            names = sorted(name for name in os.listdir(each) if name.endswith(_SUFFIXES))  # noqa: PTH208
            files = [str(Path(each, name)) for name in names]
        elif _is_glob(each):
            files = sorted(glob.glob(each, recursive=True))  # noqa: PTH207 - as it was given
        else:
            files = [each]
        if not files:
            raise SourceUnavailableError(
                "no annotation file there", where=each, hint="check the folder, or the pattern"
            )
        found += files
    twice = next((path for path, count in Counter(found).items() if count > 1), None)
    if twice is not None:
        raise RequestError("a file is named twice", where=twice, hint="name each file once")
    return found


def names_in(paths: Sequence[str]) -> list[str]:
    """Return the name of each file below the folder that all of them are in."""
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])  # noqa: PTH100, PTH120
    return [os.path.relpath(os.path.abspath(path), folder) for path in paths]  # noqa: PTH100


def _is_glob(text: str) -> bool:
    return glob.has_magic(text) and not os.path.lexists(text)
