"""The configs of the README and ``docs/config.md``, each read and used by the real library."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import mmdet_line
import pytest

from cocosurgeon.config import ann_file, classes_for

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
SCRIPT = Path(__file__).with_name("config_scripts_run.py")
SOURCE = "data/coco/annotations/instances_val2017.json"
TRAIN = "data/coco/annotations/instances_train2017.json"

BASE = """
data_root = "data/coco/"
_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="Resize", scale=(320, 320), keep_ratio=True),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    sampler=dict(type="DefaultSampler", shuffle=True),
    batch_sampler=dict(type="AspectRatioBatchSampler"),
    dataset=dict(
        type="CocoDataset",
        data_root=data_root,
        ann_file="annotations/instances_train2017.json",
        data_prefix=dict(img="train2017/"),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        pipeline=_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CocoDataset",
        data_root=data_root,
        ann_file="annotations/instances_val2017.json",
        data_prefix=dict(img="val2017/"),
        test_mode=True,
        pipeline=_pipeline,
    ),
)
val_evaluator = dict(type="CocoMetric", ann_file="data/coco/annotations/instances_val2017.json")
"""
BASE_OF_ONE = f"""{BASE}
_metainfo = dict(classes=("balloon",), palette=[(220, 20, 60)])
train_dataloader["dataset"]["metainfo"] = _metainfo
val_dataloader = None
val_evaluator = None
"""
BASE_2 = """
_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="Resize", img_scale=(320, 320), keep_ratio=True),
    dict(type="RandomFlip", flip_ratio=0.0),
    dict(type="DefaultFormatBundle"),
    dict(type="Collect", keys=["img", "gt_bboxes", "gt_labels"]),
]
_test = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", img_scale=(320, 320), keep_ratio=True),
    dict(type="RandomFlip", flip_ratio=0.0),
    dict(type="DefaultFormatBundle"),
    dict(type="Collect", keys=["img"]),
]
_train = dict(
    type="CocoDataset",
    ann_file="data/coco/annotations/instances_train2017.json",
    img_prefix="data/coco/train2017/",
)
_val = dict(
    type="CocoDataset",
    ann_file="data/coco/annotations/instances_val2017.json",
    img_prefix="data/coco/val2017/",
)
data = dict(
    train=dict(pipeline=_pipeline, **_train),
    val=dict(pipeline=_test, **_val),
    test=dict(pipeline=_test, **_val),
)
"""


@cache
def documented() -> dict[str, str]:
    """The configs in the documentation, by the names that their first lines give (README: none)."""
    text = (ROOT / "docs/config.md").read_text()
    named = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", text, re.M | re.S))
    readme = re.search(
        r"^```python\n(_base_ = .*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S
    )
    assert readme
    return {**named, "readme.py": readme[1]}


FOR_2 = ("two.py", "registered_two.py")
FAILING = ("fails_without_base.py", "fails_new.py", "fails_class.py")
FOR_3 = (
    *("readme.py", "old.py", "steps.py", "alone.py", "new_call.py", "new.py", "registered.py"),
    *(
        "stock.py",
        "placeholder.py",
        "base_imports.py",
        "palette.py",
        "palette_of_base.py",
        *FAILING,
    ),
)

# Not in the documentation: stock classes on the file that the registered ones load, and more.
_STEPS = "steps=[dict(first=100), dict(non_empty=True)]"
_OF_VAL = 'data_prefix=dict(img="val2017/")'
MORE = {
    "stock.py": f"""
_base_ = ["./coco.py"]
from cocosurgeon.config import ann_file
_val = ann_file("{SOURCE}", {_STEPS})
train_dataloader = dict(dataset=dict(ann_file=ann_file("{TRAIN}", {_STEPS})))
val_dataloader = dict(dataset=dict(ann_file=_val))
val_evaluator = dict(ann_file=_val)
""",
    "placeholder.py": """
_base_ = ["./coco.py"]
from cocosurgeon.config import ann_file
_subset = ann_file({{_base_.data_root}} + "annotations/instances_val2017.json", first=100)
""",
    "palette.py": f"""
_base_ = ["./coco_balloon.py"]
from cocosurgeon.config import ann_file, metainfo_for
_subset = ann_file("{SOURCE}", first=100)
_metainfo = metainfo_for(_subset)
train_dataloader = dict(dataset=dict(ann_file=_subset, metainfo=_metainfo, {_OF_VAL}))
""",
    "palette_of_base.py": f"""
_base_ = ["./coco_balloon.py"]
from cocosurgeon.config import ann_file, classes_for
_subset = ann_file("{SOURCE}", first=100)
_metainfo = dict(classes=classes_for(_subset))
train_dataloader = dict(dataset=dict(ann_file=_subset, metainfo=_metainfo, {_OF_VAL}))
""",
    "base_imports.py": """
_base_ = ["./fails_without_base.py"]
""",
    "stock_two.py": f"""
_base_ = ["./coco_two.py"]
from cocosurgeon.config import ann_file, classes_for
_steps = [dict(first=100), dict(to="detr91")]
_train, _val = ann_file("{TRAIN}", steps=_steps), ann_file("{SOURCE}", steps=_steps)
_classes = classes_for(_val)
data = dict(
    train=dict(ann_file=_train, classes=_classes),
    val=dict(ann_file=_val, classes=_classes),
    test=dict(ann_file=_val, classes=_classes),
)
""",
    "call_two.py": f"""
_base_ = ["./coco_two.py"]
_subset = __import__("cocosurgeon.config").config.ann_file("{SOURCE}", first=100)
data = dict(
    train=dict(ann_file=_subset, img_prefix="data/coco/val2017/"), val=dict(ann_file=_subset)
)
""",
}


def laid_out(folder: Path) -> Path:
    """A folder as a run has it: ``data/coco``, the sample data, the configs and their bases.

    Images of train2017 have other names, so that a config which mixes the two opens none.
    """
    whole = SAMPLE / "annotations/instances_sample2017.json"
    (folder / "sample_data").symlink_to(SAMPLE)
    (folder / "data/coco/annotations").mkdir(parents=True)
    (folder / SOURCE).symlink_to(whole)
    named = whole.read_text().replace('"file_name": "', '"file_name": "train_')
    (folder / TRAIN).write_text(named)
    (folder / "data/coco/val2017").symlink_to(SAMPLE / "sample2017")
    (folder / "data/coco/train2017").mkdir()
    for image in (SAMPLE / "sample2017").iterdir():
        (folder / f"data/coco/train2017/train_{image.name}").symlink_to(image)
    bases = {
        "coco.py": BASE,
        "dino-4scale_r50_8xb2-12e_coco.py": BASE,
        "coco_balloon.py": BASE_OF_ONE,
        "coco_new.py": BASE,
        "coco_two.py": BASE_2,
    }
    for name, text in {**bases, **MORE, **documented()}.items():
        (folder / name).write_text(text)
    return folder


def ran(line: mmdet_line.Line, folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """What comes of configs, each by its name."""
    place = Path(os.environ["COCOSURGEON_MMDET"])
    paths = f"{place / line.overlay}{os.pathsep}{ROOT}"
    done = subprocess.run(
        [place.absolute() / "venv/bin/python", "-W", "ignore", SCRIPT, *names],
        cwd=laid_out(folder),
        env=os.environ | {"PYTHONPATH": paths, "COCOSURGEON_CACHE": str(folder / "cache")},
        capture_output=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert "built in" in done.stderr.decode(errors="replace")
    return said


@pytest.fixture(scope="module")
def said_by_3(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of every config for MMDetection 3.x."""
    mmdet_line.require()
    return ran(mmdet_line.MMDET3, tmp_path_factory.mktemp("three"), FOR_3)


@pytest.fixture(scope="module")
def said_by_2(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of every config for MMDetection 2.x."""
    mmdet_line.require()
    names = (*FOR_2, "stock_two.py", "call_two.py")
    return ran(mmdet_line.MMDET2, tmp_path_factory.mktemp("two"), names)


@pytest.fixture
def subset(tmp_path: Path) -> Any:
    """Makes the subset that a config should have loaded, in another folder."""

    def make(**options: Any) -> tuple[list[Any], list[str]]:
        source = SAMPLE / "annotations/instances_sample2017.json"
        path = ann_file(source, cache=tmp_path / "cache", **options)
        images = json.loads(Path(path).read_bytes())["images"]
        return [image["id"] for image in images], classes_for(path, cache=tmp_path / "cache")

    return make


OPTIONS: dict[str, dict[str, Any]] = {
    "readme.py": {"having": "person", "first": 100},
    "old.py": {"first": 100},
    "steps.py": {
        "steps": [
            {"first": 100},
            {"having": "person"},
            {"first": 20, "order": "id"},
            {"to": "detr91"},
        ]
    },
    "alone.py": {"sample": 50, "seed": 1},
    "new_call.py": {"first": 100},
    "new.py": {"steps": [{"first": 100}, {"non_empty": True}]},
    "registered.py": {"steps": [{"first": 100}, {"non_empty": True}]},
    "two.py": {"first": 100, "classes": "person", "unmapped": "drop"},
    "registered_two.py": {"steps": [{"first": 100}, {"to": "detr91"}]},
    "call_two.py": {"first": 100},
}


def test_every_config_of_the_documentation_is_run() -> None:
    assert set(documented()) == {*FOR_2, *FOR_3} - set(MORE)


def require_used(said: Any, config: Any) -> None:
    """A config was read, and so was each of its dumps; all of them build the same."""
    assert "error" not in said, said
    for kind, dump in said["dumps"].items():
        assert dump["same"], kind
        assert dump["built"] == (None if kind == "json" else said["built"]), kind
    assert said["dumps"]["py"]["same_text"]


@pytest.mark.parametrize("name", [n for n in FOR_3 if n in OPTIONS])
def test_a_config_for_3(name: str, said_by_3: Any, subset: Any) -> None:
    said = said_by_3[name]
    require_used(said, name)
    ids, classes = subset(**OPTIONS[name])
    train = said["built"]["train"]
    assert 0 < len(train["img_ids"]) <= len(ids)
    assert set(train["img_ids"]) <= set(ids)
    assert train["iterated"] == sorted(train["img_ids"])
    assert train["workers"] == 2
    assert train["pickled"] == len(train["img_ids"])
    assert train["serialized"]
    assert train["classes"] == classes
    assert Path(train["ann_file"]).is_absolute()
    assert train["colours"] >= len(classes)
    assert train["first_item"] == [3, *train["first_item"][1:]]
    if name in ("old.py", "readme.py"):  # by both keys of its filter_cfg
        assert train["img_ids"] == ids
    if name != "alone.py":
        val = said["built"]["val"]
        assert val["first_item"] == [3, *val["first_item"][1:]]
        assert val["img_ids"] == ids
        assert val["iterated"] == sorted(ids)
        assert 0.2 < said["built"]["scored"]["coco/bbox_mAP"] < 0.9


@pytest.mark.parametrize("name", ["new.py", "registered.py"])
def test_registered_classes_are_the_stock_ones_on_the_written_file(
    name: str, said_by_3: Any
) -> None:
    assert "error" not in said_by_3["stock.py"], said_by_3["stock.py"]
    assert said_by_3[name]["built"] == said_by_3["stock.py"]["built"]


@pytest.mark.parametrize("name", [*FOR_2, "call_two.py"])
def test_a_config_for_2(name: str, said_by_2: Any, subset: Any) -> None:
    said = said_by_2[name]
    require_used(said, name)
    ids, classes = subset(**OPTIONS[name])
    train, val = said["built"]["train"], said["built"]["val"]
    for split in (train, val):
        assert split["first_item"] == [3, *split["first_item"][1:]]
    assert val["img_ids"] == ids
    assert 0 < len(train["img_ids"]) <= len(ids)
    assert train["iterated"] >= len(train["img_ids"])  # GroupSampler repeats some
    assert train["workers"] == 2
    assert train["classes"] == val["classes"] == classes
    assert 0.2 < said["built"]["scored"]["bbox_mAP"] < 0.9


def test_the_registered_dataset_of_2_is_the_stock_one_on_the_written_file(said_by_2: Any) -> None:
    assert "error" not in said_by_2["stock_two.py"], said_by_2["stock_two.py"]
    assert said_by_2["registered_two.py"]["built"] == said_by_2["stock_two.py"]["built"]


@pytest.mark.parametrize("name", ["fails_without_base.py", "fails_new.py"])
def test_the_silent_error_is_raised_before_anything_of_ours_runs(name: str, said_by_3: Any) -> None:
    said = said_by_3[name]
    assert (said["error"], said["message"], said["raised_in"]) == ("RuntimeError", "", "lazy.py")


def test_a_class_cannot_be_printed(said_by_3: Any) -> None:
    said = said_by_3["fails_class.py"]
    assert said["error"] == "SyntaxError"
    assert said["message"].startswith("Failed to format the config file")


def test_a_base_that_imports_needs_a_base(said_by_3: Any) -> None:
    assert "inheritance chain" in said_by_3["base_imports.py"]["message"]


def test_a_placeholder_is_told(said_by_3: Any) -> None:
    said = said_by_3["placeholder.py"]
    assert said["error"] == "RequestError"
    assert "write _base_.name without braces" in said["message"]


def test_the_palette_of_a_base_is_replaced(said_by_3: Any) -> None:
    train = said_by_3["palette.py"]["built"]["train"]
    assert train["colours"] == len(train["classes"]) == 80
    kept = said_by_3["palette_of_base.py"]["built"]["train"]
    assert "should not be less than" in kept["colours"]


def test_2_has_no_evaluator(said_by_2: Any) -> None:
    assert "the dataset evaluates itself" in said_by_2["facts"]


def test_what_the_documentation_says_of_the_library(said_by_3: Any) -> None:
    assert said_by_3["facts"] == {
        "palette_of_91": "AssertionError",
        "random_of_91": 91,
        "list_beside_tuple": "TypeError",
        "list_beside_list": None,
        "concatenated": {
            "stock beside stock": ["dict", None],
            "stock beside a list": ["list", "TypeError"],
            "stock beside metainfo_for": ["list", "TypeError"],
            "metainfo_for in both": ["dict", None],
            "stock beside CocoSubset": ["list", "TypeError"],
            "stock beside CocoSubset with the same classes": ["dict", None],
        },
    }
