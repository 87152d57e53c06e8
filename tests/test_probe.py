"""Dumps, the recorder, and how asking an interpreter ends; no framework is needed here."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from cocosurgeon.errors import FormatError, ProbeError, RequestError, SourceUnavailableError
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.probe import record as recording
from cocosurgeon.probe.dump import (
    Dump,
    DumpHeader,
    DumpInstance,
    DumpSample,
    dump_lines,
    open_dump,
    read_dump,
)
from cocosurgeon.probe.record import Recorder
from cocosurgeon.probe.request import ProbeOptions, ProbeRequest
from cocosurgeon.probe.run import SCRIPT, probe

HEADER = DumpHeader(
    framework="mmdet",
    box_format="xyxy",
    version="3.3.0",
    loader="mmdet3",
    python="3.11.7",
    mode="train",
    order="file",
    ann_file="in.json",
    sha256="00",
    classes=("person", "肌层"),
    cat_ids=(1, "18", 2.5),
    cat2label={1: 0, "18": 1, 2.5: 2},
    options={"filter_cfg": {"min_size": 32}},
    packages={"mmcv": "2.1.0"},
    pipeline="own",
    transforms=("LoadImageFromFile", "RandomFlip"),
    random=("RandomFlip",),
    seed=0,
)
SAMPLES = (
    DumpSample(
        30,
        "a/30.jpg",
        480,
        640.5,
        (
            DumpInstance((0.1, 1 / 3, 2.0**60, -0.0), False, 1, [[1, 2.5, 3, 4, 5, 6]]),
            DumpInstance((float(np.float32(0.1)), 5e-324, math.inf, -math.inf), True),
        ),
        {"boxes": {"shape": [1, 4]}},
    ),
    DumpSample("id \ud800", None, None, None, ()),
)


def written(path: Path, header: DumpHeader = HEADER, samples: Any = SAMPLES) -> Path:
    """A dump in a file, compressed when its name says so."""
    data = b"".join(dump_lines(header, samples))
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


# dumps


@pytest.mark.parametrize("name", ["d.jsonl", "d.jsonl.gz"])
def test_a_dump_survives_its_file(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name)
    assert read_dump(path) == Dump(HEADER, SAMPLES)
    with open_dump(path) as dump:
        assert next(dump.samples) == SAMPLES[0]


def test_not_a_number_survives(tmp_path: Path) -> None:
    odd = DumpSample(1, None, None, None, (DumpInstance((math.nan, 0, 0, 0), False, 0),))
    found = read_dump(written(tmp_path / "d.jsonl", samples=[odd]))
    assert math.isnan(found.samples[0].instances[0].box[0])


def test_lines_are_those_that_are_described() -> None:
    lines = [json.loads(line) for line in dump_lines(HEADER, SAMPLES)]
    described = set(re.findall(r"^\| (.*?) \|", (ROOT / "docs/probe.md").read_text(), re.M))
    keys = {key for cell in described for key in re.findall(r"`(\w+)`", cell)}
    assert {key for line in lines for key in line} <= keys
    assert lines[0]["dump"] == 1
    assert lines[0]["cat2label"] == [[1, 0], ["18", 1], [2.5, 2]]
    assert lines[-1] == {"end": True, "samples": 2, "instances": 2}


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    data = b"".join(dump_lines(HEADER, SAMPLES))
    path = tmp_path / "d.jsonl"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError) as raised:
            read_dump(path)
        number = data[:size].count(b"\n") + 1
        assert raised.value.where == f"{path}, line {number}"
        assert raised.value.hint


def test_every_cut_of_a_compressed_one_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl.gz")
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError):
            read_dump(path)


def broken(number: int, **changes: Any) -> bytes:
    """A dump with changes to the object of one line."""
    lines = [json.loads(line) for line in dump_lines(HEADER, SAMPLES)]
    lines[number - 1].update(changes)
    return b"".join(recording.line_of(line) for line in lines)


BOX = {"label": 1, "ignore": False}


@pytest.mark.parametrize(
    ("data", "number", "said"),
    [
        (b"[]\n", 1, "not a dump"),
        (b'{"images": []}\n', 1, "not a dump"),
        (b"\xff\xfe\n", 1, "not a dump"),
        (broken(1, dump=2), 1, "version 2"),
        (broken(1, framework=None), 1, "framework"),
        (broken(1, box_format="yxyx"), 1, "yxyx"),
        (broken(1, normalised=0), 1, "normalised"),
        (broken(1, cat2label=[1]), 1, "cat2label"),
        (broken(2, img_id=None), 2, "img_id"),
        (broken(2, img_id=True), 2, "img_id"),
        (broken(2, instances={}), 2, "instances"),
        (broken(2, instances=[BOX | {"box": None}]), 2, "box"),
        (broken(2, instances=[BOX | {"box": [1, 2, 3, "4"]}]), 2, "got `str` .*box"),
        (broken(2, instances=[{"box": [1, 2, 3, 4]}]), 2, "ignore"),
        (broken(2, packed=[]), 2, "packed"),
        (broken(3, error="dataset", exception="KeyError", message="'id'"), 3, "KeyError: 'id'"),
        (broken(4, samples=3), 4, "3 samples"),
        (broken(4, instances=0), 4, "0 instances"),
        (broken(4) + b"{}\n", 5, "follows"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, data: bytes, number: int, said: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=said) as raised:
        read_dump(path)
    assert raised.value.where == f"{path}, line {number}"


def test_keys_of_others_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(broken(1, note="by hand"))
    assert read_dump(path).header == HEADER


def test_a_dump_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="No such file"):
        read_dump(tmp_path / "d.jsonl")


# the recorder


def test_lists_and_arrays_are_recorded_alike(tmp_path: Path) -> None:
    boxes = [[0.5, 0.25, 0.125, 1.0], [0.1, 0.2, 0.3, 0.4]]
    single = np.array(boxes, np.float32)
    given: list[dict[str, Any]] = [
        {"boxes": single.tolist(), "labels": [18, 1], "img_id": 7, "height": 4, "width": 6},
        {
            "boxes": single,
            "labels": np.array([18, 1]),
            "img_id": np.array([7]),
            "height": np.int64(4),
            "width": np.int32(6),
        },
        {
            "boxes": list(single),
            "labels": (np.int64(18), 1),
            "img_id": 7,
            "height": [4],
            "width": [[6]],
        },
    ]
    found = []
    for number, sample in enumerate(given):
        path = tmp_path / f"{number}.jsonl.gz"
        with Recorder(path, "detr", "cxcywh", normalised=True, single=True, order="id") as recorder:
            recorder.record(**sample, ignore=[0, 1])
        found.append(path.read_bytes())
    assert found[0] == found[1] == found[2]
    dump = read_dump(tmp_path / "0.jsonl.gz")
    assert (dump.header.single, dump.header.order, dump.header.box_format) == (True, "id", "cxcywh")
    assert dump.samples == (
        DumpSample(
            7,
            None,
            4,
            6,
            (
                DumpInstance((0.5, 0.25, 0.125, 1.0), False, 18),
                DumpInstance(tuple(single[1].tolist()), True, 1),
            ),
        ),
    )
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".gz"] * 3


def test_float32_is_seen(tmp_path: Path) -> None:
    for kind in (np.float32, np.float64):
        with Recorder(tmp_path / "d", "detr", "xyxy") as recorder:
            recorder.record(img_id=1, boxes=np.zeros((0, 4), kind), labels=[])
        assert read_dump(tmp_path / "d").header.single is (kind is np.float32)


def test_the_annotation_file_is_told_by_its_text(
    tmp_path: Path, put: Callable[..., Path], small: Any
) -> None:
    plain = put(small)
    packed = tmp_path / "in.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        with Recorder(tmp_path / "d", "detr", "xyxy", ann_file=path, cat2label={1: 0}) as recorder:
            recorder.record(img_id=1, boxes=[], labels=[])
        header = read_dump(tmp_path / "d").header
        assert header.ann_file == path.name
        assert header.sha256 == hashlib.sha256(plain.read_bytes()).hexdigest()
        assert header.cat2label == {1: 0}


def test_masks_of_each_kind(tmp_path: Path) -> None:
    bitmaps = np.array([[[1, 0, 0], [1, 1, 0]], [[0, 0, 0], [0, 0, 1]]], bool)
    polygon = [[1, 1, 2.5, 1, 2, 2]]
    rle = {"size": [2, 3], "counts": b"0203"}
    with Recorder(tmp_path / "d", "detr", "xyxy") as recorder:
        recorder.record(img_id=1, boxes=[[0] * 4] * 2, labels=[1, 1], masks=bitmaps)
        recorder.record(img_id=2, boxes=[[0] * 4] * 3, labels=[1] * 3, masks=[polygon, rle, None])
    first, second = read_dump(tmp_path / "d").samples
    counts = [[0, 2, 1, 1, 2], [5, 1]]
    assert [i.mask for i in first.instances] == [{"size": [2, 3], "counts": c} for c in counts]
    assert [i.mask for i in second.instances] == [
        polygon,
        {"size": [2, 3], "counts": "0203"},
        None,
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"labels": [1, 2]}, "2 labels"),
        ({"boxes": [[1, 2, 3]]}, "4 numbers"),
        ({"img_id": [1, 2]}, "one value"),
        ({"img_id": 5}, "recorded before"),
        ({"height": None}, "height and width"),
        ({"height": True}, "height is True"),
        ({"img_id": None}, "img_id is None"),
        ({"img_id": False}, "img_id is False"),
        ({"img_path": 6}, "img_path is 6"),
        ({"boxes": [None]}, "a box is None"),
        ({"boxes": [[0, 0, 0, None]]}, "a box is"),
        ({"labels": [True]}, "a label is True"),
        ({"labels": np.array([True])}, "a label is True"),
        ({"labels": [0.5]}, "a label is 0.5"),
        ({"labels": np.array([np.nan], np.float32)}, "a label is nan"),
        ({"labels": [[1]]}, "a label is"),
        ({"masks": [object()]}, "cannot hold that"),
    ],
)
def test_samples_that_do_not_fit_are_refused(
    tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    sample: dict[str, Any] = {
        "img_id": 6,
        "boxes": [[0] * 4],
        "labels": [1],
        "height": 1,
        "width": 1,
    }
    with Recorder(tmp_path / "d", "detr", "cxcywh", normalised=True) as recorder:
        recorder.record(**sample | {"img_id": 5})
        with pytest.raises(ValueError, match=said):
            recorder.record(**sample | wrong)
    assert len(read_dump(tmp_path / "d").samples) == 1
    with pytest.raises(RuntimeError, match="closed"):
        recorder.record(**sample)


@pytest.mark.parametrize("label", [62, 62.0, "62", None, np.float32(62), np.int8(62)])
def test_labels_are_whole_numbers_or_text(tmp_path: Path, label: Any) -> None:
    with Recorder(tmp_path / "d", "detr", "xyxy") as recorder:
        recorder.record(img_id=1, boxes=[[0] * 4], labels=[label], img_path=Path("a/1.jpg"))
    [sample] = read_dump(tmp_path / "d").samples
    found = sample.instances[0].label
    assert (type(found), found) == ((type(label), label) if label in (None, "62") else (int, 62))
    assert sample.img_path == "a/1.jpg"


WRONG_HEADERS: list[dict[str, Any]] = [
    {"box_format": "yxyx"},
    {"order": "random"},
    {"mode": "nonsense"},
    {"pipeline": "theirs"},
    {"framework": None},
    {"version": 3},
    {"loader": b"detr"[0]},
    {"label_space": ["coco91"]},
    {"normalised": 1},
    {"classes": "person"},
    {"cat2label": [1]},
    {"options": [1]},
    {"packages": None},
]


@pytest.mark.parametrize("wrong", WRONG_HEADERS, ids=lambda wrong: next(iter(wrong)))
def test_headers_that_readers_do_not_take_are_refused(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    [key] = wrong
    with pytest.raises(ValueError, match=key):
        Recorder(tmp_path / "d", **{"framework": "detr", "box_format": "xyxy"} | wrong)
    assert not list(tmp_path.iterdir())
    (tmp_path / "d").write_bytes(broken(1, **wrong))
    with pytest.raises(FormatError, match=key):
        read_dump(tmp_path / "d")


def test_headers_that_a_dump_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        Recorder(tmp_path / "d", "detr", "xyxy", options={"device": object()})
    with pytest.raises(TypeError, match="colour"):
        Recorder(tmp_path / "d", "detr", "xyxy", colour="red")
    assert not list(tmp_path.iterdir())


def test_a_dump_that_was_left_by_an_error_has_no_name(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        Recorder(tmp_path / "d.gz", "detr", "xyxy") as recorder,
    ):
        recorder.record(img_id=1, boxes=[], labels=[])
        raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == ["d.gz.part"]
    with pytest.raises(FormatError, match="last line is missing"):
        read_dump(tmp_path / "d.gz.part")


TRAINING = """
from record import record
known = dict(framework="detr", box_format="cxcywh", normalised=True)
for img_id in (3, 1):
    target = {"image_id": [img_id], "boxes": [[0.5] * 4], "labels": [1], "orig_size": [2, 4]}
    record(target, "out.jsonl", **known)
"""


def run_copied(tmp_path: Path, script: str) -> int:
    """Run a training script beside a copy of the recorder, without cocosurgeon; its exit code."""
    (tmp_path / "record.py").write_bytes(Path(str(recording.__file__)).read_bytes())
    (tmp_path / "train.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-S", "-E", "train.py"], cwd=tmp_path, capture_output=True, check=False
    )
    return done.returncode


def test_a_copy_records_from_any_program(tmp_path: Path) -> None:
    assert run_copied(tmp_path, TRAINING) == 0
    dump = read_dump(tmp_path / "out.jsonl")
    assert [(s.img_id, s.height, s.width) for s in dump.samples] == [(3, 2, 4), (1, 2, 4)]


def test_a_program_that_fails_leaves_no_dump(tmp_path: Path) -> None:
    assert run_copied(tmp_path, TRAINING + "1 / 0\n") == 1
    assert not (tmp_path / "out.jsonl").exists()
    assert (tmp_path / "out.jsonl.part").exists()


def test_workers_do_not_record(tmp_path: Path) -> None:
    script = f"""{TRAINING}
import os
if os.fork() == 0:
    try:
        record(dict(target, image_id=9), "out.jsonl", **known)
    except RuntimeError:
        os._exit(7)
    os._exit(0)
assert os.wait()[1] >> 8 == 7
"""
    assert run_copied(tmp_path, script) == 0
    assert len(read_dump(tmp_path / "out.jsonl").samples) == 2


@pytest.mark.parametrize(
    "path",
    [Path(str(recording.__file__)), *sorted(SCRIPT.glob("*.py"))],
    ids=lambda path: path.stem,
)
def test_what_runs_elsewhere_is_readable_there(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 7))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names


# how asking ends

without_framework = pytest.mark.skipif(
    find_spec("mmdet") is not None, reason="this interpreter has the framework"
)


@pytest.fixture
def ann_file(put: Callable[..., Path], small: Any) -> Path:
    """A file to ask about."""
    return put(small)


def program(folder: Path, text: str) -> Path:
    """A program in place of an interpreter: what it is given is the script, a request, a path."""
    path = folder / "exe"
    path.write_text(text)
    path.chmod(0o755)
    return path


def ending(ann_file: Path, text: str, timeout: float = 30) -> ProbeError:
    """How asking such a program ends."""
    with pytest.raises(ProbeError) as raised:
        probe(ProbeRequest(ann_file), program(ann_file.parent, text), timeout)
    assert raised.value.hint
    assert not list(ann_file.parent.glob("cocosurgeon-*"))
    return raised.value


@without_framework
def test_this_interpreter_has_no_framework(ann_file: Path) -> None:
    with pytest.raises(ProbeError, match="cannot import mmdet") as raised:
        probe(ProbeRequest(ann_file))
    assert raised.value.kind == "interpreter"
    assert "--python" in raised.value.for_terminal()


@without_framework
def test_an_interpreter_without_the_framework(ann_file: Path) -> None:
    with pytest.raises(ProbeError, match="No module named 'mmdet'") as raised:
        probe(ProbeRequest(ann_file), sys.executable)
    assert (raised.value.kind, raised.value.exception) == ("missing", "ModuleNotFoundError")
    assert "install MMDetection" in str(raised.value)


@pytest.mark.parametrize("name", ["/no/such/python", "no-such-python", "."])
def test_no_interpreter(ann_file: Path, name: str) -> None:
    with pytest.raises(ProbeError, match="cannot be started") as raised:
        probe(ProbeRequest(ann_file), name)
    assert raised.value.kind == "interpreter"


def test_a_program_that_is_none(ann_file: Path) -> None:
    assert ending(ann_file, "not a program").kind == "interpreter"
    assert ending(ann_file, "#!/bin/sh\necho hello\n").kind == "silent"
    found = ending(ann_file, "#!/bin/sh\necho out of luck >&2\nexit 3\n")
    assert found.kind == "crash"
    assert "exit code 3" in str(found)
    assert "| out of luck" in str(found)


def test_an_interpreter_that_is_killed(ann_file: Path) -> None:
    for word in ("exec sh -c 'kill -9 $$'", "sh -c 'kill -9 $$'; exit $?"):
        found = ending(ann_file, f"#!/bin/sh\n{word}\n")
        assert found.kind == "killed"
        assert "SIGKILL" in str(found)
        assert "memory" in str(found)
    found = ending(
        ann_file, f"#!{sys.executable}\nimport faulthandler as f\nf.enable()\nf._sigsegv()"
    )
    assert "SIGSEGV" in str(found)
    assert "Segmentation fault" in found.tail


def test_an_interpreter_that_exits_on_its_own(ann_file: Path) -> None:
    found = ending(ann_file, f"#!{sys.executable}\nimport os\nos._exit(0)")
    assert found.kind == "silent"


def test_a_dump_that_is_cut_is_none(ann_file: Path) -> None:
    line = json.dumps({"dump": 1})
    exe = program(ann_file.parent, f"#!/bin/sh\necho '{line}' > $3\n")
    with pytest.raises(FormatError):
        probe(ProbeRequest(ann_file), exe)


def test_a_hang_ends_with_all_that_it_started(ann_file: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = time.monotonic()
    found = ending(
        ann_file,
        f"#!/bin/sh\necho waiting\nsleep 60 &\necho $! $$ > {pids}\nwait\n",
        timeout=0.5,
    )
    assert time.monotonic() - started < 10
    assert found.kind == "timeout"
    assert "0.5 seconds" in str(found)
    assert "| waiting" in str(found)
    for pid in map(int, pids.read_text().split()):
        assert is_gone(pid)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, at once or a little later."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        # ended, but nobody has asked for it yet
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_the_script_says_where_it_hangs(ann_file: Path, tmp_path: Path) -> None:
    module = tmp_path / "path/mmdet.py"
    module.parent.mkdir()
    module.write_text("import time\ntime.sleep(60)\n")
    found = ending(
        ann_file,
        f'#!/bin/sh\nPYTHONPATH={module.parent} exec {sys.executable} -S "$@"\n',
        timeout=2,
    )
    assert found.kind == "timeout"
    assert "mmdet.py" in found.tail


def test_an_interrupted_wait_ends_the_program(ann_file: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    exe = program(tmp_path, f"#!/bin/sh\necho $$ > {pid}\nexec sleep 60\n")
    code = (
        "from pathlib import Path\nfrom cocosurgeon.probe.run import probe\n"
        "from cocosurgeon.probe.request import ProbeRequest\n"
        f"probe(ProbeRequest(Path({str(ann_file)!r})), {str(exe)!r})"
    )
    waiting = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    for _ in range(200):
        if pid.exists() and pid.read_text().strip():
            break
        time.sleep(0.05)
    time.sleep(0.2)  # Popen has returned by then
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=10)
    assert b"KeyboardInterrupt" in err
    assert is_gone(int(pid.read_text()))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="No such file"):
        probe(ProbeRequest(tmp_path / "in.json"), sys.executable)
    with pytest.raises(SourceUnavailableError, match="No such file"):
        probe(ProbeRequest(config=tmp_path / "config.py"), sys.executable)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ann_file": None},
        {"pipeline": "own"},
        {"samples": -1},
        {"loader": "yolox"},
        {"loader": "keras"},
        {"ann_file": None, "config": Path("c.py"), "classes": "file"},
    ],
)
def test_requests_that_cannot_be_met(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        ProbeRequest(**{"ann_file": Path("in.json")} | wrong)


def test_a_request_has_the_options_and_the_setting() -> None:
    path = Path("in.json")
    own = {"min_size": 8, "data_prefix": {"img": "x"}}
    [setting] = settings_for("mmdet3", ["train"], ("dog",), own)
    options = ProbeOptions(python="x", samples=2)
    request = options.request(path, "mmdet3", setting, images=(5,))
    assert request == ProbeRequest(
        ann_file=path,
        loader="mmdet3",
        mode="train",
        classes=("dog",),
        options={
            "data_prefix": {"img": "x"},
            "filter_cfg": {"filter_empty_gt": True, "min_size": 8},
        },
        samples=2,
        images=(5,),
    )
    text = json.loads(request.text(path, 9))
    assert (text["script"], text["timeout"]) == ("mmdet", 9)
    assert text["ann_file"] == str(path.absolute())
    [setting] = settings_for("torchvision", ["train"], ("dog",))
    request = options.request(path, "torchvision", setting)
    assert (request.mode, request.classes, request.options) == (None, None, {})
    assert json.loads(request.text(path, 9))["script"] == "coco_detection"
