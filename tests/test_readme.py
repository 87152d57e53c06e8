"""The README's examples run, and say what they are said to say; options and docs do not drift."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLE, Cli

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the sample data, as a clone has it."""
    shutil.copytree(SAMPLE.parent, tmp_path / "sample_data/annotations")
    for left in (tmp_path / "sample_data/annotations").glob("*_*_*.json"):
        left.unlink()
    (tmp_path / "sample_data/sample2017").symlink_to(SAMPLE.parents[1] / "sample2017")
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/cocosurgeon"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cocosurgeon "$@"\n')
    command.chmod(0o755)
    (tmp_path / "bin/python").symlink_to(sys.executable)
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def ran(command: str, folder: Path) -> str:
    """What a command prints, its errors first, as a terminal shows it here."""
    environment = {k: v for k, v in os.environ.items() if k != "COCOSURGEON_ANN_FILE"}
    environment["PATH"] = f"{folder / 'bin'}:{environment['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr + done.stdout


def timeless(text: str) -> str:
    text = re.sub(r"^cocosurgeon: \d+\.\d s$", "cocosurgeon: TIME", text, flags=re.MULTILINE)
    return re.sub(r"Python 3\.\d+\.\d+, \d{4}-\d\d-\d\d", "Python 3, TODAY", text)


def test_the_examples_of_the_command_line(folder: Path) -> None:
    sessions = [text for kind, text in BLOCKS if kind == "console"]
    assert len(sessions) >= 5
    for session in sessions:
        for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            output = timeless(ran(command, folder))
            if expected.endswith("...\n"):
                assert output.startswith(timeless(expected.removesuffix("...\n").rstrip("\n")))
            else:
                assert output == timeless(expected), command


def test_the_examples_in_python(folder: Path) -> None:
    names: dict[str, object] = {}
    for (kind, text), (next_kind, expected) in itertools.pairwise(BLOCKS):
        if kind == "python":
            assert next_kind == "text"
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(text, "README.md", "exec"), names)
            assert out.getvalue() == expected
    ran(
        "cocosurgeon subset sample_data/annotations/instances_sample2017.json "
        "--having person,dog --no-crowd --first 3 -o some.json",
        folder,
    )
    assert (folder / "twin.json").read_bytes() == (folder / "some.json").read_bytes()


def test_the_first_line_shows_the_first_100_images(folder: Path) -> None:
    line = next(text for kind, text in BLOCKS if kind == "sh")
    command = line.strip().split(" && ")[-1]
    assert command == "cocosurgeon subset --first 100"
    output = ran(command, folder)
    assert "images       100 of 128 kept" in output
    path = folder / "sample_data/annotations/instances_sample2017_first100.json"
    assert len(json.loads(path.read_bytes())["images"]) == 100


def test_ci_runs_the_second_line() -> None:
    script = ROOT / ".ci/run"
    assert "README.md" in script.read_text()
    lines = [text.strip() for kind, text in BLOCKS if kind == "sh"]
    assert len(lines) == 2
    assert "\n" not in lines[0] + lines[1]
    assert lines[1].endswith("python -m pytest")


def test_every_option_is_documented_and_the_readme_names_no_other(cli: Cli) -> None:
    verbs = [
        *("subset", "empty-only", "remap", "spaces", "apply", "verify", "explain", "dump"),
        *("snippet", "layout", "cache list", "cache clear", "cache where"),
    ]
    listed = set(re.findall(r"^  ([a-z][a-z-]+)  ", cli("--help").out, re.MULTILINE))
    assert listed == {verb.partition(" ")[0] for verb in verbs}
    helped = "".join(cli(*verb.split(), "--help").out for verb in verbs)
    options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", helped, re.MULTILINE))
    in_readme = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", README.split("## In Python")[0]))
    pages = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    documented = in_readme | set(re.findall(r"(?<![\w-])--[a-z][\w-]+", pages))
    assert options - {"--output", "--help"} <= documented
    assert in_readme <= options


def test_every_link_leads_somewhere() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "bench/README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if "://" not in link:
                assert (path.parent / link).exists(), f"{path.name}: {link}"
