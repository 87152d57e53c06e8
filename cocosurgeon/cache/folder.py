"""The cache folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.steps.arguments import path_text, shown

VARIABLE = "COCOSURGEON_CACHE"
BESIDE = "beside"
BESIDE_FOLDER = "cocosurgeon-cache"


@dataclass(frozen=True)
class CacheFolder:
    """The cache folder, which may not exist yet.

    Attributes:
        path: absolute path.
        why: reason for this folder, for messages.
    """

    path: Path
    why: str


def cache_folder(cache: str | os.PathLike[str] | None, source: Path | None = None) -> CacheFolder:
    """Return the cache folder.

    Args:
        cache: a folder; ``beside``: the folder ``cocosurgeon-cache`` next to the source; None: that
            of $COCOSURGEON_CACHE, else the user's.
        source: absolute path of the annotation file.

    Raises:
        RequestError: ``cache`` is none of these.
    """
    if isinstance(cache, str) and cache == BESIDE:
        if source is None:
            raise RequestError(
                "cache='beside' means next to the source, and the source is not a file",
                hint="name the folder",
            )
        return CacheFolder(source.parent / BESIDE_FOLDER, "next to the source")
    if cache is not None:
        named = path_text(cache)
        if named is None:
            raise RequestError(
                f"cache: expected a folder, not {shown(cache)}",
                hint=f"use {BESIDE!r}, a folder, or None",
            )
        return CacheFolder(_absolute(named), "as given")
    if variable := os.environ.get(VARIABLE):
        return CacheFolder(_absolute(variable), f"from {VARIABLE}")
    from platformdirs import user_cache_path

    default = user_cache_path("cocosurgeon", appauthor=False)
    return CacheFolder(_absolute(str(default)), "the user's")


def require_private(folder: Path) -> None:
    """Refuse a cache folder in which others could place any annotation file.

    Raises:
        OutputError: it belongs to another user, or its group or everybody may write to it.
    """
    try:
        status = folder.stat()
    except OSError:
        return  # it does not exist yet, or the next step says why not
    if status.st_uid not in (os.getuid(), 0):
        what = "the cache folder belongs to another user"
    elif status.st_mode & 0o002 or (status.st_mode & 0o020 and not _is_own_group(status.st_gid)):
        what = "the cache folder can be written by others"
    else:
        return
    raise OutputError(
        f"{what}, who could change what is loaded",
        where=str(folder),
        hint=f"chmod go-w {folder}, or name another folder: {VARIABLE}=FOLDER, cache=FOLDER",
    )


def _is_own_group(gid: int) -> bool:
    """Return True if a group has the user's name and thus only this user, as on Debian."""
    import grp
    import pwd

    try:
        return grp.getgrgid(gid).gr_name == pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False


def _absolute(folder: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(folder)))  # noqa: PTH100, PTH111 - never raise
