"""Listings of folders: each is made once, however many names are looked up in it."""

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
        links: symbolic links, to whatever they point.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


class Folders:
    """Folders as they were when they were first listed.

    A folder of 118,287 images is one listing, not 118,287 system calls. Names are compared exactly,
    also where the file system is more lenient (macOS): what is found here is found on every
    machine.
    """

    def __init__(self) -> None:
        self._listings: dict[str, Listing | OSError] = {}
        self._link_targets: dict[str, bool] = {}

    def listing(self, folder: str | os.PathLike[str]) -> Listing | None:
        """Return the names in a folder; None where there is no folder, or it cannot be read."""
        found = self._look(os.fspath(folder))
        return found if isinstance(found, Listing) else None

    def error(self, folder: str | os.PathLike[str]) -> OSError | None:
        """Return the error of a folder that cannot be listed; None for one that can."""
        found = self._look(os.fspath(folder))
        return found if isinstance(found, OSError) else None

    def missing(self, folder: str | os.PathLike[str], names: Iterable[str]) -> list[str]:
        """Return those names, relative to a folder or absolute, that are no file."""
        root = os.fspath(folder)
        return [name for name in names if not self._has(root, name)]

    def broken_links(self, folder: str | os.PathLike[str], names: Iterable[str]) -> int:
        """Count the links among names that are no file in a folder."""
        root = os.fspath(folder)
        return sum(self._is_link(root, name) for name in names)

    def files(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return names of the files in a folder, links to files included."""
        place, listing = os.fspath(folder), self.listing(folder)
        if listing is None:
            return []
        return [*listing.files, *(n for n in listing.links if self._is_file(place, n))]

    def subfolders(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return names of the folders in a folder, links to folders included, sorted."""
        listing = self.listing(folder)
        if listing is None:
            return []
        linked = (n for n in listing.links if os.path.isdir(os.path.join(folder, n)))  # noqa: PTH112, PTH118
        return sorted([*listing.folders, *linked])

    def folders_and_links(self, folder: str | os.PathLike[str]) -> list[str]:
        """Return names of the folders and of all links, broken ones included, sorted."""
        listing = self.listing(folder)
        return [] if listing is None else sorted(listing.folders | listing.links)

    def is_filled(self, folder: str | os.PathLike[str]) -> bool:
        """Return True for a folder with something in it."""
        listing = self.listing(folder)
        return listing is not None and bool(listing.files or listing.folders or listing.links)

    def _has(self, root: str, name: str) -> bool:
        folder, base = _split(root, name)
        found = self._look(folder)
        if not isinstance(found, Listing):
            return False
        return base in found.files or (base in found.links and self._is_file(folder, base))

    def _is_link(self, root: str, name: str) -> bool:
        folder, base = _split(root, name)
        found = self._look(folder)
        return isinstance(found, Listing) and base in found.links

    def _is_file(self, folder: str, link: str) -> bool:
        """Follow a link, once: it may point to a network disk."""
        path = os.path.join(folder, link)  # noqa: PTH118
        if path not in self._link_targets:
            self._link_targets[path] = os.path.isfile(path)  # noqa: PTH113
        return self._link_targets[path]

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
