"""What lies in folders: each is listed once, however many names are looked up in it."""

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
        links: symbolic links, wherever they lead.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


class Folders:
    """Folders as they were when they were first asked for.

    A folder of 118,287 images is one listing, not 118,287 questions to the system. Names are
    compared exactly, also where the file system would be more lenient (macOS): what is found here
    is found on every machine.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Listing | OSError] = {}
        self._followed: dict[str, bool] = {}

    def listing(self, folder: str | os.PathLike[str]) -> Listing | None:
        """What lies in a folder; None where there is no folder, or it cannot be read."""
        seen = self._look(os.fspath(folder))
        return seen if isinstance(seen, Listing) else None

    def refusal(self, folder: str | os.PathLike[str]) -> OSError | None:
        """Why a folder cannot be listed; None where it can."""
        seen = self._look(os.fspath(folder))
        return seen if isinstance(seen, OSError) else None

    def missing(self, folder: str | os.PathLike[str], names: Iterable[str]) -> list[str]:
        """Those of some names, relative to a folder or absolute, that lead to no file."""
        root = os.fspath(folder)
        return [name for name in names if not self._has(root, name)]

    def dangling(self, folder: str | os.PathLike[str], names: Iterable[str]) -> int:
        """How many of some names that lead to no file in a folder are links."""
        root = os.fspath(folder)
        return sum(self._is_link(root, name) for name in names)

    def files(self, folder: str | os.PathLike[str]) -> list[str]:
        """Names of the files in a folder, links that lead to files included."""
        place, listing = os.fspath(folder), self.listing(folder)
        if listing is None:
            return []
        return [*listing.files, *(n for n in listing.links if self._leads(place, n))]

    def subfolders(self, folder: str | os.PathLike[str]) -> list[str]:
        """Names of the folders in a folder, links to folders included, sorted."""
        listing = self.listing(folder)
        if listing is None:
            return []
        linked = (n for n in listing.links if os.path.isdir(os.path.join(folder, n)))  # noqa: PTH112, PTH118
        return sorted([*listing.folders, *linked])

    def names_of_folders(self, folder: str | os.PathLike[str]) -> list[str]:
        """Names of what is, or should be, a folder in a folder: folders, and all links; sorted."""
        listing = self.listing(folder)
        return [] if listing is None else sorted(listing.folders | listing.links)

    def is_empty(self, folder: str | os.PathLike[str]) -> bool:
        """Whether there is a folder, and nothing in it."""
        listing = self.listing(folder)
        return listing is not None and not (listing.files or listing.folders or listing.links)

    def _has(self, root: str, name: str) -> bool:
        head, tail = os.path.split(name)
        place = os.path.join(root, head) if head else root  # noqa: PTH118 - 118,287 of them
        seen = self._look(place)
        if not isinstance(seen, Listing):
            return False
        return tail in seen.files or (tail in seen.links and self._leads(place, tail))

    def _is_link(self, root: str, name: str) -> bool:
        head, tail = os.path.split(name)
        seen = self._look(os.path.join(root, head) if head else root)  # noqa: PTH118
        return isinstance(seen, Listing) and tail in seen.links

    def _leads(self, place: str, link: str) -> bool:
        """Whether a link leads to a file; asked once, since that may be a network disk."""
        path = os.path.join(place, link)  # noqa: PTH118
        if path not in self._followed:
            self._followed[path] = os.path.isfile(path)  # noqa: PTH113
        return self._followed[path]

    def _look(self, folder: str) -> Listing | OSError:
        if folder not in self._seen:
            self._seen[folder] = _listed(folder)
        return self._seen[folder]


def _listed(folder: str) -> Listing | OSError:
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
