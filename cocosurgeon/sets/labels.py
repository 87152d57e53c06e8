"""Short, different names of merged files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from cocosurgeon.errors import RequestError
from cocosurgeon.text import did_you_mean, first_few


class RoutineNote(str):
    """A note on what every merge does, which is neither a loss nor a change."""


def of_files(notes: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield notes on files, one for all files of which the same is noted.

    Args:
        notes: label of the file, and the note, with ``{files}`` in place of the label.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for label, note in notes:
        found[note].append(label)
    for note, labels in found.items():
        yield note.replace("{files}", first_few(labels, shown=3), 1)


def labels_of(paths: Sequence[str]) -> list[str]:
    """Return the shortest ends of paths that differ, without ``.json``.

    Raises:
        RequestError: a path is given twice.
    """
    for path in paths:
        if list(paths).count(path) > 1:
            raise RequestError(f"{path} is named twice", hint="name each file once")
    parts = [PurePath(without_suffix(path)).parts for path in paths]
    labels = ["/".join(each[-1:]) for each in parts]
    for count in range(2, max(map(len, parts)) + 1):
        if len(set(labels)) == len(labels):
            break
        labels = ["/".join(each[-count:]) for each in parts]
    return labels if len(set(labels)) == len(labels) else list(paths)


def without_suffix(path: str) -> str:
    """Return a path without ``.json``, ``.gz`` or both at its end."""
    return re.sub(r"(?<=.)(\.json)?(\.gz)?$", "", path)


def find_label(name: str, labels: Sequence[str], paths: Sequence[str]) -> int:
    """Return the place of the file with a name: its path, its label or its file name.

    Raises:
        RequestError: no file has the name, or several do.
    """
    forms = [{path, label, PurePath(path).name} for path, label in zip(paths, labels, strict=True)]
    found = [place for place, each in enumerate(forms) if name in each]
    if len(found) == 1:
        return found[0]
    if found:
        raise RequestError(
            f"--merge-prefix: {name!r} matches several files: "
            f"{', '.join(labels[place] for place in found)}",
            hint="give its path",
        )
    known = [form for each in forms for form in sorted(each)]
    raise RequestError(
        f"--merge-prefix: {name!r} is none of the files",
        hint=did_you_mean(name, known) or f"one of {', '.join(labels)}",
    )
