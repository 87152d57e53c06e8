"""A new folder with what is kept of several files, at a path or a URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cocosurgeon.atomic import Notice, remove_abandoned, require_parent
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.layout.copy_tree import require_free
from cocosurgeon.layout.new_folder import new_folder
from cocosurgeon.progress import progress_of
from cocosurgeon.shards.cluster import Workers
from cocosurgeon.shards.paths import names_in
from cocosurgeon.urls import is_url, new_url_folder, require_free_url, written


def write_folder(
    out: str,
    folders: Mapping[str, Mapping[str, Dataset]],
    workers: Workers | None,
    notice: Notice,
) -> None:
    """Write files into a new folder, which appears whole.

    Args:
        out: its path or URL.
        folders: folders in it; of each, what is kept of each file, by its path.
        workers: write them; None: this process does.
        notice: prints a line.

    Raises:
        OutputError: something else is there.
    """
    files = {
        str(Path(folder, name)): part
        for folder, parts in folders.items()
        for name, part in zip(names_in(list(parts)), parts.values(), strict=True)
    }
    require_free_folder(out, files)
    if is_url(out):
        with new_url_folder(out) as draft:
            write_parts({below(draft, name): part for name, part in files.items()}, workers)
        return
    with new_folder(Path(out), _has_files(out, files), notice) as folder:
        write_parts({below(str(folder), name): part for name, part in files.items()}, workers)


def write_parts(files: Mapping[str, Dataset], workers: Workers | None) -> None:
    """Write files by their paths or URLs, in a folder that nobody else uses."""
    places = {Path(path).parent for path in files if not is_url(path)}
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    if workers is not None:
        workers.write(files)
        for place in places:
            remove_abandoned(place)  # of a worker that died
        return
    for path, part in files.items():
        with progress_of(f"writing {Path(path).name}") as progress, written(path) as file:
            done = 0
            for piece in part.text():
                file.write(piece)
                done += len(piece)
                if progress:
                    progress(done, part.source.size)


def below(folder: str, name: str) -> str:
    """Return the path or URL of a name in a folder."""
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else str(Path(folder, name))


def require_free_folder(out: str, names: Iterable[str]) -> None:
    """Refuse a folder that is there, unless it has files of these names: it may be the result.

    Raises:
        OutputError: something is there, or no folder to write in.
    """
    if is_url(out):
        require_free_url(out)
    elif not _has_files(out, names):
        require_free(Path(out))
        require_parent(Path(out))


def _has_files(out: str, names: Iterable[str]) -> bool:
    return all(Path(out, name).is_file() for name in names)
