"""The label shift of RF-DETR, seen on its own dataset; what undoes it, and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import wild_files
from mmdet_line import Line
from test_flat import NAME, full
from test_loaders import VEHICLES
from worker import Worker

from cocosurgeon import First, Flat, Plan, read
from cocosurgeon.loaders import load

TV = Line("1.11.2", "tv", False, False)
SCRIPT = Path(__file__).with_name("real_loaders.py")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    mmdet_line.require(TV.overlay)
    with TV.worker(SCRIPT, "rfdetr") as started:
        yield started


def labels(worker: Worker, path: Path, **options: Any) -> dict[int, int]:
    """Labels by category id, as the real dataset has them; the rules have the same."""
    real = worker.evaluate([str(path), options])
    found = dict(real["cat2label"])
    if not options:
        assert load("rfdetr", json.loads(path.read_bytes())).cat2label == found
    return found


def written(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def cut(source: Path, target: Path, *steps: Any) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(Plan(*steps).apply(read(source)).text()))
    return target


def test_flat_gives_the_labels_of_the_source(worker: Worker, tmp_path: Path) -> None:
    whole = written(tmp_path / "full.json", full())
    part = cut(whole, tmp_path / "part.json", First(1))
    assert labels(worker, whole) == {1: 0, 2: 1, 3: 2}
    assert labels(worker, part) == {2: 0, 3: 1}
    assert labels(worker, cut(part, tmp_path / "flat.json", Flat())) == {1: 0, 2: 1, 3: 2}
    document = json.loads(part.read_bytes())
    leaves = [c for c in VEHICLES if c["name"] != "vehicle"]
    pruned = written(tmp_path / "pruned.json", document | {"categories": leaves})
    assert labels(worker, pruned) == {2: 0, 3: 1}


def test_other_splits_take_the_labels_of_train(worker: Worker, tmp_path: Path) -> None:
    train = written(tmp_path / "train" / NAME, full())
    valid = cut(train, tmp_path / "valid" / NAME, First(1))
    shared = labels(worker, valid, dataset_dir=str(tmp_path))
    assert shared == labels(worker, train) != labels(worker, valid)


def test_a_part_of_taco(worker: Worker, tmp_path: Path) -> None:
    source = next((p for p in wild_files() if p.name == "taco_unofficial.json"), None)
    if source is None:
        pytest.skip("the real file is not here")
    part = cut(source, tmp_path / "part.json", First(20))
    there, here = labels(worker, source), labels(worker, part)
    assert (len(there), len(here)) == (60, 59)
    assert sum(label != here.get(cat_id) for cat_id, label in there.items()) == 26
    assert labels(worker, cut(part, tmp_path / "flat.json", Flat())) == there
