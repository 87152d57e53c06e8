"""Asking a real library by commands: what is refused, and how it fails; none is needed here."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli

from cocosurgeon.errors import FormatError, OutputError
from cocosurgeon.probe.dump import Dump, DumpHeader, read_dump
from cocosurgeon.probe.request import ProbeRequest
from cocosurgeon.probe.run import in_scratch, probe, unpacked
from cocosurgeon.verify.configuration import check_config, own_file_note
from cocosurgeon.verify.read_again import read_again

without_framework = pytest.mark.skipif(
    find_spec("mmdet") is not None, reason="this interpreter has the framework"
)


def program(folder: Path, text: str) -> Path:
    """A program in place of an interpreter: what it is given is the script, a request, a path."""
    path = folder / "exe"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def importing(folder: Path, text: str) -> Path:
    """An interpreter in which the import of mmdet runs some code."""
    module = folder / "modules/mmdet.py"
    module.parent.mkdir()
    module.write_text(text)
    return program(folder, f'PYTHONPATH={module.parent} exec {sys.executable} "$@"')


def failing(folder: Path, **failure: Any) -> Path:
    """An interpreter in which the script tells a failure."""
    keys = dict.fromkeys(("exception", "hint", "where"))
    return program(folder, f"echo '{json.dumps(keys | failure)}' > $3; exit 1")


# what is refused


@pytest.mark.parametrize("verb", [["verify"], ["dump", "--loader", "mmdet3"]], ids=" ".join)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timeout", "5"], "--timeout: only for the real"),
        (["--samples", "2", "--img-prefix", "."], "--samples: only for the real"),
        (["--image", "1"], "--image: only for the real"),
        (["--python", "x", "--samples", "0"], "--samples takes a number above 0, not 0"),
        (["--python", "x", "--samples", "-1"], "--samples takes a number above 0, not -1"),
        (["--python", "x", "--timeout", "0"], "--timeout takes a number above 0"),
        (["--python", "x", "--timeout", "nan"], "--timeout takes a number above 0"),
        (["--python", "x", "--img-prefix", "."], "--img-prefix has no effect without images"),
        (["--python", "x", "--pipeline", "plain"], "--pipeline has no effect without images"),
        (["--python", "x", "--samples", "1", "--pipeline", "own"], "no pipeline of its own"),
        (["--python", "x", "--samples", "1", "--pipeline", "any"], "unknown pipeline 'any'"),
        (
            [
                *("--python", "x", "--samples", "1", "--img-prefix", "."),
                *("--option", 'data_prefix={"img": "x"}'),
            ],
            "--img-prefix and --option data_prefix both name",
        ),
    ],
)
@without_framework
def test_options_that_say_nothing(
    cli: Cli, verb: list[str], options: list[str], said: str, tmp_path: Path
) -> None:
    done = cli(*verb, SAMPLE, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not list(tmp_path.iterdir())


def test_no_loader_has_no_real_one_to_wait_for(cli: Cli) -> None:
    done = cli("verify", SAMPLE, "--loader", "none", "--timeout", "5")
    assert done.code == 2
    assert "--timeout: only for a real loader, not for --loader none" in done.err


def test_an_image_that_the_file_does_not_have(cli: Cli) -> None:
    done = cli("verify", SAMPLE, "--python", sys.executable, "--image", "99")
    assert done.code == 2
    assert "no image has the id 99" in done.err


@pytest.mark.parametrize("kind", ["request", "interpreter"])
def test_a_request_that_cannot_be_met_ends_a_dump_as_such(
    cli: Cli, tmp_path: Path, kind: str
) -> None:
    exe = failing(tmp_path, error=kind, message="no such image")
    done = cli("dump", SAMPLE, "--loader", "mmdet3", "--python", exe, "-o", "d.jsonl")
    assert (done.code, "no such image" in done.err) == (2, True)
    assert not (tmp_path / "d.jsonl").exists()


# how it fails


@without_framework
def test_a_reason_that_no_mode_has_is_told_once(cli: Cli) -> None:
    done = cli("verify", SAMPLE, "--python", sys.executable, "--json")
    assert done.code == 1
    found = json.loads(done.out)
    [finding] = found["findings"]
    assert (finding["code"], finding["loaders"]) == ("real-error", ["mmdet3"])
    assert finding["details"][0].startswith("mmdet3: ")
    assert found["compared"][1:] == ["not the real mmdet3, which could not be run"]


def test_a_reason_that_both_modes_have_is_told_once(cli: Cli, tmp_path: Path) -> None:
    exe = failing(
        tmp_path, error="pipeline", exception="FileNotFoundError", message="a.jpg", where="image 1"
    )
    done = cli("verify", SAMPLE, "--python", exe, "--samples", "1", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    [finding] = found["findings"]
    assert [text.partition(":")[0] for text in finding["details"]] == ["mmdet3"]
    assert "--img-prefix FOLDER" in finding["next"]
    assert found["compared"][1:] == [
        "the real mmdet3 (train), which raises",
        "the real mmdet3 (test), which raises",
    ]


@without_framework
def test_a_limit_that_no_timer_takes(cli: Cli) -> None:
    for limit in ("inf", "1e300", "1e12"):
        done = cli("verify", SAMPLE, "--python", sys.executable, "--timeout", limit)
        assert "No module named 'mmdet'" in done.out


@pytest.mark.parametrize(
    ("module", "package"),
    [("cv2", "opencv-python-headless"), ("PIL.Image", "pillow"), ("lvis", "lvis")],
)
def test_packages_have_names_of_their_own(
    cli: Cli, tmp_path: Path, module: str, package: str
) -> None:
    exe = importing(tmp_path, f"raise ModuleNotFoundError('No module', name={module!r})")
    done = cli("verify", SAMPLE, "--python", exe)
    assert f"next: pip install {package} in that environment" in done.out


def test_what_is_asked_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    exe = importing(
        tmp_path,
        f"import os, time\nopen({str(pid_file)!r}, 'w').write(f'{{os.getpid()}} ')\n"
        "while True: time.sleep(9)",
    )
    command = [sys.executable, "-m", "cocosurgeon", "verify", SAMPLE, "--python", exe]
    waiting = subprocess.Popen(
        [*map(str, command), "--timeout", "2"], env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    for _ in range(400):
        if pid_file.exists() and pid_file.read_text().endswith(" "):
            break
        time.sleep(0.05)
    waiting.send_signal(signal.SIGKILL)
    waiting.wait(10)
    pid = int(pid_file.read_text())
    ended = time.monotonic() + 15
    while is_alive(pid) and time.monotonic() < ended:
        time.sleep(0.1)
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has asked for since it ended does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


# temporary files


def limited(tmp_path: Path, *args: object) -> subprocess.CompletedProcess[str]:
    """A command that may write files of a few kilobytes only."""
    words = [sys.executable, "-m", "cocosurgeon", *map(str, args)]
    return subprocess.run(
        ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )


def test_no_room_for_a_dump_is_no_fault_of_the_file(tmp_path: Path) -> None:
    exe = program(tmp_path, "head -c 1000000 /dev/zero > $3")
    for verb in (["verify"], ["dump", "--loader", "mmdet3", "-o", "d.jsonl"]):
        done = limited(tmp_path, *verb, SAMPLE, "--python", exe)
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot write temporary files: File too large" in done.stderr
        assert "TMPDIR=FOLDER" in done.stderr
    assert not (tmp_path / "d.jsonl").exists()


def test_no_room_for_an_unpacked_copy(tmp_path: Path) -> None:
    packed = tmp_path / "packed.json.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    done = limited(tmp_path, "verify", packed, "--python", sys.executable)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write temporary files: File too large" in done.stderr


def test_what_is_refused_of_temporary_files_is_told_of_them(tmp_path: Path) -> None:
    refused = pytest.raises(OutputError, match="cannot write temporary files")
    with refused as raised, in_scratch(tmp_path):
        (tmp_path / "no/such").write_text("")
    assert raised.value.where == str(tmp_path)


def test_a_packed_file_that_is_cut(tmp_path: Path) -> None:
    whole = gzip.compress(SAMPLE.read_bytes())
    path = tmp_path / "cut.json.gz"
    for data in (whole[:-9], whole[:500], whole[:40] + b"xx" + whole[42:], whole + b"rest"):
        path.write_bytes(data)
        folder = tmp_path / "folder"
        folder.mkdir()
        with pytest.raises(FormatError, match="the gzip data is damaged"):
            unpacked(path, folder)
        (folder / "plain/cut.json").unlink(missing_ok=True)
        (folder / "plain").rmdir()
        folder.rmdir()
    with pytest.raises(FormatError, match="the gzip data is damaged"):
        probe(ProbeRequest(path), sys.executable)


# what it says


@pytest.mark.parametrize(
    ("loader", "option"),
    [
        ("mmdet3", 'data_prefix={"img": "x"}'),
        ("mmdet3", 'data_prefix={"img": "x/"}'),
        ("mmdet2", "img_prefix=x/"),
        ("torchvision", "root=/x"),
        ("detr", "img_folder=x"),
    ],
)
def test_paths_in_a_dump_are_behind_the_root(
    cli: Cli, tmp_path: Path, loader: str, option: str
) -> None:
    assert cli("dump", SAMPLE, "--loader", loader, "--option", option, "-o", "d.jsonl").code == 0
    names = {image["file_name"] for image in json.loads(SAMPLE.read_bytes())["images"]}
    assert {s.img_path for s in read_dump(tmp_path / "d.jsonl").samples} == names


def test_a_file_of_a_config_that_is_not_there_is_said(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.json")
    options = {
        "own_ann_file": gone,
        "evaluators": [{"type": "CocoMetric", "ann_file": str(SAMPLE)}],
    }
    header = DumpHeader(
        framework="mmdet", box_format="xyxy", loader="mmdet3", mode="test", options=options
    )
    dump = Dump(header, ())
    [finding] = check_config(dump, read_again(SAMPLE))
    assert finding.code == "evaluator-file"
    assert (
        f"the dataset reads {gone} (which is not there), the evaluator {SAMPLE}" == finding.message
    )
    assert "the file that the config's dataset reads is not there" in finding.next
    assert f"reads {gone} (which is not there)" in str(own_file_note(dump, SAMPLE))
