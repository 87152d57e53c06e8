"""Shards: TFRecord files of one dataset, as they are found and read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError
from cocosurgeon.formats.format import Found
from cocosurgeon.formats.label_map import LABEL_MAP, read_label_map
from cocosurgeon.formats.objects import Class, Picture
from cocosurgeon.formats.tf_example import decode
from cocosurgeon.formats.tfrecord_file import read_records
from cocosurgeon.formats.tfrecord_image import image_of, unread_keys
from cocosurgeon.processes import in_processes
from cocosurgeon.progress import progress_of
from cocosurgeon.text import plural

_ENDING = r"(?:\.(?:tfrecords?|records?))"
_NAME = re.compile(
    rf"(?P<name>.+?){_ENDING}?-(?P<shard>\d{{5}})-of-(?P<total>\d{{5}}){_ENDING}?(?:\.gz)?"
    rf"|(?P<whole>.+){_ENDING}(?:\.gz)?"
)
_HOW = "use the keys of TensorFlow's Object Detection API"


class _Read(NamedTuple):
    """Images of a shard, whose objects have the label ids of the records.

    Attributes:
        pictures: the images.
        names: by label id, the class name and where it was first seen.
        skipped: keys of objects that were not read.
    """

    pictures: list[Picture]
    names: dict[int, tuple[str, str]]
    skipped: Counter[str]


@dataclass(frozen=True, eq=False)
class Shards:
    """Shards of one split, in order.

    Attributes:
        files: the files.
        label_map: the file with the names of the classes; None where there is none.
    """

    files: Sequence[Path]
    label_map: Path | None

    @classmethod
    def at(cls, path: Path, part: str | None) -> Shards:
        """Find the shards of a split.

        Args:
            path: a folder, or one file.
            part: the split: the name of the shards; None: the only one.

        Raises:
            SourceUnavailableError: nothing is there.
            RequestError: there are several splits, and none is named; or there is none of the name.
            FormatError: a shard is missing.
        """
        folder = path.parent if path.is_file() else path
        maps = sorted(folder.glob("*.pbtxt")) if folder.is_dir() else []
        named = [each for each in maps if each.name == LABEL_MAP]
        label_map = named[0] if named else maps[0] if len(maps) == 1 else None
        if path.is_file():
            return cls([path], label_map)
        if not folder.is_dir():
            raise SourceUnavailableError("no such folder", where=str(path), hint="check the path")
        found: defaultdict[str, dict[tuple[int, int], Path]] = defaultdict(dict)
        for each in sorted(folder.iterdir()):
            if match := _NAME.fullmatch(each.name):
                place = (int(match["total"] or 1), int(match["shard"] or 0))
                found[match["name"] or match["whole"]][place] = each
        if not found:
            raise SourceUnavailableError(
                "no TFRecord files are found", where=str(path), hint="check the path"
            )
        if part is None and len(found) > 1:
            raise RequestError(
                f"there are several parts: {', '.join(found)}",
                where=str(path),
                hint=f"name one: --split {next(iter(found))}",
            )
        if part is not None and part not in found:
            raise RequestError(
                f"there is no part {part!r}", where=str(path), hint=f"use one of {', '.join(found)}"
            )
        return cls(_complete(found[part or next(iter(found))], str(path)), label_map)

    def read(self) -> Found:
        """Read all shards, in several processes.

        Raises:
            FormatError: a record is broken, or its objects; the error names file and byte.
        """
        listed = {} if self.label_map is None else read_label_map(self.label_map)
        pictures: list[Picture] = []
        names = {label: (found[0], str(self.label_map)) for label, found in listed.items()}
        skipped: Counter[str] = Counter()
        with progress_of("reading shards") as progress:
            shards = in_processes(_read, self.files, len(self.files))
            for place, shard in enumerate(shards, 1):
                pictures += shard.pictures
                skipped += shard.skipped
                for label, (name, where) in shard.names.items():
                    first, there = names.setdefault(label, (name, where))
                    if name not in listed.get(label, (first,)):
                        raise _two_names(label, name, where, first, there)
                if progress:
                    progress(place, len(self.files))
        notes = [f"{key} of objects, dropped ({count:,})" for key, count in skipped.items()]
        ids = [each.img_id for each in pictures]
        if len({*ids}) < len(ids):
            pictures = [replace(each, img_id=None) for each in pictures]
            notes.append("image/source_id is missing or not unique: image ids are from 1")
        if not names:
            return Found((), [_labeled(each, None) for each in pictures], notes)
        labels = {label: place for place, label in enumerate(sorted(names))}
        unknown = {each.label for p in pictures for each in p.objects}.difference(labels)
        if unknown:
            raise FormatError(
                f"the label {min(unknown)} has no name",
                where=str(self.label_map or self.files[0]),
                hint="complete the label map",
            )
        classes = tuple(Class(names[label][0], label) for label in labels)
        return Found(classes, [_labeled(each, labels) for each in pictures], notes)


def _complete(shards: Mapping[tuple[int, int], Path], where: str) -> list[Path]:
    """Return the shards in order, or raise where one is missing."""
    totals = {total for total, _ in shards}
    name = next(iter(shards.values())).name
    if len(totals) > 1:
        counts = " and ".join(map(str, sorted(totals)))
        raise FormatError(
            f"shards with the same name have different totals: {counts}",
            where=where,
            hint="move the shards of one of them away",
        )
    (total,) = totals
    missing = sorted({*range(total)} - {shard for _, shard in shards})
    if missing:
        raise FormatError(
            f"{plural(len(missing), 'shard')} of {total} missing: number {missing[0]:05}, "
            f"named as {name} is",
            where=where,
            hint="copy all of them, or name one file to read only it",
        )
    return [path for _, path in sorted(shards.items())]


def _two_names(label: int, name: str, where: str, first: str, there: str) -> FormatError:
    return FormatError(
        f"the label {label} is {name!r} here, and {first!r} in {there}",
        where=where,
        hint="use the label map that the shards were made with",
    )


def _read(path: Path) -> _Read:
    found = _Read([], {}, Counter())
    for where, record in read_records(path):
        try:
            features = decode(record)
            picture, names = image_of(features, len(found.pictures))
        except ValueError as error:
            raise FormatError(
                f"a record cannot be read: {error}", where=where, hint=_HOW
            ) from error
        found.pictures.append(picture)
        for each, name in zip(picture.objects, names, strict=True):
            if name and found.names.setdefault(each.label, (name, where))[0] != name:
                raise _two_names(each.label, name, where, *found.names[each.label])
        found.skipped.update(unread_keys(features))
    return found


def _labeled(picture: Picture, labels: Mapping[int, int] | None) -> Picture:
    """Return an image with class numbers from 0 in the place of label ids."""
    objects = (
        replace(each, label=each.label - 1 if labels is None else labels[each.label])
        for each in picture.objects
    )
    return replace(picture, objects=tuple(objects))
