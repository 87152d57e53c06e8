"""Exports of two tools, merged, and a real detector that is trained on the result for a step."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mmdet_line
from conftest import ROOT, Cli

sys.path.insert(0, str(ROOT / "tests"))
from test_merge_flows import CVAT, ROBOFLOW

Put = Callable[..., Path]
SCRIPT = Path(__file__).with_name("merged_train_run.py")


def test_a_detector_trains_on_the_merged_file(cli: Cli, put: Put, tmp_path: Path) -> None:
    mmdet_line.require("tv")
    from PIL import Image

    paths = []
    for name, document in {"cvat": CVAT, "roboflow": ROBOFLOW}.items():
        paths.append(put(document, f"{name}.json"))
        (tmp_path / "images" / name).mkdir(parents=True)
        for n, image in enumerate(document["images"]):
            picture = Image.new("RGB", (image["width"], image["height"]), (40 * n, 90, 160))
            picture.save(tmp_path / "images" / name / image["file_name"])
    done = cli(
        *("merge", *paths, "-o", "all.json", "--alias", "Dog=dog", "--ids", "offset"),
        *("--prefix", "cvat=cvat/,roboflow=roboflow/", "--images", "images"),
        *("--on-duplicate", "keep"),
    )
    assert done.code == 0, done.err
    place = Path(os.environ["COCOSURGEON_MMDET"]).absolute()
    ran = subprocess.run(
        [place / "venv/bin/python", "-W", "ignore", SCRIPT, "all.json", "images"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(place / "tv")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["labels"] == [[1], [2], [2], [3]]  # cat, dog, Dog as dog, horse
    assert all(math.isfinite(loss) for loss in result["losses"].values())
    assert result["moved"] > 0
