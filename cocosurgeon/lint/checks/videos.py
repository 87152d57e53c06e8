"""Checks of videos and tracks: CocoVID, TAO."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cocosurgeon.lint.annotation_file import AnnotationFile
from cocosurgeon.lint.check import Fault, check


def _videos(document: Any) -> None:
    document["videos"] = [{"id": 1, "name": "v"}]
    document["tracks"] = [{"id": 1, "video_id": 1, "category_id": 1}]
    for frame, image in enumerate(document["images"]):
        image.update(video_id=1, frame_id=frame)
    for annotation in document["annotations"]:
        annotation.update(track_id=1)


def _dangling(file: AnnotationFile, target: str, *fields: tuple[str, str]) -> Iterator[Fault]:
    """Yield the records of lists whose field names no record of another list."""
    if target not in file.lists:
        return
    known = set(file.ids(target))
    for key, field in fields:
        records = file.lists.get(key)
        if records is None or not records.column(field).present:
            continue
        for row, value in enumerate(file.ids(key, field)):
            if value is not None and value not in known:
                yield Fault(f"{field} {value!r} is not in the list {target!r}", key, row)


@check(
    "video-dangling",
    "file",
    lambda document: document["images"][-1].update(video_id=7),
    base=_videos,
    group="videos",
    meaning="a record names a video that is not in the list",
    arises="videos were removed, and their frames or tracks were not",
    next="drop these records, or add the video",
    is_judged=False,
)
def video_dangling(file: AnnotationFile) -> Iterator[Fault]:
    lists = ("images", "annotations", "tracks")
    yield from _dangling(file, "videos", *((key, "video_id") for key in lists))


@check(
    "track-dangling",
    "file",
    lambda document: document["annotations"][0].update(track_id=7),
    base=_videos,
    group="videos",
    meaning="an annotation names a track that is not in the list",
    arises="tracks were removed, and their objects were not",
    next="drop these annotations, or add the track",
    is_judged=False,
)
def track_dangling(file: AnnotationFile) -> Iterator[Fault]:
    yield from _dangling(file, "tracks", ("annotations", "track_id"))


@check(
    "track-category",
    "file",
    lambda document: document["tracks"][0].update(category_id=7),
    base=_videos,
    group="videos",
    meaning="a track has a category that is not in the list",
    arises="categories were removed or renumbered, and tracks were not",
    next="write the category of its objects",
    is_judged=False,
)
def track_category(file: AnnotationFile) -> Iterator[Fault]:
    yield from _dangling(file, "categories", ("tracks", "category_id"))
