"""Run configs with snippets in them; the results are a JSON list on the last line of stdout.

    python snippet_run.py FRAMEWORK CONFIG...

Datasets are built as each config says, and the evaluator scores a perfect detector, whose boxes are
those of the ground truth. Run by an interpreter that has the framework, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np


def truth(ann_file: str) -> dict[Any, list[dict[str, Any]]]:
    """Annotations of each image, without crowds, which no detector is asked for."""
    with open(ann_file, encoding="utf-8") as text:  # noqa: PTH123 - as its name stands there
        document = json.load(text)
    found: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in document["images"]}
    for annotation in document.get("annotations", ()):
        if not annotation.get("iscrowd"):
            found[annotation["image_id"]].append(annotation)
    return found


def corners(annotations: list[dict[str, Any]]) -> list[list[float]]:
    """Boxes by their corners."""
    return [[x, y, x + w, y + h] for x, y, w, h in (a["bbox"] for a in annotations)]


def mmdet3(config: str) -> dict[str, Any]:
    """Dataloaders and evaluators of 3.x."""
    import mmdet.datasets  # type: ignore[import-not-found]
    import mmdet.evaluation  # type: ignore[import-not-found]  # noqa: F401 - registers its metrics
    import torch  # type: ignore[import-not-found,unused-ignore]
    from mmdet.registry import DATASETS, METRICS  # type: ignore[import-not-found]
    from mmdet.visualization.palette import get_palette  # type: ignore[import-not-found]
    from mmengine import Config, DefaultScope  # type: ignore[import-not-found]

    DefaultScope.get_instance("snippet", scope_name="mmdet")
    cfg = Config.fromfile(config)
    dumped = f"{config}.dumped.py"
    cfg.dump(dumped)
    cfg = Config.fromfile(dumped)
    found: dict[str, Any] = {"num_classes": sizes(cfg)}
    for split in ("train", "val", "test"):
        if f"{split}_dataloader" not in config_text(config):
            continue
        dataset = DATASETS.build(cfg[f"{split}_dataloader"].dataset)
        infos = [dataset.get_data_info(place) for place in range(len(dataset))]
        found[split] = {
            "ids": [info["img_id"] for info in infos],
            "classes": list(dataset.metainfo["classes"]),
            "cat_ids": dataset.cat_ids,
        }
        classes = len(dataset.metainfo["classes"])
        found["colours"] = len(get_palette(dataset.metainfo["palette"], classes))
        if split == "train":
            found["emptied"] = [
                [info["img_id"], dataset[place]["data_samples"].img_id]
                for place, info in enumerate(infos)
                if not info["instances"]
            ][:3]
            continue
        metric = METRICS.build(cfg[f"{split}_evaluator"])
        metric.dataset_meta = dataset.metainfo
        annotations = truth(dataset.ann_file)
        for info in infos:
            objects = annotations[info["img_id"]]
            boxes = torch.tensor(corners(objects), dtype=torch.float64).reshape(-1, 4)
            labels = [dataset.cat2label[a["category_id"]] for a in objects]
            pred = {
                "bboxes": boxes,
                "labels": torch.tensor(labels, dtype=torch.int64),
                "scores": torch.ones(len(objects)),
            }
            size = info["height"], info["width"]
            sample = {"img_id": info["img_id"], "ori_shape": size, "pred_instances": pred}
            metric.process({}, [sample])
        scores = metric.evaluate(len(infos))
        found[split]["mAP"] = scores.get("coco/bbox_mAP")
    return found


def mmdet2(config: str) -> dict[str, Any]:
    """Datasets of 2.x, each its own evaluator; built as ``tools/train.py`` and ``test.py`` do."""
    from mmcv import Config  # type: ignore[import-not-found]
    from mmdet.datasets import build_dataset

    cfg = Config.fromfile(config)
    dumped = f"{config}.dumped.py"
    cfg.dump(dumped)
    cfg = Config.fromfile(dumped)
    found: dict[str, Any] = {"num_classes": sizes(cfg)}
    for split in ("train", "val", "test"):
        if f"    {split}=dict(" not in config_text(config):
            continue
        arguments = None if split == "train" else {"test_mode": True}
        dataset = build_dataset(cfg.data[split], arguments)
        ids = list(dataset.img_ids)
        found[split] = {
            "ids": ids,
            "classes": list(dataset.CLASSES),
            "cat_ids": dataset.cat_ids,
        }
        if split == "train":
            found["emptied"] = [
                [img_id, img_id_of(dataset[place], dataset)]
                for place, img_id in enumerate(ids)
                if not len(dataset.get_ann_info(place)["bboxes"])
            ][:3]
            continue
        annotations = truth(dataset.ann_file)
        results = [per_class(annotations[img_id], dataset) for img_id in ids]
        if dataset.coco.anns:
            found[split]["mAP"] = float(dataset.evaluate(results)["bbox_mAP"])
    return found


def sizes(cfg: Any) -> list[int]:
    """Numbers of classes of the config and of its model's head, each number once."""
    model = cfg.model.get("roi_head", cfg.model)
    return sorted({cfg.num_classes, model.bbox_head.num_classes})


def per_class(annotations: list[dict[str, Any]], dataset: Any) -> list[Any]:
    """A perfect detector's boxes of an image, with scores, for each class."""
    rows: list[list[list[float]]] = [[] for _ in dataset.CLASSES]
    for annotation, box in zip(annotations, corners(annotations), strict=True):
        rows[dataset.cat2label[annotation["category_id"]]].append([*box, 1.0])
    return [np.array(boxes, np.float64).reshape(-1, 5) for boxes in rows]


def img_id_of(sample: Any, dataset: Any) -> Any:
    """Of which image a sample of the pipeline is."""
    name = sample["img_metas"].data["ori_filename"]
    return next(info["id"] for info in dataset.data_infos if info["filename"] == name)


def torchvision(config: str) -> dict[str, Any]:
    """The dataset that the snippet itself makes, and its ``evaluate``."""
    made = runpy.run_path(config)
    dataset = made["dataset"]
    return _coco_detection(made, len(dataset[0][1])) | {"size": list(dataset[0][0].size)}


def torchvision2(config: str) -> dict[str, Any]:
    """The dataset in torchvision's wrapper: all its targets have boxes and labels."""
    made = runpy.run_path(config)
    targets = [target for _, target in made["dataset"]]
    assert all(len(t["boxes"]) == len(t["labels"]) for t in targets)
    keys = sorted({key for target in targets for key in target})
    boxes = [len(target["boxes"]) for target in targets]
    return _coco_detection(made, boxes[0]) | {"keys": keys, "boxes": boxes}


def transformers(config: str) -> dict[str, Any]:
    """Batches of the dataset that the snippet itself makes, and a model's number of classes."""
    import torch
    from torch.utils.data import DataLoader  # type: ignore[import-not-found,unused-ignore]
    from transformers import DetrConfig  # type: ignore[import-not-found]

    made = runpy.run_path(config)
    labels, boxes, unlike = [], [], 0
    for batch in DataLoader(made["dataset"], batch_size=2, collate_fn=made["collate"]):
        masks = batch["pixel_mask"]
        height, width = masks.shape[1:]
        assert batch["pixel_values"].shape[2:] == masks.shape[1:]
        inner = [[int(mask[:, 0].sum()), int(mask[0].sum())] for mask in masks]
        unlike += len({tuple(size) for size in inner}) > 1
        labels += batch["labels"]
        for label, (inner_height, inner_width) in zip(batch["labels"], inner, strict=True):
            of_height, of_width = label["orig_size"].tolist()
            x, y = width / inner_width * of_width, height / inner_height * of_height
            boxes.append((label["boxes"] * torch.tensor([x, y, x, y])).tolist())
    config_of_model = DetrConfig(id2label=made["id2label"])
    return _coco_detection(made, len(boxes[0])) | {
        "boxes": [len(each) for each in boxes],
        "placed": boxes,
        "unlike": unlike,
        "num_labels": config_of_model.num_labels,
        "label_ids": sorted({i for label in labels for i in label["class_labels"].tolist()}),
    }


def _coco_detection(made: dict[str, Any], objects: int) -> dict[str, Any]:
    dataset = made["dataset"]
    annotations = truth(made["ann_file"])
    predictions = [
        {
            "image_id": img_id,
            "category_id": annotation["category_id"],
            "bbox": annotation["bbox"],
            "score": 1.0,
        }
        for img_id in dataset.ids
        for annotation in annotations[img_id]
    ]
    labels = {a["category_id"] for objects in annotations.values() for a in objects}
    return {
        "ids": dataset.ids,
        "num_classes": made["num_classes"],
        "highest": max(labels, default=0),
        "targets": [len(dataset._load_target(img_id)) for img_id in dataset.ids],
        "first": objects,
        "mAP": float(made["evaluate"](predictions)[0]),
    }


def ultralytics(config: str) -> dict[str, Any]:
    """The datasets that are built from the data.yaml that the snippet itself writes."""
    from ultralytics.cfg import get_cfg  # type: ignore[import-not-found]
    from ultralytics.data.dataset import YOLODataset  # type: ignore[import-not-found]
    from ultralytics.data.utils import check_det_dataset  # type: ignore[import-not-found]

    made = runpy.run_path(config)
    path = made.get("data_yaml", made["folder"] / "data/data.yaml")
    data = check_det_dataset(str(path), autodownload=False)
    found: dict[str, Any] = {"names": list(data["names"].values()), "nc": data["nc"]}
    for split in ("train", "val"):
        dataset = YOLODataset(data[split], data=data, task="detect", augment=False, hyp=get_cfg())
        found[split] = {
            os.path.basename(label["im_file"]): label["cls"].ravel().tolist()  # noqa: PTH119
            for label in dataset.labels
        }
        found["first"] = list(dataset[0]["img"].shape)
    return found


def rfdetr(config: str) -> dict[str, Any]:
    """The datasets that RF-DETR builds from the folder that the snippet makes, untransformed.

    Its functions are taken from its source: all of it wants more than is installed.
    """
    from PIL import Image
    from real_loaders import _of_rfdetr

    folders: list[str] = []
    model = SimpleNamespace(train=lambda dataset_dir: folders.append(dataset_dir))
    sys.modules["rfdetr"] = SimpleNamespace(RFDETRBase=lambda: model)  # type: ignore[assignment]
    made = runpy.run_path(config)
    del sys.modules["rfdetr"]
    names = _of_rfdetr()
    names |= {
        "MultiScale": SimpleNamespace(OFF=None, PER_SAMPLE=1, from_value=lambda value: None),
        "decode_pil_image": lambda path, _: (Image.open(path).convert("RGB"), (1.0, 1.0)),
        "is_gpu_postprocess": lambda backend: False,
        "make_coco_transforms_square_div_64": lambda *_, **__: None,
        "resolve_backend_for_build": lambda backend: backend,
        "resolve_keypoint_flip_pairs": lambda *_, **__: None,
    }
    args = SimpleNamespace(
        dataset_dir=folders[0],
        square_resize_div_64=True,
        segmentation_head=False,
        multi_scale=False,
        expanded_scales=False,
        patch_size=16,
        num_windows=4,
    )
    found: dict[str, Any] = {"classes": made["classes"]}
    for split in ("train", "val", "test"):
        dataset = names["build_roboflow_from_coco"](split, args, 512)
        targets = [dataset[place][1] for place in range(len(dataset))]
        found[split] = [[t["image_id"].item(), t["labels"].tolist()] for t in targets]
        cats = [dataset.coco.cats[cat_id] for cat_id in dataset.label2cat.values()]
        found["names"] = [category["name"] for category in cats]
    return found


def in_yaml(config: str) -> Any:
    """What the snippet says, read as RT-DETR and its like do."""
    import yaml  # type: ignore[import-untyped,unused-ignore]

    return yaml.load(config_text(config), Loader=yaml.Loader)


def config_text(config: str) -> str:
    """The config as it was written."""
    with open(config, encoding="utf-8") as text:  # noqa: PTH123
        return text.read()


if __name__ == "__main__":
    runs = (mmdet3, mmdet2, torchvision, torchvision2, transformers, ultralytics, rfdetr)
    others = {"onedl": mmdet3, **dict.fromkeys(("deim", "dfine", "rtdetr"), in_yaml)}
    run = {**{run.__name__: run for run in runs}, **others}[sys.argv[1]]
    os.chdir(os.path.dirname(sys.argv[2]))  # noqa: PTH120 - where ./work_dirs is to appear
    print(json.dumps([run(path) for path in sys.argv[2:]]))
