"""Listings of folders, each made once for all lookups."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """The names in one folder.

    Attributes:
        files: regular files.
        folders: folders.
        links: symbolic links to anything.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


class Folders:
    """Cached listings of folders.

    A folder of 118,287 images is one listing, not 118,287 system calls. Names are compared exactly,
    even if the file system ignores case (macOS), so that results are the same on every machine.
    """

    def __init__(self) -> None:
        self._listings: dict[str, Listing | OSError] = {}
        self._is_link_to_file: dict[str, bool] = {}

    def listing(self, folder: str | os.PathLike[str]) -> Listing:
        """Return the names in a folder; none if it cannot be listed."""
        found = self._look(os.fspath(folder))
        return found if isinstance(found, Listing) else Listing()

    def error(self, folder: str | os.PathLike[str]) -> OSError | None:
        """Return the error of a folder that does not exist or cannot be listed; else None."""
        found = self._look(os.fspath(folder))
        return found if isinstance(found, OSError) else None

    def missing(self, folder: str | os.PathLike[str], names: Iterable[str]) -> list[str]:
        """Return the names, relative to a folder or absolute, that are not files."""
        root = os.fspath(folder)
        return [name for name in names if not self._has(root, name)]

    def broken_links(self, folder: str | os.PathLike[str], names: Iterable[str]) -> int:
        """Count links among names that are not files in a folder."""
        root = os.fspath(folder)
        split = (_split(root, name) for name in names)
        return sum(base in self.listing(parent).links for parent, base in split)

    def files(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return names of the files in a folder, and of links to files."""
        path, listing = os.fspath(folder), self.listing(folder)
        return [*listing.files, *(n for n in listing.links if self._is_file(path, n))]

    def subfolders(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return names of the folders in a folder, and of links to folders, sorted."""
        listing = self.listing(folder)
        linked = (n for n in listing.links if os.path.isdir(os.path.join(folder, n)))  # noqa: PTH112, PTH118
        return sorted([*listing.folders, *linked])

    def is_filled(self, folder: str | os.PathLike[str]) -> bool:
        """Return True for a folder that is not empty."""
        listing = self.listing(folder)
        return bool(listing.files or listing.folders or listing.links)

    def _has(self, root: str, name: str) -> bool:
        parent, base = _split(root, name)
        listing = self.listing(parent)
        return base in listing.files or (base in listing.links and self._is_file(parent, base))

    def _is_file(self, folder: str, link: str) -> bool:
        """Follow a link, only once because it may point to a slow network disk."""
        path = os.path.join(folder, link)  # noqa: PTH118
        if path not in self._is_link_to_file:
            self._is_link_to_file[path] = os.path.isfile(path)  # noqa: PTH113
        return self._is_link_to_file[path]

    def _look(self, folder: str) -> Listing | OSError:
        if folder not in self._listings:
            self._listings[folder] = _list_folder(folder)
        return self._listings[folder]


def _split(root: str, name: str) -> tuple[str, str]:
    head, base = os.path.split(name)
    return (os.path.join(root, head) if head else root), base  # noqa: PTH118 - 118,287 of them


def _list_folder(folder: str) -> Listing | OSError:
    files, folders, links = [], [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    links.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    files.append(entry.name)
    except ValueError as error:  # a name that no file system can hold
        return OSError(str(error))
    except OSError as error:
        return error
    return Listing(frozenset(files), frozenset(folders), frozenset(links))
