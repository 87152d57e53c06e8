"""MMDetection 3.x, and the fork of the same modules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from .dataset import RealDataset, instance
from .failure import Failure, needed, stage
from .mmdet import (
    MmdetDataset,
    about_model,
    arguments,
    building,
    classes_of,
    image_loading,
    segments_of,
)
from .wrappers import innermost, type_name, wrapped_length

META = ("img_id", "ori_shape", "img_shape")


def open_dataset(request: dict[str, Any]) -> RealDataset:
    """Return the dataset of a config, or of an annotation file alone."""
    datasets = needed("mmdet.datasets")
    scope = "mmdet"
    wrappers: list[Any] = []
    own: dict[str, Any] = {}
    backend = None
    if request["config"]:
        config, scope, wrappers, own = _configured(request)
        backend = image_loading(config)
    else:
        config = {"type": "CocoDataset", "data_prefix": {"img": ""}, "test_mode": True}
    config.update(arguments(request))
    if request["img_prefix"] is not None:
        config["data_prefix"] = dict(config.get("data_prefix") or {}, img=request["img_prefix"])
    classes = classes_of(request)
    if classes is not None:
        config["metainfo"] = dict(config.get("metainfo") or {}, classes=classes)
    config.update(request["options"])
    needed("mmengine.registry").init_default_scope(scope)
    registry = needed("mmdet.registry").DATASETS
    with building(request, config, registry, datasets.CocoDataset):
        if request["config"]:
            dataset = registry.build(config)
        else:
            dataset = getattr(datasets, config.pop("type"))(**config)
        dataset.full_init()
    length = wrapped_length(config, wrappers, registry.build)
    return _Dataset3(dataset, [type_name(w) for w in wrappers], length, own, backend)


def _configured(request: dict[str, Any]) -> tuple[Any, str, list[Any], dict[str, Any]]:
    hint = "check that mmengine.Config.fromfile reads it in that environment"
    with stage("config", hint, request["config"]):
        config = _read(request["config"])
        loader = config.get(request["split"] + "_dataloader")
        if not loader:
            raise Failure(
                "config",
                "the config has no {}_dataloader{}".format(
                    request["split"],
                    ": it is for MMDetection 2.x" if config.get("data") else "",
                ),
                hint="name another split, or an interpreter with that version",
                where=request["config"],
            )
        dataset, wrappers = innermost(loader["dataset"], request["config"], request["ann_file"])
        own = {
            "own_ann_file": _joined(dataset),
            "evaluators": list(_evaluated(config.get(request["split"] + "_evaluator"))),
            "packs_instances": any(
                "instances" in (step.get("meta_keys") or ())
                for step in dataset.get("pipeline") or ()
                if isinstance(step, Mapping)
            ),
            **about_model(config),
        }
        return dataset, str(config.get("default_scope") or "mmdet"), wrappers, own


def _read(path: str) -> Any:
    try:
        return needed("mmengine.config").Config.fromfile(path)
    except RuntimeError as error:
        if str(error):
            raise
        # LazyObject.__call__, mmengine/config/lazy.py
        raise Failure(
            "config",
            "a name that the config imports is called, but mmengine reads the config in the new "
            "style (it has no _base_), where imported names are placeholders",
            "RuntimeError",
            hint="write _base_ = [] into it, or use a registered class",
            where=path,
        ) from error


def _joined(dataset: Any) -> Any:
    """Return the annotation file of a dataset's config, joined as in BaseDataset."""
    ann_file = dataset.get("ann_file")
    if not isinstance(ann_file, str) or not ann_file:
        return None
    return os.path.abspath(os.path.join(dataset.get("data_root") or "", ann_file))  # noqa: PTH100,PTH118


def _evaluated(evaluator: Any) -> Iterator[dict[str, Any]]:
    """Yield type and annotation file of each of a config's evaluators."""
    if isinstance(evaluator, Mapping) and "metrics" in evaluator:
        evaluator = evaluator["metrics"]
    for part in evaluator if isinstance(evaluator, (list, tuple)) else [evaluator]:
        if isinstance(part, Mapping):
            path = part.get("ann_file")
            path = os.path.abspath(path) if isinstance(path, str) else None  # noqa: PTH100
            yield {"type": type_name(part), "ann_file": path}


def _indices_of(value: Any) -> Any:
    """Return ``indices`` as mmengine reads them: a number (True is 1), or any sequence."""
    return value if value is None else int(value) if isinstance(value, int) else list(value)


class _Dataset3(MmdetDataset):
    def image_path(self, index: int) -> str:
        return str(self._dataset.get_data_info(index)["img_path"])

    def header(self) -> dict[str, Any]:
        dataset, header = self._dataset, super().header()
        classes = dataset.metainfo.get("classes")
        header["options"].update(
            filter_cfg=dataset.filter_cfg,
            indices=_indices_of(dataset._indices),
            serialize_data=dataset.serialize_data,
            # one text, where a comma is missing
            classes=classes if isinstance(classes, str) else None,
            has_no_classes=classes is None,
        )
        return dict(header, classes=list(classes or ()))

    def img_id(self, index: int) -> Any:
        return self._dataset.get_data_info(index)["img_id"]

    def sample(self, index: int) -> dict[str, Any]:
        found = self._dataset.get_data_info(index)
        return {
            "img_id": found["img_id"],
            "img_path": behind(self._dataset.data_prefix.get("img", ""), found["img_path"]),
            "height": found.get("height"),
            "width": found.get("width"),
            "instances": [
                instance(list(i["bbox"]), i["bbox_label"], bool(i["ignore_flag"]), i.get("mask"))
                for i in found["instances"]
            ],
            **segments_of(found.get("segments_info")),
        }

    def packed(self, kind: str, index: int) -> Any:
        if kind == "own":
            return self._dataset.prepare_data(index)
        return self.pipeline(kind, index)(self._dataset.get_data_info(index))

    def masks(self, index: int) -> list[Any]:
        return [i.get("mask") for i in self._dataset.get_data_info(index)["instances"]]

    def plain_pipeline(self, with_mask: bool) -> Any:
        load = {"type": "LoadAnnotations", "with_bbox": True, "with_mask": with_mask}
        pack = {"type": "PackDetInputs", "meta_keys": META}
        registry = needed("mmdet.registry").TRANSFORMS
        steps = [registry.build(t) for t in ({"type": "LoadImageFromFile"}, load, pack)]
        return needed("mmengine.dataset").Compose(steps)


def behind(prefix: str, path: str) -> str:
    """Return a path relative to the image root."""
    start = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    return path[len(start) :] if path.startswith(start) else path
