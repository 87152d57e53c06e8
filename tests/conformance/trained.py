"""Runs of the real MMDetection: stock configs, the images of the sample data, a detector made up.

A perfect detector's boxes are made here, from the raw JSON: as they stand, with labels by a rule of
its own, so that a label that shifts anywhere on the way shows in the score.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmdet_line
from conftest import ROOT, SAMPLE
from mmdet_line import MMDET2, Line

SCRIPT = Path(__file__).with_name("end_to_end_run.py")
VAL = "data/coco/annotations/instances_val2017.json"

SMALL = {
    "mm3": """
_resize = dict(type="Resize", scale=(160, 160), keep_ratio=True)
_train = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    _resize,
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackDetInputs"),
]
_test = [dict(type="LoadImageFromFile"), _resize, dict(type="PackDetInputs", meta_keys=[
    "img_id", "img_path", "ori_shape", "img_shape", "scale_factor"])]
model = dict(type="Oracle")
_alone = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(dataset=dict(pipeline=_train), **_alone)
val_dataloader = dict(dataset=dict(pipeline=_test), **_alone)
train_cfg = dict(max_epochs=1)
default_hooks = dict(checkpoint=dict(interval=-1, save_last=False))
""",
    "mm2": """
_normalize = dict(type="Normalize", mean=[0, 0, 0], std=[1, 1, 1], to_rgb=True)
_train = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="Resize", img_scale=(160, 160), keep_ratio=True),
    dict(type="RandomFlip", flip_ratio=0.5),
    _normalize,
    dict(type="DefaultFormatBundle"),
    dict(type="Collect", keys=["img", "gt_bboxes", "gt_labels"]),
]
_test = [
    dict(type="LoadImageFromFile"),
    dict(type="MultiScaleFlipAug", img_scale=(160, 160), flip=False, transforms=[
        dict(type="Resize", keep_ratio=True),
        dict(type="RandomFlip"),
        _normalize,
        dict(type="ImageToTensor", keys=["img"]),
        dict(type="Collect", keys=["img"]),
    ]),
]
data = dict(workers_per_gpu=0, train=dict(pipeline=_train), val=dict(pipeline=_test))
runner = dict(max_epochs=1)
checkpoint_config = dict(interval=-1)
""",
}
"""Below the stock configs: small images, one epoch, one process, and the model that is none."""
SMALL["fork"] = SMALL["mm3"]


@dataclass(frozen=True)
class Outcome:
    """What came of a config.

    Attributes:
        trained: labels of each image that the model was trained on, by file name.
        validated: file names of the images that it was asked about, in order.
        scores: what the evaluator says, such as ``bbox_mAP``.
        error: the exception, if one ended the run: its type and message.
        logged: warnings and errors.
    """

    trained: Mapping[str, list[int]]
    validated: list[str]
    scores: Mapping[str, float]
    error: str | None
    logged: str

    @property
    def score(self) -> float | None:
        """The mAP; None where there is none."""
        return self.scores.get("bbox_mAP")


def document(path: Path) -> Any:
    """A file as Python's json reads it."""
    return json.loads(path.read_bytes())


def detections(source: Any, by: str = "place") -> dict[str, list[list[float]]]:
    """What a perfect detector finds: corners and label of each object, by file name; no crowds.

    Args:
        source: the whole document, as it was before anything was done to it.
        by: how its labels are numbered: by the ``place`` in the category list, or by ``id``.
    """
    places = {c["id"]: place for place, c in enumerate(source["categories"])}
    found: dict[str, list[list[float]]] = {}
    names = {image["id"]: image["file_name"] for image in source["images"]}
    for annotation in source["annotations"]:
        if not annotation["iscrowd"]:
            x, y, w, h = annotation["bbox"]
            label = annotation["category_id"] if by == "id" else places[annotation["category_id"]]
            name = names[annotation["image_id"]]
            found.setdefault(name, []).append([x, y, x + w, y + h, label])
    return found


def laid_out(line: Line, folder: Path) -> Path:
    """A folder as a run has it: the sample data as ``data/coco``, and a config to build on."""
    (folder / "data/coco/annotations").mkdir(parents=True)
    for split in ("train", "val"):
        (folder / f"data/coco/annotations/instances_{split}2017.json").symlink_to(SAMPLE)
        (folder / f"data/coco/{split}2017").symlink_to(SAMPLE.parents[1] / "sample2017")
    stock = mmdet_line._folder() / line.overlay / "mmdet/.mim/configs/_base_"
    names = ("datasets/coco_detection.py", "schedules/schedule_1x.py", "default_runtime.py")
    bases = [str(stock / name) for name in names]
    (folder / "base.py").write_text(f"_base_ = {bases!r}\n{SMALL[line.overlay]}")
    return folder


def put(line: Line, folder: Path, name: str, text: str, found: Mapping[str, object]) -> Path:
    """A config on the base, and what its detector finds."""
    there = folder / f"{name}.detections.json"
    there.write_text(json.dumps(found))
    classes = "classes=91, " if line is MMDET2 else ""
    model = f"model = dict({classes}detections={str(there)!r})"
    path = folder / f"{name.replace(' ', '_')}.py"
    path.write_text(f'_base_ = ["./base.py"]\n{text}\n{model}\n')
    return path


def trained(line: Line, folder: Path, configs: Mapping[str, Path]) -> dict[str, Outcome]:
    """Train and validate by each config, all in one process."""
    paths = os.pathsep.join((*line.environment().values(), str(ROOT)))
    done = subprocess.run(
        [line.python, SCRIPT, *configs.values()],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths, "COCOSURGEON_CACHE": str(folder / "cache")},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    return {name: _outcome(line, said[str(path)]) for name, path in configs.items()}


def _outcome(line: Line, said: Any) -> Outcome:
    start = "" if line is MMDET2 else "coco/"
    scores = {k.removeprefix(start): v for k, v in said.get("scores", {}).items()}
    return Outcome(
        trained={name: sorted(labels) for name, labels in said.get("trained", ())},
        validated=said.get("validated", []),
        scores={k: v for k, v in scores.items() if not isinstance(v, str)},
        error=said.get("error"),
        logged="\n".join(said.get("logged", ())),
    )
