"""The folder in which subsets are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.errors import RequestError
from cocosurgeon.steps.arguments import path_text, shown

VARIABLE = "COCOSURGEON_CACHE"
BESIDE = "beside"
BESIDE_FOLDER = "cocosurgeon-cache"


@dataclass(frozen=True)
class Place:
    """A folder, which may not be there yet.

    Attributes:
        folder: absolute.
        why: who says so.
    """

    folder: Path
    why: str


def place_for(cache: str | os.PathLike[str] | None, source: Path | None = None) -> Place:
    """The folder in which subsets are kept.

    Args:
        cache: a folder; ``beside``: the folder ``cocosurgeon-cache`` next to the source; None: the
            one that the environment names, else the user's.
        source: the annotation file, absolute.

    Raises:
        RequestError: it is none of these.
    """
    if isinstance(cache, str) and cache == BESIDE:
        if source is None:
            raise RequestError("beside which file?", hint="name the folder")
        return Place(source.parent / BESIDE_FOLDER, "beside the source")
    if cache is not None:
        named = path_text(cache)
        if named is None:
            raise RequestError(
                f"cache: expected a folder, not {shown(cache)}",
                hint=f"{BESIDE!r}, a folder, or None",
            )
        return Place(_absolute(named), "as named")
    if variable := os.environ.get(VARIABLE):
        return Place(_absolute(variable), f"from {VARIABLE}")
    from platformdirs import user_cache_path

    return Place(_absolute(str(user_cache_path("cocosurgeon", appauthor=False))), "the user's")


def _absolute(folder: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(folder)))  # noqa: PTH100, PTH111 - never raise
