"""The folder that belongs to an annotation file, told by the names of its images or PNGs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.places import Search, image_search, is_told


@dataclass(frozen=True)
class Prefix:
    """The folder that file names are relative to: ``data_prefix`` in 3.x, ``img_prefix`` in 2.x.

    Attributes:
        folder: the folder; None where only absolute names lead to a file, which need none.
        found: how many of the names lead to a file there.
        names: how many different names were looked up: all that were given.
        absolute: how many of the names are absolute, and need no folder.
        tied: other folders that have as many of the names, the likeliest first: nothing but the
            order of places speaks for ``folder`` against them. Where the annotation file's name
            tells the folder (``val2017``), others that it does not tell are no match for it.
    """

    folder: Path | None
    found: int
    names: int
    absolute: int
    tied: tuple[Path, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every name is there."""
        return self.found == self.names


def find_prefix(
    ann_file: Path,
    file_names: Sequence[str],
    folders: Folders | None = None,
    root: Path | None = None,
) -> Prefix | None:
    """The folder that has most of an annotation file's images; see ``image_search``.

    Args:
        ann_file: the annotation file; only its place and name count.
        file_names: ``file_name`` of its images.
        folders: listings to share with other searches.
        root: a data root to look in before those that the annotation file's place tells.

    Returns:
        The folder; None where no place has any of the names.
    """
    folders = folders or Folders()
    return most_of(file_names, image_search(ann_file, folders, root), ann_file, folders)


def most_of(
    file_names: Sequence[str], search: Search, ann_file: Path, folders: Folders
) -> Prefix | None:
    """The folder that has most of some names; every name is looked up.

    Args:
        file_names: the names.
        search: where they are looked for.
        ann_file: whose they are; its name decides between folders that have as many.
        folders: listings to share with other searches.

    Returns:
        The folder; None where no place has any of the names.
    """
    names = list(dict.fromkeys(file_names))
    absolute = [n for n in names if os.path.isabs(n)]  # noqa: PTH117
    relative = [n for n in names if not os.path.isabs(n)]  # noqa: PTH117
    of_absolute = len(absolute) - len(folders.missing("", absolute))
    best, most = _best(search.likely, relative, folders)
    if relative and not most:
        best, most = _best(search.others(), relative, folders)
    if not most:
        return Prefix(None, of_absolute, len(names), len(absolute), ()) if of_absolute else None
    best = [place for place in best if is_told(place, ann_file)] or best
    return Prefix(best[0], most + of_absolute, len(names), len(absolute), tuple(best[1:]))


def _best(tried: Sequence[Path], names: Sequence[str], folders: Folders) -> tuple[list[Path], int]:
    """The places that have most of some names, and how many that is."""
    counts = [len(names) - len(folders.missing(place, names)) for place in tried]
    most = max(counts, default=0)
    return [place for place, count in zip(tried, counts, strict=True) if count == most], most
