"""What MMDetection has to emit for a file, told from the file's JSON and the documented rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmdet_line import Line

SAMPLE = Path(__file__).parents[2] / "sample_data/annotations/instances_sample2017.json"

Seen = tuple[tuple[float, ...], int | None, bool]
"""A box, its label (None: it has none) and whether it is to be ignored."""

Images = list[tuple[int, Counter[Seen]]]


@pytest.fixture(params=["sample", "wild"])
def each_source(request: pytest.FixtureRequest) -> Path:
    """Each file that is looked at: drawn for the tests, and cut from COCO itself."""
    if request.param == "sample":
        return SAMPLE
    folder: Path = request.getfixturevalue("wild")
    return folder / "coco_mini_val.json"


def expected(ann_file: Path, line: Line, cat2label: Mapping[int, int]) -> Images:
    """What a line emits for a file if the categories have these labels."""
    doc = json.loads(ann_file.read_bytes())
    return [
        (
            image["id"],
            Counter(
                _seen(annotation, line, cat2label)
                for annotation in doc["annotations"]
                if annotation["image_id"] == image["id"] and _is_usable(annotation, image)
            ),
        )
        for image in doc["images"]
    ]


def images(emitted: Any) -> Images:
    """What was emitted; the order within an image is left out."""
    return [(image["id"], Counter(_instances(image))) for image in emitted["images"]]


def count(found: Images) -> int:
    """How many objects there are in all images."""
    return sum(seen.total() for _, seen in found)


def _is_usable(annotation: Any, image: Any) -> bool:
    x, y, width, height = annotation["bbox"]
    overlaps = min(x + width, image["width"]) > max(x, 0) and (
        min(y + height, image["height"]) > max(y, 0)
    )
    is_tiny = annotation["area"] <= 0 or width < 1 or height < 1
    return overlaps and not is_tiny and not annotation.get("ignore")


def _seen(annotation: Any, line: Line, cat2label: Mapping[int, int]) -> Seen:
    x, y, width, height = annotation["bbox"]
    box = [x, y, x + width, y + height]
    is_crowd = bool(annotation.get("iscrowd"))
    has_label = line.labels_crowd or not is_crowd
    return (
        tuple(np.asarray(box, np.float32).tolist() if line.single else box),
        cat2label[annotation["category_id"]] if has_label else None,
        is_crowd,
    )


def _instances(image: Any) -> Iterator[Seen]:
    for instance in image["instances"]:
        yield tuple(instance["bbox"]), instance["label"], instance["ignored"]
