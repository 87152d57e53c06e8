"""Checkpoints of the real torch, MMEngine and safetensors, read and written both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from mmdet_line import MMDET3, Line

from cocosurgeon.errors import FormatError
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.washed import wash
from cocosurgeon.weights.write import write_checkpoint

RUN = Path(__file__).with_name("checkpoints_run.py")
SAFETENSORS = Line("", "hf", labels_crowd=True, single=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Any]]:
    """Files that the real torch made, and the tensors of each."""
    mmdet_line.require(MMDET3.overlay)
    folder = tmp_path_factory.mktemp("made")
    return folder, MMDET3.run(RUN, "make", folder)


def described(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {
        key: [
            tensor.dtype,
            list(tensor.shape),
            hashlib.sha256(tensor.array().tobytes()).hexdigest(),
        ]
        for key, tensor in tensors.items()
    }


def test_what_torch_saves_is_read(made: tuple[Path, Mapping[str, Any]]) -> None:
    folder, expected = made
    assert len(expected) == 6
    for name, tensors in expected.items():
        assert described(read_checkpoint(folder / name).tensors) == tensors, name


def test_what_is_written_is_loaded_by_torch(made: tuple[Path, Mapping[str, Any]]) -> None:
    folder, expected = made
    written = {}
    for place, (name, tensors) in enumerate(expected.items()):
        for where in ("", "state_dict"):
            out = folder / f"out{place}{where}.pth"
            source = read_checkpoint(folder / name).tensors.values()
            meta = {"meta": {"classes": ("a", "b"), "epoch": 2**40, "loss": 0.5, "raw": b"\0\xff"}}
            write_checkpoint(out, source, meta if where else None, where=where)
            written[str(out)] = written[f"{out} mapped"] = tensors
    loaded = MMDET3.run(RUN, "load", *(name for name in written if not name.endswith("mapped")))
    assert loaded == written


def test_tied_tensors_are_tied_in_torch(made: tuple[Path, Mapping[str, Any]]) -> None:
    out = made[0] / "tied.pth"
    write_checkpoint(out, read_checkpoint(made[0] / "views.pth").tensors.values())
    assert MMDET3.run(RUN, "tied", out) == [["transposed", "tied"]]


def test_safetensors_reads_and_writes_the_same(made: tuple[Path, Mapping[str, Any]]) -> None:
    mmdet_line.require(SAFETENSORS.overlay)
    folder, expected = made
    written = {}
    for place, (name, tensors) in enumerate(expected.items()):
        out = folder / f"out{place}.safetensors"
        kept = [
            t for t in read_checkpoint(folder / name).tensors.values() if t.dtype != "complex128"
        ]
        write_checkpoint(out, kept, {"format": "pt", "meta": {"epoch": 3}})
        written[str(out)] = {key: tensors[key] for key in tensors if key != "complex128"}
    assert SAFETENSORS.run(RUN, "load", *written) == written
    [(name, tensors)] = SAFETENSORS.run(RUN, "save", folder).items()
    assert described(read_checkpoint(name).tensors) == tensors


def test_a_checkpoint_of_mmengine_is_washed(made: tuple[Path, Mapping[str, Any]]) -> None:
    folder, expected = made
    checkpoint = read_checkpoint(folder / "work/epoch_2.pth")
    assert list(checkpoint.states) == ["state_dict", "ema_state_dict"]
    buffer = "mmengine.logging.history_buffer.HistoryBuffer"
    assert checkpoint.not_read[buffer] >= 3
    meta = checkpoint.entries["meta"]
    assert isinstance(meta, dict) and meta["dataset_meta"] == {"classes": ("a", "b")}
    washed = wash(checkpoint)
    assert described({t.name: t for t in washed.tensors}) == expected["work/epoch_2.pth"]
    dropped = {each.what: each.tensors for each in washed.dropped}
    assert dropped == {
        "ema_state_dict": 8, "message_hub": 0, "optimizer": 12, "param_schedulers": 0
    }  # fmt: skip
    average = wash(checkpoint, keep="ema_state_dict")
    assert [t.name for t in average.tensors] == list(expected["work/epoch_2.pth"])
    # the real library loads what is written, as a checkpoint of its own
    out = folder / "washed.pth"
    write_checkpoint(out, washed.tensors, washed.metadata, where=washed.where)
    loaded = MMDET3.run(RUN, "load", out)
    assert loaded[str(out)] == expected["work/epoch_2.pth"]


def test_a_run_of_torch_is_washed(made: tuple[Path, Mapping[str, Any]]) -> None:
    folder, _ = made
    washed = wash(read_checkpoint(folder / "run.pth"))
    assert (washed.where, washed.prefix) == ("model", "module.")
    assert {each.what: each.tensors for each in washed.dropped} == {
        "optimizer": 12, "epoch": 0, "rng_state": 1, "args": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("module.pth", "names code, which is never run: "),
        ("script.pth", "TorchScript"),
        ("conjugate.pth", "stored as another one"),
        ("expanded.pth", "repeats the 1 elements of its storage"),
    ],
)
def test_what_is_no_state_dict_is_refused(
    name: str, words: str, made: tuple[Path, Mapping[str, Any]]
) -> None:
    with pytest.raises(FormatError, match=words):
        read_checkpoint(made[0] / name)
