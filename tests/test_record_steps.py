"""The recorder of training steps: nested values, samples, crashes, resumed recordings, ranks."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon.errors import DataError
from cocosurgeon.parity import record_steps
from cocosurgeon.parity.record_steps import StepRecorder, sampled_places, statistics
from cocosurgeon.parity.recorded import ranks, read_recording

SOURCE = Path(str(record_steps.__file__))

LEAVES = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.sampled_from(
        [np.zeros((0, 4)), np.arange(6).reshape(2, 3), np.array(True), np.float32(2.5), np.ones(3)]
    ),
)
KEYS = st.text("ab .é#\\", min_size=1, max_size=3) | st.sampled_from(
    ["value", "a.npy", "header.json"]
)
NESTED = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def is_same(value: Any, found: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() == found.keys() and all(is_same(value[k], found[k]) for k in value)
    if isinstance(value, list):
        return len(value) == len(found) and all(map(is_same, value, found))
    if value is None or isinstance(value, str):
        return bool(value == found)
    return np.asarray(value).dtype == found.dtype and np.array_equal(value, found)


@examples(100)
@given(NESTED)
def test_values_are_read_as_they_were_recorded(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        StepRecorder(folder, "x").record_step(0, "values", value)
        [checkpoint] = read_recording(folder).checkpoints
        assert is_same(value, checkpoint.values)


def test_numbers_of_python_are_arrays(tmp_path: Path) -> None:
    recorder = StepRecorder(tmp_path, "x")
    recorder.record_step(0, "loss", {"a": 1.5, "b": 2, "c": [1.0, 2.0], "d": [[1, 2], [3, 4]]})
    recorder.add("loss", 3)
    first, second = read_recording(tmp_path).checkpoints
    assert (first.name, second.name, second.kind) == ("loss", "loss#2", "loss")
    assert {path: array.tolist() for path, array in first.arrays.items()} == {
        "a": 1.5,
        "b": 2,
        "c": [1.0, 2.0],
        "d/0": [1, 2],
        "d/1": [3, 4],
    }
    assert second.values.item() == 3
    for wrong in ({"a/b": 1}, {"": 1}, {"a\n": 1}, {"a": object()}, np.array(["text"])):
        with pytest.raises(ValueError, match=r"slash|no array of numbers"):
            recorder.add("wrong", wrong)


@examples(100)
@given(
    st.lists(st.floats(width=32) | st.just(float("nan")), min_size=1, max_size=40),
    st.integers(1, 4),
)
def test_statistics_are_those_of_all_finite_elements(values: list[float], times: int) -> None:
    array = np.tile(np.array(values, dtype="float32"), times * 2000)[: 1 + (1 << 16)]
    found, finite = statistics(array), array[np.isfinite(array)].astype("float64")
    assert found["not_finite"] == len(array) - len(finite)
    if not len(finite):
        assert found["mean"] is None
        return
    size = max(np.abs(finite).max(), 1e-30)
    assert abs(found["mean"] - finite.mean()) <= 1e-6 * size
    assert abs(found["std"] - finite.std()) <= 1e-6 * size
    assert abs(found["min"] - finite.min()) <= 1e-9 * size
    assert abs(found["max"] - finite.max()) <= 1e-9 * size


def test_large_arrays_are_sampled_and_batches_are_not(tmp_path: Path) -> None:
    recorder = StepRecorder(tmp_path, "x", limit=100)
    large = np.arange(3000.0).reshape(30, 100)
    recorder.record_step(0, "batch", {"images": large, "img_ids": [7, 8]})
    recorder.add("forward/a", {"x": large, "small": large[0]})
    batch, forward = read_recording(tmp_path).checkpoints
    np.testing.assert_array_equal(batch.values["images"], large)
    np.testing.assert_array_equal(forward.arrays["x"], large.reshape(-1)[sampled_places(3000, 100)])
    assert forward.about["samples"]["x"]["shape"] == [30, 100]
    assert "small" not in forward.about["samples"]
    assert forward.img_ids == [7, 8]


KILLED = """
import os, signal
from record_steps import StepRecorder
recorder = StepRecorder("runs", "x")
recorder.record_step(0, "batch", {"images": [[1.0] * 9] * 9, "img_ids": [1]})
recorder.add("loss", {"a": 1.0})

class Killed(dict):
    def items(self):
        os.kill(os.getpid(), signal.SIGKILL)

recorder.add("gradient", {"a": 1.0, "b": Killed()})
"""


def test_what_was_recorded_before_a_crash_is_read(tmp_path: Path) -> None:
    (tmp_path / "record_steps.py").write_bytes(SOURCE.read_bytes())
    done = subprocess.run([sys.executable, "-E", "-c", KILLED], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    folder = tmp_path / "runs"
    recording = read_recording(folder)
    assert [c.name for c in recording.checkpoints] == ["batch", "loss"]
    assert recording.checkpoints[1].values["a"] == 1
    cut = folder / "rank0/000000-0002-gradient.npz"
    cut.write_bytes(recording.checkpoints[0].path.read_bytes()[:-30])
    (folder / "rank0/000000-0003-x.npz.part").write_bytes(b"PK")
    assert read_recording(folder).unreadable == (cut,)
    damaged = bytearray(recording.checkpoints[0].path.read_bytes())
    damaged[damaged.index(b"NUMPY") + 150] ^= 255  # in the first array
    recording.checkpoints[0].path.write_bytes(damaged)
    with pytest.raises(DataError, match="a shard that cannot be read"):
        _ = read_recording(folder).checkpoints[0].arrays
    assert len(read_recording(folder).checkpoints) == 2


def test_a_recording_is_resumed(tmp_path: Path) -> None:
    first = StepRecorder(tmp_path, "x", seed=1)
    for step in range(3):
        first.record_step(step, "batch", {"img_ids": [step]})
        first.add("loss", step)
        first.add("metric", step)
    with pytest.raises(FileExistsError, match="resume=True"):
        StepRecorder(tmp_path, "x", seed=1)
    with pytest.raises(ValueError, match="another seed"):
        StepRecorder(tmp_path, "x", seed=2, resume=True)
    again = StepRecorder(tmp_path, "x", seed=1, resume=True)
    again.record_step(1, "loss", 10)
    recording = read_recording(tmp_path)
    assert recording.steps == [0, 1, 2]
    assert [c.name for c in recording.of_step(1)] == ["loss"]  # what was there is replaced
    assert recording.require(1, "loss").values == 10
    with pytest.raises(DataError, match="has no checkpoint 'los'"):
        recording.require(1, "los")
    again.record_step(2, "loss", 1)
    with pytest.raises(ValueError, match="recorded before"):
        again.record_step(1, "loss", 1)


def test_each_rank_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        StepRecorder(tmp_path, "x").record_step(0, "loss", int(rank))
    assert list(ranks(tmp_path)) == [0, 1]
    assert read_recording(tmp_path, 1).require(0, "loss").values == 1
    assert read_recording(tmp_path / "rank1").header["world_size"] == 2


def test_only_named_steps_are_recorded(tmp_path: Path) -> None:
    recorder = StepRecorder(tmp_path, "x", steps=range(2, 4))
    for step in range(6):
        recorder.record_step(step, "batch", {"img_ids": [step]})
        recorder.add("loss", step)
    recording = read_recording(tmp_path)
    assert [(c.step, c.name, c.img_ids) for c in recording.checkpoints] == [
        (2, "batch", [2]),
        (2, "loss", [2]),
        (3, "batch", [3]),
        (3, "loss", [3]),
    ]


def test_a_header_holds_known_values_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'box_format' is 'xyxyxy'"):
        StepRecorder(tmp_path, "x", box_format="xyxyxy")
    with pytest.raises(ValueError, match="'classes' is 'cat', but has to be of type list"):
        StepRecorder(tmp_path, "x", classes="cat")
    with pytest.raises(TypeError, match="no boxformat"):
        StepRecorder(tmp_path, "x", boxformat="xyxy")
    assert not list(tmp_path.iterdir())
    StepRecorder(tmp_path, "x", classes=("a",), mean=np.ones(3))
    header = read_recording(tmp_path).header
    assert (header["classes"], header["mean"]) == (["a"], [1.0, 1.0, 1.0])


def test_the_recorder_is_written_for_python_3_7() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 7))
    assert "cocosurgeon" not in {
        node.module
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
