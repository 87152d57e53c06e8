"""Checkpoints are read without running their code; hostile and damaged ones are refused."""

from __future__ import annotations

import json
import os
import pickle as pickling
import pickletools
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from pickles import (
    ORDERED,
    call,
    legacy,
    mapping,
    name,
    number,
    numbers,
    pickle,
    state_of,
    storage,
    tensor,
    text,
    write_pth,
    zipped,
)

from cocosurgeon.errors import CocosurgeonError, FormatError, UnknownNameError
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.inert import NotRead
from cocosurgeon.weights.tensor import OpenFile
from cocosurgeon.weights.unpickle import unpickle

Put = Callable[..., Path]
FOUR = np.arange(4, dtype=np.float32).tobytes()
WHOLE = tensor([4], [1], storage(4))


def state(content: bytes) -> bytes:
    return mapping({"w": content})


# ---- what is read


def test_views_transposes_and_tied_tensors_are_read_as_torch_means_them(put: Put) -> None:
    data = np.arange(24, dtype=np.float32)
    stored = storage(24)
    content = mapping(
        {
            "plain": tensor([2, 3, 4], [12, 4, 1], stored),
            "transposed": tensor([4, 6], [1, 4], stored),
            "part": tensor([3], [5], stored, offset=2),
            "scalar": tensor([], [], stored, offset=23),
            "row of one": tensor([1, 4], [99, 1], stored, offset=4),
            "column of one": tensor([3, 1, 2], [2, 1 << 61, 1], stored),
            "apart, of one": tensor([2, 1], [3, 1 << 61], stored),
            "empty": tensor([0, 3], [3, 1], stored, offset=24),
            "tied": tensor([2, 3, 4], [12, 4, 1], stored),
        }
    )
    tensors = read_checkpoint(put(zipped(content, {"0": data.tobytes()}), "a.pth")).tensors
    arrays = {key: each.array() for key, each in tensors.items()}
    assert np.array_equal(arrays["plain"], data.reshape(2, 3, 4))
    assert np.array_equal(arrays["transposed"], data.reshape(6, 4).T)
    assert np.array_equal(arrays["part"], [2, 7, 12])
    assert arrays["scalar"] == 23 and arrays["scalar"].shape == ()
    assert np.array_equal(arrays["row of one"], [[4, 5, 6, 7]])
    assert np.array_equal(arrays["column of one"], data[:6].reshape(3, 1, 2))
    assert np.array_equal(arrays["apart, of one"], [[0], [3]])
    assert arrays["empty"].shape == (0, 3)
    assert np.array_equal(arrays["tied"], arrays["plain"])
    for each in tensors.values():  # pieces of any size are the same bytes
        assert b"".join(map(bytes, each.chunks(7))) == each.array().tobytes()


def test_all_types_are_read(put: Put) -> None:
    raw = bytes(range(16))
    for cls, dtype, numpy in (
        ("DoubleStorage", "float64", "<f8"),
        ("HalfStorage", "float16", "<f2"),
        ("BFloat16Storage", "bfloat16", "<u2"),
        ("LongStorage", "int64", "<i8"),
        ("ByteStorage", "uint8", "u1"),
        ("ComplexFloatStorage", "complex64", "<c8"),
    ):
        count = 16 // np.dtype(numpy).itemsize
        stored = storage(count, cls=f"torch.{cls}")
        file = put(zipped(state(tensor([count], [1], stored)), {"0": raw}), "a.pth")
        found = read_checkpoint(file).tensors["w"]
        assert found.dtype == dtype
        assert np.array_equal(found.array(), np.frombuffer(raw, numpy))
    untyped = storage(16, cls="torch.storage.UntypedStorage")
    args = untyped, number(0), numbers([16]), numbers([1]), b"\x89", ORDERED
    made = call("torch._utils._rebuild_tensor_v3", *args, name("torch.float8_e4m3fn"))
    found = read_checkpoint(put(zipped(state(made), {"0": raw}), "a.pth")).tensors["w"]
    assert found.dtype == "float8_e4m3fn"
    assert found.values()[:3].tolist() == [0, 2**-9, 2**-8]


def test_the_state_dict_is_found_where_trainers_put_it(tmp_path: Path) -> None:
    weights, storages = state_of({"a.weight": np.ones((2, 2), np.float32)})
    other = mapping({"a.weight": tensor([4], [1], storage(4))})
    for content, places, chosen in (
        (weights, [""], ""),
        (mapping({"state_dict": weights, "epoch": number(3)}), ["state_dict"], "state_dict"),
        (mapping({"ema": mapping({"module": weights}), "epoch": number(3)}), ["ema.module"],
         "ema.module"),
        (mapping({"ema_state_dict": weights, "state_dict": other}),
         ["ema_state_dict", "state_dict"], "state_dict"),
        (mapping({"teacher": weights, "student": other}), ["teacher", "student"], "student"),
        (mapping({"optimizer": other, "model": weights}), ["model"], "model"),
    ):  # fmt: skip
        path = tmp_path / "a.pth"
        path.write_bytes(zipped(content, storages))
        checkpoint = read_checkpoint(path)
        assert (list(checkpoint.states), checkpoint.where) == (places, chosen)
        assert set(checkpoint.entries) <= {"epoch", "optimizer"}
    with pytest.raises(UnknownNameError, match="no state dict 'modle'"):
        read_checkpoint(path, "modle")


def test_values_in_a_state_dict_are_not_lost(put: Put) -> None:
    content = mapping({"model": mapping({"w": WHOLE, "_extra_state": number(3)})})
    checkpoint = read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth"))
    assert list(checkpoint.tensors) == ["w"]
    assert checkpoint.entries == {"model._extra_state": 3}


def test_a_number_as_a_key_hides_no_state_dict(put: Put) -> None:
    content = b"}(" + number(1) + b"N" + text("model") + state(WHOLE) + b"u"
    checkpoint = read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth"))
    assert (checkpoint.where, checkpoint.entries) == ("model", {"1": None})
    flat = mapping({"w": WHOLE, "_extra_state": number(3)})
    assert read_checkpoint(put(zipped(flat, {"0": FOUR}), "b.pth")).entries == {"_extra_state": 3}


def test_files_from_before_torch_1_6_are_read(put: Put) -> None:
    arrays = {"a": np.arange(3, dtype=np.float32), "b": np.ones((2, 2), np.float32)}
    items = {
        "a": tensor([3], [1], storage(3, "x", tail=b"N")),
        "b": tensor([2, 2], [2, 1], storage(4, "y", tail=b"N")),
    }
    data = {"y": arrays["b"].tobytes(), "x": arrays["a"].tobytes()}
    checkpoint = read_checkpoint(put(legacy(mapping(items), data), "a.pth"))
    assert checkpoint.format == "legacy"
    for key, array in arrays.items():
        assert np.array_equal(checkpoint.tensors[key].array(), array)
    with pytest.raises(FormatError, match="another size than the pickle says"):
        read_checkpoint(put(legacy(mapping(items), {**data, "x": FOUR}), "a.pth"))
    with pytest.raises(FormatError, match="its storages end at"):
        read_checkpoint(put(legacy(mapping(items), data)[:-1], "a.pth"))


def test_objects_of_trainers_become_placeholders(put: Put) -> None:
    """As MMEngine saves them: a buffer with numpy arrays and methods of its own."""
    buffer = "mmengine.logging.history_buffer.HistoryBuffer"
    kind = call("numpy.dtype", text("f8"), b"\x89", b"\x88")
    method = call("__builtin__.getattr", name(buffer), text("mean"))
    made = name(buffer) + b")\x81" + mapping({"_statistics": mapping({"mean": method})}) + b"b"
    eight = call("_codecs.encode", text(struct.pack("<d", 2.5).decode("latin-1")), text("latin1"))
    scalar = call("numpy.core.multiarray.scalar", kind, eight)
    content = mapping(
        {
            "state_dict": state(WHOLE),
            "meta": mapping({"epoch": number(12), "loss": scalar, "args": name("argparse.Namespace")
                             + b")\x81" + mapping({"lr": number(1)}) + b"b"}),
            "message_hub": mapping({"log": made}),
        }
    )  # fmt: skip
    checkpoint = read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth"))
    assert checkpoint.entries == {
        "meta": {"epoch": 12, "loss": 2.5, "args": NotRead("argparse.Namespace")},
        "message_hub": {"log": NotRead(buffer)},
    }
    assert checkpoint.not_read == {buffer: 1, "builtins.method": 1, "argparse.Namespace": 1}


# ---- what is refused


class Attack:
    """An object whose pickle calls a function."""

    def __init__(self, function: object, *args: object) -> None:
        self.called = function, args

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.called


TOUCH = "touch stolen"
CODE: dict[str, bytes] = {
    "os.system": call("os.system", text(TOUCH)),
    "posix.system": call("posix.system", text(TOUCH)),
    "builtins.eval": call("builtins.eval", text("1")),
    "builtins.exec": call("builtins.exec", text("1")),
    "__builtin__.eval": call("__builtin__.eval", text("1")),
    "builtins.__import__": call("builtins.__import__", text("os")),
    "builtins.open": call("builtins.open", text("stolen"), text("w")),
    "subprocess.Popen": call("subprocess.Popen", text(TOUCH)),
    "subprocess.Popen as a new object": name("subprocess.Popen") + b"(" + text(TOUCH) + b"t\x81",
    "runpy.run_path": call("runpy.run_path", text("x.py")),
    "importlib.import_module": call("importlib.import_module", text("x")),
    "webbrowser.open": call("webbrowser.open", text("http://example.com")),
    "pickle.loads": call("pickle.loads", text("x")),
    "torch.load": call("torch.load", text("x.pth")),
    "torch.hub.load": call("torch.hub.load", text("x"), text("y")),
    "torch.jit.load": call("torch.jit.load", text("x")),
    "numpy.load": call("numpy.load", text("x.npy")),
    "numpy.testing._private.utils.runstring": call(
        "numpy.testing._private.utils.runstring", text("1"), b"}"
    ),
    "mmengine.config.config.Config.fromfile": (
        text("mmengine.config.config") + text("Config.fromfile") + b"\x93(" + text("x.py") + b"tR"
    ),
    "mmengine.config.config.Config called": call("mmengine.config.config.Config", b"}"),
    "mmcv.runner.load_checkpoint": call("mmcv.runner.load_checkpoint", text("x")),
    "an unknown class": name("my_trainer.State") + b")\x81",
    "functools.partial": call("functools.partial", name("os.system"), text(TOUCH)),
    "operator.attrgetter": call("operator.attrgetter", text("system")),
    "builtins.getattr of a class": call("builtins.getattr", name("builtins.dict"), text("pop")),
    "a method that is called": (
        call("builtins.getattr", name("mmengine.X"), text("load")) + b"(" + text("x") + b"tR"
    ),
    "builtins.map": call("builtins.map", name("os.system"), b"]"),
    "a default that is computed": call("collections.defaultdict", name("os.getcwd")),
    "a call of a tensor": WHOLE + b")R",
    "a call of a text": text("os.system") + b"(" + text(TOUCH) + b"tR",
    "a name on the stack": text("os") + text("system") + b"\x93(" + text(TOUCH) + b"tR",
    "INST": b"(" + text(TOUCH) + b"ios\nsystem\n",
    "OBJ": b"(" + name("os.system") + text(TOUCH) + b"o",
    "BUILD of a function": name("os.system") + b"}b",
    "copyreg": call(
        "copyreg._reconstructor", name("subprocess.Popen"), name("builtins.object"), b"N"
    ),
    "a name that is never called": name("os.system"),
    "a name that is dropped": name("os.system") + b"0N",
    "torch.storage._load_from_bytes": call("torch.storage._load_from_bytes", text("x")),
    "a tensor of another class": call(
        "torch._tensor._rebuild_from_type_v2", name("os.system"), name("torch.Tensor"), b")", b"}"
    ),
    "codecs": call("codecs.decode", text("x"), text("rot13")),
}  # fmt: skip
"""Values of pickles that name code."""


@pytest.mark.parametrize("case", CODE)
def test_code_is_listed_and_refused(
    case: str, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (
        CODE[case],
        mapping({"state_dict": state(WHOLE), "meta": CODE[case]}),
        state(WHOLE) + CODE[case] + b"0",  # run, and not part of the value
    ):
        for data in (
            zipped(content, {"0": FOUR}),
            legacy(content.replace(storage(4), storage(4, tail=b"N")), {"0": FOUR}),
        ):
            path = put(data, "a.pth")
            with pytest.raises(FormatError, match="names code, which is never run"):
                read_checkpoint(path)
    assert not (tmp_path / "stolen").exists()


def test_every_name_of_code_is_in_the_error(put: Put) -> None:
    content = mapping({"a": CODE["os.system"], "b": CODE["builtins.eval"], "c": CODE["os.system"]})
    with pytest.raises(FormatError) as raised:
        read_checkpoint(put(zipped(content), "a.pth"))
    assert "os.system (2)" in str(raised.value) and "builtins.eval (1)" in str(raised.value)
    cut = zipped(content).replace(pickle(content), pickle(content)[:-9] + b"XXXX\xff....")
    with pytest.raises(FormatError, match=r"os\.system"):  # also of a pickle that ends early
        unpickle(pickle(content)[:-5], "x", lambda _: None)
    with pytest.raises(FormatError):
        read_checkpoint(put(cut, "a.pth"))


@pytest.mark.parametrize("protocol", range(6))
def test_real_pickles_of_attacks_are_refused(
    protocol: int, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for function, *args in ((os.system, TOUCH), (eval, "1"), (pickling.loads, b"N.")):
        attack = pickling.dumps({"w": Attack(function, *args)}, protocol)
        with pytest.raises(FormatError):
            read_checkpoint(put(attack, "a.pth"))
        content = attack[2:-1] if protocol > 1 else attack[:-1]
        with pytest.raises(FormatError):
            read_checkpoint(put(zipped(content), "a.pth"))
    assert not (tmp_path / "stolen").exists()


FAULTS: dict[str, bytes] = {
    "a list in itself": b"]q\x00h\x00a",
    "deep lists": b"]" * 1000 + b"a" * 999,
    "deep tuples": b")" + b"\x85" * 100_000,
    "a deep tuple as a key": b"}" + b")" + b"\x85" * 100_000 + b"Ns",
    "a deep tuple in a set": b"\x8f(" + b")" + b"\x85" * 100_000 + b"\x90",
    "lists shared 2 ** 60 times": b"](" + b"](K\x01eq\x00" + b"](h\x00h\x00eq\x00" * 50 + b"e",
    "a billion laughs": b"](" + b"](" + b"K\x01" * 999 + b"eq\x01" + (
        b"](" + b"h\x01" * 999 + b"eq\x01"
    ) * 3 + b"e",
    "keys of one hash": b"}(" + b"".join(
        b"\x8a\x0c" + (((1 << 61) - 1) * n).to_bytes(12, "little") + b"N"
        for n in range(1 << 20, (1 << 20) + 1000)
    ) + b"u",
    "a long tuple as many keys": b"(" + b"N" * 999 + b"tq\x000}" + b"h\x00Ns" * 999,
    "a long key": b"}" + text("k" * 5000) + b"Ns",
    "a long tuple of arguments": call("argparse.Namespace", b"N" * 999),
    "a long tuple of arguments of a tensor": call(
        "torch._tensor._rebuild_from_type_v2", name("torch._utils._rebuild_parameter"),
        name("torch.Tensor"), b"(" + WHOLE + b"N" * 999 + b"t", b"N",
    ),
    "a tensor with metadata of any kind": call(
        "torch._utils._rebuild_tensor_v2", storage(4), b"K\x00", numbers([4]), numbers([1]),
        b"\x89", b"N", mapping({f"{n}": b"N" for n in range(999)}),
    ),
    "a text shared 100 times": text("x" * (1 << 20)) + b"q\x000](" + b"h\x00" * 100 + b"e",
    "a number of a megabyte": b"\x8b" + struct.pack("<I", 1 << 20) + bytes(1 << 20),
    "a text of 4 GB": b"X\xff\xff\xff\xff",
    "bytes of 2 ** 63": b"\x8e" + struct.pack("<Q", 1 << 63),
    "a memo that is not there": b"h\x07",
    "an empty stack": b"0" * 9,
    "no mark": b"t",
    "an extension": b"\x82\x01",
    "an unknown opcode": b"\xfe",
    "protocol 9": b"\x80\x09N",
    "a key without a value": b"}(" + text("a") + b"u",
    "items of a number": b"K\x01" + text("a") + b"Ns",
    "a name of bytes": b"C\x01aC\x01b\x93",
    "a name of a megabyte": name("os." + "x" * (1 << 20)),
    "a tensor past its storage": tensor([5], [1], storage(4)),
    "a tensor past its storage by offset": tensor([4], [1], storage(4), offset=1),
    "a tensor past its storage by strides": tensor([2, 2], [3, 1], storage(4)),
    "a tensor of 2 ** 61 elements": tensor([1 << 61], [1], storage(4)),
    "a tensor that repeats an element": tensor([1 << 40], [0], storage(4)),
    "a tensor with a negative offset": tensor([1], [1], storage(4), offset=-1),
    "a tensor with a negative stride": tensor([4], [-1], storage(4), offset=3),
    "a tensor with a negative size": tensor([-4], [1], storage(4)),
    "a tensor with a stride missing": tensor([2, 2], [1], storage(4)),
    "a tensor of no elements and 2 ** 61 columns": tensor([0, 1 << 61], [1, 1], storage(4)),
    "a tensor that is the conjugate of another": call(
        "torch._utils._rebuild_tensor_v2", storage(4), b"K\x00", numbers([4]), numbers([1]),
        b"\x89", b"N", mapping({"conj": b"\x88"}),
    ),
    "a tensor of 100 axes": tensor([1] * 100, [1] * 100, storage(4)),
    "a tensor with true for a size": call(
        "torch._utils._rebuild_tensor_v2", storage(4), b"K\x00", b"(\x88t", b"(\x88t", b"\x89", b"N"
    ),
    "a tensor of a text": call(
        "torch._utils._rebuild_tensor_v2", text("x"), b"K\x00", b")", b")", b"\x89", b"N"
    ),
    "a tensor without arguments": call("torch._utils._rebuild_tensor_v2"),
    "a storage that is not there": tensor([4], [1], storage(4, "9")),
    "a storage outside of its folder": tensor([4], [1], storage(4, "../data.pkl")),
    "a storage of another size": tensor([3], [1], storage(3)),
    "a storage of 2 ** 62": tensor([1], [1], storage(1 << 62)),
    "a storage of a negative size": tensor([0], [1], storage(-4)),
    "a storage of an unknown class": tensor([4], [1], storage(4, cls="torch.Tensor")),
    "a storage of another type": tensor([4], [1], storage(4, cls="torch.DoubleStorage")),
    "another persistent id": text("x") + b"Q",
    "a parameter of a text": call("torch._utils._rebuild_parameter", text("x"), b"\x88", b"N"),
    "a dict of no pairs": call("collections.OrderedDict", b"](K\x01e"),
    "a dict of keys that are lists": call("collections.OrderedDict", b"](]]\x86e"),
}  # fmt: skip
"""Values of pickles that are broken, or too large."""


@pytest.mark.parametrize("case", FAULTS)
def test_broken_and_huge_pickles_are_refused(case: str, put: Put) -> None:
    for content in (state(FAULTS[case]), mapping({"state_dict": state(WHOLE), "x": FAULTS[case]})):
        for data in (
            zipped(content, {"0": FOUR}),
            legacy(content.replace(storage(4), storage(4, tail=b"N")), {"0": FOUR}),
        ):
            with pytest.raises(FormatError) as raised:
                read_checkpoint(put(data, "a.pth"))
            assert "never run" not in str(raised.value) or case.startswith("a storage of an")


def test_the_hint_is_about_tensors_of_other_kinds(put: Put) -> None:
    data = zipped(state(call("torch._utils._rebuild_qtensor", WHOLE)), {"0": FOUR})
    with pytest.raises(FormatError, match="_rebuild_qtensor") as raised:
        read_checkpoint(put(data, "a.pth"))
    assert raised.value.hint is not None and "dequantize()" in raised.value.hint


def test_an_expanded_tensor_is_read(put: Put) -> None:
    """Both ways: rows of one row, and one element at many places."""
    for shape, strides in (((3, 4), (0, 1)), ((4, 3), (1, 0)), ((50_000, 3), (0, 0))):
        path = put(zipped(state(tensor(shape, strides, storage(4))), {"0": FOUR}), "a.pth")
        found = read_checkpoint(path).tensors["w"]
        steps = tuple(4 * each for each in strides)
        meant = np.lib.stride_tricks.as_strided(np.arange(4, dtype="<f4"), shape, steps)
        assert np.array_equal(found.array(), meant)


def test_a_tensor_that_repeats_too_much_is_refused_in_words_that_help(put: Put) -> None:
    row = tensor([1 << 25, 4], [0, 1], storage(4))
    half = tensor([1 << 24, 4], [0, 1], storage(4))
    for content, words in (
        (state(row), "repeats the 4 elements"),
        (mapping({"a": half, "b": half}), "more than 16 times"),
    ):
        with pytest.raises(FormatError, match=words) as raised:
            read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth"))
        assert raised.value.hint is not None and "contiguous()" in raised.value.hint


def test_a_long_log_is_read(put: Put) -> None:
    log = b"](" + (b"G" + bytes(8)) * 600_000 + b"e"
    path = put(zipped(mapping({"model": state(WHOLE), "loss": log}), {"0": FOUR}), "a.pth")
    assert read_checkpoint(path).entries["loss"] == [0.0] * 600_000


def test_one_list_makes_one_dict(put: Put) -> None:
    """Else a list that is used a million times would fill the memory."""
    pairs = b"](" + b"".join(number(i) + b"N\x86" for i in range(50)) + b"eq\x05"
    again = b"".join(
        text(f"d{i}") + name("collections.OrderedDict") + b"h\x05\x85R" for i in range(3)
    )
    content = mapping({"state_dict": state(WHOLE), "l": pairs}) + b"(" + again + b"u"
    entries = read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth")).entries
    sizes = [len(entries[key]) for key in ("l", "d0", "d1", "d2")]  # type: ignore[arg-type]
    assert sizes == [0, 50, 0, 0]


def test_a_long_pickle_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocosurgeon.weights.unpickle.MOST_STEPS", 1000)
    for content in (b"N0" * 501 + state(WHOLE), state(WHOLE) + b"(" + b"N" * 2000 + b"1"):
        with pytest.raises(FormatError, match="more than 1,000 opcodes"):
            read_checkpoint(put(zipped(content, {"0": FOUR}), "a.pth"))


def test_tensors_that_would_fill_the_disk_are_refused(put: Put) -> None:
    raw = bytes(4 << 16)
    for one in (tensor([1 << 16], [1], storage(1 << 16)), tensor([2], [65535], storage(1 << 16))):
        shared = {f"w{i}": one for i in range(1100)}
        with pytest.raises(FormatError, match="more than 16 times"):
            read_checkpoint(put(zipped(mapping(shared), {"0": raw}), "a.pth"))


def test_broken_zips_are_refused(put: Put) -> None:
    good = state(WHOLE)
    entry = ("archive/data/0", FOUR)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(good, others=[entry, entry])
    whole = zipped(good, {"0": FOUR})
    cases = {
        "compressed": zipped(good, {"0": FOUR}, method=zipfile.ZIP_DEFLATED),
        "members twice": twice,
        "cannot be read": whole[:-30],
        "big-endian": zipped(good, {"0": FOUR}, others=[("archive/byteorder", b"big")]),
        "TorchScript": zipped(good, {"0": FOUR}, others=[("archive/constants.pkl", b"N.")]),
        "0 members": whole.replace(b"data.pkl", b"date.pkl"),
        "2 members": zipped(good, {"0": FOUR}, others=[("other/data.pkl", b"N.")]),
        "the pickle ends early": zipped(good[:-9], {"0": FOUR}).replace(b".PK", b"(PK", 1),
    }
    for words, data in cases.items():
        with pytest.raises(FormatError, match=words):
            read_checkpoint(put(data, "a.pth"))


def test_members_that_share_bytes_are_refused(put: Put) -> None:
    """As in a zip bomb whose members are all the same bytes."""
    data = zipped(mapping({"a": WHOLE, "b": tensor([4], [1], storage(4, "1"))}),
                  {"0": FOUR, "1": FOUR})  # fmt: skip
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)  # in the list, that of storage 0
    offset = data[at + 42 : at + 46]
    other = data.index(b"PK\x01\x02", at + 4)
    broken = data[: other + 42] + offset + data[other + 46 :]
    with pytest.raises(FormatError, match="members of the zip share bytes"):
        read_checkpoint(put(broken, "a.pth"))


GOOD = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def safetensors(header: object, data: bytes = bytes(8), length: int | None = None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


@pytest.mark.parametrize(
    ("words", "data"),
    [
        ("and the file", safetensors(GOOD, length=1 << 62)),
        ("at most", safetensors(GOOD, bytes(40 << 20), length=33 << 20)),
        ("broken: ", safetensors(b"{" + b"x" * 40)),
        ("broken: ", safetensors(b'{"a":' + b"[" * 100_000)),
        ("broken: ", safetensors(b'{"\xff\xff": 1}')),
        ("broken: ", safetensors({"w": [1]})),
        ("broken: ", safetensors({"w": {**GOOD["w"], "shape": [-2]}})),
        ("broken: ", safetensors({"w": {**GOOD["w"], "shape": [2.5]}})),
        ("broken: ", safetensors({"w": {**GOOD["w"], "more": 1}})),
        ("broken: ", safetensors({**GOOD, "__metadata__": {"a": 1}})),
        ("is not known", safetensors({"w": {**GOOD["w"], "dtype": "F4"}})),
        ("are given to it", safetensors({"w": {**GOOD["w"], "shape": [3]}})),
        ("is too large", safetensors({"w": {**GOOD["w"], "shape": [1 << 40, 1 << 40]}})),
        ("is too large", safetensors({"w": {**GOOD["w"], "shape": [0, 1 << 62]}})),
        ("are given to it", safetensors({"w": {**GOOD["w"], "data_offsets": [8, 0]}})),
        ("shares bytes", safetensors({**GOOD, "v": GOOD["w"]})),
        ("after a gap", safetensors({"w": {**GOOD["w"], "data_offsets": [8, 16]}}, bytes(16))),
        ("the file at", safetensors(GOOD, bytes(9))),
        ("the file at", safetensors(GOOD, bytes(7))),
        ("neither", b"nothing of the kind"),
        ("neither", b""),
        ("torch.save did not write", pickling.dumps({"w": 1})),
        ("no state dict", zipped(mapping({"epoch": b"K\x01"}))),
        ("no state dict", zipped(b"N")),
    ],
)
def test_broken_files_are_refused(words: str, data: bytes, put: Put) -> None:
    with pytest.raises(FormatError, match=words):
        read_checkpoint(put(data, "a.safetensors"))


_BASE = pickle(mapping({"state_dict": state(WHOLE), "meta": mapping({"a": b"](K\x01K\x02e"})}))


@examples(1000)
@given(st.data())
def test_a_pickle_with_other_bytes_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing else may happen: no other exception, no endless work."""
    raw = bytearray(_BASE)
    opcodes = st.sampled_from([ord(each.code) for each in pickletools.opcodes])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        byte = data.draw(opcodes | st.integers(0, 255))
        if data.draw(st.booleans()):
            raw.insert(at, byte)
        else:
            raw[at] = byte
    try:
        unpickle(bytes(raw), "x", lambda _: NotRead("a storage"))
    except CocosurgeonError:
        pass
    except Exception as error:
        assert type(error).__name__ == "TruncatedError"


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = write_pth(tmp_path / "a.pth", {"w": np.ones(4, np.float32)})
    found = read_checkpoint(path).tensors["w"]
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(CocosurgeonError, match="changed while it was read"):
        found.array()


@pytest.mark.parametrize("length", range(120, 136))
def test_a_safetensors_file_is_no_pickle_whatever_its_header_is(length: int, put: Put) -> None:
    text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.ljust(length)
    path = put(length.to_bytes(8, "little") + text + bytes(8), "a.safetensors")
    assert list(read_checkpoint(path).tensors) == ["a"]


def test_nothing_is_read_outside_of_a_file(put: Put) -> None:
    """A zip may place its members anywhere, also where no file offset can be."""
    file = OpenFile(put(b"abc", "a.pth"))
    assert file.read(1, 9) == b"bc"
    assert [file.read(at, 4) for at in (3, 1 << 40, 1 << 80, -1)] == [b""] * 4
