"""Conversion: datasets that are ready to be written in another format, and what that loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal, cast, get_args

from cocosurgeon.categories.spaces import find_space
from cocosurgeon.categories.to_space import to_space
from cocosurgeon.convert.adapt import Adaptation
from cocosurgeon.convert.checks import (
    classes_in_order,
    require_convertible,
    require_different_names,
    require_places,
    require_same_classes,
)
from cocosurgeon.convert.losses import Loss, Survey, losses_of, survey
from cocosurgeon.convert.pictures import Pictures
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.formats.format import Crowds, Format, WholeFormat
from cocosurgeon.formats.objects import Class
from cocosurgeon.layout.search import find_prefix
from cocosurgeon.page import Report
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.select.plan import Plan
from cocosurgeon.text import first_names, plural

Images = Literal["link", "copy", "none"]
_LUMP = 512
"""Images that are counted at a time."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Choices of a user about a conversion.

    Attributes:
        space: the label space that class numbers are of; None: the order of the file's own list.
        crowds: what becomes of crowds; None: the format's default.
        clip: cut boxes off at the image's edge.
        allow_loss: write although something is lost.
        images: whether image files are linked into a folder, copied, or left out.
        folder: the folder of the images; None: it is looked for.
    """

    space: str | None = None
    crowds: Crowds | None = None
    clip: bool = False
    allow_loss: bool = False
    images: Images = "link"
    folder: Path | None = None


def as_policy(text: str | None) -> Crowds | None:
    """Return what becomes of crowds.

    Raises:
        RequestError: there is no such way.
    """
    for known in get_args(Crowds):
        if text == known:
            return cast(Crowds, text)
    if text is not None:
        hint = f"one of {', '.join(get_args(Crowds))}"
        raise RequestError(f"--crowds cannot be {text!r}", hint=hint)
    return None


@dataclass(frozen=True, eq=False, repr=False)
class Conversion(Report):
    """Datasets that are ready to be written in another format.

    Attributes:
        kind: the format with its options.
        datasets: what is written, by the part's name.
        parts: the images of each part; none for a format that holds a file as it is.
        plans: the steps that were applied, by part.
        wishes: what the user wants.
        surveys: counts, by part.
        losses: what is lost, by part.
        notes: what was assumed.
        warnings: what may not be as meant.
        changes: counts of values that writing changed.
    """

    kind: Format
    datasets: Mapping[str, Dataset]
    parts: Mapping[str, Pictures]
    plans: Mapping[str, Plan]
    wishes: Wishes
    surveys: Mapping[str, Survey]
    losses: Mapping[str, tuple[Loss, ...]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def classes(self) -> tuple[Class, ...]:
        """The classes by class number, which all parts share."""
        return next(iter(self.parts.values())).classes

    @property
    def lost(self) -> list[str]:
        """Sentences about what is lost; of several parts, each with the part's name."""
        return [
            loss.what if len(self.parts) == 1 else f"{name}: {loss.what}"
            for name, losses in self.losses.items()
            for loss in losses
        ]

    def lines(self) -> list[str]:
        """Return counts of images, objects and classes as lines of text."""
        if isinstance(self.kind, WholeFormat):
            (dataset,) = self.datasets.values()
            images = plural(len(dataset.image_indices), "image")
            return [f"{images}, {plural(len(dataset.annotation_rows), 'annotation')}: every byte"]
        lines = []
        for name, pictures in self.parts.items():
            survey = self.surveys[name]
            counts = f"{plural(len(pictures.names), 'image')}, {plural(survey.objects, 'object')}"
            lines.append(counts if len(self.parts) == 1 else f"{name}: {counts}")
            lines += survey.mask_lines()
        names = plural(len(self.classes), "class", "classes")
        space = self.wishes.space
        order = f"as in {space}" if space else "in the order of the list"
        return [*lines, f"{names}, numbered {order}"]

    def __repr__(self) -> str:
        return "\n".join([*(f"lost: {line}" for line in self.lost), super().__repr__()])


def prepare(
    datasets: Mapping[str, Dataset],
    kind: Format,
    wishes: Wishes,
    plans: Mapping[str, Plan] | None = None,
) -> Conversion:
    """Count what is lost, and check all that can be checked before anything is written.

    Args:
        datasets: by name of the part; of a format of one file, one.
        kind: the format with its options.
        plans: the steps that were applied to each, for the manifest.

    Raises:
        RequestError: parts of different classes; two images of one name; no such crowd policy.
        SourceUnavailableError: the format needs image files that are not there.
        DataError: an image has no name, or no size.
    """
    if wishes.crowds is not None and wishes.crowds not in kind.crowds:
        raise RequestError(
            f"{kind.name} cannot {wishes.crowds} crowds",
            hint=f"use one of {', '.join(kind.crowds)}",
        )
    if wishes.clip and not kind.needs_sizes:
        raise RequestError(
            f"{kind.name} keeps boxes as they are", hint=f"convert without --clip: --to {kind.name}"
        )
    if isinstance(kind, WholeFormat):
        return _as_it_is(datasets, kind, wishes, plans or {})
    if wishes.images != "link" and kind.wants_images != "linked":
        raise RequestError(
            f"{kind.name} has no folder of images", hint="remove --copy and --no-images"
        )
    for name in datasets:
        if PurePosixPath(name).name != name or not name.isprintable() or "\\" in name:
            raise RequestError(
                f"the split cannot be named {name!r}: it is the name of a folder or file",
                hint="name it with letters and digits: --split train",
            )
    parts = {name: _pictures(dataset, kind, wishes) for name, dataset in datasets.items()}
    require_same_classes(parts)
    warnings: list[str] = []
    taken: dict[str, str] = {}
    for name, pictures in parts.items():
        warnings += _about_images(pictures, kind, wishes)
        if kind.is_folder:
            require_places(name, pictures, kind, taken)
        if "image-keys" not in kind.holds:
            require_different_names(pictures)
    adapt = Adaptation.of(kind, wishes.crowds, clip=wishes.clip)
    surveys = {name: _surveyed(pictures, kind, adapt) for name, pictures in parts.items()}
    losses = {
        name: tuple(losses_of(surveys[name], pictures, kind, wishes.crowds, clip=wishes.clip))
        for name, pictures in parts.items()
    }
    notes = [note for each in datasets.values() for note in each.notes]
    read = sum(each.sizes_read for each in surveys.values())
    if read:
        notes.append(f"{plural(read, 'image')} without a size: it was read from the file")
    turned = sum(each.backslashes for each in parts.values())
    if turned and "image-keys" not in kind.holds:
        notes.append(f"{plural(turned, 'file_name')} with backslashes: written with slashes")
    remarks = sum((each.remarks for each in surveys.values()), Counter[str]())
    notes += [f"{what} ({count:,})" for what, count in remarks.items()]
    return Conversion(
        kind, datasets, parts, plans or {}, wishes, surveys, losses, tuple(notes), tuple(warnings)
    )


def _as_it_is(
    datasets: Mapping[str, Dataset], kind: Format, wishes: Wishes, plans: Mapping[str, Plan]
) -> Conversion:
    """Return the conversion to a format that holds an annotation file as it is."""
    if len(datasets) > 1:
        raise RequestError(
            f"{kind.name} holds one annotation file", hint="convert one file at a time"
        )
    if replace(wishes, allow_loss=False) != Wishes():
        raise RequestError(
            f"{kind.name} stores an annotation file unchanged: options about crowds, edges, class "
            f"numbers and images have no effect",
            hint="remove them",
        )
    notes = tuple(note for each in datasets.values() for note in each.notes)
    return Conversion(kind, datasets, {}, plans, wishes, {}, {}, notes, ())


def _pictures(dataset: Dataset, kind: Format, wishes: Wishes) -> Pictures:
    require_convertible(dataset)
    label_of: dict[Id, int]
    before = None
    if wishes.space is not None:
        names = find_space(wishes.space).names_in_list()
        before, dataset = dataset, to_space(dataset, wishes.space)
        classes = tuple(Class(name, label) for label, name in enumerate(names))
        label_of = {label: label for label in range(len(names))}
    else:
        classes, label_of = classes_in_order(dataset)
    pictures = Pictures(dataset, classes, label_of, wishes.folder, before)
    path = dataset.opened.path
    if wishes.folder is None and path is not None and pictures.names:
        return replace(pictures, folder=find_prefix(path, pictures.names).folder)
    return pictures


def _about_images(pictures: Pictures, kind: Format, wishes: Wishes) -> Iterator[str]:
    """Yield a warning where image files are not there that are wanted."""
    if kind.wants_images == "no" or (kind.wants_images == "linked" and wishes.images == "none"):
        return
    missing = [n for n, p in zip(pictures.names, pictures.paths, strict=True) if p is None]
    if not missing:
        return
    what = f"{len(missing):,} of {plural(len(pictures.names), 'image file')} not found"
    what += f": {first_names(missing)}"
    if kind.wants_images == "read":
        raise SourceUnavailableError(
            what, where=pictures.dataset.opened.name, hint="name their folder: --images DIR"
        )
    yield (
        f"{what}; "
        + {
            "linked": "they are not in the output (name their folder: --images DIR)",
            "named": "their names are written as the file has them",
        }[kind.wants_images]
    )


def _surveyed(pictures: Pictures, kind: Format, adapt: Adaptation) -> Survey:
    total = len(pictures.names)
    count = -(-total // _LUMP)
    found = Survey()
    with progress_of("counting what is lost") as progress:
        lumps = pictures.lumps(0, total, _LUMP)
        for place, each in enumerate(
            in_processes(partial(survey, kind=kind, adapt=adapt), lumps, count), 1
        ):
            found = found + each
            if progress:
                progress(min(place * _LUMP, total), total)
    return found
