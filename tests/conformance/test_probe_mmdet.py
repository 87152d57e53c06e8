"""The real loaders, asked: what they emit is what the file and the documented rules say."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmdet_line
import numpy as np
import pytest
from expectation import Seen, expected
from mmdet_line import MMDET2, MMDET3, Line
from pycocotools import mask as coco_mask

from cocosurgeon.errors import ProbeError
from cocosurgeon.probe.dump import Dump, DumpSample
from cocosurgeon.probe.request import ProbeRequest
from cocosurgeon.probe.run import installed_loader, probe

line = mmdet_line.each_line

TRAIN3 = """
default_scope = "mmdet"
pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True, with_mask=True),
    dict(type="Resize", scale=(320, 240), keep_ratio=True),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    dataset=dict(
        type="RepeatDataset",
        times=2,
        dataset=dict(
            type="CocoDataset",
            data_root=ROOT,
            ann_file="coco_mini_val.json",
            data_prefix=dict(img="images/coco_mini_val/"),
            filter_cfg=dict(filter_empty_gt=True, min_size=400),
            pipeline=pipeline,
        ),
    )
)
"""
TRAIN2 = """
pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True, with_mask=True),
    dict(type="Resize", img_scale=(320, 240), keep_ratio=True),
    dict(type="RandomFlip", flip_ratio=0.5),
    dict(type="DefaultFormatBundle"),
    dict(
        type="Collect",
        keys=["img", "gt_bboxes", "gt_labels", "gt_masks"],
        meta_keys=("img_shape", "flip"),
    ),
]
data = dict(
    samples_per_gpu=2,
    train=dict(
        type="RepeatDataset",
        times=2,
        dataset=dict(
            type="CocoDataset",
            ann_file=ROOT + "/coco_mini_val.json",
            img_prefix=ROOT + "/images/coco_mini_val/",
            pipeline=pipeline,
        ),
    ),
)
"""


@dataclass(frozen=True)
class Asked:
    """A line of MMDetection, to be asked.

    Attributes:
        line: which.
        python: an interpreter that has it.
    """

    line: Line
    python: Path

    def dump(self, timeout: float = 60, **request: Any) -> Dump:
        """What it emits."""
        return probe(ProbeRequest(**request), self.python, timeout)

    def failure(self, timeout: float = 60, **request: Any) -> ProbeError:
        """How it fails."""
        with pytest.raises(ProbeError) as raised:
            self.dump(timeout, **request)
        assert raised.value.hint
        return raised.value


def asked(line: Line, folder: Path) -> Asked:
    """A line, with a program in the place of an interpreter that has it."""
    home = Path(os.environ["COCOSURGEON_MMDET"]).absolute()
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH={home / line.overlay} exec {home}/venv/bin/python -W ignore "$@"\n'
    )
    python.chmod(0o755)
    return Asked(line, python)


@pytest.fixture
def each(line: Line, tmp_path: Path) -> Asked:
    """Each line."""
    return asked(line, tmp_path)


@pytest.fixture
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Asked:
    """One line, the one that a test names."""
    if not os.environ.get("COCOSURGEON_MMDET"):
        pytest.skip(f"the real MMDetection is not at hand: {mmdet_line.HOW_TO}")
    return asked(request.param, tmp_path)


on2 = pytest.mark.parametrize("one", [MMDET2], indirect=True, ids=["mmdet2"])
on3 = pytest.mark.parametrize("one", [MMDET3], indirect=True, ids=["mmdet3"])


def seen(sample: DumpSample) -> Counter[Seen]:
    """What was emitted for an image; the order within it is left out."""
    return Counter((tuple(i.box), _int(i.label), i.ignore) for i in sample.instances)


def _int(label: Any) -> int | None:
    assert label is None or type(label) is int
    return label


def test_a_file_alone_with_samples(each: Asked, wild: Path) -> None:
    ann_file = wild / "coco_mini_val.json"
    dump = each.dump(ann_file=ann_file, samples=3, img_prefix=wild / "images/coco_mini_val")
    doc = json.loads(ann_file.read_bytes())
    cat2label = {c["id"]: place for place, c in enumerate(doc["categories"])}
    header = dump.header
    assert (header.framework, header.version) == (each.line.framework, each.line.version)
    assert (header.mode, header.box_format, header.order) == ("test", "xyxy", "file")
    assert header.single is each.line.single
    assert header.classes == tuple(c["name"] for c in doc["categories"])
    assert header.cat2label == cat2label
    assert header.cat_ids == tuple(cat2label)
    assert (header.pipeline, header.random, header.seed) == ("plain", (), None)
    assert header.packages["pycocotools"]
    assert [(s.img_id, seen(s)) for s in dump.samples] == expected(ann_file, each.line, cat2label)
    for sample, image in zip(dump.samples, doc["images"], strict=True):
        assert (sample.img_path, sample.height, sample.width) == (
            image["file_name"],
            image["height"],
            image["width"],
        )
    packed = [s for s in dump.samples if s.packed is not None]
    assert [dump.samples.index(s) for s in packed] == [0, 26, 52]
    for sample in packed:
        require_packed(sample)


def require_packed(sample: DumpSample) -> None:
    """The packed tensors hold what the dataset emitted."""
    packed: Any = sample.packed
    height, width = sample.height, sample.width
    assert packed["image"]["shape"] == [3, height, width]
    assert packed["image"]["dtype"] == "uint8"
    kept = [i for i in sample.instances if not i.ignore]
    assert packed["boxes"]["dtype"] == "float32"
    assert packed["boxes"]["values"] == [np.array(i.box, np.float32).tolist() for i in kept]
    assert packed["labels"] == {
        "shape": [len(kept)],
        "dtype": "int64",
        "values": [i.label for i in kept],
    }
    rles = [coco_mask.merge(coco_mask.frPyObjects(i.mask, height, width)) for i in kept]
    assert packed["masks"]["sums"] == [int(coco_mask.area(rle)) for rle in rles]
    assert packed["masks"]["shape"] == [len(kept), height, width]


def test_train_mode_with_filters_and_classes(
    each: Asked, put: Callable[..., Path], small: Any
) -> None:
    small["images"].append({"id": 60, "file_name": "60.png", "width": 99, "height": 99})
    small["annotations"][6]["segmentation"] = [[300, 300, 305, 300, 305, 305.5]]
    filters = (
        {"filter_empty_gt": True}
        if each.line is MMDET2
        else {"filter_cfg": {"filter_empty_gt": True, "min_size": 32}}
    )
    ann_file = put(gzip.compress(json.dumps(small).encode()), "packed.json.gz")
    dump = each.dump(
        ann_file=ann_file, mode="train", classes=("toothbrush", "person"), options=filters
    )
    assert dump.header.mode == "train"
    assert dump.header.ann_file == "packed.json"
    assert filters.items() <= dump.header.options.items()
    assert dump.header.classes == ("toothbrush", "person")
    assert dump.header.cat2label == {1: 0, 90: 1}
    assert [s.img_id for s in dump.samples] == [30, 10, 20, 50]
    assert [(i.box, i.label, i.mask) for i in dump.samples[0].instances] == [
        ((10, 10, 110, 60), 0, None),
        ((300, 300, 305, 305), 1, [[300, 300, 305, 300, 305, 305.5]]),
    ]


@pytest.fixture
def config(each: Asked, wild: Path, tmp_path: Path) -> Path:
    """A config of the line, whose pipeline flips at random."""
    return write_config(each.line, wild, tmp_path)


def write_config(line: Line, wild: Path, folder: Path) -> Path:
    """A config of a line."""
    path = folder / "config.py"
    path.write_text((TRAIN2 if line is MMDET2 else TRAIN3).replace("ROOT", repr(str(wild))))
    return path


def test_a_config_and_its_random_pipeline(each: Asked, config: Path, wild: Path) -> None:
    doc = json.loads((wild / "coco_mini_val.json").read_bytes())
    big = [i["id"] for i in doc["images"] if min(i["height"], i["width"]) >= 400]
    wanted = tuple(big[3:6])
    dump = each.dump(config=config, split="train", images=wanted, seed=3)
    header = dump.header
    assert header.mode == "train"
    assert header.options["wrappers"] == ["RepeatDataset"]
    assert (header.options["config"], header.options["split"]) == ("config.py", "train")
    assert header.ann_file == "coco_mini_val.json"
    assert len(header.classes) == 80
    assert (header.pipeline, header.random, header.seed) == ("own", ("RandomFlip",), 3)
    assert header.transforms[:3] == ("LoadImageFromFile", "LoadAnnotations", "Resize")
    least = 32 if each.line is MMDET2 else 400
    assert [s.img_id for s in dump.samples] == [
        image["id"] for image in doc["images"] if min(image["height"], image["width"]) >= least
    ]
    packed: dict[Any, Any] = {s.img_id: s.packed for s in dump.samples if s.packed is not None}
    assert set(packed) == set(wanted)
    for found in packed.values():
        assert isinstance(found["meta"]["flip"], bool)
        assert max(found["image"]["shape"]) == 320
        count = len(found["labels"]["values"])
        assert found["masks"]["shape"] == [count, *found["image"]["shape"][1:]]


def test_a_file_in_place_of_the_one_of_a_config(
    each: Asked, config: Path, put: Callable[..., Path], small: Any
) -> None:
    ann_file = put(small)
    dump = each.dump(config=config, split="train", ann_file=ann_file, mode="test")
    assert dump.header.ann_file == ann_file.name
    assert dump.header.mode == "test"
    assert dump.header.cat2label == {1: 0, 18: 1, 90: 2}
    assert [s.img_path for s in dump.samples] == [i["file_name"] for i in small["images"]]


@pytest.mark.parametrize(
    ("text", "exception", "said"),
    [
        ("_base_ = []\nimport no_such_module_there", "ModuleNotFoundError", "no_such_module"),
        ("_base_ = ['no_such_base.py']", "FileNotFoundError", "no_such_base"),
        ("data = dict(", "SyntaxError", "config.py"),
        ("model = dict()", None, "no "),
    ],
)
@on3
def test_a_config_that_does_not_load(
    one: Asked, text: str, exception: str | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.py"
    path.write_text(text)
    failure = one.failure(config=path)
    assert (failure.kind, failure.exception) == ("config", exception)
    assert said in str(failure)
    assert str(path) in str(failure.where)


def test_the_library_of_an_interpreter_is_recognized(
    each: Asked, put: Callable[..., Path], small: Any
) -> None:
    """Also where two have one module: by the package that is installed."""
    assert installed_loader(each.python) == each.line.loader
    dump = each.dump(ann_file=put(small))
    assert dump.header.loader == each.line.loader
    if each.line is MMDET3:
        failure = each.failure(ann_file=put({}), loader="onedl")
        assert (failure.kind, "onedl-mmdetection is wanted" in str(failure)) == ("version", True)


def test_a_config_of_the_other_line(each: Asked, wild: Path, tmp_path: Path) -> None:
    other = MMDET3 if each.line is MMDET2 else MMDET2
    failure = each.failure(config=write_config(other, wild, tmp_path), split="train")
    assert failure.kind == "config"
    assert f"MMDetection {other.version[0]}.x" in str(failure)


def test_a_dataset_that_raises(each: Asked, put: Callable[..., Path], small: Any) -> None:
    del small["categories"]
    failure = each.failure(ann_file=put(small))
    assert (failure.kind, failure.exception) == ("dataset", "KeyError")
    assert "'categories'" in str(failure)
    assert "in.json" in str(failure.where)


@on2
def test_a_dataset_that_raises_late(one: Asked, put: Callable[..., Path], small: Any) -> None:
    del small["annotations"][4]["area"]
    failure = one.failure(ann_file=put(small))
    assert (failure.kind, failure.exception) == ("dataset", "KeyError")
    assert "'area'" in str(failure)
    assert "sample 1" in str(failure.where)


@on3
def test_samples_that_cannot_be(one: Asked, put: Callable[..., Path], small: Any) -> None:
    failure = one.failure(ann_file=put(small), images=(20,))
    assert (failure.kind, failure.exception) == ("pipeline", "FileNotFoundError")
    assert "image 20" in str(failure.where)
    failure = one.failure(ann_file=put(small), images=(99,))
    assert (failure.kind, failure.exception) == ("request", None)
    assert "99" in str(failure)


@on3
def test_another_line_than_the_one_that_is_there(one: Asked, put: Callable[..., Path]) -> None:
    failure = one.failure(ann_file=put({}), loader="mmdet2")
    assert failure.kind == "version"
    assert "has MMDetection 3.3.0, but 2.x is wanted" in str(failure)


@on3
def test_an_environment_without_the_framework(one: Asked, put: Callable[..., Path]) -> None:
    bare = Path(os.environ["COCOSURGEON_MMDET"]).absolute() / "venv/bin/python"
    failure = Asked(one.line, bare).failure(ann_file=put({}))
    assert (failure.kind, failure.exception) == ("missing", "ModuleNotFoundError")
    assert "install MMDetection" in str(failure)


@on3
def test_a_config_that_hangs(one: Asked, tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text("import time\n_base_ = []\ntime.sleep(60)\n")
    assert one.failure(timeout=4, config=path).kind == "timeout"


@on2
def test_torchvision(one: Asked, wild: Path) -> None:
    ann_file = wild / "coco_mini_val.json"
    images = wild / "images/coco_mini_val"
    dump = one.dump(ann_file=ann_file, loader="torchvision", samples=1, img_prefix=images)
    doc = json.loads(ann_file.read_bytes())
    assert (dump.header.framework, dump.header.box_format) == ("torchvision", "xywh")
    assert [s.img_id for s in dump.samples] == sorted(image["id"] for image in doc["images"])
    for sample in dump.samples:
        assert [(list(i.box), i.label, i.ignore, i.mask) for i in sample.instances] == [
            (a["bbox"], a["category_id"], bool(a["iscrowd"]), a["segmentation"])
            for a in doc["annotations"]
            if a["image_id"] == sample.img_id
        ]
    packed: Any = dump.samples[0].packed
    assert packed["boxes"]["values"] == [list(i.box) for i in dump.samples[0].instances]
