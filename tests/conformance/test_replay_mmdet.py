"""Batches of a plain PyTorch loader, replayed into stock detectors of MMDetection.

The losses are those of the same detector, fed by MMDetection's own pipeline with the same images.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import ROOT, SAMPLE
from mmdet_line import FORK, MMDET2, MMDET3, Line
from PIL import Image

SCRIPT = Path(__file__).with_name("replay_run.py")
STOCK = {
    "detr": "detr/detr_r50_8xb2-150e_coco.py",
    "retinanet": "retinanet/retinanet_r18_fpn_1x_coco.py",
    "solo": "solo/solo_r50_fpn_1x_coco.py",
}
BASE_3 = """
_base_ = [{stock!r}]
model = dict({smaller})
_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True, with_mask=True),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    batch_sampler=None,
    dataset=dict(data_root="", ann_file="annotations.json", pipeline=_pipeline),
)
"""
BASE_2 = """
_base_ = [{stock!r}]
model = dict({smaller})
_keys = ["img", "gt_bboxes", "gt_labels"{masks}]
_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True, with_mask=True),
    dict(type="Normalize", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    dict(type="Pad", size_divisor=32),
    dict(type="DefaultFormatBundle"),
    dict(type="Collect", keys=_keys, meta_keys=("ori_shape", "img_shape", "pad_shape")),
]
data = dict(
    workers_per_gpu=0,
    train_dataloader=dict(shuffle=False, persistent_workers=False),
    train=dict(ann_file="annotations.json", pipeline=_pipeline),
)
"""
SMALLER = {
    "detr": """
        backbone=dict(init_cfg=None),
        encoder=dict(num_layers=2),
        decoder=dict(num_layers=2),
    """,
    "retinanet": "backbone=dict(init_cfg=None)",
    "solo": """
        backbone=dict(depth=18, init_cfg=None),
        neck=dict(in_channels=[64, 128, 256, 512], out_channels=64),
        mask_head=dict(
            in_channels=64, feat_channels=64, stacked_convs=1, num_grids=[12, 9, 6, 4, 3]
        ),
    """,
}
"""Below the stock models: randomly initialized, and less work."""
CASES = {
    "detr in 3.x": (MMDET3, "detr"),
    "solo in 3.x": (MMDET3, "solo"),
    "solo in the fork": (FORK, "solo"),
    "retinanet in 2.x": (MMDET2, "retinanet"),
    "solo in 2.x": (MMDET2, "solo"),
}


def laid_out(line: Line, model: str, folder: Path) -> None:
    """Four images of two sizes, the same in black, and configs: with replay, and without."""
    document = json.loads(SAMPLE.read_bytes())
    drawn = {a["image_id"] for a in document["annotations"] if not a["iscrowd"]}
    tall, square = (
        [i for i in document["images"] if (i["width"], i["height"]) == size and i["id"] in drawn]
        for size in ((160, 240), (200, 200))
    )
    document["images"] = [tall[0], square[0], square[1], tall[1]]
    ids = {image["id"] for image in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in ids]
    (folder / "annotations.json").write_text(json.dumps(document))
    (folder / "images").symlink_to(SAMPLE.parents[1] / "sample2017")
    (folder / "black").mkdir()
    for image in document["images"]:
        black = Image.new("RGB", (image["width"], image["height"]))
        black.save(folder / "black" / image["file_name"])
    stock = mmdet_line._folder() / line.overlay / "mmdet/.mim/configs" / STOCK[model]
    masks = ', "gt_masks"' if model == "solo" else ""
    base = BASE_2 if line is MMDET2 else BASE_3
    (folder / "base.py").write_text(
        base.format(stock=str(stock), masks=masks, smaller=SMALLER[model])
    )
    name = "replay_2" if line is MMDET2 else "replay_3"
    page = (ROOT / "docs/replay.md").read_text()
    documented = re.search(rf"^```python\n# {name}\.py\n(.*?)^```$", page, re.M | re.S)
    assert documented
    replayed = re.sub(r"^_base_ = .*", '_base_ = ["./base.py"]', documented[1])
    (folder / "replay.py").write_text(replayed)
    own = re.sub(r"^custom_hooks = .*", "custom_hooks = []", replayed, flags=re.M)
    (folder / "own.py").write_text(own)


@pytest.mark.parametrize("name", CASES)
def test_recorded_batches_have_the_losses_of_the_pipeline(name: str, tmp_path: Path) -> None:
    line, model = CASES[name]
    mmdet_line.require(line.overlay)
    laid_out(line, model, tmp_path)
    paths = os.pathsep.join((*line.environment().values(), str(ROOT)))
    done = subprocess.run(
        [line.python, SCRIPT, model],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    own = said["own"]
    assert len(own) == 2
    assert own[0]["loss"] != own[1]["loss"]
    for source in ("hook", "wrapper"):
        for step, losses in zip(said[source], own, strict=True):
            assert step == pytest.approx(losses, rel=1e-5), source
    assert "2 recorded batches of runs/plain/rank0 instead of the data pipeline" in done.stderr
    if model == "solo":
        short, bare = said["errors"]
        assert "all recorded batches are used: 1 batch" in short
        assert "masks are missing: the model has a mask head" in bare
        assert "in: runs/bare/rank0, step 0, image" in bare
        has_warning = "the images were normalized by the mean [0, 0, 0]" in done.stderr
        assert has_warning == (line is not MMDET2)
