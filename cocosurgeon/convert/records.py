"""Records of an annotation file, made of images that were read from another format.

Ids are those of a manifest, else those that the images have, else new ones.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from operator import itemgetter
from typing import Any

from cocosurgeon.convert.manifest import Manifest, PartManifest, highest_id
from cocosurgeon.dataset.keys import as_key
from cocosurgeon.formats.format import Format
from cocosurgeon.formats.objects import Id, Object, Picture
from cocosurgeon.text import are, plural


@dataclass(frozen=True, eq=False)
class Reading:
    """A dataset that was read from another format.

    Attributes:
        images, annotations, categories: records as JSON, in order.
        further: top-level keys other than these lists.
        notes: what was assumed, restored, skipped.
        warnings: what may not be as meant.
    """

    images: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    categories: list[Mapping[str, Any]] = field(default_factory=list)
    further: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def text(self) -> Iterator[bytes]:
        """Return it as an annotation file, in pieces: a line for each record."""
        separator = b"{\n"
        for key, value in {"info": {}, **self.further}.items():  # pycocotools copies info
            yield separator + _json(key) + b": " + _json(value)
            separator = b",\n"
        for key in ("images", "annotations", "categories"):
            yield b",\n" + _json(key) + b": ["
            for place, record in enumerate(getattr(self, key)):
                yield (b",\n" if place else b"\n") + _json(record)
            yield b"\n]"
        yield b"\n}\n"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def numbered(pictures: Sequence[Picture]) -> Reading:
    """Return images and annotations with the ids that they have; others get new ones, from 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    notes: list[str] = []
    img_ids = _ids([p.img_id for p in pictures], "image", notes)
    ann_ids = _ids([each.ann_id for p in pictures for each in p.objects], "annotation", notes)
    for picture in pictures:
        img_id = next(img_ids)
        images.append(_image(picture, img_id))
        annotations += (_annotation(each, next(ann_ids), img_id) for each in picture.objects)
    return Reading(images, annotations, notes=tuple(notes))


def restored(
    pictures: list[Picture],
    kind: Format,
    manifest: Manifest,
    known: PartManifest,
    kept: str,
    further: Mapping[str, Any],
) -> Reading:
    """Return images and annotations with ids, order and crowds as a manifest has them.

    Objects of an image with other rows than when it was written get new ids.

    Args:
        pictures: in the end it is empty: together with their records they take twice the memory.
        known: the manifest's part.
        kept: names what is restored, for the note.
        further: top-level keys; records in them may name images by their ids.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in reversed([*enumerate(known.images["file_name"])]):
        places[name].append(place)
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for row, place in enumerate(known.annotations["image"]):
        rows_of[place].append(row)
    labels, ids = known.annotations["label"], known.annotations["id"]
    crowds, ignored = {*known.crowds}, {*known.ignored}
    new_img_ids, new_ann_ids = (count(known.highest[k] + 1) for k in ("images", "annotations"))
    images: list[tuple[int, dict[str, Any]]] = []
    annotations: list[tuple[int, dict[str, Any]]] = []
    new_id_of: dict[Id | None, Id | None] = {}
    added = edited = 0
    pictures.reverse()
    while pictures:
        picture = pictures.pop()
        found = places[picture.file_name]
        place = found.pop() if found else len(known.images["id"])
        is_known = place < len(known.images["id"])
        img_id = known.images["id"][place] if is_known else next(new_img_ids)
        images.append((place, _image(picture, img_id)))
        new_id_of[picture.img_id] = img_id
        rows = rows_of[place]
        is_same = [labels[row] for row in rows] == [each.label for each in picture.objects]
        added += not is_known
        edited += is_known and not is_same
        for number, each in enumerate(picture.objects):
            if is_same:
                row = rows[number]
                marked = _marked(each, row in crowds, row in ignored, kind, manifest)
                annotations.append((row, _annotation(marked, ids[row], img_id)))
            else:
                annotations.append((len(ids), _annotation(each, next(new_ann_ids), img_id)))
    gone = sum(map(len, places.values()))
    warnings = []
    if edited:
        warnings.append(
            f"{plural(edited, 'image')} whose rows were changed: their objects have new ids, and "
            "none is a crowd"
        )
    if added:
        warnings.append(f"{plural(added, 'image')} that the manifest does not have: new ids")
    if gone:
        warnings.append(f"{plural(gone, 'image')} of the manifest {are(gone)} gone")
    images.sort(key=itemgetter(0))
    annotations.sort(key=itemgetter(0))
    return Reading(
        [record for _, record in images],
        [record for _, record in annotations],
        further={key: _with_image_ids(value, new_id_of) for key, value in further.items()},
        notes=(f"{kept} are taken from the manifest",),
        warnings=tuple(warnings),
    )


def _marked(
    each: Object, was_crowd: bool, was_ignored: bool, kind: Format, manifest: Manifest
) -> Object:
    """Return an object as a crowd, or to be ignored: as the format says where it can, else as the
    source did. ``--crowds ignore`` is no mark of the source's."""
    is_crowd = each.is_crowd if "crowd" in kind.holds else was_crowd
    is_own = "ignored" in kind.holds and not (is_crowd and manifest.options["crowds"] == "ignore")
    is_ignored = each.is_ignored if is_own else was_ignored
    return replace(each, is_crowd=is_crowd, is_ignored=is_ignored)


def _with_image_ids(value: object, new_id_of: Mapping[Id | None, Id | None]) -> object:
    """Return a list of records with other image ids; any other value unchanged."""
    if not isinstance(value, list):
        return value
    return [
        {**each, "image_id": new_id_of.get(as_key(each["image_id"]), each["image_id"])}
        if isinstance(each, dict) and "image_id" in each
        else each
        for each in value
    ]


def _ids(ids: Sequence[Id | None], what: str, notes: list[str]) -> Iterator[Id]:
    """Return ids with whole numbers above them in the place of those that are None.

    Args:
        notes: takes one where an id appears twice, so that all are new, from 1.
    """
    given = [each for each in ids if each is not None]
    if len({*given}) < len(given):
        notes.append(f"{what} ids appear twice: they are from 1")
        return iter(range(1, len(ids) + 1))
    new = count(1 + highest_id(given))
    return (next(new) if each is None else each for each in ids)


def _image(picture: Picture, img_id: Id | None) -> dict[str, Any]:
    if picture.record:  # of an annotation file
        return {**picture.record, "id": img_id}
    return {
        "id": img_id,
        "file_name": picture.file_name,
        "width": picture.width,
        "height": picture.height,
    }


def _annotation(each: Object, ann_id: Id | None, img_id: Id | None) -> dict[str, Any]:
    """Return the record of an object; ``category_id`` is its class number for now."""
    ids = {"id": ann_id, "image_id": img_id, "category_id": each.label}
    if "category_id" in each.record:  # of an annotation file
        return {**each.record, **ids}
    record: dict[str, Any] = {
        **each.record,
        **ids,
        "bbox": list(each.bbox),
        "area": each.bbox[2] * each.bbox[3] if each.area is None else each.area,
        "iscrowd": int(each.is_crowd),
    }
    if each.segmentation is not None:
        record["segmentation"] = each.segmentation
    if each.is_ignored:
        record["ignore"] = 1
    return record
