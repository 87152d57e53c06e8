"""Images by a list of file names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.files import read_lines
from cocosurgeon.select.filter import Columns, ImageFilter
from cocosurgeon.select.plan import Keep, Step, Unbound
from cocosurgeon.steps.arguments import PATHS, unquoted
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import did_you_mean, first_few, first_names, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress

_SHOWN = 3


@dataclass(frozen=True, repr=False, eq=False)
class FileNames(ImageFilter):
    """Images with these file names: ``FileNames(["a/1.jpg", "2.jpg"])``.

    A name is compared with each whole ``file_name``. Without an equal one, folders at the beginning
    of either are ignored: ``1.jpg`` and ``data/a/1.jpg`` both match ``a/1.jpg``, ``b/1.jpg`` does
    not. A backslash is then a slash. It is an error if a name matches no image of the source, or
    several.

    Attributes:
        names: the names.
        notes: facts about the search, for the summary; no part of the filter.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __init__(self, names: Iterable[str], notes: tuple[str, ...] = ()) -> None:
        listed = [names] if isinstance(names, str) else list(names)
        if isinstance(names, str) or not all(isinstance(name, str) for name in listed):
            raise RequestError("FileNames takes a list of file names (strings)")
        object.__setattr__(self, "names", tuple(dict.fromkeys(map(str, listed))))
        object.__setattr__(self, "notes", notes)

    @property
    def columns(self) -> Columns:
        return {"images": ("file_name",)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        import numpy as np

        [column] = dataset.index.image_columns("file_name")
        images_of: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(column.tolist()):
            if isinstance(name, str):
                images_of[name].append(number)
        by_end = _found_by_end(self.names, images_of, dataset.source.name)
        found = [by_end.get(name, name) for name in self.names]
        mask = np.zeros(len(column), dtype=np.bool_)
        mask[[number for name in found for number in images_of[name]]] = True
        shared = [name for name in found if len(images_of[name]) > 1]
        notes = [*self.notes, *_notes(by_end, shared)]
        return FilterResult(mask[dataset.image_indices], tuple(notes))


def _found_by_end(names: Iterable[str], known: Mapping[str, object], where: str) -> dict[str, str]:
    """Return the file name that matches each name by its last parts, for names that equal none.

    Raises:
        UnknownNameError: a name matches none.
        RequestError: a name matches several, or two names match one.
    """
    rest = [name for name in names if name not in known]
    if not rest:
        return {}
    with_last: defaultdict[str, list[str]] = defaultdict(list)
    for each in known:
        with_last[_folders(each)[-1]].append(each)
    found: dict[str, str] = {}
    unknown: list[str] = []
    name_of = {name: name for name in names if name in known}
    for name in rest:
        match _standing_for(name, with_last):
            case []:
                unknown.append(name)
            case [one]:
                found[name] = one
                other = name_of.setdefault(one, name)
                if _folders(other) != _folders(name):
                    raise RequestError(
                        f"two names stand for the image {one!r}: {first_names([other, name])}",
                        where=where,
                        hint="write each name as in the file",
                    )
            case several:
                raise RequestError(
                    f"the name {name!r} stands for {plural(len(several), 'image')}: "
                    f"{first_names(several)}",
                    where=where,
                    hint="write it with its folders, as in the file",
                )
    if unknown:
        count = f"{len(unknown):,} file names are" if len(unknown) > 1 else "this file name is"
        first = next(iter(known), None)
        raise UnknownNameError(
            f"{count} not in the file: {first_names(unknown)}",
            where=where,
            hint=did_you_mean(unknown[0], known)
            or (None if first is None else f"its first file_name is {first!r}"),
        )
    return found


def _standing_for(name: str, with_last: Mapping[str, list[str]]) -> list[str]:
    """Return the file names that equal a name; else those that end with it or that it ends with."""
    own = _folders(name)
    near = with_last.get(own[-1], [])
    equal = [each for each in near if _folders(each) == own]
    return equal or [each for each in near if _is_end(own, _folders(each))]


def _folders(name: str) -> tuple[str, ...]:
    """Return the parts of a path, at least one."""
    parts = name.replace("\\", "/").split("/")
    return tuple(part for part in parts if part not in ("", ".")) or ("",)


def _is_end(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[-shorter:] == other[-shorter:]


def _notes(by_end: Mapping[str, str], shared: list[str]) -> list[str]:
    notes = []
    if by_end:
        shown = first_few(list(by_end), _SHOWN, show=lambda n: f"{n!r} ({by_end[n]!r})")
        notes.append(f"{plural(len(by_end), 'file name')} found by the last parts: {shown}")
    if shared:
        what = plural(len(shared), "file name")
        verb = "belongs" if len(shared) == 1 else "belong"
        notes.append(
            f"{what} {verb} to several images, which are all chosen: {first_names(shared)}"
        )
    return notes


@dataclass(frozen=True, repr=False, eq=False)
class FileNamesFile(Unbound):
    """Keep images whose file names are in text files, one a line (``-``: standard input).

    Attributes:
        paths: paths of the files.
    """

    paths: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return self.paths

    @property
    def columns(self) -> Columns:
        return FileNames(()).columns

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        hint = "one file name per line"
        lines = [
            unquoted(line)
            for path in self.paths
            for line in read_lines(path, "the list of file names", hint)
        ]
        repeated = len(lines) - len(set(lines))
        notes = [] if lines else ["the list of file names is empty"]
        notes += [f"lines that repeat a file name: {repeated:,}"] if repeated else []
        return Keep(FileNames(lines, tuple(notes)))


OPTIONS = (
    Option(
        "file-names-file",
        PATHS,
        "Keep only images whose file_name is in this file, one per line. - is stdin.",
        FileNamesFile,
        is_joined=True,
    ),
)
