"""``verify --samples`` with the real MMDetection, on real photographs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import SAMPLE
from PIL import Image

from cocosurgeon import read, write

line = mmdet_line.each_line

PIPELINES = {
    "mmdet3": """
train = [dict(type='LoadImageFromFile'),
         dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
         dict(type='RandomChoiceResize', scales=[(320, 240), (400, 300), (640, 333)],
              keep_ratio=True),
         dict(type='RandomFlip', prob=0.5), dict(type='PackDetInputs')]
test = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(320, 240), keep_ratio=True),
        dict(type='LoadAnnotations', with_bbox=True), dict(type='PackDetInputs')]
train_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    filter_cfg=dict(filter_empty_gt=True, min_size=32), pipeline=train))
val_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    test_mode=True, pipeline=test))
""",
    "mmdet2": """
norm = dict(type='Normalize', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
            to_rgb=True)
train = [dict(type='LoadImageFromFile'),
         dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
         dict(type='Resize', img_scale=[(320, 240), (400, 300), (640, 333)],
              multiscale_mode='value', keep_ratio=True),
         dict(type='RandomFlip', flip_ratio=0.5), norm, dict(type='DefaultFormatBundle'),
         dict(type='Collect', keys=['img', 'gt_bboxes', 'gt_labels', 'gt_masks'])]
test = [dict(type='LoadImageFromFile'),
        dict(type='MultiScaleFlipAug', img_scale=(320, 240), flip=False, transforms=[
            dict(type='Resize', keep_ratio=True), dict(type='RandomFlip'), norm,
            dict(type='ImageToTensor', keys=['img']), dict(type='Collect', keys=['img'])])]
data = dict(
    train=dict(type='CocoDataset', pipeline=train, ann_file={ann_file!r}, img_prefix={images!r}),
    val=dict(type='CocoDataset', pipeline=test, ann_file={ann_file!r}, img_prefix={images!r}))
""",
}


@pytest.fixture
def source(wild: Path) -> Path:
    """79 images of COCO val2017."""
    return wild / "coco_mini_val.json"


@pytest.fixture
def images(wild: Path) -> Path:
    """Their files."""
    return wild / "images/coco_mini_val"


@pytest.fixture
def subset(source: Path, tmp_path: Path) -> Path:
    """The first of them."""
    return write(read(source).first(12), tmp_path / "subset.json")


def found_in(report: Any) -> set[tuple[str, int | None]]:
    """Code and image of each finding."""
    return {
        (finding["code"], record["id"])
        for finding in report["findings"]
        for record in finding["records"] or [{"id": None}]
    }


def test_of_a_faithful_subset_the_plain_pipeline_makes_the_same(
    line: mmdet_line.Line, subset: Path, source: Path, images: Path
) -> None:
    code, report = line.verified(
        *(subset, "--source", source, "--samples", 5, "--img-prefix", images)
    )
    assert (code, report["findings"]) == (0, [])
    told = "; ".join(report["compared"])
    for mode in ("train", "test"):
        assert f"the real {line.framework} {line.version} ({mode}, CocoDataset): 12 samples" in told
    assert told.count("5 of them through its plain pipeline") == 2
    assert told.count("5 images through the pipeline, as of the source") == 2


@pytest.mark.parametrize("split", ["train", "val"])
def test_of_a_faithful_subset_a_random_pipeline_makes_the_same(
    line: mmdet_line.Line, split: str, subset: Path, source: Path, images: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.py"
    config.write_text(
        PIPELINES["mmdet2" if line is mmdet_line.MMDET2 else "mmdet3"].format(
            ann_file=str(source), images=str(images)
        )
    )
    code, report = line.verified(
        *(subset, "--source", source, "--config", config, "--split", split, "--samples", 5)
    )
    assert (code, mmdet_line.errors(report)) == (0, []), report["findings"]
    told = "; ".join(report["compared"])
    assert "5 of them through its own pipeline" in told
    assert "5 images through the pipeline, as of the source" in told
    assert ("RandomFlip" in told) == (split == "train")


def test_faults_are_seen_in_what_the_pipeline_makes(
    line: mmdet_line.Line, subset: Path, source: Path, images: Path
) -> None:
    """A box moved, and in another image a polygon's corner."""
    document = json.loads(subset.read_bytes())
    moved, bent = (
        next(a for a in document["annotations"] if a["image_id"] == i["id"] and not a["iscrowd"])
        for i in document["images"][:2]
    )
    moved["bbox"][0] += 1.5
    bent["segmentation"][0][0] += 20
    bent["segmentation"][0][1] += 20
    subset.write_text(json.dumps(document))
    code, report = line.verified(
        *(subset, "--source", source, "--mode", "train"),
        *("--samples", 12, "--img-prefix", images),
    )
    assert code == 1
    assert found_in(report) >= {
        *(("box", moved["image_id"]), ("packed", moved["image_id"])),
        *(("mask", bent["image_id"]), ("packed", bent["image_id"])),
    }
    codes = {code for code, _ in found_in(report)}
    assert codes == {"annotation-changed", "box", "mask", "packed"}
    packed = mmdet_line.details(report, "packed")
    assert [text.split(": ", 1)[1] for text in packed] == [
        "boxes differs from the source's",
        "masks differs from the source's",
    ]


def test_an_image_of_another_size_is_seen(
    line: mmdet_line.Line, subset: Path, images: Path, tmp_path: Path
) -> None:
    record = json.loads(subset.read_bytes())["images"][0]
    others = shutil.copytree(images, tmp_path / "images")
    with Image.open(others / record["file_name"]) as image:
        image.resize((image.width - 7, image.height + 5)).save(others / record["file_name"])
    code, report = line.verified(
        *(subset, "--mode", "test", "--samples", 3, "--img-prefix", others),
    )
    assert (code, found_in(report)) == (1, {("packed", record["id"])})


def test_an_image_of_another_size_is_named_and_the_others_are_compared(
    line: mmdet_line.Line, tmp_path: Path
) -> None:
    """One image is turned by its EXIF tag, and has polygons next to an RLE of its record's size."""
    document = json.loads(SAMPLE.read_bytes())
    document["images"] = [i for i in document["images"] if i["width"] != i["height"]][:3]
    turned = document["images"][1]
    ids = {image["id"] for image in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in ids]
    of_turned = [a for a in document["annotations"] if a["image_id"] == turned["id"]]
    assert len(of_turned) > 1
    pixels = turned["height"] * turned["width"]
    size = [turned["height"], turned["width"]]
    of_turned[0]["segmentation"] = {"size": size, "counts": [10, 20, pixels - 30]}
    (tmp_path / "gt.json").write_text(json.dumps(document))
    for image in document["images"]:
        with Image.open(SAMPLE.parents[1] / "sample2017" / image["file_name"]) as file:
            exif = file.getexif()
            exif[0x0112] = 6 if image is turned else 1
            file.save(tmp_path / image["file_name"], exif=exif)
    code, report = line.verified(
        *(tmp_path / "gt.json", "--samples", 3, "--img-prefix", tmp_path, "--mode", "test")
    )
    assert code == 1
    assert {(c, i) for c, i in found_in(report) if c == "packed"} == {("packed", turned["id"])}
    texts = mmdet_line.details(report, "packed")
    assert any(text.endswith("it is turned by its EXIF tag, or the record is") for text in texts)
    assert "3 of them through its plain pipeline" in "; ".join(report["compared"])
