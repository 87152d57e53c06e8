"""Summary of a pipeline's output: shapes, types, values, and hashes of long values.

Random numbers are seeded before each sample, and transforms that draw some are reported.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Mapping
from typing import Any

from ..record import line_of, plain
from .dataset import RealDataset
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
    dataset: RealDataset, indices: list[int], request: dict[str, Any]
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Run the pipeline for the samples at some indices.

    Returns:
        The summary of the output by index, or the exception that a transform raises for it; and
        facts about the pipeline for the header.

    Raises:
        Failure: a transform raises for every image.
    """
    kind = request["pipeline"] or ("own" if request["config"] else "plain")
    drawn: list[str] = []
    names: list[str] = []
    packed: dict[int, Any] = {}
    failures: list[Failure] = []
    for index in indices:
        where = f"image {dataset.img_id(index)!r}"
        try:
            with stage("pipeline", where=where):
                steps = dataset.steps(kind, index)
                for i, step in enumerate(steps):
                    if not isinstance(step, Watched):
                        steps[i] = Watched(step, drawn)
                names += [n for n in map(name_of, steps) if n not in names]
                seed(request["seed"])
                result = dataset.packed(kind, index)
                # None: in training the dataset would now draw another image
                packed[index] = {"nothing": True} if result is None else summary(result)
        except Failure as failure:
            if failure.kind != "pipeline":
                raise
            failures.append(failure)
            raised = {"exception": failure.exception, "message": failure.message}
            packed[index] = {"raises": dict(raised, size=dataset.image_size(index))}
    if failures and len(failures) == len(indices):
        raise failures[0]
    header = {"pipeline": kind, "transforms": names, "random": drawn}
    return packed, dict(header, seed=request["seed"] if drawn else None)


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the summary of a packed sample, under the same names for MMDetection 2.x and 3.x."""
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
    """Return the value in a DataContainer, a list of one (test-time pipelines), or a box class."""
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
    """Return metadata without paths, which differ between machines."""
    return {str(key): readable(meta[key]) for key in meta if key not in PATHS}


def readable(value: Any) -> Any:
    """Return a value as JSON values; the ``repr`` of a value that has no JSON form."""
    found = plain(value)
    if isinstance(found, Mapping):
        return {str(key): readable(found[key]) for key in found}
    if isinstance(found, list):
        return [readable(inner) for inner in found]
    return found if isinstance(found, (str, int, float, type(None))) else repr(found)


def seed(number: int) -> None:
    """Seed the generator of Python, and those of numpy and torch if they are loaded."""
    random.seed(number)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(number)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)


def state() -> tuple[Any, ...]:
    """Return the state of each generator; it is unchanged if nothing was drawn."""
    found: list[Any] = [random.getstate()]
    if "numpy" in sys.modules:
        name, keys, position, has_gauss, gauss = sys.modules["numpy"].random.get_state()
        found.append((name, keys.tobytes(), position, has_gauss, gauss))
    if "torch" in sys.modules:
        found.append(sys.modules["torch"].random.get_rng_state().numpy().tobytes())
    return tuple(found)


class Watched:
    """A transform whose name is stored when it draws random numbers."""

    def __init__(self, transform: Any, names: list[str]) -> None:
        self._transform = transform
        self._names = names

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = state()
        result = self._transform(*args, **kwargs)
        if state() != before:
            name = name_of(self._transform)
            if name not in self._names:
                self._names.append(name)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transform, name)


def name_of(transform: Any) -> str:
    """Return the name of a transform, watched or not."""
    inner = transform._transform if isinstance(transform, Watched) else transform
    return str(getattr(inner, "__name__", type(inner).__name__))
