"""A new folder that appears whole; an existing one with the same files is left unchanged."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cocosurgeon.atomic import Notice, appearing_folder
from cocosurgeon.errors import naming
from cocosurgeon.layout.copy_tree import explained, require_free


class _UnchangedError(Exception):
    """Raised if the folder exists with exactly the same files."""


@contextmanager
def new_folder(out: Path, may_be_equal: bool, notice: Notice) -> Iterator[Path]:
    """Make a folder to be filled, which gets its name at the end unless a folder with the same
    files has it.

    Args:
        may_be_equal: True if an existing folder may have the same files; the caller has refused
            any other.
        notice: prints a line.

    Raises:
        OutputError: the path has something else, or the system refuses.
    """
    try:
        with ExitStack() as stack:
            with explained(out):
                draft = stack.enter_context(appearing_folder(out, notice))
            with explained(out, draft), naming(str(out), instead_of=str(draft)):
                yield draft
            if may_be_equal and _is_equal_tree(draft, out):
                raise _UnchangedError
            require_free(out)
    except _UnchangedError:
        notice(f"{out}: unchanged")


def _is_equal_tree(one: Path, other: Path) -> bool:
    files = [sorted(_files_in(folder)) for folder in (one, other)]
    return files[0] == files[1] and all(_is_equal(one / name, other / name) for name in files[0])


def _files_in(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        yield from (os.path.relpath(os.path.join(place, name), folder) for name in names)  # noqa: PTH118


def _is_equal(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return filecmp.cmp(one, other, shallow=False)
