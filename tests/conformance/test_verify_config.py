"""What ``verify --config`` compares beyond the dataset, with configs read by the real library."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import SAMPLE
from mmdet_line import MMDET2, MMDET3, Line

IMAGES = SAMPLE.parents[1] / "sample2017"
NAMES = ("ant", "bee", "cow")
LOAD = "[dict(type='LoadImageFromFile')]"

Verified = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def document() -> dict[str, Any]:
    """Two images of the sample data, with an object of each of three classes."""
    files = sorted(IMAGES.glob("*.jpg"))[:2]
    return {
        "info": {},
        "images": [
            {"id": n, "file_name": f.name, "width": 64, "height": 64}
            for n, f in enumerate(files, 1)
        ],
        "annotations": [
            {
                "id": n,
                "image_id": 1 + n % 2,
                "category_id": n,
                "bbox": [1, 1, 9, 9],
                "area": 81,
                "iscrowd": 0,
            }
            for n in (1, 2, 3)
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(NAMES, 1)],
    }


@pytest.fixture
def verified(tmp_path: Path, document: dict[str, Any]) -> Verified:
    """Verify the document with a config: keywords of its dataset, and further lines."""

    def run(line: Line, dataset: str = "", more: str = "", **names: object) -> Any:
        mmdet_line.require(line.overlay)
        path = tmp_path / "gt.json"
        path.write_text(json.dumps(document))
        names = {"pipeline": "[]", "prefix": f"{IMAGES}/", "classes": NAMES} | names
        if line is MMDET2:
            text = (
                f"_d = dict(type='CocoDataset', ann_file={str(path)!r}, "
                f"img_prefix={names['prefix']!r}, classes={names['classes']!r}, "
                f"pipeline={names['pipeline']})\n"
                f"_d.update({dataset})\ndata = dict(train=_d, val=_d, test=_d)\n"
            )
        else:
            text = (
                "default_scope = 'mmdet'\n"
                f"_d = dict(type='CocoDataset', ann_file={str(path)!r}, "
                f"data_prefix=dict(img={names['prefix']!r}), "
                f"metainfo=dict(classes={names['classes']!r}), pipeline={names['pipeline']})\n"
                f"_d.update({dataset})\ntrain_dataloader = dict(dataset=_d)\n"
                "val_dataloader = dict(dataset=dict(_d, test_mode=True))\n"
                f"val_evaluator = dict(type='CocoMetric', ann_file={str(path)!r})\n"
            )
        config = tmp_path / "config.py"
        config.write_text(text + more)
        split = names.get("split", "val")
        return line.verified(path, "--config", config, "--split", split)

    return run


@pytest.fixture(params=mmdet_line.LINES, ids=mmdet_line.LINE_IDS)
def line(request: pytest.FixtureRequest) -> Line:
    """Each line of MMDetection."""
    found: Line = request.param
    return found


def details(found: dict[str, Any]) -> dict[str, list[str]]:
    return {f["code"]: mmdet_line.details(found, f["code"]) for f in found["findings"]}


def test_a_config_that_fits_is_verified_and_assumes_nothing(line: Line, verified: Verified) -> None:
    model = "model = dict(bbox_head=dict(num_classes=3))\n"
    code, found = verified(line, more=model, pipeline=LOAD)
    assert (code, found["findings"], found["status"]) == (0, [], "verified")
    assert found["assumed"] == []
    assert "2 image files looked for" in found["compared"]


HEADS = """
model = dict(
    backbone=dict(num_classes=1000),
    rpn_head=dict(num_classes=1),
    roi_head=dict(
        bbox_head=[dict(num_classes=3), dict(num_classes=80)],
        semantic_head=dict(num_classes=183),
        mask_head=dict(num_classes=2),
        point_head=dict(num_classes=7, class_agnostic=True),
    ),
)
"""


def test_every_number_of_classes_of_the_model_is_compared(line: Line, verified: Verified) -> None:
    code, found = verified(line, more=HEADS)
    assert code == 1
    many, few = details(found)["num-classes"]
    assert many.startswith("model.roi_head.bbox_head[1].num_classes is 80, the dataset has 3 ")
    assert "77 outputs are never trained, without a warning" in many
    assert few.startswith("model.roi_head.mask_head.num_classes is 2, the dataset has 3 classes: ")
    assert "label 2 has no output" in few


def test_a_hook_that_asserts_is_named(line: Line, verified: Verified) -> None:
    hook = "custom_hooks = [dict(type='NumClassCheckHook')]\n"
    _, found = verified(line, more=HEADS + hook)
    assert all("NumClassCheckHook raises" in text for text in details(found)["num-classes"])


def test_image_files_that_are_not_there_are_found_without_a_pipeline_run(
    line: Line, verified: Verified
) -> None:
    code, found = verified(line, pipeline=LOAD, prefix="nowhere/")
    assert code == 1
    [text] = details(found)["image-files"]
    assert text.startswith("2 files of 2 looked for: nowhere/")
    assert verified(line, prefix="nowhere/")[0] == 0  # no step of the pipeline opens images
    remote = "[dict(type='LoadImageFromFile', {}=dict(backend='petrel'))]"
    args = "file_client_args" if line is MMDET2 else "backend_args"
    _, found = verified(line, pipeline=remote.format(args), prefix="s3://bucket/")
    assert "image files not looked for: they are read by the backend 'petrel'" in found["compared"]


@pytest.mark.parametrize(
    ("evaluator", "code", "severity"),
    [
        ("dict(type='CocoMetric', metric='bbox')", "evaluator-missing", "error"),
        ("[_e, dict(type='CocoMetric', ann_file='other.json')]", "evaluator-file", "error"),
        ("None", "evaluator-absent", "warning"),
    ],
)
def test_evaluators(evaluator: str, code: str, severity: str, verified: Verified) -> None:
    more = f"_e = dict(val_evaluator)\nval_evaluator = {evaluator}\n"
    exit_code, found = verified(MMDET3, more=more)
    assert [(f["code"], f["severity"]) for f in found["findings"]] == [(code, severity)]
    assert exit_code == (severity == "error")


def test_an_evaluator_without_a_file_may_take_what_is_packed(verified: Verified) -> None:
    pipeline = "[dict(type='PackDetInputs', meta_keys=('img_id', 'instances'))]"
    more = "val_evaluator = dict(type='CocoMetric')\n"
    assert verified(MMDET3, more=more, pipeline=pipeline)[0] == 0


@pytest.mark.parametrize(
    "options",
    [
        "indices=range(1)",
        "indices=True, filter_cfg=dict(filter_empty_gt=1, min_size=32.5)",
        "indices=[1, 0], filter_cfg=dict(filter_empty_gt=None)",
    ],
)
def test_options_are_read_as_the_real_one_reads_them(options: str, verified: Verified) -> None:
    _, found = verified(MMDET3, options, split="train")
    assert found["findings"] == []
    assert found["status"] == "verified"


@pytest.mark.parametrize("value", ["None", "1"])
def test_options_are_read_as_2_reads_them(
    value: str, document: dict[str, Any], verified: Verified
) -> None:
    document["images"].append({"id": 9, "file_name": "9.jpg", "width": 64, "height": 64})
    _, found = verified(MMDET2, f"filter_empty_gt={value}", split="train")
    assert found["findings"] == []
    assert found["skipped"] == [] or value == "1"


@pytest.mark.parametrize("classes", [None, ""])
def test_classes_in_forms_that_nobody_means(classes: object, verified: Verified) -> None:
    _, found = verified(MMDET3, classes=classes)
    assert not {"real-differs", "real-error", "loader-error"} & set(details(found))
    assert details(found) != {}


def test_class_names_under_another_key_are_not_read(verified: Verified) -> None:
    code, found = verified(MMDET3, f"metainfo=dict(CLASSES={NAMES!r})")
    assert code == 1
    assert "label 0 is 'person' by the class names" in details(found)["classes-unfit"][0] or (
        "the file has no category 'person'" in details(found)["classes-unfit"][0]
    )


def test_one_file_in_a_list_is_one_file(document: dict[str, Any], verified: Verified) -> None:
    lists = "ann_file=[_d['ann_file']], img_prefix=[_d['img_prefix']]"
    _, found = verified(MMDET2, lists)
    assert (found["findings"], found["status"]) == ([], "verified")
    _, found = verified(MMDET2, "ann_file=['a.json', 'b.json']")
    [text] = details(found)["real-error"]
    assert "the config joins 2 datasets into one (in " in text
    assert "config.py" in text


def test_values_of_numpy_are_taken(tmp_path: Path, verified: Verified) -> None:
    (tmp_path / "of_numpy.py").write_text(
        """
import numpy as np
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS

@DATASETS.register_module()
class OfNumpy(CocoDataset):
    def parse_data_info(self, raw):
        found = super().parse_data_info(raw)
        for each in found["instances"]:
            each["bbox"] = [np.float32(v) for v in each["bbox"]]
            each["bbox_label"] = np.int64(each["bbox_label"])
        return found
"""
    )
    more = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\ndel sys\n"
        "custom_imports = dict(imports=['of_numpy'], allow_failed_imports=False)\n"
    )
    _, found = verified(MMDET3, "type='OfNumpy'", more="_base_ = []\n" + more)
    assert (found["findings"], found["status"]) == ([], "checked")
    assert "no rules are known for OfNumpy" in " ".join(found["compared"])


def test_the_first_difference_is_shown(document: dict[str, Any], verified: Verified) -> None:
    document["categories"] += [{"id": n, "name": f"c{n}"} for n in range(10, 100)]
    names = (*NAMES, *(f"c{n}" for n in range(10, 100)))
    _, found = verified(
        MMDET3,
        more="_base_ = []\n"
        "from mmdet.datasets import CocoDataset as _C\n"
        "def _shifted(self, load=_C.load_data_list):\n"
        "    found = load(self)\n"
        "    self.cat_ids[70] += 1000\n"
        "    return found\n"
        "_C.load_data_list = _shifted\n"
        "del _C, _shifted\n",
        classes=names,
    )
    texts = details(found)["real-differs"]
    assert texts[0] == "cat_ids: place 70 is 1077, by its rules 77"
    assert any("not as its rules say" in text for text in found["compared"])
