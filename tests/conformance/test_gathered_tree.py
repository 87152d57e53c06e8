"""A gathered tree is one that MMDetection opens by the prefixes of its stock configs."""

from __future__ import annotations

import json
from pathlib import Path

import mmdet_line
import pytest
from conftest import SAMPLE
from mmdet_line import MMDET2, Line
from PIL import Image

from cocosurgeon import read
from cocosurgeon.layout.check import check_layout
from cocosurgeon.layout.copy_tree import copy_tree
from cocosurgeon.layout.gather import files_to_copy

OPENED = Path(__file__).with_name("opened.py")

line = mmdet_line.each_line


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_instances_and_panoptic_are_opened(line: Line, tmp_path: Path, ending: str) -> None:
    """PNGs of segments have the very names of images that are PNGs."""
    truth = json.loads(SAMPLE.read_bytes())
    images = truth["images"][:4]
    (tmp_path / "coco/annotations/panoptic_val2017").mkdir(parents=True)
    if ending == "jpg":
        (tmp_path / "coco/val2017").symlink_to(SAMPLE.parents[1] / "sample2017")
    else:
        (tmp_path / "coco/val2017").mkdir()
        for image in images:
            image["file_name"] = image["file_name"].replace(".jpg", ".png")
            size = image["width"], image["height"]
            Image.new("RGB", size).save(tmp_path / "coco/val2017" / image["file_name"])
    things = tmp_path / "coco/annotations/instances_val2017.json"
    ids = {i["id"] for i in images}
    kept = [a for a in truth["annotations"] if a["image_id"] in ids]
    things.write_text(json.dumps({**truth, "images": images, "annotations": kept}))
    panoptic = tmp_path / "coco/annotations/panoptic_val2017.json"
    segments = []
    for image in images:
        png = image["file_name"].replace(".jpg", ".png")
        size = image["width"], image["height"]
        Image.new("RGB", size, (1, 0, 0)).save(panoptic.with_suffix("") / png)
        whole = {"id": 1, "category_id": 1, "bbox": [0, 0, *size], "iscrowd": 0}
        whole["area"] = size[0] * size[1]
        segments.append({"image_id": image["id"], "file_name": png, "segments_info": [whole]})
    categories = [c | {"isthing": 1} for c in truth["categories"]]
    of_panoptic = {"images": images, "annotations": segments, "categories": categories}
    panoptic.write_text(json.dumps(of_panoptic))

    out = tmp_path / "out"
    copy_tree(files_to_copy([read(things), read(panoptic)]), out, "copy")
    assert not check_layout(out).findings
    pngs = "annotations/panoptic_val2017/"
    of_panoptic_file = () if line is MMDET2 else ("annotations/panoptic_val2017.json", pngs)
    found = line.run(
        *(OPENED, f"{out}/", "annotations/instances_val2017.json", "val2017/"), *of_panoptic_file
    )
    shapes = [[i["height"], i["width"]] for i in images]
    for kind in ("instances", "panoptic") if of_panoptic_file else ("instances",):
        assert [r["shape"] for r in found[kind]] == shapes
        assert [Path(r["image"]).name for r in found[kind]] == [i["file_name"] for i in images]
    there = [Path(r["png"]) for r in found["panoptic"]]
    assert there == [out / pngs / s["file_name"] for s in segments[: len(there)]]
    assert all(Image.open(png).getpixel((0, 0)) == (1, 0, 0) for png in there)
    assert len(there) == (4 if of_panoptic_file else 0)
