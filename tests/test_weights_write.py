"""Checkpoints are written as they were read, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import examples, left_behind
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pickles import write_pth

from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.progress import Progress, shown_by
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.dtypes import DTYPES, decode, encode
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.write import tied_lines, tied_names, write_checkpoint

SUFFIXES = (".safetensors", ".pth")


def made(name: str, array: np.ndarray, dtype: str) -> Tensor:
    return Tensor.made(name, dtype, array.shape, lambda: array)


def tensors(draw: st.DrawFn) -> list[Tensor]:
    found = []
    for name in draw(st.lists(st.text(max_size=20).filter(str.isprintable), unique=True)):
        kind = DTYPES[draw(st.sampled_from([d.name for d in DTYPES.values() if d.code]))]
        shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
        raw = draw(st.binary(min_size=32, max_size=32))
        count = int(np.prod(shape))
        stored = np.resize(np.frombuffer(raw, "u1"), count * kind.itemsize)
        array = stored.view(kind.numpy).reshape(shape) if kind.name != "bool" else (
            stored.reshape(shape) > 99
        )  # fmt: skip
        found.append(made(name, array, kind.name))
    return found


def plain_values() -> st.SearchStrategy[object]:
    scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(
        allow_nan=False
    ) | st.text(st.characters(exclude_categories=["Cs"]))  # fmt: skip
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner) | st.tuples(inner),
        max_leaves=8,
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@examples(250)
@given(every=st.composite(tensors)(), meta=plain_values())
def test_what_is_written_is_read_again(
    suffix: str, every: list[Tensor], meta: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("written") / f"a{suffix}"
    write_checkpoint(path, every, {"meta": meta}, where="state_dict")
    if not every and suffix == ".pth":
        return  # an empty dict is no state dict
    again = read_checkpoint(path)
    assert list(again.tensors) == [tensor.name for tensor in every]
    for tensor in every:
        other = again.tensors[tensor.name]
        assert (other.dtype, other.shape) == (tensor.dtype, tensor.shape)
        assert other.array().tobytes() == tensor.array().tobytes()
    kept = again.entries["meta"]
    if suffix == ".pth":
        assert kept == meta
    else:
        assert kept == meta if isinstance(meta, str) else json.loads(str(kept)) == json.loads(
            json.dumps(meta)
        )  # fmt: skip


def test_a_pth_is_laid_out_as_torch_does(tmp_path: Path) -> None:
    every = [made(f"w{i}", np.full(i, 1.1, np.float32), "float32") for i in range(1, 9)]
    write_checkpoint(tmp_path / "a.pth", every)
    raw = (tmp_path / "a.pth").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.pth") as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:3] == ["archive/data.pkl", "archive/byteorder", "archive/data/0"]
        for info in archive.infolist():
            content = archive.read(info)
            at = raw.index(content, info.header_offset + 30 + len(info.filename))
            assert at % 64 == 0


def test_tied_tensors_stay_tied_in_a_pth_and_are_whole_in_safetensors(tmp_path: Path) -> None:
    shared = made("a", np.arange(4096, dtype=np.float32).reshape(64, 64), "float32")
    every = [shared, shared.renamed("b"), made("c", np.zeros(3, np.float32), "float32")]
    sizes, found = list[int](), list[list[list[str]]]()
    for suffix in (*SUFFIXES, ".pth"):
        path = tmp_path / f"{len(sizes)}{suffix}"
        write_checkpoint(path, every, where="" if suffix == ".safetensors" else "model")
        again = list(read_checkpoint(path).tensors.values())
        assert [each.array().tobytes() for each in again] == [t.array().tobytes() for t in every]
        sizes.append(path.stat().st_size)
        found.append(tied_names(again))
        every = again[:] if suffix == ".pth" else every
    assert found == [[], [["a", "b"]], [["a", "b"]]]
    assert sizes[0] > 32_768 > 18_000 > sizes[1] == sizes[2]
    assert tied_lines(every, "x.pth") == [
        "1 tensor tied to another one (b to a): written once, and still tied"
    ]
    assert "written in full, 16.4 kB more" in tied_lines(every, "x.safetensors")[0]


def test_a_safetensors_file_says_what_it_is_for(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.safetensors", [])
    assert read_checkpoint(tmp_path / "a.safetensors").entries == {"format": "pt"}
    write_checkpoint(tmp_path / "b.safetensors", [], {"format": "tf", "meta": [1]})
    assert read_checkpoint(tmp_path / "b.safetensors").entries == {"format": "tf", "meta": "[1]"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_left_of_what_fails(suffix: str, tmp_path: Path) -> None:
    def fail() -> np.ndarray:
        raise RequestError("no values")

    every = [made("a", np.ones(9), "float64"), Tensor.made("b", "float32", (2,), fail)]
    with pytest.raises(RequestError, match="no values"):
        write_checkpoint(tmp_path / f"a{suffix}", every)
    assert not left_behind(tmp_path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_file_stays_and_the_same_one_is_no_error(suffix: str, tmp_path: Path) -> None:
    out, said = tmp_path / f"a{suffix}", list[str]()
    every = [made("a", np.ones(9), "float64")]
    write_checkpoint(out, every)
    write_checkpoint(out, every, notice=said.append)
    assert said == [f"{out}: unchanged"]
    with pytest.raises(OutputError, match="the output exists"):
        write_checkpoint(out, [made("a", np.zeros(9), "float64")])
    write_checkpoint(out, [made("a", np.zeros(9), "float64")], force=True)
    assert not read_checkpoint(out).tensors["a"].array().any()


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    wide = made("a", np.ones(2, np.complex128), "complex128")
    with pytest.raises(RequestError, match="cannot hold complex128"):
        write_checkpoint(tmp_path / "a.safetensors", [wide])
    one = made("__metadata__", np.ones(2, np.float32), "float32")
    with pytest.raises(RequestError, match="a tensor named __metadata__"):
        write_checkpoint(tmp_path / "a.safetensors", [one])
    write_checkpoint(tmp_path / "a.pth", [wide])
    with pytest.raises(RequestError, match="of type object cannot be written"):
        write_checkpoint(tmp_path / "b.pth", [wide], {"x": [object()]})
    with pytest.raises(RequestError, match="cannot be written as JSON"):
        write_checkpoint(tmp_path / "b.safetensors", [], {"x": object()})
    with pytest.raises(RequestError, match="two tensors have the same name: a"):
        write_checkpoint(tmp_path / "b.pth", [wide, wide])
    for name in ("b", "b.npz", "b.pth.gz"):
        with pytest.raises(OutputError, match=r"written as \.safetensors, \.pth, \.pt"):
            write_checkpoint(tmp_path / name, [wide])
    assert not left_behind(tmp_path, "a.pth")


def test_a_transposed_tensor_is_written_in_order(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    read = read_checkpoint(write_pth(tmp_path / "a.pth", {"w": array}))
    # the writer of the tests stores the bytes of the transposed array, with its strides
    assert read.tensors["w"].shape == (3, 2)
    write_checkpoint(tmp_path / "b.safetensors", read.tensors.values())
    again = read_checkpoint(tmp_path / "b.safetensors").tensors["w"]
    assert np.array_equal(again.array(), read.tensors["w"].array())


@pytest.mark.parametrize("dtype", [d.name for d in DTYPES.values() if d.bits])
def test_small_floats_are_rounded_to_the_nearest(dtype: str) -> None:
    kind = DTYPES[dtype]
    every = np.arange(1 << (8 * kind.itemsize), dtype=kind.numpy)
    values = decode(every, dtype)
    again = decode(encode(values, dtype), dtype)
    finite = np.isfinite(values)
    assert np.array_equal(again[finite], values[finite])
    assert np.isnan(again[np.isnan(values)]).all()
    known = np.unique(values[finite].astype(np.float64))
    between = ((known[:-1] + known[1:]) / 2).astype(np.float32)
    for towards, nearest in ((-np.inf, known[:-1]), (np.inf, known[1:])):
        close = np.nextafter(between, np.float32(towards))
        rounded = decode(encode(close, dtype), dtype)
        normal = np.abs(nearest) > 1e-30  # between smaller ones float32 is too coarse
        assert np.array_equal(rounded[normal], nearest[normal])


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    @contextlib.contextmanager
    def show(_name: str) -> Iterator[Progress]:
        yield lambda done, total: seen.append((done, total))

    every = [Tensor.of("a", np.ones(9)), Tensor.of("b", np.ones(1 << 21))]  # three pieces
    with shown_by(show):
        write_checkpoint(tmp_path / "a.safetensors", every)
    size = 8 * (9 + (1 << 21))
    assert seen == [(72, size), (72 + (1 << 23), size), (size, size)]
