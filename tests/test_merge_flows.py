"""Flows that users have: exports of two tools merged; results merged with their ground truth."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli

Put = Callable[..., Path]

CVAT: dict[str, Any] = {
    "licenses": [{"name": "", "id": 0, "url": ""}],
    "info": {"contributor": "", "date_created": "", "description": "", "version": "", "year": ""},
    "categories": [
        {"id": 1, "name": "cat", "supercategory": ""},
        {"id": 2, "name": "dog", "supercategory": ""},
    ],
    "images": [
        {"id": n, "width": 64, "height": 48, "file_name": f"frame_{n:06}.jpg", "license": 0}
        for n in (1, 2)
    ],
    "annotations": [
        {
            "id": n,
            "image_id": n,
            "category_id": n,
            "segmentation": [],
            "area": 200.0,
            "bbox": [4.5, 5.0, 20.0, 10.0],
            "iscrowd": 0,
            "attributes": {"occluded": False},
        }
        for n in (1, 2)
    ],
}
"""As CVAT exports "COCO 1.0": ids from 1, attributes, an empty supercategory."""

ROBOFLOW: dict[str, Any] = {
    "info": {"year": "2024", "version": "3", "contributor": ""},
    "licenses": [{"id": 1, "url": "https://creativecommons.org/licenses/by/4.0/", "name": "CC BY"}],
    "categories": [
        {"id": 0, "name": "animals", "supercategory": "none"},
        {"id": 1, "name": "Dog", "supercategory": "animals"},
        {"id": 2, "name": "horse", "supercategory": "animals"},
    ],
    "images": [
        {
            "id": n,
            "license": 1,
            "file_name": f"horse{n}_jpg.rf.{n:032x}.jpg",
            "height": 48,
            "width": 64,
            "date_captured": "2024-01-01T00:00:00+00:00",
        }
        for n in (0, 1)
    ],
    "annotations": [
        {
            "id": n,
            "image_id": n,
            "category_id": n + 1,
            "bbox": [8, 8, 16.5, 12],
            "area": 198,
            "segmentation": [],
            "iscrowd": 0,
        }
        for n in (0, 1)
    ],
}
"""As Roboflow exports COCO: ids from 0, a root category that no annotation has."""


def exports(put: Put) -> tuple[Path, Path]:
    (put(CVAT, "x.json").parent / "train").mkdir()
    return put(CVAT, "cvat.json"), put(ROBOFLOW, "train/_annotations.coco.json")


def test_exports_of_two_tools_are_merged(cli: Cli, put: Put) -> None:
    cvat, roboflow = exports(put)
    args = ("merge", cvat, roboflow, "-o", "all.json", "--source-key", "source")
    done = cli(*args)
    assert "'Dog' ('dog' in cvat)" in done.err
    done = cli(*args, "--alias", "Dog=dog")
    assert "1 image id of _annotations.coco is taken: 1" in done.err
    prefixes = ("--prefix", "cvat=cvat/,_annotations.coco.json=roboflow/")
    done = cli(*args, "--alias", "Dog=dog", "--ids", "offset", *prefixes)
    assert done.code == 0, done.err
    assert "new categories come last, so the list is not in the order of ids" in done.err
    merged = json.loads(cvat.with_name("all.json").read_bytes())
    assert [(c["id"], c["name"]) for c in merged["categories"]] == [
        *((1, "cat"), (2, "dog"), (0, "animals"), (3, "horse"))
    ]
    assert [a["category_id"] for a in merged["annotations"]] == [1, 2, 2, 3]
    assert len({i["id"] for i in merged["images"]}) == 4
    found = cli("lint", "all.json", "--json")
    severities = {f["code"]: f["severity"] for f in json.loads(found.out)["findings"]}
    assert "error" not in severities.values(), severities
    for loader in ("mmdet3", "torchvision"):
        assert cli("verify", "all.json", "--loader", loader).code == 0


@pytest.fixture
def halves(cli: Cli, put: Put) -> tuple[Path, Path]:
    """The sample data in two parts whose ids collide, the second with ids from 1."""
    for name, step in {"one.json": ("--first", 64), "two.json": ("--skip", 64)}.items():
        assert cli("subset", SAMPLE, *step, "-o", name).code == 0
    one, two = (put("", "x").with_name(name) for name in ("one.json", "two.json"))
    second = json.loads(two.read_bytes())
    first_ids = [image["id"] for image in json.loads(one.read_bytes())["images"]]
    new = {image["id"]: i for image, i in zip(second["images"], first_ids, strict=True)}
    cat_ids = {c["id"]: n for n, c in enumerate(second["categories"])}
    for image in second["images"]:
        image["id"] = new[image["id"]]
    for annotation in second["annotations"]:
        annotation["image_id"] = new[annotation["image_id"]]
        annotation["category_id"] = cat_ids[annotation["category_id"]]
    for category in second["categories"]:
        category["id"] = cat_ids[category["id"]]
    return one, put(second, "two.json")


def detections(document: Any, seed: int) -> list[dict[str, Any]]:
    """Boxes near the objects, some of another class."""
    rng = np.random.default_rng(seed)
    cat_ids = [c["id"] for c in document["categories"]]
    return [
        {
            "image_id": a["image_id"],
            "category_id": a["category_id"] if rng.random() < 0.8 else int(rng.choice(cat_ids)),
            "bbox": (np.array(a["bbox"]) + rng.normal(0, 3, 4)).round(2).tolist(),
            "score": float(rng.random()),  # no two alike
        }
        for a in document["annotations"]
    ]


def evaluated(truth: Any, results: list[Any]) -> Any:
    """An evaluation of pycocotools', before it is accumulated."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(copy.deepcopy(results)), "bbox")  # it adds keys
        run.evaluate()
    return run


def scores(runs: Sequence[Any]) -> list[float]:
    """The twelve scores of evaluations of different images, accumulated as one."""
    first = runs[0]
    shape = (len(first.params.catIds), len(first.params.areaRng), -1)
    parts = [np.array(run.evalImgs, dtype=object).reshape(shape) for run in runs]
    first.evalImgs = np.concatenate(parts, axis=2).ravel().tolist()
    first.params.imgIds = [(n, i) for n, run in enumerate(runs) for i in run.params.imgIds]
    first._paramsEval.imgIds = first.params.imgIds
    with contextlib.redirect_stdout(io.StringIO()):
        first.accumulate()
        first.summarize()
    return [float(score) for score in first.stats]


def test_merged_results_score_as_their_parts_together(
    cli: Cli, put: Put, halves: tuple[Path, Path]
) -> None:
    documents = [json.loads(path.read_bytes()) for path in halves]
    found = [detections(document, seed) for seed, document in enumerate(documents)]
    results = [put(of, f"results{n}.json") for n, of in enumerate(found)]
    done = cli("merge", *halves, "--ids", "renumber", "--source-key", "source", "-o", "all.json")
    assert done.code == 0, done.err
    done = cli("merge", *results, "--follow", "all.json", "-o", "all_results.json")
    assert done.code == 0, done.err
    assert "results1: " in done.err and "as two of" in done.err
    truth = json.loads(results[0].with_name("all.json").read_bytes())
    merged = json.loads(results[0].with_name("all_results.json").read_bytes())
    together = scores([evaluated(*pair) for pair in zip(documents, found, strict=True)])
    assert 0.1 < together[0] < 0.9
    assert scores([evaluated(truth, merged)]) == pytest.approx(together, abs=1e-12)
    # without following, ids are those of the parts
    done = cli("merge", *results, "-o", "plain.json", "--source-key", "from")
    assert "images with detections in more than one file" in done.err
    plain = json.loads(results[0].with_name("plain.json").read_bytes())
    assert [d.pop("from") for d in plain] == ["results0"] * len(found[0]) + ["results1"] * len(
        found[1]
    )
    assert plain == found[0] + found[1]


def test_results_of_images_that_the_merge_dropped_go(cli: Cli, put: Put) -> None:
    first = {**CVAT, "images": CVAT["images"][:1], "annotations": []}
    a, b = put(first, "a.json"), put(CVAT, "b.json")
    merge = ("--ids", "offset", "--on-duplicate", "first", "--source-key", "source")
    assert cli("merge", a, b, *merge, "-o", "all.json").code == 0
    found = [{"image_id": n, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1} for n in (1, 2)]
    results = [put(found[:1], "ra.json"), put(found, "rb.json")]
    done = cli("merge", *results, "--follow", "all.json", "-o", "r.json")
    assert "1 dropped with images that the merge dropped" in done.err
    assert [d["image_id"] for d in json.loads(a.with_name("r.json").read_bytes())] == [1, 2]
    done = cli("merge", *results, put(found, "rc.json"), "--follow", "all.json", "-o", "s.json")
    assert (done.code, "give one results file for each" in done.err) == (2, True)
    done = cli("merge", *results, "--ids", "offset", "-o", "s.json")
    assert "only --follow and --source-key" in done.err
    done = cli("merge", *results, "--follow", a, "-o", "s.json")
    assert "not a merged file" in done.err
