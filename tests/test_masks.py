"""Faults of segmentations and of other values, judged by value and compared with pycocotools."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli, wild_files
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from cocosurgeon.masks import NO_MASK, MaskFault, mask_fault, rle_runs
from cocosurgeon.usable import FIELDS, unusable

Put = Callable[..., Path]
HEIGHT, WIDTH = 48, 64
SQUARE = [4, 4, 24, 4, 24, 14, 4, 14]

FAULTS: dict[str, tuple[object, str]] = {
    "no list of polygons": ([[]], "a polygon is empty"),
    "a second one that is empty": ([SQUARE, []], "a polygon is empty"),
    "a flat list": (SQUARE, "a polygon is not a list of numbers"),
    "a box": ([[4, 4, 24, 14]], "a polygon has 4 values, fewer than three points"),
    "an odd number": ([SQUARE[:7]], "a polygon has an odd number of values, 7"),
    "text": ([["4", *SQUARE[1:]]], "a polygon has a value that is not a number"),
    "null": ([[None, *SQUARE[1:]]], "a polygon has a value that is not a number"),
    "no float": ([[10**400, *SQUARE[1:]]], "a polygon has a value that is not a number"),
    "no floats": ([[10**400, -(10**400), *SQUARE]], "a polygon has a value that is not a number"),
    "NaN": ([[float("nan"), *SQUARE[1:]]], "a polygon has a value that is not finite"),
    "infinite": ([[float("inf"), *SQUARE[1:]]], "a polygon has a value that is not finite"),
    "right of the image": ([[64, 4, 80, 4, 80, 14]], "it lies outside the image"),
    "above the image": ([[4, -9, 24, -9, 24, 0]], "it lies outside the image"),
    "text in place of a mask": ("0n5", "it is neither polygons nor RLE, but str"),
    "too few pixels": ({"size": [48, 64], "counts": [100, 50, 10]}, "its runs fill 160 of 3,072"),
    "too many": ({"size": [48, 64], "counts": [3072, 1]}, "its runs fill 3,073 of 3,072 pixels"),
    "swapped": ({"size": [64, 48], "counts": [3072]}, "which has height and width swapped"),
    "of another image": (
        {"size": [96, 128], "counts": [12288]},
        "its size is [96, 128], the image",
    ),
    "no size": ({"counts": [3072]}, "its size is None, not [height, width]"),
    "a negative run": ({"size": [48, 64], "counts": [3073, -1]}, "its counts are not run lengths"),
    "runs in floating point": ({"size": [48, 64], "counts": [3072.0]}, "its counts are not run"),
    "text that is not RLE": ({"size": [48, 64], "counts": "zzz "}, "text that is not RLE"),
    "cut text": ({"size": [48, 64], "counts": "P"}, "its counts end within a number"),
    "short text": ({"size": [48, 64], "counts": "0n5"}, "its runs fill "),
    "bytes as text": ({"size": [48, 64], "counts": "b'PP3'"}, "bytes written as text"),
    "no counts": ({"size": [48, 64]}, "its counts are not RLE"),
    "letters beyond ASCII": ({"size": [48, 64], "counts": "é"}, "its counts are not RLE"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(name: str) -> None:
    mask, what = FAULTS[name]
    found = mask_fault(mask, HEIGHT, WIDTH)
    assert found is not None
    assert what in found.what
    assert found.kind == ("rle" if isinstance(mask, (dict, str)) else "polygon")


@pytest.mark.parametrize("mask", [None, [], {}])
def test_no_mask_is_no_broken_one(mask: object) -> None:
    assert mask_fault(mask, HEIGHT, WIDTH) == NO_MASK


@pytest.mark.parametrize(
    "mask",
    [
        [SQUARE],
        [SQUARE, [70, 4, 80, 4, 80, 14]],  # one part is inside
        [[-9, -9, 80, -9, 80, 80]],
        {"size": [48, 64], "counts": [100, 50, 2922]},
        {"size": [48, 64], "counts": [0, 3072]},
    ],
)
def test_a_mask_that_can_be_used_has_none(mask: object) -> None:
    assert mask_fault(mask, HEIGHT, WIDTH) is None
    assert mask_fault(mask) is None  # of an image whose size is not known


def test_without_the_size_of_the_image_a_mask_goes_by_its_own() -> None:
    assert mask_fault({"size": [64, 48], "counts": [3072]}) is None
    assert mask_fault([[640, 4, 800, 4, 800, 14]]) is None
    assert mask_fault({"size": [64, 48], "counts": [3071]}) == MaskFault(
        "rle", "its runs fill 3,071 of 3,072 pixels"
    )


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_what_pycocotools_encodes_is_read_as_it_reads_it(
    height: int, width: int, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 2, (height, width)).astype(np.uint8)
    rle = coco_mask.encode(np.asfortranarray(pixels))
    text = rle["counts"].decode()
    assert mask_fault({"size": [height, width], "counts": text}, height, width) is None
    runs = rle_runs(text)
    drawn = np.repeat(np.arange(len(runs)) % 2, runs).reshape((height, width), order="F")
    assert (drawn == pixels).all()


def test_the_sample_data_has_none() -> None:
    document = json.loads(SAMPLE.read_bytes())
    images = {image["id"]: image for image in document["images"]}
    for annotation in document["annotations"]:
        image = images[annotation["image_id"]]
        mask = annotation["segmentation"]
        assert mask_fault(mask, image["height"], image["width"]) is None
        assert not any(unusable(annotation, field) for field in FIELDS)


VALUES: dict[str, tuple[object, ...]] = {
    "iscrowd": (None, "0", "x", float("nan"), [], -5, 2),
    "area": (None, "200", float("nan"), []),
    "bbox": (None, "x", [], [1, 2, 3], ["4", "4", "20", "10"], [1, 2, 3, float("nan")], [None] * 4),
    "id": (None, "x", float("nan"), []),
}
USABLE: dict[str, tuple[object, ...]] = {
    "iscrowd": (0, 1, True, False, 0.0),
    "area": (0, 200, 1.5, -3),
    "bbox": ([0, 0, 1.5, 2], [-3, 1, 10**400, 2]),
    "id": (0, 1, 10**30),
}


@pytest.mark.parametrize("field", FIELDS)
def test_values_that_are_there_and_cannot_be_used(field: str) -> None:
    assert unusable({}, field) is None  # that is another question
    for value in VALUES[field]:
        assert unusable({field: value}, field), value
    for value in USABLE[field]:
        assert unusable({field: value}, field) is None, value


# ---- verify and snippet


def report(cli: Cli, *args: object) -> tuple[int, dict[str, Any]]:
    done = cli("verify", *args, "--classes", "person,dog,toothbrush", "--json")
    found = json.loads(done.out)
    return done.code, {f["code"]: f for f in found["findings"]}


def test_verify_names_broken_masks(cli: Cli, put: Put, small: Any) -> None:
    small["annotations"][0]["segmentation"] = {"size": [640, 480], "counts": [307200]}
    small["annotations"][1]["segmentation"] = [[]]
    small["annotations"][3]["segmentation"] = []
    code, found = report(cli, put(small))
    assert code == 1
    assert set(found) == {"rle-unusable", "polygon-unusable"}
    [text] = found["rle-unusable"]["details"]
    assert text == (
        "annotation 1: its size is [640, 480], the image's [480, 640], which has height and width "
        "swapped"
    )
    assert found["polygon-unusable"]["severity"] == "warning"
    assert found["polygon-unusable"]["records"] == [{"list": "annotations", "id": 2}]


def test_a_broken_mask_of_the_source_is_no_error(cli: Cli, put: Put, small: Any) -> None:
    clean = put(small, "clean.json")
    small["annotations"][0]["segmentation"] = {"size": [480, 640], "counts": [1]}
    path = put(small)
    assert report(cli, path, "--source", path)[0] == 0
    code, found = report(cli, path, "--source", clean)
    assert code == 1
    assert found["rle-unusable"]["severity"] == "error"


def test_verify_names_values_that_cannot_be_used(cli: Cli, put: Put, small: Any) -> None:
    small["annotations"][0]["iscrowd"] = None
    del small["info"]
    code, found = report(cli, put(small))
    assert (code, set(found)) == (0, {"value-unusable", "info-missing"})
    assert found["value-unusable"]["details"] == [
        "annotation 1: iscrowd is null: COCOeval raises TypeError"
    ]
    assert found["info-missing"]["severity"] == "note"


def test_snippets_count_what_cannot_be_used(cli: Cli, put: Put, small: Any) -> None:
    broken = deepcopy(small)
    broken["annotations"][0] |= {"iscrowd": None, "segmentation": [[]]}
    broken["annotations"][1]["area"] = "20"
    del broken["info"]
    made = {}
    for name, document in {"small.json": small, "broken.json": broken}.items():
        done = cli("snippet", put(document, name), "--for", "torchvision", "--img-prefix", ".")
        assert done.code == 0, done.err
        made[name] = done.out.replace("\n# ", " ")
    for text in (
        "The file has no 'info': loadRes of pycocotools 2.0.9 and 2.0.10 raises KeyError: 'info'.",
        "1 annotation: iscrowd is null: COCOeval raises TypeError.",
        "1 annotation: area is not a number: COCOeval and MMDetection raise TypeError.",
        "1 of 7 masks cannot be used: a polygon is empty.",
        "6 of 7 annotations have no segmentation",
    ):
        assert text in made["broken.json"]
        assert text not in made["small.json"]


@pytest.mark.parametrize("path", wild_files(), ids=lambda path: path.stem)
def test_real_files_are_judged_without_a_failure(path: Path) -> None:
    try:
        document = json.loads(path.read_bytes())
        annotations = document["annotations"]
        images = {image["id"]: image for image in document["images"]}
    except (ValueError, KeyError, TypeError):
        pytest.skip("no annotation file that json reads")
    for annotation in annotations:
        image = images.get(annotation.get("image_id"), {})
        mask_fault(annotation.get("segmentation"), image.get("height"), image.get("width"))
        for field in FIELDS:
            unusable(annotation, field)
