"""Train and validate by configs, as ``tools/train.py`` does, and say what came of each.

    python end_to_end_run.py CONFIG...

The model is no detector: for each image it says what a file of detections holds, and it remembers
which images, with which labels, it was trained on. All else is the real library's: 3.x
``Runner.train``, 2.x ``train_detector`` with its EvalHook. Printed as JSON on the last line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]


class Said(logging.Handler):
    """Keeps what is logged as a warning or an error."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Memory:
    """A model's half that needs no library: detections to say, samples seen."""

    def __init__(self, detections: str) -> None:
        with open(detections, encoding="utf-8") as text:  # noqa: PTH123
            self._found: dict[str, list[list[float]]] = json.load(text)
        self.trained: list[tuple[str, list[int]]] = []

    def boxes_and_labels(self, path: str) -> tuple[Any, Any]:
        """What is detected on an image: corners, labels."""
        rows = np.array(self._found.get(os.path.basename(path), ()), np.float64)  # noqa: PTH119
        rows = rows.reshape(-1, 5)
        return rows[:, :4], rows[:, 4].astype(np.int64)

    def remember(self, path: str, labels: Any) -> None:
        """An image that it is trained on."""
        self.trained.append((os.path.basename(path), labels.tolist()))  # noqa: PTH119


def run_3(path: str, said: dict[str, Any]) -> None:
    """Train and validate with 3.x."""
    config = Config.fromfile(path)
    # Runner.from_cfg without the config as a whole, which would be printed three times: seconds
    parts = {name: config[name] for name in PARTS if name in config}
    runner = Runner(work_dir=f"{path}.work", experiment_name=path.replace("/", "_"), **parts)
    runner.logger.addHandler(kept := Said())
    said |= {"trained": runner.model.memory.trained, "logged": kept.lines}
    runner.register_hook(hook := KeepScores())
    try:
        runner.train()
    finally:
        said["validated"] = hook.seen
    said["scores"] = hook.scores


def run_2(path: str, said: dict[str, Any]) -> None:
    """Train and validate with 2.x."""
    config = Config.fromfile(path)
    config.work_dir = f"{path}.work"
    os.mkdir(config.work_dir)  # noqa: PTH102
    config.update(device="cpu", gpu_ids=range(1), seed=0)
    logger = logging.getLogger("mmdet")
    logger.addHandler(kept := Said())
    said |= {"trained": (model := Oracle(**config.model)).memory.trained, "logged": kept.lines}
    dataset = build_dataset(config.data.train)
    said["validated"] = model.validated
    try:
        train_detector(model, [dataset], config, validate=True, timestamp="now", meta={})
    finally:
        logger.removeHandler(kept)
    with open(f"{config.work_dir}/now.log.json", encoding="utf-8") as lines:  # noqa: PTH123
        last = [json.loads(line) for line in lines][-1]
    assert last["mode"] == "val"
    said["scores"] = {k: v for k, v in last.items() if k.startswith("bbox")}


try:
    from mmdet.registry import MODELS  # type: ignore[import-not-found]
except ImportError:
    from types import SimpleNamespace

    from mmcv import Config  # type: ignore[import-not-found]
    from mmcv.runner import epoch_based_runner  # type: ignore[import-not-found]
    from mmdet.apis import train_detector  # type: ignore[import-not-found]
    from mmdet.datasets import build_dataset  # type: ignore[import-not-found]

    run = run_2
    # it waits for three seconds an epoch
    epoch_based_runner.time = SimpleNamespace(sleep=lambda seconds: None)

    class Oracle(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """Knows everything beforehand."""

        def __init__(self, detections: str, classes: int) -> None:
            super().__init__()
            self.memory = Memory(detections)
            self.classes = classes
            self.validated: list[str] = []
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def train_step(self, data: Any, optimizer: Any) -> Any:
            for meta, labels in zip(data["img_metas"], data["gt_labels"], strict=True):
                self.memory.remember(meta["filename"], labels)
            loss = self.weight * 0
            return {"loss": loss, "log_vars": {"loss": 0.0}, "num_samples": len(data["img"])}

        def forward(self, img: Any, img_metas: Any, return_loss: bool, rescale: bool) -> Any:
            assert not return_loss and rescale
            results = []
            for meta in img_metas[0]:
                self.validated.append(os.path.basename(meta["filename"]))  # noqa: PTH119
                boxes, labels = self.memory.boxes_and_labels(meta["filename"])
                rows = np.hstack([boxes, np.ones((len(boxes), 1))])
                results.append([rows[labels == label] for label in range(self.classes)])
            return results
else:
    from mmengine.config import Config  # type: ignore[import-not-found]
    from mmengine.hooks import Hook  # type: ignore[import-not-found]
    from mmengine.model import BaseModel  # type: ignore[import-not-found]
    from mmengine.runner import Runner  # type: ignore[import-not-found]
    from mmengine.structures import InstanceData  # type: ignore[import-not-found]

    run = run_3
    PARTS = (
        *("model", "train_dataloader", "val_dataloader", "val_evaluator", "train_cfg", "val_cfg"),
        *("optim_wrapper", "param_scheduler", "default_hooks", "env_cfg", "log_processor"),
        *("log_level", "visualizer", "default_scope"),
    )

    class KeepScores(Hook):  # type: ignore[misc,no-redef,unused-ignore]
        """Keeps what the evaluator says, and on which images the model was asked."""

        def __init__(self) -> None:
            self.scores: dict[str, Any] = {}
            self.seen: list[str] = []

        def after_val_iter(
            self, runner: Any, batch_idx: Any, data_batch: Any, outputs: Any
        ) -> None:
            self.seen += [os.path.basename(s.img_path) for s in outputs]  # noqa: PTH119

        def after_val_epoch(self, runner: Any, metrics: Any = None) -> None:
            self.scores.update(metrics)

    @MODELS.register_module()  # type: ignore[untyped-decorator,unused-ignore]
    class Oracle(BaseModel):  # type: ignore[misc,no-redef,unused-ignore]
        """Knows everything beforehand."""

        def __init__(self, detections: str, data_preprocessor: Any = None) -> None:
            super().__init__(data_preprocessor)
            self.memory = Memory(detections)
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, inputs: Any, data_samples: Any, mode: str) -> Any:
            if mode == "loss":
                for sample in data_samples:
                    self.memory.remember(sample.img_path, sample.gt_instances.labels)
                return {"loss": self.weight * 0}
            for sample in data_samples:
                boxes, labels = self.memory.boxes_and_labels(sample.img_path)
                sample.pred_instances = InstanceData(
                    bboxes=torch.from_numpy(boxes),
                    labels=torch.from_numpy(labels),
                    scores=torch.ones(len(boxes)),
                )
            return data_samples


said_of_each: dict[str, Any] = {}
with contextlib.redirect_stdout(sys.stderr):  # the libraries print
    for path in sys.argv[1:]:
        said_of_each[path] = {}
        try:
            run(path, said_of_each[path])
        except Exception as error:
            said_of_each[path]["error"] = f"{type(error).__name__}: {error}"
print()  # a progress bar ends in no line
print(json.dumps(said_of_each, default=float))
