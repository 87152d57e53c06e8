"""What verbs print where: reports, paths, errors, JSON, colors, progress; help and completion."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import SAMPLE, Cli

from cocosurgeon.cli.app import app
from cocosurgeon.findings.finding import Finding, finding_fields, finding_lines
from cocosurgeon.loaders.explain import explain
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.parity.record_steps import StepRecorder
from cocosurgeon.progress import shown_by
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.read_again import read_again
from cocosurgeon.verify.verification import verify_copy, verify_loader

Put = Callable[..., Path]
COMMAND = [sys.executable, "-m", "cocosurgeon"]
GROUP: Any = typer.main.get_command(app)


def commands() -> dict[str, Any]:
    """Each command by its words."""
    found: dict[str, Any] = {}
    for name in GROUP.list_commands(None):
        command = GROUP.get_command(None, name)
        inner = getattr(command, "commands", None)
        found |= {f"{name} {n}": c for n, c in inner.items()} if inner else {name: command}
    return found


JSON: dict[str, list[Any]] = {
    "apply": ["r.json", SAMPLE, "-o", "out.json"],
    "browse": [SAMPLE, "-o", "page.html", "--loader", "yolox"],
    "cache clear": ["--cache", "c", "--yes"],
    "cache list": ["--cache", "c"],
    "cache where": ["--cache", "c"],
    "convert": [SAMPLE, "--to", "yolo", "--allow-loss", "-o", "tree"],
    "diff": [SAMPLE, SAMPLE],
    "dump": [SAMPLE, "--loader", "detr", "-o", "d.jsonl"],
    "empty-only": [SAMPLE, "-o", "out.json"],
    "fix": [SAMPLE, "-o", "out.json"],
    "explain": [SAMPLE, "--image", "52154"],
    "layout": [SAMPLE.parents[1]],
    "lint": [SAMPLE],
    "merge": [SAMPLE, "x.json", "--on-duplicate", "first", "--ids", "offset", "-o", "out.json"],
    "parity": ["recording", "recording"],
    "remap": [SAMPLE, "--to", "detr91", "-o", "out.json"],
    "show": [SAMPLE, "--image", "52154", "-o", "out.png"],
    "snippet": [SAMPLE, "--for", "mmdet3"],
    "spaces": ["coco91"],
    "split": [SAMPLE, "--out-dir", "."],
    "stats": [SAMPLE],
    "subset": [SAMPLE, "--first", "3", "-o", "out.json"],
    "verify": [SAMPLE],
    "weights apply": ["w.json", "a.safetensors", "-o", "c.pt"],
    "weights diff": ["a.safetensors", "a.safetensors"],
    "weights head": [
        *("a.safetensors", "--by-name", "c.json", "c.json", "--key", "*", "-o", "h.pt"),
    ],
    "weights rename": ["a.safetensors", "--map", "t.txt", "-o", "r.pt"],
    "weights show": ["a.safetensors"],
    "weights wash": ["a.safetensors", "-o", "washed.pth"],
}
"""Arguments of each command."""

_HEADER = b'{"a.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
CHECKPOINT = len(_HEADER).to_bytes(8, "little") + _HEADER + bytes(8)


def test_each_command_prints_one_json_document(cli: Cli, put: Put, tmp_path: Path) -> None:
    assert set(JSON) == set(commands())
    StepRecorder(tmp_path / "recording", "detr").record_step(0, "loss", 1.0)
    put(CHECKPOINT, "a.safetensors")
    put(b"a.{p} -> b.{p}", "t.txt")
    names = [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]
    put({"images": [], "annotations": [], "categories": names}, "c.json")
    rename = ("weights", "rename", *JSON["weights rename"], "--recipe", "w.json")
    assert cli(*rename).code == 0
    assert cli("subset", SAMPLE, "--first", 9, "-o", "x.json", "--recipe", "r.json").code == 0
    for name, args in JSON.items():
        done = cli(
            *name.split(),
            *args,
            "--json",
            "--force" if {"out.json", "out.png"} & set(args) else "--quiet",
        )
        assert (done.code, done.err) == (0, ""), name
        document = json.loads(done.out)
        assert isinstance(document, dict)
        if "-o" in args:
            assert document["output"] == args[args.index("-o") + 1]


def test_no_output_shares_stdout_with_the_document(cli: Cli) -> None:
    for args in (
        ("-o", "-"),
        ("-o", "a.json", "--ids-out", "-"),
        ("-o", "a.json", "--recipe", "-"),
    ):
        done = cli("subset", SAMPLE, "--first", 2, *args, "--json")
        assert (done.code, done.out) == (2, "")
        assert "and an output cannot both" in json.loads(done.err)["error"]["what"]
    explained = cli("subset", SAMPLE, "--first", 2, "-o", "-", "--json", "--dry-run")
    assert json.loads(explained.out)["would_write"] == ["-"]


def test_boxes_have_two_decimals_for_people_and_all_in_json() -> None:
    found = [
        Finding("box", "[1, 2.125, 3.0, 4e-3], in the source [1.0, 2.5, 3.0, 0.004]"),
        Finding("box", "[1.0, 2.0, 3.0, 4.001], in the source [1.0, 2.0, 3.0, 4.0]"),
    ]
    _, first, second, *_ = finding_lines(found)
    assert first == "  [1.00, 2.12, 3.00, 0.00], in the source [1.00, 2.50, 3.00, 0.00]"
    assert second == f"  {found[1].message}"  # with two decimals they would be the same
    assert finding_fields(found)[0]["details"] == [f.message for f in found]


def test_gathering_prints_json(cli: Cli) -> None:
    args = ("layout", "--gather", "tree", "--of", SAMPLE)
    assert json.loads(cli(*args, "--json").out)["output"] == "tree"
    assert cli(*args).out == "tree\n"


def test_errors_are_json_on_stderr(cli: Cli, put: Put) -> None:
    put('{"images": [{"id": 1,}]}')
    for args, kind, code in (
        (("subset", "none.json"), "SourceUnavailableError", 2),
        (("verify", "in.json"), "JSONSyntaxError", 3),
        (("subset", "in.json", "--no-such-option"), "error", 2),
        (("subset", SAMPLE, "--first", "x"), "RequestError", 2),
    ):
        done = cli(*args, "--json")
        assert (done.code, done.out) == (code, ""), args
        error = json.loads(done.err)["error"]
        assert (error["kind"], error["exit_code"]) == (kind, code)
        assert error["what"]
    assert json.loads(cli("subset", "in.json", "--json").err)["error"]["byte"] == 21


def test_an_error_that_the_system_has_keeps_its_words(cli: Cli) -> None:
    for name, words in (
        ("", "empty"),
        ("none.json", "No such file or directory"),
        ("x" * 300, "File name too long"),
    ):
        for verb in ("subset", "verify"):
            done = cli(verb, name)
            assert (done.code, words in done.err) == (2, True), done.err
            assert "next: " in done.err and "standard output" not in done.err
    assert "Is a directory" in cli("verify", ".").err
    assert "no annotation file there" in cli("subset", ".").err  # it may have had some


def test_a_name_that_is_nearly_right(cli: Cli, put: Put) -> None:
    put({"images": []}, "instances_val.json")
    assert "next: did you mean 'instances_val.json'?" in cli("subset", "instance_val.json").err


# ---- terminals


def on_a_terminal(
    args: list[str], folder: Path, columns: int = 100, **variables: str
) -> tuple[int, str]:
    """Exit code of a command whose streams are a terminal, and what it shows."""
    master, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    with subprocess.Popen(
        [*COMMAND, *args],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=folder,
        env=environment | variables,
    ) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(master, 1 << 16):
                shown += piece
    os.close(master)
    return process.returncode, shown.decode()


def test_colors_where_the_terminal_has_them(tmp_path: Path) -> None:
    code, shown = on_a_terminal(["subset", "none.json"], tmp_path)
    assert code == 2
    assert "\x1b[1;31merror\x1b[0m: " in shown and "\x1b[1mnone.json\x1b[0m" in shown
    assert "\x1b" not in on_a_terminal(["subset", "none.json"], tmp_path, NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal(["subset", "none.json"], tmp_path, TERM="dumb")[1]


def test_a_table_fits_the_terminal(tmp_path: Path, cli: Cli) -> None:
    _, shown = on_a_terminal(["spaces"], tmp_path, columns=70)
    assert max(len(line) for line in shown.splitlines()) <= 70
    plain = cli("spaces").out.splitlines()
    assert plain[0].split()[:3] == ["space", "outputs", "classes"]
    assert max(map(len, plain)) > 70


def test_progress_on_a_terminal_that_says_it_has_no_columns(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"{i:050d}.jpg"} for i in range(150_000)]
    (tmp_path / "in.json").write_text(json.dumps({"images": images, "annotations": []}))
    shown = on_a_terminal(["explain", "in.json", "--image", "x"], tmp_path, columns=0)[1]
    assert "reading:" in shown


# ---- lost data


def test_no_option_hides_that_data_is_lost(cli: Cli, put: Put, small: Any) -> None:
    small["annotations"][0]["image_id"] = 999
    put(small)
    lost = "warning: 1 of 7 annotations dropped, because the file does not list the image"
    assert lost in cli("subset", "in.json", "--first", 2, "-o", "a.json", "--quiet").err
    done = cli("subset", "in.json", "--first", 2, "-o", "b.json", "--json")
    assert json.loads(done.out)["warnings"] == [lost.removeprefix("warning: ")]
    none = cli("subset", "in.json", "--first", 0, "-o", "c.json", "--quiet")
    assert (none.code, "warning: no image is kept, of 5" in none.err) == (0, True)


# ---- help and completion


@pytest.mark.parametrize("name", commands())
def test_help_has_examples_that_parse(name: str, cli: Cli) -> None:
    command = commands()[name]
    examples = command.callback.examples
    assert len(examples) >= 3
    text = cli(*name.split(), "--help", COLUMNS="80").out
    assert max(map(len, text.splitlines())) <= 80
    assert "[default" not in text and "<str>" not in text and "<list" not in text
    if (group := name.split()[0]) != name:
        assert f"  {examples[0]}\n" in cli(group, "--help").out
    for example in examples:
        assert f"  {example}\n" in text
        words = shlex.split(example)
        assert words[: 1 + len(name.split())] == ["cocosurgeon", *name.split()]
        command.make_context(name, words[1 + len(name.split()) :])


@pytest.mark.parametrize("group", [(), ("weights",), ("cache",)])
def test_no_summary_of_a_command_is_cut(group: tuple[str, ...], cli: Cli) -> None:
    listed = cli(*group, "--help", COLUMNS="80").out.partition("Commands:")[2]
    assert listed.count("\n  ") > 1 and "..." not in listed.partition("Examples:")[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cocosurgeon sub", {"subset"}),
        ("cocosurgeon remap --to detr9", {"detr91", "detr92"}),
        ("cocosurgeon remap --from mmdet8", {"mmdet80", "mmdet81"}),
        ("cocosurgeon remap --unmapped d", {"drop"}),
        ("cocosurgeon spaces coco9", {"coco91"}),
        ("cocosurgeon verify --loader mm", {"mmdet3", "mmdet2"}),
        ("cocosurgeon explain --loader y", {"yolox"}),
        ("cocosurgeon verify --mode t", {"train", "test"}),
        ("cocosurgeon snippet --for det", {"detr", "detectron2"}),
    ],
)
def test_values_are_completed_in_the_shell(line: str, expected: set[str], cli: Cli) -> None:
    words = line.split()
    done = cli(
        _COCOSURGEON_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert set(done.out.split()) == expected


def test_comparing_files_and_asking_loaders_is_shown() -> None:
    shown: list[str] = []

    @contextlib.contextmanager
    def show(name: str) -> Iterator[Any]:
        steps: list[float] = []
        yield lambda done, total: steps.append(done / total)
        shown.append(name)
        assert steps == sorted(steps) and steps[0] == 0 and steps[-1] < 1

    file = read_again(SAMPLE)
    with shown_by(show):
        verify_copy(file, file, Expectation())
        verify_loader(settings_for("mmdet3", MODES, (), {}), file, file, Expectation())
        explain(file.document(), 52154, {"detr": {}, "yolox": {}}, ())
    assert shown == ["comparing records", "comparing with mmdet3", "asking loaders"]
