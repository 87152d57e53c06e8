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


def _dangling(file: AnnotationFile, key: str, field: str, target: str) -> Iterator[Fault]:
    records = file.lists.get(key)
    if file.lists.get(target) is None or records is None or not records.column(field).present:
        return
    known = set(file.ids(target))
    for row, value in enumerate(file.ids(key, field)):
        if value is not None and value not in known:
            yield Fault(f"{field} {value!r} is not in the list {target!r}", key, row)


@check(
    "video-dangling",
    "file",
    lambda document: document["images"][-1].update(video_id=7),
    base=_videos,
    group="videos",
    meaning="an image names a video that is not in the list",
    arises="videos were removed, and their frames were not",
    next="drop these images, or add the video",
    is_judged=False,
)
def video_dangling(file: AnnotationFile) -> Iterator[Fault]:
    yield from _dangling(file, "images", "video_id", "videos")


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
    yield from _dangling(file, "annotations", "track_id", "tracks")
