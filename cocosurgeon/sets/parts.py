"""Parts of a dataset, in which each image is in exactly one part (or fold)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import UNKNOWN, objects
from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.dataset.mask import WarningNote
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.sets.split import Earlier, Sizes, Split, group_pattern
from cocosurgeon.sets.stratify import UNSET, Units, stratify
from cocosurgeon.sets.units import image_units
from cocosurgeon.text import are, first_few, last_part, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.mask import Mask


def split(
    dataset: Dataset,
    ratios: Sequence[float] = (),
    *,
    sizes: Sizes = (),
    folds: int = 0,
    parts: Sequence[str] = (),
    seed: int = 0,
    stratify: bool = False,
    group_by: str = "",
    against: Mapping[str, Dataset] | None = None,
) -> dict[str, Dataset]:
    """Split a dataset, and return the parts by name: ``split(data, (0.8, 0.2))``.

    Args:
        ratios, sizes, folds, parts, seed, stratify, group_by: see ``Split``.
        against: earlier parts by name; their images stay in the part of that name.

    Raises:
        RequestError: the options contradict each other or the file.
    """
    for name, other in (against or {}).items():
        if not isinstance(other, Dataset):
            raise RequestError(
                f"against: expected a Dataset for {name!r}, not {other!r}",
                hint=f"read the file first: {{{name!r}: read({other!r})}}",
            )
    earlier, notes = earlier_ids(dataset, list((against or {}).items()))
    asked = Split(
        tuple(map(float, ratios)),
        tuple(sizes),
        folds,
        tuple(parts),
        seed,
        stratify,
        group_by,
        earlier,
    )
    return parts_of(replace(dataset, notes=(*dataset.notes, *notes)), asked)


def parts_of(dataset: Dataset, split: Split) -> dict[str, Dataset]:
    """Return the parts of a dataset by name.

    All records with the id of an image stay together. The parts depend on ids and the seed, not on
    the order of the file or the machine.

    Raises:
        RequestError: the options contradict the file.
    """
    if dataset.index.is_results:
        raise RequestError(
            "a results file lists no images to split",
            where=dataset.source.name,
            hint="split the annotation file, then cut the results with `subset --match PART`",
        )
    groups = Groups.of(dataset, split.group_by) if split.group_by else None
    fixed = _fixed(dataset, split)
    held = np.bincount(fixed[fixed != UNSET], minlength=split.cells).tolist()
    wanted = split.wanted(len(fixed), held)
    images = image_units(dataset, split.seed, stratified=split.stratify)
    if groups is None:
        cells, notes = stratify(images, wanted, fixed), list[str]()
    else:
        cells, notes = _by_groups(images, groups, wanted, fixed)
    notes += _notes(split, groups, cells, fixed)
    noted = replace(dataset, notes=(*dataset.notes, *notes))
    return {
        name: noted.with_images(dataset.image_indices[np.isin(cells, own)])
        for name, own in split.cells_of_part.items()
    }


def earlier_ids(
    dataset: Dataset, earlier: Sequence[tuple[str, Dataset]]
) -> tuple[Earlier, tuple[str, ...]]:
    """Return the ids of images that earlier parts have, by part, and notes about the others.

    Raises:
        RequestError: an id means another image there, or an image is in two parts.
    """
    found: list[tuple[str, tuple[Id, ...]]] = []
    notes: list[str] = []
    part_of: dict[Id, str] = {}
    for name, other in earlier:
        there = other.index.images.ids[other.image_indices]
        known = dataset.index.images.numbers(there) != UNKNOWN
        _require_same_images(dataset, other, known)
        ids: list[Id] = there[known].tolist()
        for i in ids:
            if (before := part_of.setdefault(i, name)) != name:
                raise RequestError(
                    f"image {i!r} is in two earlier parts, {before} and {name}",
                    where=other.source.name,
                    hint="an image can be in one part only: remove it from the other",
                )
        found.append((name, tuple(ids)))
        if gone := len(known) - len(ids):
            note = (
                f"{gone:,} of {plural(len(known), 'image')} of {other.source.name} "
                f"{are(gone)} not in the file"
            )
            notes.append(note if ids else WarningNote(f"{note}: --against keeps none in {name}"))
    return tuple(found), tuple(notes)


def _require_same_images(dataset: Dataset, other: Dataset, known: Mask) -> None:
    """Refuse an earlier part with other file names for the same ids; folders are ignored."""
    ids = other.index.images.ids[other.image_indices][known]
    try:
        [here] = dataset.index.image_columns("file_name")
        [there] = other.image_columns("file_name")
    except UnknownNameError:
        return
    pairs = zip(ids.tolist(), here[dataset.index.images.numbers(ids)], there[known], strict=True)
    apart = [(i, a, b) for i, a, b in pairs if last_part(a) != last_part(b)]
    if apart:
        raise RequestError(
            f"ids mean other images in an earlier part, {len(apart):,} of "
            f"{plural(len(ids), 'id')}: "
            + first_few(apart, 3, show=lambda p: f"{p[0]!r} ({p[1]!r}, there {p[2]!r})"),
            where=other.source.name,
            hint="images are compared by id: give both files the same ids",
        )


def _fixed(dataset: Dataset, split: Split) -> Numbers:
    """Return the set that each kept image stays in; UNSET for a new image."""
    place = np.full(dataset.index.images.count + 1, UNSET, dtype=np.int64)
    for name, ids in split.against:
        numbers = dataset.index.images.numbers(objects(ids))
        place[numbers[numbers != UNKNOWN]] = split.names.index(name)
    return place[dataset.image_indices]


@dataclass(frozen=True, eq=False)
class Groups:
    """Images that stay together.

    Attributes:
        numbers: group of each image, shape (kept images,).
        count: number of groups that images name.
        without: number of images that name none; each is a group of its own.
    """

    numbers: Numbers
    count: int
    without: int

    @classmethod
    def of(cls, dataset: Dataset, group_by: str) -> Groups:
        """Return the groups of a dataset's images; see ``Split.group_by``.

        Raises:
            UnknownNameError: no image record has this key.
            RequestError: no image has a group.
        """
        pattern = group_pattern(group_by)
        try:
            [column] = dataset.image_columns("file_name" if pattern else group_by)
        except UnknownNameError as error:
            hint = error.hint or ""
            if not hint.startswith("did you mean"):
                hint = "write a pattern with one group in parentheses: '^(.+)_[0-9]+'; or name a "
                hint += f"key: {error.hint}" if error.hint else "key"
            raise UnknownNameError(error.what, where=error.where, hint=hint) from None
        values = _values(column, pattern)
        place: dict[Id, int] = {}
        found = (UNSET if v is None else place.setdefault(v, len(place)) for v in values)
        numbers = np.fromiter(found, dtype=np.int64, count=len(values))
        is_single = numbers == UNSET
        numbers[is_single] = len(place) + np.arange(int(is_single.sum()))
        if len(values) and not place:
            has = "no file_name matches" if pattern else "no image has a usable"
            raise RequestError(
                f"group-by: {has} {group_by!r}",
                where=dataset.source.name,
                hint=f"the first one is {column[0]!r}",
            )
        return cls(numbers, len(place), int(is_single.sum()))


def _values(column: Array, pattern: re.Pattern[str] | None) -> list[Id | None]:
    """Return the group that each value names; None without one."""
    if pattern is None:
        return [as_key(value) for value in column.tolist()]
    matches = (pattern.search(name) if isinstance(name, str) else None for name in column.tolist())
    return [match[1] if match else None for match in matches]


def _by_groups(
    images: Units, groups: Groups, wanted: Sequence[int], fixed: Numbers
) -> tuple[Numbers, list[str]]:
    """Return the set of each image, with groups kept together, and notes.

    Images of an earlier split stay. New images of their group go where most of them are.
    """
    k = len(wanted)
    votes = np.zeros((int(groups.numbers.max(initial=-1)) + 1, k), dtype=np.int64)
    is_fixed = fixed != UNSET
    np.add.at(votes, (groups.numbers[is_fixed], fixed[is_fixed]), 1)
    shared = int((np.count_nonzero(votes, axis=1) > 1).sum())
    part_of_group = np.where(votes.any(axis=1), votes.argmax(axis=1), UNSET)
    place = np.where(is_fixed, fixed, part_of_group[groups.numbers])
    # a unit is a group, or those of its images that are in one earlier part
    unit_keys, unit_of_image = np.unique(groups.numbers * (k + 1) + place + 1, return_inverse=True)
    cells = stratify(_united(images, unit_of_image), wanted, unit_keys % (k + 1) - 1)
    notes = [
        f"{plural(shared, 'group')} {are(shared)} in several earlier parts: their images stay, "
        f"new images go to the part with most of them"
    ]
    return cells[unit_of_image], notes if shared else []


def _united(images: Units, unit_of_image: Numbers) -> Units:
    """Return units of several images, made of units of one image."""
    sizes = np.bincount(unit_of_image).astype(np.int64)
    ranks = np.full(len(sizes), len(unit_of_image), dtype=np.int64)
    np.minimum.at(ranks, unit_of_image, images.ranks)
    classes = int(images.classes.max(initial=0)) + 1
    keys = unit_of_image[images.units] * classes + images.classes
    pairs, places = np.unique(keys, return_inverse=True)
    counts = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(counts, places, images.counts)
    return Units(sizes, pairs // classes, pairs % classes, counts, ranks)


def _notes(split: Split, groups: Groups | None, cells: Numbers, fixed: Numbers) -> list[str]:
    """Return notes on all parts."""
    notes = []
    if groups is not None:
        notes.append(f"{plural(groups.count, 'group')} by {split.group_by}")
        if groups.without:
            notes.append(
                f"{plural(groups.without, 'image')} without a group: each is its own group"
            )
    if split.against:
        stay = int((fixed != UNSET).sum())
        notes.append(f"{plural(stay, 'image')} of an earlier split, {len(fixed) - stay:,} new")
        wanted = split.wanted(len(fixed), [0] * split.cells)
        for name, of_name in split.cells_of_part.items():
            size, share = int(np.isin(cells, of_name).sum()), wanted[of_name[0]]
            if groups is None and size != share:
                notes.append(f"{name}: {plural(size, 'image')}, not {share:,}: earlier ones stay")
    return notes
