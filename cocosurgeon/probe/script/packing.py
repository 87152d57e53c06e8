"""What a pipeline made of a sample, in short: shapes, types, values, and hashes of what is long."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ..record import line_of, plain
from . import chance
from .emitter import Emitter
from .failure import Failure, stage

# names of both lines -> names in a dump
NAMES = {
    "inputs": "image",
    "img": "image",
    "gt_bboxes": "boxes",
    "gt_labels": "labels",
    "gt_masks": "masks",
    "gt_bboxes_ignore": "ignored_boxes",
    "gt_labels_ignore": "ignored_labels",
    "gt_masks_ignore": "ignored_masks",
    "gt_semantic_seg": "sem_seg",
    "img_metas": "meta",
}
INSTANCES = {"bboxes": "boxes", "labels": "labels", "masks": "masks"}
VALUES = ("boxes", "labels", "ignored_boxes", "ignored_labels")
PATHS = ("img_path", "filename", "ori_filename", "seg_map_path")


def pack_all(
    emitter: Emitter, places: list[int], request: dict[str, Any]
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Run the pipeline for some places.

    Returns:
        What came of each place, and what the header says of it.

    Raises:
        Failure: a transform raises; random ones are there and were refused, or give another result
            from the same seed.
    """
    kind = request["pipeline"] or ("own" if request["config"] else "plain")
    drawn: list[str] = []
    names: list[str] = []
    packed = {}
    for place in places:
        where = f"image {emitter.img_id(place)!r}"
        with stage("pipeline", where=where):
            steps = emitter.steps(kind, place)
            for i, step in enumerate(steps):
                if not isinstance(step, chance.Watched):
                    steps[i] = chance.Watched(step, drawn)
            results = [_run(emitter, kind, place, request["seed"]) for _ in range(2)]
            names += [n for n in map(chance.name_of, steps) if n not in names]
        if drawn and request["random"] == "refuse":
            raise Failure(
                "random",
                "the pipeline draws random numbers: " + ", ".join(drawn),
                hint="let them be seeded (--random seed), or take the plain pipeline "
                "(--pipeline plain)",
                where=where,
            )
        if line_of(results[0]) != line_of(results[1]):
            raise Failure(
                "random",
                "the pipeline gives another result from the same seed",
                hint="take out what draws from a generator of its own, or take the plain pipeline "
                "(--pipeline plain)",
                where=where,
            )
        packed[place] = results[0]
    said = {"pipeline": kind, "transforms": names, "random": drawn}
    return packed, dict(said, seed=request["seed"] if drawn else None)


def _run(emitter: Emitter, kind: str, place: int, seed: int) -> dict[str, Any]:
    chance.seed(seed)
    result = emitter.packed(kind, place)
    # the dataset would now draw another image
    return {"nothing": True} if result is None else summary(result)


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """A packed sample in short, under the same names for both lines."""
    found: dict[str, Any] = {}
    for key, value in result.items():
        if key == "data_samples":
            found.update(_data_sample(value))
        else:
            name = NAMES.get(key, key)
            found[name] = _short(name, _unwrapped(value))
    return found


def _data_sample(sample: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"meta": _meta(sample.metainfo)}
    for group, prefix in (("gt_instances", ""), ("ignored_instances", "ignored_")):
        for key, value in getattr(sample, group, {}).items():
            name = prefix + INSTANCES.get(key, key)
            found[name] = _short(name, _unwrapped(value))
    if hasattr(sample, "gt_sem_seg"):
        found["sem_seg"] = _short("sem_seg", sample.gt_sem_seg.sem_seg)
    return found


def _unwrapped(value: Any) -> Any:
    """Without a DataContainer, without a list of one (test-time pipelines), without a box class."""
    while True:
        if type(value).__name__ == "DataContainer":
            value = value.data
        elif isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        elif hasattr(value, "tensor") and not callable(value.tensor):
            value = value.tensor
        else:
            return value


def _short(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _meta(value)
    if isinstance(value, (list, tuple)):
        return [_short(name, _unwrapped(inner)) for inner in value]
    if type(value).__name__ == "BitmapMasks":
        array = value.masks.reshape(len(value), value.height, value.width)
        sums = [int(mask.sum()) for mask in array]
        return dict(_array(array), kind="bitmap", sums=sums)
    if type(value).__name__ == "PolygonMasks":
        return {
            "kind": "polygon",
            "shape": [len(value), value.height, value.width],
            "sums": plain(value.areas),
            "sha256": hashlib.sha256(line_of(plain(value.masks))).hexdigest(),
        }
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        if name in VALUES:
            return {"shape": list(value.shape), "dtype": _dtype(value), "values": plain(value)}
        return _array(value)
    return readable(value)


def _array(value: Any) -> dict[str, Any]:
    array = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": _dtype(value), "sha256": digest}


def _dtype(value: Any) -> str:
    return str(value.dtype).replace("torch.", "")


def _meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Without paths, which differ from machine to machine and stand in the sample."""
    return {str(key): readable(meta[key]) for key in meta if key not in PATHS}


def readable(value: Any) -> Any:
    """A value as JSON; what has no form in it as its ``repr``."""
    found = plain(value)
    if isinstance(found, Mapping):
        return {str(key): readable(found[key]) for key in found}
    if isinstance(found, list):
        return [readable(inner) for inner in found]
    return found if isinstance(found, (str, int, float, type(None))) else repr(found)
