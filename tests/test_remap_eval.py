"""Ground truth and results, remapped together, give the identical COCOeval numbers."""

from __future__ import annotations

import contextlib
import io
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import THOROUGH
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from cocosurgeon import ToSpace, read, write

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

# What the 100 images and their made-up detections give, to three digits.
KNOWN_AP = {"bbox": 0.505, "segm": 0.320}


SPACES = ["mmdet80", "detr91", "ultralytics91", "mmdet1x81"]


@pytest.mark.parametrize("space", SPACES if THOROUGH else SPACES[:2])
@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_evaluation_is_the_same_before_and_after(
    kind: str, space: str, wild: Path, tmp_path: Path
) -> None:
    truth = wild / "coco_val2014_100.json"
    results = wild / f"coco_val2014_100_fake{kind}_results.json"
    before = first_evaluated(truth, results, kind)
    assert round(float(before[0]), 3) == KNOWN_AP[kind]
    after = evaluated(
        write(ToSpace(space).apply(read(truth)), tmp_path / "truth.json"),
        write(ToSpace(space, from_="coco91").apply(read(results)), tmp_path / "results.json"),
        kind,
    )
    assert np.array_equal(before, after)


@cache
def first_evaluated(truth: Path, results: Path, kind: str) -> npt.NDArray[np.float64]:
    """The numbers before anything is changed, once in a process."""
    return evaluated(truth, results, kind)


def evaluated(truth: Path, results: Path, kind: str) -> npt.NDArray[np.float64]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(truth)
        evaluation = COCOeval(coco, coco.loadRes(str(results)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    stats: npt.NDArray[np.float64] = np.asarray(evaluation.stats)
    return stats
