"""Files as some exports write them: what remap, subset, snippet and layout make of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import SAMPLE, Cli

Put = Callable[..., Path]


def test_text_that_names_a_listed_category_is_taken_for_it(
    cli: Cli, put: Put, small: Any, tmp_path: Path
) -> None:
    numbers = put(small, "numbers.json")
    for annotation in small["annotations"]:
        annotation["category_id"] = str(annotation["category_id"])
    path = put(small)
    options = ("--classes", "person,dog,toothbrush", "--start", 1)
    done = cli("remap", path, *options, "-o", "texts_out.json")
    assert done.code == 0, done.err
    assert (
        "category ids of another type than in the list, read as listed ids: '1' for 1, '18' "
        "for 18, '90' for 90" in done.err
    )
    assert "warning" not in done.err
    assert cli("remap", numbers, *options, "-o", "numbers_out.json").code == 0
    made = [json.loads((tmp_path / f"{n}_out.json").read_bytes()) for n in ("texts", "numbers")]
    assert made[0] == made[1]
    # a policy for what is not mapped does not drop them either
    done = cli("remap", path, "--classes", "dog", "--unmapped", "drop", "-o", "dog.json")
    assert len(json.loads((tmp_path / "dog.json").read_bytes())["annotations"]) == 2


def test_a_number_that_names_a_category_listed_as_text_is_taken_for_it(
    cli: Cli, put: Put, small: Any, tmp_path: Path
) -> None:
    for category in small["categories"]:
        category["id"] = str(category["id"])
    done = cli("remap", put(small), "--renumber", "-o", "out.json")
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "out.json").read_bytes())
    assert [c["id"] for c in document["categories"]] == [0, 1, 2]
    assert [a["category_id"] for a in document["annotations"]] == [0, 1, 1, 0, 0, 2, 2]


def test_ids_in_lists_that_go_are_counted(cli: Cli, put: Put, small: Any) -> None:
    for image in small["images"]:
        image |= {"neg_category_ids": [18], "not_exhaustive_category_ids": [1, 18, 90]}
    done = cli("remap", put(small), "--classes", "person", "--unmapped", "drop", "-o", "o.json")
    assert done.code == 0
    assert "dropped from 'neg_category_ids': 5 ids" in done.err
    assert "dropped from 'not_exhaustive_category_ids': 10 ids" in done.err


def test_annotations_without_an_id_are_counted(cli: Cli, put: Put, small: Any) -> None:
    del small["annotations"][0]["id"]
    small["annotations"][1]["id"] = None
    done = cli("subset", put(small), "--first", 1, "-o", "o.json")
    assert "annotations without an id: 2, 1 kept" in done.err
    detections = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]
    assert "without an id" not in cli("subset", put(detections, "d.json"), "-o", "e.json").err


def test_boxes_that_torchvision_raises_on_are_counted(cli: Cli, put: Put, small: Any) -> None:
    small["annotations"][0]["bbox"] = [4, 4, 0, 10]
    small["annotations"][1]["bbox"] = [4, 4, 5, -1]
    done = cli("snippet", put(small), "--for", "torchvision", "--img-prefix", ".")
    text = done.out.replace("\n# ", " ")
    assert "2 annotations: bbox is not wider and higher than 0: torchvision's detectors" in text


def test_a_name_that_2_replaces_is_refused(cli: Cli, put: Put, small: Any) -> None:
    small["categories"][0]["name"] = "${x.y}"
    path = put(small)
    done = cli("snippet", path, "--for", "mmdet2", "--img-prefix", ".")
    assert done.code == 2
    assert "MMDetection 2.x puts something else in the place of '${x.y}'" in done.err
    assert cli("snippet", path, "--for", "mmdet3", "--img-prefix", ".").code == 0


def test_a_tree_of_roboflow_is_known(cli: Cli, put: Put, small: Any, tmp_path: Path) -> None:
    for split in ("train", "valid"):
        folder = tmp_path / "export" / split
        folder.mkdir(parents=True)
        for number, image in enumerate(small["images"]):
            image["file_name"] = f"{number}.jpg"
            shutil.copyfile(
                next((SAMPLE.parents[1] / "sample2017").iterdir()), folder / f"{number}.jpg"
            )
        (folder / "_annotations.coco.json").write_text(json.dumps(small))
    done = cli("layout", "export")
    assert done.code == 0, done.out
    assert "all in train/" in done.out
    assert "all in valid/" in done.out
    note = "ann_file='train/_annotations.coco.json', data_prefix=dict(img='train/')"
    assert note in done.out.replace("\n", " ")
    assert "move" not in done.out
    one = cli("layout", "export/train")
    assert one.code == 0, one.out
    assert "ann_file='_annotations.coco.json', data_prefix=dict(img='')" in one.out
