"""MMDetection 2.x."""

from __future__ import annotations

import inspect
import os
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

META = ("ori_shape", "img_shape")


def open_dataset(request: dict[str, Any]) -> RealDataset:
    """Return the dataset of a config, or of an annotation file alone."""
    datasets = needed("mmdet.datasets")
    wrappers: list[Any] = []
    own: dict[str, Any] = {}
    backend = None
    if request["config"]:
        config, wrappers, own = _configured(request)
        backend = image_loading(config)
    else:
        config = {"type": "CocoDataset", "pipeline": [], "test_mode": True}
    config.update(arguments(request))
    if request["img_prefix"] is not None:
        config["img_prefix"] = request["img_prefix"]
    classes = classes_of(request)
    if classes is not None:
        config["classes"] = classes
    config.update(request["options"])
    with building(request, config, datasets.DATASETS, datasets.CocoDataset):
        if request["config"]:
            dataset = datasets.build_dataset(config)
        else:
            # called directly: the registry replaces some errors by its own
            dataset = getattr(datasets, config.pop("type"))(**config)
    length = wrapped_length(config, wrappers, datasets.build_dataset)
    return _Dataset2(dataset, [type_name(w) for w in wrappers], length, own, backend)


def _configured(request: dict[str, Any]) -> tuple[Any, list[Any], dict[str, Any]]:
    hint = "check that mmcv.Config.fromfile reads it in that environment"
    with stage("config", hint, request["config"]):
        config = needed("mmcv").Config.fromfile(request["config"])
        tools = needed("mmdet.utils")
        # as tools/train.py, in releases that have these functions
        if hasattr(tools, "replace_cfg_vals"):
            config = tools.replace_cfg_vals(config)
        if hasattr(tools, "update_data_root") and config.get("data_root"):
            tools.update_data_root(config)
        parts = config.get("data") or {}
        if not parts.get(request["split"]):
            raise Failure(
                "config",
                "the config has no data.{}{}".format(
                    request["split"],
                    ": it is for MMDetection 3.x"
                    if config.get("train_dataloader") or config.get("val_dataloader")
                    else "",
                ),
                hint="name another split, or an interpreter with that version",
                where=request["config"],
            )
        dataset, wrappers = innermost(
            parts[request["split"]], request["config"], request["ann_file"]
        )
        # tools/train.py and tools/test.py set this next to the config
        dataset.setdefault("test_mode", request["split"] != "train")
        classes = dataset.get("classes")
        if isinstance(classes, str) and not os.path.exists(classes):  # noqa: PTH110
            raise Failure(
                "config",
                f"classes is the text {classes!r}, which 2.x reads as a file of names, and there "
                "is no such file",
                hint=f"a comma is missing: classes=({classes!r},)",
                where=request["config"],
            )
        # keys for data loaders and evaluation, which the dataset does not take
        for key in ("samples_per_gpu", "workers_per_gpu", "separate_eval"):
            dataset.pop(key, None)
        return dataset, wrappers, about_model(config)


class _Dataset2(MmdetDataset):
    def header(self) -> dict[str, Any]:
        header = super().header()
        header["options"]["filter_empty_gt"] = self._dataset.filter_empty_gt
        classes = list(self._dataset.CLASSES or ())
        return dict(header, single=True, classes=classes)

    def image_path(self, index: int) -> str:
        name = str(self._dataset.data_infos[index]["filename"])
        return os.path.join(self._dataset.img_prefix or "", name)  # noqa: PTH118

    def img_id(self, index: int) -> Any:
        return self._dataset.data_infos[index]["id"]

    def sample(self, index: int) -> dict[str, Any]:
        image = self._dataset.data_infos[index]
        found = self._dataset.get_ann_info(index)
        boxes = found["bboxes"].tolist()
        labels = found["labels"].tolist()
        segments = segments_of(found.get("masks"))
        masks = [] if segments else found.get("masks")
        masks = masks or [None] * len(boxes)
        instances = [instance(boxes[i], labels[i], False, masks[i]) for i in range(len(boxes))]
        ignored = found.get("bboxes_ignore")
        for box in () if ignored is None else ignored.tolist():
            instances.append(instance(box, None, True, None))
        return {
            "img_id": self.img_id(index),
            "img_path": image["filename"],
            "height": image.get("height"),
            "width": image.get("width"),
            "instances": instances,
            **segments,
        }

    def packed(self, kind: str, index: int) -> Any:
        dataset = self._dataset
        if kind == "own":
            prepare = dataset.prepare_test_img if dataset.test_mode else dataset.prepare_train_img
            return prepare(index)
        found = {"img_info": dataset.data_infos[index], "ann_info": dataset.get_ann_info(index)}
        dataset.pre_pipeline(found)
        return self.pipeline(kind, index)(found)

    def masks(self, index: int) -> list[Any]:
        return self._dataset.get_ann_info(index).get("masks") or []

    def plain_pipeline(self, with_mask: bool) -> Any:
        pipelines = needed("mmdet.datasets.pipelines")
        bundle: dict[str, Any] = {"type": "DefaultFormatBundle"}
        # later releases make floats of the image by default
        if "img_to_float" in inspect.signature(pipelines.DefaultFormatBundle).parameters:
            bundle["img_to_float"] = False
        keys = ["img", "gt_bboxes", "gt_labels", "gt_bboxes_ignore"]
        keys += ["gt_masks"] if with_mask else []
        return pipelines.Compose(
            [
                {"type": "LoadImageFromFile"},
                {"type": "LoadAnnotations", "with_bbox": True, "with_mask": with_mask},
                bundle,
                {"type": "Collect", "keys": keys, "meta_keys": META},
            ]
        )
