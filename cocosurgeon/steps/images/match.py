"""Images that another annotation file has, too."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cocosurgeon.dataset.mask import WarningNote
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Except, Keep, Step, Unbound
from cocosurgeon.steps.arguments import PATH, choice
from cocosurgeon.steps.images.file_names_file import FileNames
from cocosurgeon.steps.images.ids import Ids
from cocosurgeon.steps.registry import Modifier, Option
from cocosurgeon.text import first_few, has, last_part, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.keys import Id
    from cocosurgeon.progress import Progress

By = Literal["id", "file_name"]

MATCH_BY = Modifier(
    "match-by",
    "by",
    choice("id", "file_name"),
    "Compare images by id, or by file_name if the files were made independently.",
    default="id",
)


@dataclass(frozen=True, repr=False, eq=False)
class MatchFile(Unbound):
    """Keep images that another annotation file has, too.

    Attributes:
        path: path of that file.
        by: ``id`` or ``file_name``.
        keeps: False if an ``Except`` of the step drops the images.
    """

    path: str
    by: By = "id"
    keeps: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,)

    @property
    def columns(self) -> Columns:
        return {"images": ("file_name",)} if self.by == "file_name" else {}

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.dataset.io import read

        other = read(self.path, progress, self.columns)
        if self.by == "file_name":
            there = set(_file_names(other))
            here = _file_names(dataset)
            names = [name for name in here if name in there]
            notes = *_unmatched(there, here, self.path), *self._nothing(names)
            return Keep(FileNames(names, notes))
        ids = [i for i in other.img_ids if i is not None]
        _require_one_type(ids, dataset, self.path, is_results=other.index.is_results)
        matching = set(ids).intersection(dataset.img_ids)
        notes = *_notes(dataset, other, self.path), *self._nothing(matching)
        detected = self.keeps and other.index.is_results and not dataset.index.is_results
        return Keep(Ids(ids, unknown="ignore", notes=notes, are_detected=detected))

    def _nothing(self, matching: Collection[object]) -> tuple[str, ...]:
        """Return a warning if nothing is dropped; if nothing is kept, the summary has one."""
        if matching or self.keeps:
            return ()
        note = f"nothing is dropped: no image of {self.path} is in the file, by {self.by}"
        return (WarningNote(note),)


def _unmatched(there: set[str], here: list[str], path: str) -> Iterator[str]:
    """Yield a note with the number of names that only the other file has."""
    missing = sorted(there.difference(here))
    if missing:
        last = {name.rpartition("/")[2] for name in here}
        nearly = sum(name.rpartition("/")[2] in last for name in missing)
        alike = f"; the last parts of {nearly:,} are (--file-names-file compares these)"
        yield (
            f"{len(missing):,} of {plural(len(there), 'file name')} of {path} are not in the file: "
            f"{first_few(missing, 4, show=repr)}{alike if nearly else ''}"
        )


def _file_names(dataset: Dataset) -> list[str]:
    [names] = dataset.index.image_columns("file_name")
    return [name for name in names.tolist() if isinstance(name, str)]


def _names(dataset: Dataset) -> dict[Id, object]:
    """Return the file name of each image that has an id."""
    index = dataset.index
    [names] = index.image_columns("file_name")
    pairs = zip(index.images.ids.tolist(), names.tolist(), strict=True)
    return {i: name for i, name in pairs if i is not None}


def _require_one_type(ids: list[Id], dataset: Dataset, path: str, *, is_results: bool) -> None:
    """Raise RequestError if no id matches because only one of the files has ids as text."""
    from cocosurgeon.dataset.ids import isin, objects, type_mismatch

    own = dataset.index.images.ids
    if isin(own, ids).any():
        return
    if mismatch := type_mismatch("an image id there", objects(ids), own):
        raise RequestError(
            f"no image matches: {mismatch}",
            where=f"{path} and {dataset.source.name}",
            hint="write ids as numbers in both files, or as text in both"
            + ("" if is_results else "; --match-by file_name compares names"),
        )


def _notes(dataset: Dataset, other: Dataset, path: str) -> tuple[str, ...]:
    """Return a note with the number of images that have one id but different names in both files.

    It is a warning if more than folders differ: the id then means another image.
    """
    try:
        here, there = _names(dataset), _names(other)
    except UnknownNameError:  # detections, or images without names
        return ()
    both = [i for i in here if i in there]
    apart = [i for i in both if here[i] != there[i]]
    if not apart:
        return ()
    count = f"{len(apart):,} of {plural(len(both), 'matching id')}"
    shown = first_few(apart, show=lambda i: f"{i!r} ({here[i]!r}, {there[i]!r})")
    note = f"{count} {has(len(apart))} another file_name in {path}: {shown}; --match-by file_name"
    is_other_image = any(last_part(here[i]) != last_part(there[i]) for i in apart)
    return (WarningNote(note) if is_other_image else note,)


OPTIONS = (
    Option(
        "match",
        PATH.called("ANN_FILE"),
        "Keep only images that are also in this annotation file. Use it to cut results files.",
        MatchFile,
        modifiers=(MATCH_BY,),
    ),
    Option(
        "except",
        PATH.called("ANN_FILE"),
        "Drop images that are also in this annotation file.",
        lambda path, **by: Except(MatchFile(path, **by, keeps=False)),
        modifiers=(MATCH_BY,),
    ),
)
