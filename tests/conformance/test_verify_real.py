"""``verify`` with the real MMDetection: 2.x and 3.x."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mmdet_line
import pytest

from cocosurgeon import Empty, read, write

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGES = ROOT / "sample_data/sample2017"
WILD = ROOT.parent / "shared/wild"
line = mmdet_line.each_line

CONFIGS = {
    "mm3": """
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True),
            dict(type='PackDetInputs')]
train_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    filter_cfg=dict(filter_empty_gt=True, min_size=32), pipeline=pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    test_mode=True, pipeline=pipeline))
""",
    "mm2": """
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True),
            dict(type='DefaultFormatBundle'),
            dict(type='Collect', keys=['img', 'gt_bboxes', 'gt_labels'], meta_keys=['img_shape'])]
data = dict(
    train=dict(type='CocoDataset', pipeline=pipeline,
               ann_file={ann_file!r}, img_prefix={images!r}),
    val=dict(type='CocoDataset', ann_file={ann_file!r}, img_prefix={images!r},
             pipeline=[pipeline[0], dict(type='ImageToTensor', keys=['img']),
                       dict(type='Collect', keys=['img'], meta_keys=['img_shape'])]))
""",
}


def verified(line: mmdet_line.Line, *args: object) -> tuple[int, dict[str, Any]]:
    """Exit code and report of ``verify``, with a line's interpreter."""
    folder = Path(os.environ["COCOSURGEON_MMDET"]).absolute()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cocosurgeon", "verify", *map(str, args), "--json"),
            *("--python", str(folder / "venv/bin/python")),
        ],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(folder / line.overlay)},
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def name_of(line: mmdet_line.Line) -> str:
    return "mmdet2" if line.overlay == "mm2" else "mmdet3"


def test_the_real_one_emits_what_its_rules_say(line: mmdet_line.Line, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).first(40), tmp_path / "subset.json")
    code, found = verified(
        *(line, subset, "--source", SAMPLE, "--loader", name_of(line)),
        *("--samples", "4", "--img-prefix", IMAGES),
    )
    assert (code, found["findings"]) == (0, [])
    told = "; ".join(found["compared"])
    assert f"the real mmdet {line.version} (train, CocoDataset)" in told
    assert "4 of them through its plain pipeline" in told
    assert "4 images through the pipeline, as of the source" in told


def test_of_an_empty_only_subset_it_raises_as_its_rules_say(
    line: mmdet_line.Line, tmp_path: Path
) -> None:
    subset = write(read(SAMPLE).keep(Empty()), tmp_path / "empty.json")
    code, found = verified(line, subset, "--source", SAMPLE, "--loader", name_of(line))
    codes = [(f["code"], f["mode"]) for f in found["findings"]]
    if name_of(line) == "mmdet3":  # serializes nothing: ValueError, in train mode alone
        assert codes == [("loader-error", "train")]
        assert "the real mmdet3 (train): ValueError, as its rules say" in found["compared"]
    else:
        assert (code, codes) == (0, [])


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_config_is_built_as_it_stands(line: mmdet_line.Line, split: str, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).first(25), tmp_path / "subset.json")
    config = tmp_path / "config.py"
    text = CONFIGS[line.overlay].format(ann_file=str(SAMPLE), images=str(IMAGES))
    config.write_text(text)
    code, found = verified(
        *(line, subset, "--source", SAMPLE, "--loader", name_of(line)),
        *("--config", config, "--split", split, "--samples", "2"),
    )
    assert (code, found["findings"]) == (0, [])
    assert "2 of them through its own pipeline" in "; ".join(found["compared"])


def test_a_config_with_other_classes_is_found_out(line: mmdet_line.Line, tmp_path: Path) -> None:
    """Three of the 80 classes are left in the file; the config has 80."""
    doc = json.loads(SAMPLE.read_bytes())
    doc["categories"] = [c for c in doc["categories"] if c["id"] in (1, 18, 90)]
    ids = {c["id"] for c in doc["categories"]}
    doc["annotations"] = [a for a in doc["annotations"] if a["category_id"] in ids]
    pruned = tmp_path / "pruned.json"
    pruned.write_text(json.dumps(doc))
    code, found = verified(
        line, pruned, "--source", SAMPLE, "--loader", name_of(line), "--mode", "test"
    )
    assert code == 1
    assert {"category-lost", "label-shift"} <= {f["code"] for f in found["findings"]}
    # what the real one emits is what the rules say of the pruned file, shift and all
    assert not [f for f in found["findings"] if f["code"].startswith("real")]


def test_a_config_that_does_not_load_is_one_finding(line: mmdet_line.Line, tmp_path: Path) -> None:
    config = tmp_path / "broken.py"
    config.write_text("data = dict(\n")
    code, found = verified(
        line, SAMPLE, "--loader", name_of(line), "--config", config, "--mode", "test"
    )
    assert code == 1
    [finding] = found["findings"]
    assert finding["code"] == "real-error"
    assert "config" in finding["text"]


def test_wild_files_are_emitted_as_the_rules_say(line: mmdet_line.Line) -> None:
    if not WILD.is_dir():
        pytest.skip("the folder of real annotation files is not at hand")
    for name in ("coco_mini_val", "coco_val2014_100", "pedestrian_ignore", "tt100k_traffic_sign"):
        code, found = verified(
            line, WILD / f"{name}.json", "--loader", name_of(line), "--mode", "test"
        )
        assert not [f for f in found["findings"] if f["code"] == "real-differs"], name
        assert code == 0 or {f["code"] for f in found["findings"]} == {"loader-error"}, name
