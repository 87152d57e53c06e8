"""The installed MMDetection, 2.x or 3.x, and code that both share."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from .dataset import RealDataset, is_usable
from .failure import Failure, installed, needed, stage, version_of
from .wrappers import type_name

UNREGISTERED = re.compile(r"is not in the \S+ registry")
"""Error message of both registries for an unknown type."""
LOOKED = 5000
"""Most image files that are looked for."""
HARMLESS = {
    *("METAINFO", "CLASSES", "PALETTE", "evaluate", "format_results", "results2json"),
    *("evaluate_det_segm", "fast_eval_recall", "_det2json", "_proposal2json", "_segm2json"),
}
"""Attributes that a class derived from CocoDataset may replace and still load the same."""


def open_dataset(request: dict[str, Any]) -> RealDataset:
    """Return the dataset of the installed MMDetection.

    Raises:
        Failure: MMDetection is missing or not the requested one, or the dataset cannot be built.
    """
    version = str(getattr(needed("mmdet"), "__version__", "0"))
    major = version.partition(".")[0]
    for line in request["lines"]:
        if line["major"] == major and (not line["package"] or installed(line["package"])):
            script = import_module(".mmdet" + major, __package__)
            dataset: MmdetDataset = script.open_dataset(request)
            dataset.line = line
            return dataset
    wanted = sorted(line["package"] or line["major"] + ".x" for line in request["lines"])
    raise Failure(
        "version",
        "that interpreter has MMDetection {}, but {} is wanted".format(
            version, " or ".join(wanted)
        ),
        hint="name an interpreter that has it",
    )


def arguments(request: dict[str, Any]) -> dict[str, Any]:
    """Return the dataset's arguments for file and mode, which are the same in 2.x and 3.x."""
    found: dict[str, Any] = {}
    if request["ann_file"]:
        found["ann_file"] = request["ann_file"]
    if request["mode"]:
        found["test_mode"] = request["mode"] == "test"
    return found


def classes_of(request: dict[str, Any]) -> Any:
    """Return the class names to pass to the dataset; None for its own.

    ``file`` means the category names of the file. If the file has none, they are not passed, and
    the dataset raises its own error.
    """
    chosen = request["classes"]
    if chosen is None:
        chosen = "framework" if request["config"] else "file"
    if chosen == "framework":
        return None
    if chosen != "file":
        return tuple(chosen)
    try:
        with open(request["ann_file"], encoding="utf-8") as stream:  # noqa: PTH123
            return tuple(category["name"] for category in json.load(stream)["categories"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def building(request: dict[str, Any], config: Any, registry: Any, coco: type) -> Iterator[None]:
    """Report any exception in this block as a fault of the config, or of the file without one.

    Args:
        config: config of the dataset.
        registry: registry of datasets.
        coco: the class CocoDataset.
    """
    where = request["ann_file"] or request["config"]
    if not request["config"]:
        with stage("dataset", where=where):
            yield
        return
    hint = "compare the arguments of the config's dataset with this version's, and with the file"
    found = kind = config.get("type")
    if isinstance(kind, str):
        try:
            found = registry.get(kind)
        except Exception as error:  # mmcv's registry raises for an unknown scope
            raise _unregistered(request, f"{kind} ({type(error).__name__}: {error})") from error
    if isinstance(found, type) and not issubclass(found, coco):
        hint = (
            f"the config's dataset is a {found.__name__}: name a config, or another --split, "
            "whose dataset reads COCO annotation files (CocoDataset, or a class derived from it)"
        )
    try:
        with stage("dataset", hint, where):
            yield
    except Failure as failure:
        if failure.exception == "KeyError" and UNREGISTERED.search(failure.message):
            raise _unregistered(request, failure.message.strip("'\"")) from failure
        if failure.exception == "FileNotFoundError" and found is coco and not request["ann_file"]:
            failure.hint = "paths in a config are relative to the folder that you are in: see that "
            failure.hint += "the file is there"
        raise


def _unregistered(request: dict[str, Any], what: str) -> Failure:
    return Failure(
        "config",
        f"the config names something that does not exist: {what}",
        hint="fix the name, or have the config import the module that registers it: "
        "custom_imports = dict(imports=['MODULE'])",
        where=request["config"],
    )


def class_counts(model: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield path and value of each ``num_classes`` of a model that must fit the dataset.

    Those of region proposals, semantic segmentation and backbones count something else (see
    ``NumClassCheckHook``), and so do class-agnostic heads.
    """
    if isinstance(model, (list, tuple)):
        for index, part in enumerate(model):
            yield from class_counts(part, f"{path}[{index}]")
    elif isinstance(model, Mapping):
        for key, part in model.items():
            inner = f"{path}.{key}" if path else str(key)
            if key == "num_classes" and isinstance(part, int):
                if not model.get("class_agnostic"):
                    yield inner, part
            elif str(key) not in ("rpn_head", "semantic_head", "backbone"):
                yield from class_counts(part, inner)


def about_model(config: Any) -> dict[str, Any]:
    """Return the numbers of classes of a config's model, for the header's options."""
    hooks = [type_name(hook) for hook in config.get("custom_hooks") or () if "type" in hook]
    return {
        "num_classes": list(class_counts(config.get("model"))),
        "checks_num_classes": "NumClassCheckHook" in hooks,
    }


def image_loading(dataset: Any) -> str | None:
    """Return the backend with which a dataset's pipeline reads images; None if it reads none.

    Args:
        dataset: config of the dataset.
    """
    for step in dataset.get("pipeline") or ():
        if isinstance(step, Mapping) and type_name(step).startswith("LoadImage"):
            args = step.get("backend_args") or step.get("file_client_args") or {}
            return str(args.get("backend") or "local")
    return None


def look_for(paths: list[str], backend: str) -> dict[str, Any]:
    """Return the number of existing image files, among all or among some at even distances."""
    if backend not in ("local", "disk"):
        return {"backend": backend}
    if len(paths) > LOOKED:
        paths = [paths[index * len(paths) // LOOKED] for index in range(LOOKED)]
    missing = [path for path in paths if not os.path.isfile(path)]  # noqa: PTH113
    return {"looked": len(paths), "missing": len(missing), "first": missing[:3]}


def rules_of(kind: type, coco: type) -> str | None:
    """Return the class of MMDetection whose loading code a dataset uses; None for its own code.

    Args:
        kind: the dataset's class.
        coco: the class CocoDataset.
    """
    for each in kind.__mro__:
        if each is coco:
            return "CocoDataset"
        own = (name for name in vars(each) if not re.match("__(?!init__)", name))
        if set(own) - HARMLESS - {"_abc_impl"}:
            return each.__name__ if each.__module__.startswith("mmdet.datasets.") else None
    return None


def segments_of(found: Any) -> dict[str, Any]:
    """Return the segments of a panoptic image for its line; nothing for any other image."""
    segments = found if isinstance(found, list) else []
    if not segments or not all(isinstance(s, Mapping) and "is_thing" in s for s in segments):
        return {}
    return {
        "segments": [
            {"id": s["id"], "label": s["category"], "is_thing": bool(s["is_thing"])}
            for s in segments
        ]
    }


class MmdetDataset(RealDataset):
    """Base of the datasets of 2.x and 3.x.

    Args:
        dataset: a CocoDataset.
        wrappers: names of the datasets that wrap it in the config, outermost first.
        length: length with the wrappers; see ``wrapped_length``.
        own: facts of the config, for the header's options.
        backend: see ``image_loading``.
    """

    def __init__(
        self,
        dataset: Any,
        wrappers: list[str],
        length: Any,
        own: dict[str, Any],
        backend: str | None,
    ) -> None:
        self._dataset = dataset
        self._wrappers = wrappers
        self._length = length
        self._own = own
        self._backend = backend
        self._plain: dict[bool, Any] = {}
        self.line: dict[str, Any] = {}

    def header(self) -> dict[str, Any]:
        dataset = self._dataset
        cat2label = getattr(dataset, "cat2label", None) or {}
        kind = type(dataset)
        options = {"type": kind.__name__, "wrappers": self._wrappers, **self._own}
        options["length"] = self._length
        options["rules"] = rules_of(kind, needed("mmdet.datasets").CocoDataset)
        if self._backend is not None:
            options["image_files"] = look_for(
                list(map(self.image_path, range(len(self)))), self._backend
            )
        return {
            "framework": self.line["package"] or "mmdet",
            "loader": self.line["loader"],
            "version": str(needed("mmdet").__version__),
            "mode": "test" if dataset.test_mode else "train",
            "box_format": "xyxy",
            "order": "file",
            "ann_file": str(dataset.ann_file),
            "cat_ids": list(getattr(dataset, "cat_ids", ())),
            # pairs, as JSON has no other keys than text
            "cat2label": [list(pair) for pair in cat2label.items()],
            "options": options,
            "packages": version_of("mmengine", "mmcv", "torch", "numpy", "pycocotools", "cv2"),
        }

    def __len__(self) -> int:
        return len(self._dataset)

    def image_path(self, index: int) -> str:
        """Return the path with which the pipeline opens an image."""
        raise NotImplementedError

    def image_size(self, index: int) -> list[int] | None:
        try:
            image = import_module("cv2").imread(self.image_path(index))  # turns by EXIF
            return None if image is None else list(image.shape[:2])
        except ImportError:
            return None

    def steps(self, kind: str, index: int) -> list[Any]:
        steps: list[Any] = self.pipeline(kind, index).transforms
        return steps

    def pipeline(self, kind: str, index: int) -> Any:
        """Return the config's ``own`` pipeline, or a ``plain`` one, if possible with masks."""
        if kind == "own":
            if "MultiImageMixDataset" not in self._wrappers:
                return self._dataset.pipeline
            raise Failure(
                "random",
                "the config's pipeline mixes random images (MultiImageMixDataset)",
                hint="use the plain pipeline: --pipeline plain",
            )
        with_mask = all(map(is_usable, self.masks(index)))
        if with_mask not in self._plain:
            self._plain[with_mask] = self.plain_pipeline(with_mask)
        return self._plain[with_mask]

    def masks(self, index: int) -> list[Any]:
        """Return the segmentations of the objects of an image."""
        raise NotImplementedError

    def plain_pipeline(self, with_mask: bool) -> Any:
        """Return a pipeline that loads and packs."""
        raise NotImplementedError
