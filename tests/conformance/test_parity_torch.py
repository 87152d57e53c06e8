"""Training steps of PyTorch, recorded by hooks: deviations planted in a detector written twice."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mmdet_line
import pytest

from cocosurgeon.parity import record_steps
from cocosurgeon.parity.compare import compare
from cocosurgeon.parity.recorded import ranks, read_recording

RUN = Path(__file__).with_name("parity_run.py")

PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "eps": ({"eps": 1e-3}, "forward/backbone.bn1", "parity-eps"),
    "initialization": ({"init_seed": 1}, "initialization", "parity-initialization"),
    "reduction": ({"reduction": "images"}, "loss", "parity-reduction"),
    "box normalization": ({"box_size": "padded"}, "batch", "parity-box-frame"),
    "label offset": ({"label_offset": 1}, "batch", "parity-label-offset"),
    "BGR": ({"bgr": True}, "batch", "parity-channel-order"),
    "align_corners": ({"align_corners": True}, "forward/neck", "parity-align-corners"),
    "learning rate": ({"backbone_factor": 1.0}, "optimizer", "parity-learning-rate"),
    "dropout": ({"dropout": 0.0}, "forward/head.dropout", "parity-dropout"),
    "seed": ({"seed": 8}, "forward/head.dropout", "parity-seed"),
    "order": ({"order": [4, 2, 0, 5, 1, 3]}, "batch", "parity-sample-order"),
    "mixed precision": ({"autocast": True}, "forward/backbone.conv1", "parity-precision"),
}
"""What the port does otherwise, the first checkpoint that shows it, and its code."""


def python() -> Path:
    """Return an interpreter that has torch."""
    folder = os.environ.get("COCOSURGEON_MMDET")
    if not folder:
        pytest.skip(mmdet_line.HOW_TO)
    return Path(folder, "venv/bin/python").absolute()


def run(folder: Path, *args: str, given: object = None, **variables: str) -> None:
    """Run the detector next to a copy of the recorder, without cocosurgeon."""
    folder.mkdir(exist_ok=True)
    source = Path(str(record_steps.__file__)).read_bytes()
    (folder / "record_steps.py").write_bytes(source)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
    (folder / "run.py").write_bytes(RUN.read_bytes())
    done = subprocess.run(
        [python(), "run.py", *args],
        cwd=folder,
        env=environment,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original, a port without deviation, and one for each."""
    folder = tmp_path_factory.mktemp("recorded")
    runs: Mapping[str, Any] = {
        "original": ({}, False),
        "port": ({}, True),
        **{name: (changed, True) for name, (changed, *_) in PLANTED.items()},
    }
    run(folder, given=runs)
    return folder


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_deviation_is_named_at_its_checkpoint(name: str, recorded: Path) -> None:
    _, checkpoint, code = PLANTED[name]
    found = compare(read_recording(recorded / "original"), read_recording(recorded / name))
    assert found.first is not None
    first = (found.first.step, found.first.name, [f.code for f in found.first.findings()])
    assert first == (0, checkpoint, [code])
    assert {f.code for f in found.findings} == {code}


def test_nothing_is_named_where_nothing_was_planted(recorded: Path) -> None:
    a, b = read_recording(recorded / "original"), read_recording(recorded / "port")
    found = compare(a, b)
    assert (found.first, found.findings) == (None, [])
    names = [c.name for c in a.of_step(0)]
    assert {"forward/backbone.conv1", "gradient/backbone.conv1", "gradient/head/cls"} <= {*names}
    assert names.index("forward/head") < names.index("loss") < names.index("gradient/head/cls")
    assert any(entry.error for each in found.checkpoints for entry in each.entries)


def test_each_rank_of_a_distributed_training_has_a_recording(tmp_path: Path) -> None:
    python()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    known = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    folder = tmp_path / "run"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda rank: run(folder, "distributed", RANK=rank, **known), "01"))
    assert list(ranks(folder / "ranks")) == [0, 1]
    a, b = (read_recording(folder / "ranks", rank) for rank in (0, 1))
    assert (a.header["world_size"], b.header["rank"]) == (2, 1)
    assert compare(a, b).first is None  # both were fed the same images
    assert a.get(0, "forward/backbone.conv1") is not None
