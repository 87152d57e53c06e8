"""Files by their names, by globs and by folders."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.formats.parquet import TABLES
from cocosurgeon.select.plan import Plan
from cocosurgeon.shards.shard import is_tables, read_shard
from cocosurgeon.steps.images.part import PartAgainst
from cocosurgeon.urls import files_at, has_wildcard, is_url, path_of

_SUFFIXES = (".json", ".json.gz")
_HTTP = re.compile("https?://")


def is_of_several(given: Sequence[str]) -> bool:
    """Return whether these names may be more than one file: several names, a glob, a folder that is
    not one file's tables."""
    return len(given) > 1 or any(map(_is_several, given))


def annotation_files(given: Iterable[str]) -> list[str]:
    """Return the files of names, globs and folders, in their order; those of one glob or folder are
    sorted by name.

    Of a folder (a URL with ``/`` at its end), its ``.json`` and ``.json.gz`` files are taken, not
    those of folders in it, and the folders in it that are tables of Parquet.

    Raises:
        SourceUnavailableError: a glob or folder has none, or nothing is given.
        RequestError: a file is given twice, by one name or by two.
    """
    found: list[str] = []
    for each in given:
        hint = "check the folder, or the pattern"
        if is_url(each):
            files = files_at(each, _SUFFIXES, TABLES) if _is_several(each) else [each]
        elif _is_folder(each):
            paths = [str(Path(each, name)) for name in sorted(os.listdir(each))]  # noqa: PTH208
            files = [path for path in paths if path.endswith(_SUFFIXES) or is_tables(path)]
        elif _is_glob(each):
            pattern = _with_plain_folder(each)
            files = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - as it was given
            if "[" in each:
                hint += "; a name with [ in it is written [[]"
        else:
            files = [each]
        if not files:
            raise SourceUnavailableError("no annotation file there", where=each, hint=hint)
        found += files
    if not found:
        raise SourceUnavailableError(
            "no annotation file is given", hint="name files, globs or folders"
        )
    require_different(found)
    return found


def require_different(paths: Iterable[str]) -> None:
    """Refuse a file that is given twice, also by another spelling, a link or a ``file://`` URL.

    Raises:
        RequestError: two are one file.
    """
    first: dict[object, str] = {}
    for path in paths:
        place = path_of(path)
        key: object = path
        if place is not None and os.path.exists(place):  # noqa: PTH110 - says no where Path.exists raises
            status = os.stat(place)  # noqa: PTH116
            key = status.st_dev, status.st_ino
        if key in first:
            names = dict.fromkeys((first[key], path))
            raise RequestError(
                "the same file is given twice",
                where=" and ".join(names),
                hint="name it once: a second time adds nothing",
            )
        first[key] = path


def names_in(paths: Sequence[str]) -> list[str]:
    """Return the name of each file below the folder that all of them are in; of tables, the name of
    their folder with ``.json``; of an HTTP server, without query and fragment.

    Raises:
        RequestError: two have one name.
    """
    plain = [re.sub(r"[?#].*", "", p) if _HTTP.match(p) else p for p in paths]
    absolute = [os.path.abspath(path.rpartition("://")[2]) for path in plain]  # noqa: PTH100
    folder = os.path.commonpath(map(os.path.dirname, absolute))
    found = [os.path.relpath(path, folder) for path in absolute]
    names = [f"{n}.json" if is_tables(p) else n for n, p in zip(found, paths, strict=True)]
    if (twice := _twice(names)) is not None:
        hint = "name each file once, rename the tables' folder, or merge them: cocosurgeon merge"
        raise RequestError("two outputs of one name", where=twice, hint=hint)
    return names


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _is_several(text: str) -> bool:
    if is_url(text):
        return has_wildcard(text) and not is_tables(text)
    return _is_glob(text) or _is_folder(text)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not is_tables(path)  # noqa: PTH112 - says no where Path.is_dir raises


def _is_glob(text: str) -> bool:
    return glob.has_magic(text) and not os.path.lexists(text)


def _with_plain_folder(pattern: str) -> str:
    """Return a glob in which the folder at its beginning stands for itself, where there is one of
    this name: ``[`` and ``]`` may be in names."""
    parts = pattern.split("/")
    for count in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:count])
        if not set("*?") & set(folder) and os.path.isdir(folder):  # noqa: PTH112
            return "/".join([glob.escape(folder), *parts[count:]])
    return pattern


def with_earlier_files(plan: Plan) -> Plan:
    """Return a plan whose earlier parts of a split may be given as folders, globs and tables.

    Raises:
        CocosurgeonError: there is no file, or one is given twice.
    """
    return Plan(*(_of_files(s) if isinstance(s, PartAgainst) else s for s in plan.steps))


def _of_files(part: PartAgainst) -> PartAgainst:
    given = defaultdict[str, list[str]](list)
    for name, path in part.earlier:
        given[name].append(path)
    earlier = tuple((name, p) for name, each in given.items() for p in annotation_files(each))
    return replace(part, earlier=earlier, reader=read_shard)
