"""Read configs with the real library, as a run does, and say what comes of each; printed as JSON.

    python config_scripts_run.py CONFIG...

A config is read, printed, dumped in every format and read again; its datasets are built of the
config and of each dump, and iterated with workers. Run by ``test_config_scripts.py``.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any

FORMATS = ("py", "json", "yaml")


def plain(value: Any) -> Any:
    """A config's value as JSON has it."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def read(path: str) -> Any:
    """What comes of a config, or how it fails."""
    try:
        return said_of(path)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return {
            "error": type(error).__name__,
            "message": str(error),
            "raised_in": os.path.basename(last.filename),  # noqa: PTH119
        }


def said_of(path: str) -> Any:
    """What comes of a config, and of its dumps."""
    config = Config.fromfile(path)
    text = config.pretty_text
    said = {"built": built(config), "dumps": {}, "names": sorted(config.keys())}
    for kind in FORMATS:
        name = f"{path}.dump.{kind}"
        config.dump(name)
        again = Config.fromfile(name)
        same = plain(again._cfg_dict.to_dict()) == plain(written(config))
        # JSON has no tuples, and the stock pipelines want some: no such dump can be built.
        said["dumps"][kind] = {"same": same, "built": None if kind == "json" else built(again)}
        if kind == "py":
            said["dumps"][kind]["same_text"] = again.pretty_text == text
    return said


def failing(call: Callable[[], object]) -> str | None:
    """The type's name of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return None


def built_by_3(config: Any) -> Any:
    """The datasets of a config for MMDetection 3.x, iterated, and what its evaluator reads."""
    said = {}
    for split in ("train", "val"):
        of_split = config.get(f"{split}_dataloader")
        if of_split is not None:
            loader = Runner.build_dataloader(of_split, seed=0)
            dataset = loader.dataset
            records = [dataset.get_data_info(i) for i in range(len(dataset))]
            said[split] = {
                "ann_file": dataset.ann_file,
                "classes": list(dataset.metainfo["classes"]),
                "first_item": list(dataset[0]["inputs"].shape),
                "img_ids": [record["img_id"] for record in records],
                "labels": [[i["bbox_label"] for i in r["instances"]] for r in records],
                "boxes": [[i["bbox"] for i in r["instances"]] for r in records],
                "iterated": sorted(s.img_id for b in loader for s in b["data_samples"]),
                "workers": loader.num_workers,
                "pickled": len(pickle.loads(pickle.dumps(dataset))),
                "serialized": dataset.serialize_data,
                "colours": colours(dataset.metainfo),
            }
    if config.get("val_evaluator") is not None:
        metric = METRICS.build(config.val_evaluator)
        said["scored"] = scored(metric, said["val"])
    return said


def colours(metainfo: Any) -> int | str:
    """How many colours the visualizer has for the classes, or how it fails."""
    try:
        return len(get_palette(metainfo.get("palette"), len(metainfo["classes"])))
    except AssertionError as error:
        return str(error)


def concatenated(*datasets: dict[str, Any]) -> Any:
    """The ``metainfo`` of stock datasets that a config has concatenated; what it is, by its type's
    name, and how an evaluator fails that asks it for the classes."""
    source = "data/coco/annotations/instances_val2017.json"
    stock = {"type": "CocoDataset", "ann_file": source, "data_prefix": {"img": ""}, "pipeline": []}
    made = DATASETS.build({"type": "ConcatDataset", "datasets": [stock | d for d in datasets]})
    metric = METRICS.build({"type": "CocoMetric", "ann_file": source})
    metric.dataset_meta = made.metainfo
    failure = failing(lambda: metric.compute_metrics([({}, {})]))
    return [type(made.metainfo).__name__, failure if isinstance(made.metainfo, list) else None]


def scored(metric: Any, val: Any) -> Any:
    """What an evaluator says of every second object, detected a little to the right of it."""
    metric.dataset_meta = {"classes": val["classes"]}
    for img_id, labels, boxes in zip(val["img_ids"], val["labels"], val["boxes"], strict=True):
        moved = torch.tensor([[x1 + 1, y1, x2 + 1, y2] for x1, y1, x2, y2 in boxes[::2]])
        found = {
            "bboxes": moved.reshape(-1, 4),
            "scores": torch.linspace(0.9, 0.5, len(moved)),
            "labels": torch.tensor(labels[::2], dtype=torch.long),
        }
        metric.process({}, [{"img_id": img_id, "pred_instances": found, "ori_shape": (1, 1)}])
    return metric.evaluate(len(val["img_ids"]))


def built_by_2(config: Any) -> Any:
    """The datasets of a config for MMDetection 2.x, iterated, and what it says of detections."""
    said = {}
    for split in ("train", "val"):
        dataset = build_dataset(config.data[split], {"test_mode": split == "val"})
        loader = build_dataloader(dataset, 1, 2, dist=False, shuffle=False)
        infos = [dataset.get_ann_info(i) for i in range(len(dataset))]
        said[split] = {
            "ann_file": dataset.ann_file,
            "classes": list(dataset.CLASSES),
            "first_item": list(dataset[0]["img"].data.shape),
            "img_ids": [info["id"] for info in dataset.data_infos],
            "labels": [info["labels"].tolist() for info in infos],
            "boxes": [info["bboxes"].tolist() for info in infos],
            "iterated": len(list(loader)),
            "workers": loader.num_workers,
            "pickled": len(pickle.loads(pickle.dumps(dataset))),
        }
    results = []
    for info in infos:
        boxes, labels = info["bboxes"][::2] + np.array([1, 0, 1, 0]), info["labels"][::2]
        rows = np.hstack([boxes, np.linspace(0.9, 0.5, len(boxes))[:, None]])
        rows = rows.astype(np.float32).reshape(-1, 5)
        results.append([rows[labels == i] for i in range(len(dataset.CLASSES))])
    return said | {"scored": dict(dataset.evaluate(results, metric="bbox"))}


try:
    from mmdet.registry import DATASETS, METRICS  # type: ignore[import-not-found]
except ImportError:
    import numpy as np
    from mmcv import Config  # type: ignore[import-not-found]
    from mmdet.datasets import (  # type: ignore[import-not-found]
        build_dataloader,
        build_dataset,
    )

    built = built_by_2

    def written(config: Any) -> Any:
        return config._cfg_dict.to_dict()

    def facts() -> Any:
        """What it says of the evaluator that this line does not have."""
        try:
            from cocosurgeon.mmdet import CocoSubsetMetric
        except ImportError as error:
            return str(error)
        return CocoSubsetMetric
else:
    import torch  # type: ignore[import-not-found]
    from mmdet.datasets import CocoDataset
    from mmdet.visualization.palette import get_palette  # type: ignore[import-not-found]
    from mmengine.config import Config  # type: ignore[import-not-found]
    from mmengine.dataset import ConcatDataset  # type: ignore[import-not-found]
    from mmengine.registry import init_default_scope  # type: ignore[import-not-found]
    from mmengine.runner import Runner  # type: ignore[import-not-found]

    from cocosurgeon.config import metainfo_for

    init_default_scope("mmdet")
    built = built_by_3

    def written(config: Any) -> Any:
        return config.to_dict()

    def facts() -> Any:
        """What the documentation says of the library, tried."""
        palette = CocoDataset.METAINFO["palette"]
        named = metainfo_for("data/coco/annotations/instances_val2017.json")
        listed = {"classes": named["classes"]}
        registered = {"type": "CocoSubset", "steps": [{"sort": "name"}]}
        in_place = {"type": "CocoSubset", "steps": [{"sort": "id"}]}
        pair = [
            CocoDataset(metainfo={"classes": c}, lazy_init=True, data_prefix={"img": ""})
            for c in (["dog"], ("dog",))
        ]
        return {
            "palette_of_91": failing(lambda: get_palette(palette, 91)),
            "random_of_91": len(get_palette(None, 91)),
            "list_beside_tuple": failing(lambda: ConcatDataset(pair, lazy_init=True)),
            "list_beside_list": failing(lambda: ConcatDataset(pair[:1] * 2, lazy_init=True)),
            "concatenated": {
                "stock beside stock": concatenated({}, {}),
                "stock beside a list": concatenated({}, {"metainfo": listed}),
                "stock beside metainfo_for": concatenated({}, {"metainfo": named}),
                "metainfo_for in both": concatenated({"metainfo": named}, {"metainfo": named}),
                "stock beside CocoSubset": concatenated({}, registered),
                "stock beside CocoSubset with the same classes": concatenated({}, in_place),
            },
        }


with contextlib.redirect_stdout(sys.stderr):  # the libraries print
    said_of_each = {path: read(path) for path in sys.argv[1:]}
    said_of_each["facts"] = facts()
print(json.dumps(said_of_each, default=float))
