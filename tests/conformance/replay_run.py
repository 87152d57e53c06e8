"""Train a stock detector of MMDetection on recorded batches, and on what its own pipeline loads.

    python replay_run.py MODEL

Runs in a folder that ``test_replay_mmdet.py`` makes. Printed as JSON on the last line: the losses
of each step, by where the batches came from; and errors. In runs with recorded batches the pipeline
loads black images.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]
from PIL import Image
from pycocotools import mask as coco_mask

from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.parity.record_steps import StepRecorder

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
STEPS = BATCH = 2


class Plain(torch.utils.data.Dataset):  # type: ignore[misc,unused-ignore]
    """Images and objects of an annotation file, as a training script of its own loads them."""

    def __init__(self) -> None:
        document = json.loads(Path("annotations.json").read_bytes())
        self.images = document["images"]
        self.objects: dict[int, list[Any]] = {image["id"]: [] for image in self.images}
        for annotation in document["annotations"]:
            if not annotation["iscrowd"]:
                self.objects[annotation["image_id"]].append(annotation)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> dict[str, Any]:
        image = self.images[place]
        pixels = np.array(Image.open(f"images/{image['file_name']}").convert("RGB"))
        mean, std = (torch.tensor(c)[:, None, None] / 255 for c in (MEAN, STD))
        objects = self.objects[image["id"]]
        height, width = pixels.shape[:2]
        masks = [
            coco_mask.decode(
                coco_mask.merge(coco_mask.frPyObjects(o["segmentation"], height, width))
            )
            for o in objects
        ]
        return {
            "img_ids": image["id"],
            "images": (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / std,
            "boxes": torch.tensor([o["bbox"] for o in objects]).reshape(-1, 4),
            "labels": torch.tensor([o["category_id"] for o in objects]),
            "masks": torch.from_numpy(np.array(masks).reshape(-1, height, width)),
        }


def plain_batches(divisor: int) -> Iterator[dict[str, Any]]:
    """Yield batches padded with zeros, to a multiple of the divisor; boxes are xywh in pixels."""

    def collate(items: Any) -> dict[str, Any]:
        batch = {key: [item[key] for item in items] for key in items[0]}
        shapes = torch.tensor([image.shape[1:] for image in batch["images"]])
        height, width = (-(-shapes.amax(0) // divisor) * divisor).tolist()
        for key in ("images", "masks"):
            batch[key] = [
                torch.nn.functional.pad(each, (0, width - each.shape[2], 0, height - each.shape[1]))
                for each in batch[key]
            ]
        return {**batch, "images": torch.stack(batch["images"]), "img_shape": shapes}

    loader = torch.utils.data.DataLoader(Plain(), batch_size=BATCH, collate_fn=collate)
    return (batch for _, batch in zip(range(STEPS), loader, strict=False))


def of_detr(batch: dict[str, Any]) -> dict[str, Any]:
    """Boxes as DETR has them: cxcywh, divided by width and height of the image."""
    boxes = []
    for (height, width), xywh in zip(batch["img_shape"].tolist(), batch["boxes"], strict=True):
        centers = torch.cat([xywh[:, :2] + xywh[:, 2:] / 2, xywh[:, 2:]], 1)
        boxes.append(centers / torch.tensor([width, height, width, height]))
    return {**batch, "boxes": boxes}


def record(path: str, model: str, batches: Iterable[dict[str, Any]], **known: Any) -> None:
    """Record batches; those of DETR as it has them."""
    is_detr = model == "detr"
    usual = {"box_format": "cxcywh" if is_detr else "xywh", "normalised": is_detr, "mean": MEAN}
    recorder = StepRecorder(
        path, "plain", frame="resized", label_space="coco91", std=STD, **{**usual, **known}
    )
    for step, batch in enumerate(batches):
        recorder.record_step(step, "batch", of_detr(batch) if is_detr else batch)


def run_3(config_path: str, pictures: str, **options: Any) -> list[dict[str, float]]:
    """Train with 3.x; return the losses of each step."""
    config = Config.fromfile(config_path)
    config.train_dataloader.dataset.data_prefix.img = pictures
    # Runner.from_cfg without the config as a whole, which would be printed three times: seconds
    parts = {name: config[name] for name in PARTS if name in config}
    name = f"{config_path}{len(options)}{pictures}".replace("/", "_")
    runner = Runner(work_dir="work", experiment_name=name, randomness={"seed": 0}, **parts)
    runner.register_hook(kept := KeepLosses())
    with replay(runner.model, **options) if options else contextlib.nullcontext():
        runner.train()
    assert "forward" not in vars(runner.model.data_preprocessor)
    return kept.losses


def run_2(config_path: str, pictures: str, **options: Any) -> list[dict[str, float]]:
    """Train with 2.x; return the losses of each step."""
    config = Config.fromfile(config_path)
    config.data.train.img_prefix = pictures
    config.custom_hooks = [*config.custom_hooks, {"type": "KeepLosses"}]
    config.update(device="cpu", gpu_ids=range(1), seed=0, work_dir="work")
    torch.manual_seed(0)
    model = build_detector(config.model)
    model.init_weights()
    dataset = build_dataset(config.data.train)
    model.CLASSES = dataset.CLASSES  # as tools/train.py does
    KeepLosses.losses = []
    if options:
        options["pad_size_divisor"] = 32
    with replay(model, **options) if options else contextlib.nullcontext():
        train_detector(model, [dataset], config, meta={})
    assert "train_step" not in vars(model)
    return KeepLosses.losses


try:
    from mmdet.registry import MODELS as MODELS  # type: ignore[import-not-found]
except ImportError:
    from mmcv import Config  # type: ignore[import-not-found]
    from mmcv.runner import HOOKS, Hook  # type: ignore[import-not-found]
    from mmdet.apis import train_detector  # type: ignore[import-not-found]
    from mmdet.datasets import build_dataset  # type: ignore[import-not-found]
    from mmdet.models import build_detector  # type: ignore[import-not-found]

    from cocosurgeon.mmdet.replay2 import replay

    run = run_2

    @HOOKS.register_module()  # type: ignore[untyped-decorator,unused-ignore]
    class KeepLosses(Hook):  # type: ignore[misc,unused-ignore]
        """Keeps the losses of each step."""

        losses: list[dict[str, float]]

        def after_train_iter(self, runner: Any) -> None:
            self.losses.append(dict(runner.outputs["log_vars"]))
else:
    from mmengine.config import Config  # type: ignore[import-not-found]
    from mmengine.hooks import Hook  # type: ignore[import-not-found]
    from mmengine.runner import Runner  # type: ignore[import-not-found]

    from cocosurgeon.mmdet.replay3 import replay  # type: ignore[assignment]

    run = run_3
    PARTS = (
        *("model", "train_dataloader", "train_cfg", "optim_wrapper", "param_scheduler"),
        *("default_hooks", "custom_hooks", "env_cfg", "log_processor", "log_level"),
        *("visualizer", "default_scope"),
    )

    class KeepLosses(Hook):  # type: ignore[misc,no-redef,unused-ignore]
        """Keeps the losses of each step."""

        def __init__(self) -> None:
            self.losses: list[dict[str, float]] = []

        def after_train_iter(
            self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any
        ) -> None:
            self.losses.append({name: float(loss) for name, loss in outputs.items()})


def error_of(**options: Any) -> str:
    """Return what is said by a run that fails."""
    try:
        run("own.py", "black/", **options)
    except CocosurgeonError as error:
        return str(error)
    return "no error"


def said(model: str) -> dict[str, Any]:
    """Return the losses by where the batches came from, and errors."""
    batches = list(plain_batches(1 if model == "detr" else 32))
    record("runs/plain", model, batches)
    result: dict[str, Any] = {
        "own": run("own.py", "images/"),
        "hook": run("replay.py", "black/"),
        "wrapper": run("own.py", "black/", path="runs/plain", label_space="mmdet80"),
    }
    if model == "solo":
        record("runs/short", model, batches[:1])
        bare = ({k: v for k, v in batch.items() if k != "masks"} for batch in batches)
        record("runs/bare", model, bare, mean=[0, 0, 0])
        result["errors"] = [
            error_of(path=path, label_space="mmdet80") for path in ("runs/short", "runs/bare")
        ]
    return result


with contextlib.redirect_stdout(sys.stderr):  # the libraries print
    torch.set_num_threads(1)
    of_model = said(sys.argv[1])
print(json.dumps(of_model))
