"""Checks of what is to be converted, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from cocosurgeon.convert.pictures import Pictures
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.keys import Id
from cocosurgeon.errors import DataError, RequestError
from cocosurgeon.formats.format import Format
from cocosurgeon.formats.objects import Class
from cocosurgeon.layout.names import kind_of
from cocosurgeon.text import plural


def require_convertible(dataset: Dataset) -> None:
    """Refuse a file without boxes, or one of which it is not certain what is of which image.

    Raises:
        RequestError: it is a results file, or a panoptic one.
        DataError: two images have one id.
    """
    index, where = dataset.index, dataset.source.name
    if index.is_results:
        raise RequestError(
            "a results file lists no images and no classes",
            where=where,
            hint="convert the annotation file",
        )
    if kind_of(index) == "panoptic":
        raise RequestError(
            "the objects of a panoptic file are segments of PNG files, which are not converted",
            where=where,
            hint="convert the file of instances",
        )
    twice = 0 if index.image_records is None else index.image_records.count - index.images.count
    if twice:
        raise DataError(
            f"{plural(twice, 'image')} with the id of another image: the image of their objects "
            "is not certain",
            where=where,
            hint="repair the list: cocosurgeon lint, cocosurgeon fix",
        )


def classes_in_order(dataset: Dataset) -> tuple[tuple[Class, ...], dict[Id, int]]:
    """Return the classes of a dataset by class number, in the order of its list.

    Raises:
        RequestError: it has no categories.
        DataError: a category has no id, or two have the same.
    """
    where = dataset.source.name
    found: list[Class] = []
    label_of: dict[Id, int] = {}
    for place, category in enumerate(dataset.categories):
        if category.id is None or category.id in label_of:
            what = "no id" if category.id is None else f"the id {category.id!r} of an earlier one"
            raise DataError(
                f"category {place} of the list has {what}: its class number is not certain",
                where=where,
                hint="repair the list: cocosurgeon lint, cocosurgeon fix",
            )
        label_of[category.id] = place
        found.append(
            Class(str(category.id) if category.name is None else category.name, category.id)
        )
    if not found:
        raise RequestError(
            "the file lists no categories, so there are no class numbers",
            where=where,
            hint="take the list of another file: --like FILE",
        )
    return tuple(found), label_of


def require_same_classes(parts: Mapping[str, Pictures]) -> None:
    """Refuse parts of one output whose class numbers differ."""
    first, *others = parts.items()
    for name, pictures in others:
        if [c.name for c in pictures.classes] != [c.name for c in first[1].classes]:
            raise RequestError(
                f"{first[0]} and {name} list different classes, or in another order: a class "
                "number would mean two things",
                hint="bring one into the order of the other: cocosurgeon remap FILE --like OTHER",
            )


def require_places(part: str, pictures: Pictures, kind: Format, taken: dict[str, str]) -> None:
    """Refuse names that lead out of the folder, and two images with one place in it.

    Args:
        taken: takes the image of each place; it has those of earlier parts.
    """
    where = pictures.dataset.source.name
    for name in pictures.names:
        is_place = PurePosixPath(name).name != ""
        if (
            not is_place
            or name.startswith("/")
            or ".." in PurePosixPath(name).parts
            or ":" in name[:2]
        ):
            raise RequestError(
                f"the file_name {name!r} leads out of the folder of images",
                where=where,
                hint="write names relative to one folder, or leave the folders out: --strip-folder",
            )
        for place in {kind.image_place(part, name), kind.label_place(part, name)} - {None}:
            assert place is not None
            plain = str(PurePosixPath(place))
            if plain in taken:
                raise RequestError(
                    f"the images {taken[plain]!r} and {name!r} would both be {plain}",
                    where=where,
                    hint="rename or drop one of them",
                )
            taken[plain] = name


def require_different_names(pictures: Pictures) -> None:
    """Refuse two images of one name: the name is all that tells them apart on the way back."""
    name, count = next(iter(Counter(pictures.names).most_common(1)), ("", 0))
    if count > 1:
        raise RequestError(
            f"{count} images have the file_name {name!r}",
            where=pictures.dataset.source.name,
            hint="rename them, or keep one: cocosurgeon lint lists them",
        )
