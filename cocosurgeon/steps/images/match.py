"""Images that another annotation file has, too."""

from __future__ import annotations

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
from cocosurgeon.text import first_few, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.dataset.keys import Id
    from cocosurgeon.progress import Progress

By = Literal["id", "file_name"]

MATCH_BY = Modifier(
    "match-by",
    "by",
    choice("id", "file_name"),
    "Choose what images are compared by: id, or file_name where files were made apart.",
    default="id",
)


@dataclass(frozen=True, repr=False, eq=False)
class MatchFile(Unbound):
    """Keep images that another annotation file has, too.

    Attributes:
        path: of that file.
        by: ``id`` or ``file_name``.
    """

    path: str
    by: By = "id"

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
            names = [name for name in _file_names(dataset) if name in there]
            none = (f"no file_name of {self.path} is in the file",)
            return Keep(FileNames(names, () if names else none))
        ids = [i for i in other.img_ids if i is not None]
        _require_one_type(ids, dataset, self.path)
        notes = (*_notes(dataset, other, self.path), *_undetected(dataset, other, self.path))
        return Keep(Ids(ids, unknown="ignore", notes=notes))


def _file_names(dataset: Dataset) -> list[str]:
    [names] = dataset.index.image_columns("file_name")
    return [name for name in names.tolist() if isinstance(name, str)]


def _names(dataset: Dataset) -> dict[Id, object]:
    """Return the file name of each image that has an id."""
    index = dataset.index
    [names] = index.image_columns("file_name")
    pairs = zip(index.images.ids.tolist(), names.tolist(), strict=True)
    return {i: name for i, name in pairs if i is not None}


def _require_one_type(ids: list[Id], dataset: Dataset, path: str) -> None:
    """Refuse a file none of whose ids can match, since they are of another type.

    Raises:
        RequestError: they are text in one file, and numbers in the other.
    """
    from cocosurgeon.dataset.ids import isin, objects, type_mismatch

    own = dataset.index.images.ids
    if isin(own, ids).any():
        return
    if mismatch := type_mismatch("an image id there", objects(ids), own):
        raise RequestError(
            f"no image matches: {mismatch} of {dataset.source.name}",
            where=path,
            hint="write ids as numbers in both files, or as text in both; --match-by file_name "
            "compares names",
        )


def _notes(dataset: Dataset, other: Dataset, path: str) -> tuple[str, ...]:
    """Return how many images of one id have different names, where both files have names."""
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
    verb = "has" if len(apart) == 1 else "have"
    return (f"{count} {verb} another file_name in {path}: {shown}; --match-by file_name",)


def _undetected(dataset: Dataset, other: Dataset, path: str) -> tuple[str, ...]:
    """Return a warning where ground truth has objects on images without a detection.

    They count as missed, unless their images are dropped.
    """
    from cocosurgeon.dataset.ids import UNKNOWN, isin

    if dataset.index.is_results or not other.index.is_results:
        return ()
    owners = {*dataset.index.image_of_annotation.tolist()} - {UNKNOWN}
    ids = dataset.index.images.ids[sorted(owners)]
    undetected = len(ids) - isin(ids, [i for i in other.img_ids if i is not None]).sum()
    if not undetected:
        return ()
    verb = "has" if undetected == 1 else "have"
    count = f"{undetected:,} of {plural(len(ids), 'image')} with objects"
    warning = (
        f"{count} {verb} no detection in {path}: AP on the other images alone is higher; choose "
        "images by the ground truth, then cut the detections with --match"
    )
    return (WarningNote(warning),)


OPTIONS = (
    Option(
        "match",
        PATH.called("ANN_FILE"),
        "Keep only images that this annotation file has, too. Use it to cut results files.",
        MatchFile,
        modifiers=(MATCH_BY,),
    ),
    Option(
        "except",
        PATH.called("ANN_FILE"),
        "Drop images that this annotation file has, too: the rest of a dataset.",
        lambda path, **by: Except(MatchFile(path, **by)),
        modifiers=(MATCH_BY,),
    ),
)
