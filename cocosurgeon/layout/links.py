"""Commands that make a folder known where it is looked for."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from cocosurgeon.layout.folders import Folders


def link_line(there: Path | None, wanted: Path, folders: Folders) -> str | None:
    """A line that puts a link where a folder is wanted.

    Args:
        there: the folder; None: to be filled in.
        wanted: where it is looked for: nothing is there, or an empty folder, or a link.
        folders: what lies where.

    Returns:
        The line; None where the wanted folder has something in it, which a link would hide, or in
        which it would end.
    """
    quoted = shlex.quote(str(wanted))
    target = "FOLDER" if there is None else shlex.quote(_seen_from(there, wanted.parent))
    if wanted.is_symlink() and folders.listing(wanted) is None:
        return f"ln -sfn {target} {quoted}"
    if folders.is_empty(wanted) and not wanted.is_symlink():
        return f"rmdir {quoted} && ln -s {target} {quoted}"
    if os.path.lexists(wanted):
        return None
    above = shlex.quote(str(wanted.parent))
    make = "" if folders.listing(wanted.parent) is not None else f"mkdir -p {above} && "
    return f"{make}ln -s {target} {quoted}"


def _seen_from(there: Path, folder: Path) -> str:
    """A relative path that holds from a folder itself, which may have been come to by a link."""
    real = Path(os.path.realpath(there.parent), there.name)
    return os.path.relpath(real, os.path.realpath(folder))
